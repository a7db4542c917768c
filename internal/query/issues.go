package query

import (
	"math"
	"strconv"
	"strings"

	"github.com/everlatch/everlatch"
)

// Issue is one thing that is wrong with a request.
type Issue struct {
	Reason  everlatch.Reason
	Details map[string]string // the values that Reason is about, by name
}

// maxIssues is how many issues an answer names.
const maxIssues = 3

// InvalidError is the error for a request that does not fit its schema.
type InvalidError struct {
	// Issues are in the order of the schema, three at most.
	Issues []Issue
}

// Invalid returns the error for a request with these issues.
func Invalid(issues ...Issue) error {
	return &InvalidError{issues[:min(len(issues), maxIssues)]}
}

// Error names the reasons and the fields for the log, never a value of the request:
// it may be a password.
func (e *InvalidError) Error() string {
	named := make([]string, len(e.Issues))
	for i, issue := range e.Issues {
		named[i] = string(issue.Reason)
		if field := issue.Details["field"]; field != "" {
			named[i] += " (" + field + ")"
		}
	}
	return "invalid request: " + strings.Join(named, ", ")
}

// Unwrap makes the error one of [everlatch.CodeInvalidData].
func (e *InvalidError) Unwrap() error { return everlatch.ErrInvalidData }

// Missing is the error for a required field that a request does not have.
func Missing(name string) error { return Invalid(missing(name)) }

// NotAnObject is the error for a field that must be an object and is not.
func NotAnObject(name string, value any) error {
	return Invalid(*Field{Name: name, Kind: Related}.expect(false, value))
}

func missing(name string) Issue {
	return Issue{FieldRequired, map[string]string{"field": name}}
}

func unrecognized(names ...string) Issue {
	return Issue{FieldsUnknown, map[string]string{"fields": strings.Join(names, ", ")}}
}

func tooSmall(name, least string) Issue {
	return Issue{ValueTooSmall, map[string]string{"field": name, "least": least}}
}

func tooBig(name, most string) Issue {
	return Issue{ValueTooBig, map[string]string{"field": name, "most": most}}
}

func tooMany(name string, most int) *Issue { return new(tooBig(name, strconv.Itoa(most))) }

// expect returns nil if a value is as the field wants it, or else what it wants.
func (f Field) expect(ok bool, value any) *Issue {
	if ok {
		return nil
	}
	name := string(f.Kind)
	switch f.Kind {
	case Email, Texts, Tests, Filled, words:
		name = string(Text)
	case Count, Whole:
		name = string(Number)
	case Flag:
		name = string(Boolean)
	case Filters:
		name = string(List)
	case Choice:
		name = "'" + strings.Join(f.Choices, "' | '") + "'"
	case Text, Boolean, Number, Record, List, Times, Related, span:
	}
	return &Issue{TypeWrong, map[string]string{"want": name, "field": f.Name, "got": jsText(value)}}
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
		return jsNumber(v)
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

// jsNumber shows a number as JavaScript does: with an exponent from 1e21 on, and
// below 1e-6.
func jsNumber(n float64) string {
	if abs := math.Abs(n); abs == 0 || abs >= 1e-6 && abs < 1e21 {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	digits, exponent, _ := strings.Cut(strconv.FormatFloat(n, 'e', -1, 64), "e")
	return digits + "e" + exponent[:1] + strings.TrimPrefix(exponent[1:], "0")
}
