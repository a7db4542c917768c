package query

import (
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/wire"
)

// Form validates values by field definitions of actor types and custom routes.
type Form struct {
	fields []everlatch.Field
	schema Schema
}

// NewForm returns a form of fields, or everything that is wrong with them. It
// does not look at Unique, Immutable and AdminOnly.
func NewForm(fields []everlatch.Field) (*Form, error) {
	fields, err := everlatch.CompleteFields(fields)
	if err != nil {
		return nil, err
	}
	f := &Form{fields: fields}
	for _, def := range fields {
		f.schema = append(f.schema, Field{
			Name: def.Name, Required: def.Required, Nullable: def.Nullable, Test: valueTest(def),
		})
	}
	return f, nil
}

// CheckBody validates a body, see [Form.Parse].
func (f *Form) CheckBody(b wire.Body) (everlatch.Metadata, error) {
	if b.Other {
		return nil, Missing("")
	}
	return f.Parse(b.Object)
}

// Parse validates values. Unknown fields are refused, and a field that is missing
// is not in the result.
func (f *Form) Parse(values map[string]any) (everlatch.Metadata, error) {
	if _, err := f.schema.Check(values); err != nil {
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
				value = at.UTC().Format(wire.ISOMillis)
			}
		}
		out[def.Name] = value
	}
	return out, nil
}

// greatestInteger is the largest whole number that a JSON number holds exactly.
const greatestInteger = 1 << 53

// valueTest returns the test of a field's values.
func valueTest(def everlatch.Field) func(Field, any) *Issue {
	pattern := regexp.MustCompile(`^(?:` + def.Pattern + `)$`) // CompleteFields has compiled it
	return func(f Field, value any) *Issue {
		switch def.Kind {
		case everlatch.FieldString:
			f.Kind = Text
			return textIssue(f, def, pattern, value)
		case everlatch.FieldEmail:
			return Field{Name: f.Name, Kind: Email}.issue(value, true)
		case everlatch.FieldBoolean:
			return Field{Name: f.Name, Kind: Boolean}.issue(value, true)
		case everlatch.FieldObject:
			return Field{Name: f.Name, Kind: Record}.issue(value, true)
		case everlatch.FieldInteger, everlatch.FieldNumber:
			return rangeIssue(f, def, value)
		case everlatch.FieldDate, everlatch.FieldTime:
			return dateIssue(f, def, value)
		case everlatch.FieldList:
			f.Kind = List
			if list, ok := value.([]any); ok && len(list) > def.MaxLength {
				return tooMany(f.Name, def.MaxLength)
			}
			return f.itemsIssue(value)
		}
		return f.expect(false, value)
	}
}

func textIssue(f Field, def everlatch.Field, pattern *regexp.Regexp, value any) *Issue {
	text, ok := value.(string)
	switch {
	case !ok:
		return f.expect(false, value)
	case len(def.Enum) > 0 && !slices.Contains(def.Enum, text):
		return Field{Name: f.Name, Kind: Choice, Choices: def.Enum}.choiceIssue(value)
	case utf8.RuneCountInString(text) > def.MaxLength:
		return tooMany(f.Name, def.MaxLength)
	case def.Pattern != "" && !pattern.MatchString(text):
		return &Issue{PatternMissed, map[string]string{"field": f.Name}}
	}
	return nil
}

func rangeIssue(f Field, def everlatch.Field, value any) *Issue {
	number, ok := value.(float64)
	f.Kind = Number
	whole := def.Kind == everlatch.FieldInteger
	if whole {
		f.Kind = "int"
	}
	shown := func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
	switch {
	case !ok, whole && number != float64(int64(number)):
		return f.expect(false, value)
	case def.Min != nil && number < *def.Min:
		return new(tooSmall(f.Name, shown(*def.Min)))
	case def.Max != nil && number > *def.Max:
		return new(tooBig(f.Name, shown(*def.Max)))
	case whole && (number > greatestInteger || number < -greatestInteger):
		return f.expect(false, value)
	}
	return nil
}

func dateIssue(f Field, def everlatch.Field, value any) *Issue {
	layout := time.DateOnly
	if def.Kind == everlatch.FieldTime {
		layout = time.RFC3339
	}
	text, ok := value.(string)
	if ok {
		_, err := time.Parse(layout, text)
		ok = err == nil
	}
	f.Kind = Times
	return f.expect(ok, value)
}
