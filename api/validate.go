package api

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
)

// kind is what a field of a body or a query must be. Its text is the name that
// the contract's messages use.
type kind string

const (
	kindText    kind = "string"
	kindEmail   kind = "e-mail"
	kindBoolean kind = "boolean"
	kindNumber  kind = "number"
	kindRecord  kind = "record"
	kindChoice  kind = "choice"
	// kindTexts is one text or a list of them, as filters are.
	kindTexts kind = "strings"
	// kindCount is a whole number in a query string.
	kindCount kind = "count"
	// kindList is a list of texts.
	kindList kind = "array"
	// The others are for lists, see filters.go: true or false in a query string;
	// a text or a time, several of them, or an object of comparisons; an id, ids
	// or what else a related record must be; and a list of filters.
	kindFlag    kind = "flag"
	kindTests   kind = "tests"
	kindTimes   kind = "date"
	kindRelated kind = "object"
	kindFilters kind = "filters"
)

// field is a key that a route knows.
type field struct {
	name     string
	kind     kind
	required bool
	// nullable fields may be null; the others may be left out at most.
	nullable bool
	choices  []string
	// of is what a related record, or each of a list of filters, consists of.
	of schema
	// test, when set, says what is wrong with a value in the place of the kind.
	test func(f field, value any) string
}

// schema is all that a route knows. Anything else is refused: a misspelt field
// must not be lost silently.
type schema []field

// with returns the schema with more fields; the schema itself stays as it is.
func (s schema) with(fields ...field) schema { return append(slices.Clip(s), fields...) }

const maxIssues = 3

// checkBody validates a request body.
func (s schema) checkBody(b requestBody) (input, error) {
	if b.other {
		return nil, invalid([]string{"Field '' is required"})
	}
	return s.check(b.object)
}

// check reports problems in the order of the schema and unknown fields last,
// three problems at most (contract 4.1, validation messages).
func (s schema) check(values map[string]any) (input, error) {
	if issues := s.issues("", values); len(issues) > 0 {
		return nil, invalid(issues)
	}
	return values, nil
}

// issues says what is wrong with values that stand under a path.
func (s schema) issues(path string, values map[string]any) []string {
	var issues []string
	known := 0
	for _, f := range s {
		value, present := values[f.name]
		if present {
			known++
		}
		f.name = path + f.name
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

func (s schema) unknown(values map[string]any) []string {
	var names []string
	for name := range values {
		if !slices.ContainsFunc(s, func(f field) bool { return f.name == name }) {
			names = append(names, name)
		}
	}
	slices.Sort(names) // the order of arrival is lost in a map
	return names
}

func invalid(issues []string) error {
	return &everlatch.Error{
		Code:    everlatch.CodeInvalidData,
		Message: "Invalid request: " + strings.Join(issues[:min(len(issues), maxIssues)], "; "),
	}
}

// issue says what is wrong with a value, and "" if nothing is.
func (f field) issue(value any, present bool) string {
	if !present {
		if f.required {
			return fmt.Sprintf("Field '%s' is required", f.name)
		}
		return ""
	}
	if value == nil && f.nullable {
		return ""
	}
	if f.test != nil {
		return f.test(f, value)
	}
	switch f.kind {
	case kindText:
		return f.expect(isText(value), value)
	case kindEmail:
		text, ok := value.(string)
		if ok && !accounts.IsEmail(text) {
			return invalidEmail
		}
		return f.expect(ok, value)
	case kindBoolean:
		_, ok := value.(bool)
		return f.expect(ok, value)
	case kindNumber:
		return f.numberIssue(value)
	case kindRecord:
		_, ok := value.(map[string]any)
		return f.expect(ok, value)
	case kindChoice:
		return f.choiceIssue(value)
	case kindTexts:
		list, ok := value.([]any)
		return f.expect(isText(value) || ok && !slices.ContainsFunc(list, func(v any) bool { return !isText(v) }), value)
	case kindCount:
		return f.countIssue(value)
	case kindList, kindFlag, kindTests, kindTimes, kindRelated, kindFilters:
		return f.filterIssue(value)
	}
	return ""
}

func (f field) expect(ok bool, value any) string {
	if ok {
		return ""
	}
	name := string(f.kind)
	switch f.kind {
	case kindEmail, kindTexts, kindTests:
		name = string(kindText)
	case kindCount:
		name = string(kindNumber)
	case kindFlag:
		name = string(kindBoolean)
	case kindFilters:
		name = string(kindList)
	case kindChoice:
		name = "'" + strings.Join(f.choices, "' | '") + "'"
	case kindText, kindBoolean, kindNumber, kindRecord, kindList, kindTimes, kindRelated:
	}
	return fmt.Sprintf("Expected type: '%s' for field '%s', got: '%s'", name, f.name, jsText(value))
}

func (f field) numberIssue(value any) string {
	number, ok := value.(float64)
	if !ok {
		return f.expect(false, value)
	}
	return f.tooSmall(number < 0)
}

func (f field) countIssue(value any) string {
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

// tooSmall refuses negative numbers: no field of ours means anything by them.
func (f field) tooSmall(small bool) string {
	if !small {
		return ""
	}
	return fmt.Sprintf("Value for field '%s' too small, expected at least: '0'", f.name)
}

func (f field) choiceIssue(value any) string {
	text, ok := value.(string)
	if !ok {
		return f.expect(false, value)
	}
	if slices.Contains(f.choices, text) {
		return ""
	}
	return fmt.Sprintf("Expected: '%s' for field '%s', but got: '%s'", strings.Join(f.choices, ", "), f.name, text)
}

func isText(value any) bool {
	_, ok := value.(string)
	return ok
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
