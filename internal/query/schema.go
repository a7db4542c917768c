package query

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/wire"
)

// Kind is what a field of a body or a query must be. Its text is the type name
// that messages give it.
type Kind string

// The kinds of values in bodies.
const (
	Text    Kind = "string"
	Email   Kind = "e-mail"
	Boolean Kind = "boolean"
	Number  Kind = "number"
	Record  Kind = "record"
	// Filled is a text that is not empty.
	Filled Kind = "filled"
	// Whole is a whole number from 1 to Field.Most.
	Whole Kind = "whole"
	// Choice is one of Field.Choices.
	Choice Kind = "choice"
	// List is a list of texts.
	List Kind = "array"
)

// The kinds of values in query strings.
const (
	// Texts is one text or a list of them, a hundred at most.
	Texts Kind = "strings"
	// words is the kind of [Search].
	words Kind = "words"
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
	Most               int
	// Of are the fields of a related record, or of each filter in a list.
	Of Schema
	// Test, when set, replaces the check of the kind: it returns what is wrong
	// with a value, or nil.
	Test func(f Field, value any) *Issue
}

// Schema lists the fields that a route knows. Any other field is refused, so
// that a misspelt one is never silently lost.
type Schema []Field

// With returns the schema with more fields; the schema itself does not change.
func (s Schema) With(fields ...Field) Schema { return append(slices.Clip(s), fields...) }

// CheckBody validates a request body.
func (s Schema) CheckBody(b wire.Body) (Input, error) {
	if b.Other {
		return nil, Missing("")
	}
	return s.Check(b.Object)
}

// Check reports problems in the order of the schema and unknown fields last,
// three problems at most (docs/contract.md#s4-1, validation messages).
func (s Schema) Check(values map[string]any) (Input, error) {
	return s.CheckUnder("", values)
}

// CheckUnder is [Schema.Check] for an object inside another one: the messages
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
func (s Schema) issues(path string, values map[string]any) []Issue {
	var issues []Issue
	known := 0
	for _, f := range s {
		value, present := values[f.Name]
		if present {
			known++
		}
		f.Name = path + f.Name
		if issue := f.issue(value, present); issue != nil {
			issues = append(issues, *issue)
		}
	}
	if known < len(values) {
		issues = append(issues, unrecognized(s.unknown(values)...))
	}
	return issues
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

// issue returns what is wrong with a value, or nil.
func (f Field) issue(value any, present bool) *Issue {
	if !present {
		if f.Required {
			return new(missing(f.Name))
		}
		return nil
	}
	if value == nil && f.Nullable {
		return nil
	}
	if f.Test != nil {
		return f.Test(f, value)
	}
	switch f.Kind {
	case Text:
		return f.expect(isText(value), value)
	case Filled:
		if value == "" {
			return new(tooSmall(f.Name, "1"))
		}
		return f.expect(isText(value), value)
	case Email:
		text, ok := value.(string)
		if ok && !accounts.IsEmail(text) {
			return &Issue{Reason: AddressInvalid}
		}
		return f.expect(ok, value)
	case Boolean:
		_, ok := value.(bool)
		return f.expect(ok, value)
	case Number:
		return f.numberIssue(value)
	case Whole:
		return f.wholeIssue(value)
	case Record:
		_, ok := value.(map[string]any)
		return f.expect(ok, value)
	case Choice:
		return f.choiceIssue(value)
	case Texts:
		return f.textsIssue(value)
	case Count:
		return f.countIssue(value)
	case List, Flag, Tests, Times, Related, Filters, words, span:
		return f.filterIssue(value)
	}
	return nil
}

func (f Field) textsIssue(value any) *Issue {
	list, ok := value.([]any)
	if len(list) > maxValues {
		return tooMany(f.Name, maxValues)
	}
	return f.expect(isText(value) || ok && !slices.ContainsFunc(list, func(v any) bool { return !isText(v) }), value)
}

func (f Field) numberIssue(value any) *Issue {
	number, ok := value.(float64)
	if !ok {
		return f.expect(false, value)
	}
	return f.negative(number < 0)
}

func (f Field) wholeIssue(value any) *Issue {
	number, ok := value.(float64)
	switch {
	case !ok:
		return f.expect(false, value)
	case number != math.Trunc(number):
		return &Issue{TypeWrong, map[string]string{"want": "int", "field": f.Name, "got": jsText(value)}}
	case number < 1:
		return new(tooSmall(f.Name, "1"))
	case number > float64(f.Most):
		return tooMany(f.Name, f.Most)
	}
	return nil
}

func (f Field) countIssue(value any) *Issue {
	text, ok := value.(string)
	if !ok {
		return f.expect(false, value)
	}
	count, err := strconv.Atoi(text)
	if err != nil {
		return f.expect(false, value)
	}
	return f.negative(count < 0)
}

// negative refuses negative numbers, which no field accepts.
func (f Field) negative(is bool) *Issue {
	if !is {
		return nil
	}
	return new(tooSmall(f.Name, "0"))
}

func (f Field) choiceIssue(value any) *Issue {
	text, ok := value.(string)
	if !ok {
		return f.expect(false, value)
	}
	if slices.Contains(f.Choices, text) {
		return nil
	}
	return &Issue{ChoiceUnknown, map[string]string{"want": strings.Join(f.Choices, ", "), "field": f.Name, "got": text}}
}

func isText(value any) bool {
	_, ok := value.(string)
	return ok
}
