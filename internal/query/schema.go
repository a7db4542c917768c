package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/wire"
)

// Kind is what a field of a body or a query must be. Its text is the type name
// in the contract's messages.
type Kind string

// The kinds of values in bodies.
const (
	Text    Kind = "string"
	Email   Kind = "e-mail"
	Boolean Kind = "boolean"
	Number  Kind = "number"
	Record  Kind = "record"
	// Choice is one of Field.Choices.
	Choice Kind = "choice"
	// List is a list of texts.
	List Kind = "array"
)

// The kinds of values in query strings.
const (
	// Texts is one text or a list of them.
	Texts Kind = "strings"
	// Count is a whole number.
	Count Kind = "count"
	// Flag is true or false.
	Flag Kind = "flag"
	// Tests is a text, several texts, or an object of comparisons.
	Tests Kind = "tests"
	// Times is a time, several times, or an object of comparisons.
	Times Kind = "date"
	// Related filters by a related record: an id, ids, or an object of Field.Of.
	Related Kind = "object"
	// Filters is a list of filters, each an object of Field.Of.
	Filters Kind = "filters"
)

// Field is a key that a route knows.
type Field struct {
	Name string
	Kind Kind
	// Required fields must be present, Nullable ones may be null.
	Required, Nullable bool
	Choices            []string
	// Of are the fields of a related record, or of each filter in a list.
	Of Schema
	// Test, when set, replaces the check of the kind: it returns what is wrong
	// with a value, or "".
	Test func(f Field, value any) string
}

// Schema lists the fields that a route knows. Any other field is refused, so
// that a misspelt one is never silently lost.
type Schema []Field

// With returns the schema with more fields; the schema itself does not change.
func (s Schema) With(fields ...Field) Schema { return append(slices.Clip(s), fields...) }

const (
	maxIssues    = 3
	invalidEmail = "Invalid email address"
)

// CheckBody validates a request body.
func (s Schema) CheckBody(b wire.Body) (Input, error) {
	if b.Other {
		return nil, Invalid("Field '' is required")
	}
	return s.check(b.Object)
}

// check reports problems in the order of the schema and unknown fields last,
// three problems at most (docs/contract.md#s4-1, validation messages).
func (s Schema) check(values map[string]any) (Input, error) {
	return s.CheckUnder("", values)
}

// CheckUnder is check for an object inside another one: the messages
// name its fields below the given path.
func (s Schema) CheckUnder(path string, values map[string]any) (Input, error) {
	if path != "" {
		path += ", "
	}
	if issues := s.issues(path, values); len(issues) > 0 {
		return nil, Invalid(issues...)
	}
	return values, nil
}

// issues lists what is wrong with the values under a path.
func (s Schema) issues(path string, values map[string]any) []string {
	var issues []string
	known := 0
	for _, f := range s {
		value, present := values[f.Name]
		if present {
			known++
		}
		f.Name = path + f.Name
		if issue := f.issue(value, present); issue != "" {
			issues = append(issues, issue)
		}
	}
	if known < len(values) {
		issues = append(issues, unrecognized(s.unknown(values)...))
	}
	return issues
}

func unrecognized(names ...string) string {
	return "Unrecognized fields: '" + strings.Join(names, ", ") + "'"
}

func (s Schema) unknown(values map[string]any) []string {
	var names []string
	for name := range values {
		if !slices.ContainsFunc(s, func(f Field) bool { return f.Name == name }) {
			names = append(names, name)
		}
	}
	slices.Sort(names) // the order of arrival is lost in a map
	return names
}

// Invalid is the error for a request that has these problems.
func Invalid(issues ...string) error {
	return &everlatch.Error{
		Code:    everlatch.CodeInvalidData,
		Message: "Invalid request: " + strings.Join(issues[:min(len(issues), maxIssues)], "; "),
	}
}

// issue returns what is wrong with a value, or "".
func (f Field) issue(value any, present bool) string {
	if !present {
		if f.Required {
			return fmt.Sprintf("Field '%s' is required", f.Name)
		}
		return ""
	}
	if value == nil && f.Nullable {
		return ""
	}
	if f.Test != nil {
		return f.Test(f, value)
	}
	switch f.Kind {
	case Text:
		return f.expect(isText(value), value)
	case Email:
		text, ok := value.(string)
		if ok && !accounts.IsEmail(text) {
			return invalidEmail
		}
		return f.expect(ok, value)
	case Boolean:
		_, ok := value.(bool)
		return f.expect(ok, value)
	case Number:
		return f.numberIssue(value)
	case Record:
		_, ok := value.(map[string]any)
		return f.expect(ok, value)
	case Choice:
		return f.choiceIssue(value)
	case Texts:
		list, ok := value.([]any)
		return f.expect(isText(value) || ok && !slices.ContainsFunc(list, func(v any) bool { return !isText(v) }), value)
	case Count:
		return f.countIssue(value)
	case List, Flag, Tests, Times, Related, Filters:
		return f.filterIssue(value)
	}
	return ""
}

func (f Field) expect(ok bool, value any) string {
	if ok {
		return ""
	}
	name := string(f.Kind)
	switch f.Kind {
	case Email, Texts, Tests:
		name = string(Text)
	case Count:
		name = string(Number)
	case Flag:
		name = string(Boolean)
	case Filters:
		name = string(List)
	case Choice:
		name = "'" + strings.Join(f.Choices, "' | '") + "'"
	case Text, Boolean, Number, Record, List, Times, Related:
	}
	return fmt.Sprintf("Expected type: '%s' for field '%s', got: '%s'", name, f.Name, jsText(value))
}

func (f Field) numberIssue(value any) string {
	number, ok := value.(float64)
	if !ok {
		return f.expect(false, value)
	}
	return f.tooSmall(number < 0)
}

func (f Field) countIssue(value any) string {
	text, ok := value.(string)
	if !ok {
		return f.expect(false, value)
	}
	count, err := strconv.Atoi(text)
	if err != nil {
		return f.expect(false, value)
	}
	return f.tooSmall(count < 0)
}

// tooSmall refuses negative numbers, which no field accepts.
func (f Field) tooSmall(small bool) string {
	if !small {
		return ""
	}
	return fmt.Sprintf("Value for field '%s' too small, expected at least: '0'", f.Name)
}

func (f Field) choiceIssue(value any) string {
	text, ok := value.(string)
	if !ok {
		return f.expect(false, value)
	}
	if slices.Contains(f.Choices, text) {
		return ""
	}
	return fmt.Sprintf("Expected: '%s' for field '%s', but got: '%s'", strings.Join(f.Choices, ", "), f.Name, text)
}

func isText(value any) bool {
	_, ok := value.(string)
	return ok
}

// NotAnObject is the error for a field that must be an object and is not.
func NotAnObject(name string, value any) error {
	return Invalid(Field{Name: name, Kind: Related}.expect(false, value))
}

// jsText shows a value as JavaScript's String() does.
func jsText(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			if item != nil {
				parts[i] = jsText(item)
			}
		}
		return strings.Join(parts, ",")
	default:
		return "[object Object]"
	}
}
