package api

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
)

// Form validates bodies by fields of one's own, with the words of the contract
// (4.1): for actor types and for people's own routes.
type Form struct {
	fields []everlatch.Field
	schema schema
}

// NewForm returns a form of fields, or everything that is wrong with them.
// Whether a field is unique, immutable or for administrators is for others to see.
func NewForm(fields []everlatch.Field) (*Form, error) {
	fields, err := everlatch.CompleteFields(fields)
	if err != nil {
		return nil, err
	}
	f := &Form{fields: fields}
	for _, def := range fields {
		f.schema = append(f.schema, field{
			name: def.Name, required: def.Required, nullable: def.Nullable, test: valueTest(def),
		})
	}
	return f, nil
}

// Read validates the body of a request. What it does not know is refused, and a
// field that was left out is not in the result.
func (f *Form) Read(c echo.Context) (everlatch.Metadata, error) {
	if k := callOf(c); k != nil && k.body.other {
		return nil, invalid([]string{"Field '' is required"})
	}
	return f.Parse(Body(c))
}

// Parse is [Form.Read] for values that came otherwise.
func (f *Form) Parse(values map[string]any) (everlatch.Metadata, error) {
	if _, err := f.schema.check(values); err != nil {
		return nil, err
	}
	out := make(everlatch.Metadata, len(values))
	for _, def := range f.fields {
		value, present := values[def.Name]
		if !present {
			continue
		}
		if text, ok := value.(string); ok && def.Kind == everlatch.FieldTime {
			if at, err := time.Parse(time.RFC3339, text); err == nil {
				value = at.UTC().Format(isoMillis)
			}
		}
		out[def.Name] = value
	}
	return out, nil
}

// greatestInteger is the last whole number that JSON's numbers tell from the next.
const greatestInteger = 1 << 53

// valueTest returns the test of a field's values.
func valueTest(def everlatch.Field) func(field, any) string {
	pattern := regexp.MustCompile(`^(?:` + def.Pattern + `)$`) // it was compiled before
	return func(f field, value any) string {
		switch def.Kind {
		case everlatch.FieldString:
			f.kind = kindText
			return textIssue(f, def, pattern, value)
		case everlatch.FieldEmail:
			return field{name: f.name, kind: kindEmail}.issue(value, true)
		case everlatch.FieldBoolean:
			return field{name: f.name, kind: kindBoolean}.issue(value, true)
		case everlatch.FieldObject:
			return field{name: f.name, kind: kindRecord}.issue(value, true)
		case everlatch.FieldInteger, everlatch.FieldNumber:
			return rangeIssue(f, def, value)
		case everlatch.FieldDate, everlatch.FieldTime:
			return dateIssue(f, def, value)
		case everlatch.FieldList:
			f.kind = kindList
			if list, ok := value.([]any); ok && len(list) > def.MaxLength {
				return f.tooBig(def.MaxLength)
			}
			return f.itemsIssue(value)
		}
		return f.expect(false, value)
	}
}

func textIssue(f field, def everlatch.Field, pattern *regexp.Regexp, value any) string {
	text, ok := value.(string)
	switch {
	case !ok:
		return f.expect(false, value)
	case len(def.Enum) > 0 && !slices.Contains(def.Enum, text):
		return field{name: f.name, kind: kindChoice, choices: def.Enum}.choiceIssue(value)
	case utf8.RuneCountInString(text) > def.MaxLength:
		return f.tooBig(def.MaxLength)
	case def.Pattern != "" && !pattern.MatchString(text):
		return fmt.Sprintf("Value for field '%s' does not have the expected form", f.name)
	}
	return ""
}

func rangeIssue(f field, def everlatch.Field, value any) string {
	number, ok := value.(float64)
	f.kind = kindNumber
	whole := def.Kind == everlatch.FieldInteger
	if whole {
		f.kind = "int"
	}
	shown := func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
	switch {
	case !ok, whole && number != float64(int64(number)):
		return f.expect(false, value)
	case def.Min != nil && number < *def.Min:
		return fmt.Sprintf("Value for field '%s' too small, expected at least: '%s'", f.name, shown(*def.Min))
	case def.Max != nil && number > *def.Max:
		return fmt.Sprintf("Value for field '%s' too big, expected at most: '%s'", f.name, shown(*def.Max))
	case whole && (number > greatestInteger || number < -greatestInteger):
		return f.expect(false, value)
	}
	return ""
}

func dateIssue(f field, def everlatch.Field, value any) string {
	layout := time.DateOnly
	if def.Kind == everlatch.FieldTime {
		layout = time.RFC3339
	}
	text, ok := value.(string)
	if ok {
		_, err := time.Parse(layout, text)
		ok = err == nil
	}
	f.kind = kindTimes
	return f.expect(ok, value)
}
