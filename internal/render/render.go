package render

import (
	"slices"
	"strconv"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/wire"
)

// Column is one field of a record in an answer.
type Column[T any] struct {
	Name  string
	Write func(b []byte, v *T) []byte
	// nest writes a relation in place of Write, with the selected columns of
	// related.
	nest    func(b []byte, v *T, selected uint32) []byte
	related []string
}

// Table is a kind of record, with its fields in the order of the contract. It has
// 32 columns at most, and two of them hold relations.
type Table[T any] []Column[T]

// Pick returns the named columns in the given order.
func Pick[T any](from Table[T], names ...string) Table[T] {
	out := make(Table[T], 0, len(names))
	for _, name := range names {
		if i := slices.IndexFunc(from, func(c Column[T]) bool { return c.Name == name }); i >= 0 {
			out = append(out, from[i])
		}
	}
	return out
}

// ShapeOf returns what a field selection can refer to in a table. The columns that
// are left out are shown only on request.
func ShapeOf[T any](t Table[T], leftOut ...string) query.Shape {
	return query.Columns(t.names(), func(i int) []string { return t[i].related }).Without(leftOut...)
}

func (t Table[T]) names() []string {
	names := make([]string, len(t))
	for i, c := range t {
		names[i] = c.Name
	}
	return names
}

// AppendAll writes the array of some records with the selected fields.
func (t Table[T]) AppendAll(b []byte, records []T, sel query.Selection) []byte {
	b = append(b, '[')
	for i := range records {
		if i > 0 {
			b = append(b, ',')
		}
		b = t.Append(b, &records[i], sel)
	}
	return append(b, ']')
}

// Append writes a record with the selected fields.
func (t Table[T]) Append(b []byte, v *T, sel query.Selection) []byte {
	b = append(b, '{')
	start, relation := len(b), -1
	for i := range t {
		if t[i].nest != nil {
			relation++
		}
		if sel.Columns&(1<<i) == 0 {
			continue
		}
		if len(b) > start {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, t[i].Name...)
		b = append(b, '"', ':')
		if t[i].nest != nil {
			b = t[i].nest(b, v, sel.Related[relation])
			continue
		}
		b = t[i].Write(b, v)
	}
	return append(b, '}')
}

// Text is a column that shows a text.
func Text[T any](name string, get func(*T) string) Column[T] {
	return Column[T]{Name: name, Write: func(b []byte, v *T) []byte { return wire.AppendText(b, get(v)) }}
}

// NullableText is a column that shows a text that may be null.
func NullableText[T any](name string, get func(*T) *string) Column[T] {
	return Column[T]{Name: name, Write: func(b []byte, v *T) []byte {
		if s := get(v); s != nil {
			return wire.AppendText(b, *s)
		}
		return append(b, "null"...)
	}}
}

// Time is a column that shows a time.
func Time[T any](name string, get func(*T) time.Time) Column[T] {
	return Column[T]{Name: name, Write: func(b []byte, v *T) []byte { return wire.AppendTime(b, get(v)) }}
}

// NullableTime is a column that shows a time that may be null.
func NullableTime[T any](name string, get func(*T) *time.Time) Column[T] {
	return Column[T]{Name: name, Write: func(b []byte, v *T) []byte {
		if t := get(v); t != nil {
			return wire.AppendTime(b, *t)
		}
		return append(b, "null"...)
	}}
}

// Bool is a column that shows true or false.
func Bool[T any](name string, get func(*T) bool) Column[T] {
	return Column[T]{Name: name, Write: func(b []byte, v *T) []byte { return strconv.AppendBool(b, get(v)) }}
}

// Metadata is a column that shows free JSON.
func Metadata[T any](name string, get func(*T) everlatch.Metadata) Column[T] {
	return Column[T]{Name: name, Write: func(b []byte, v *T) []byte { return wire.AppendMetadata(b, get(v)) }}
}

// Relation is a column that shows records of another table.
func Relation[T, R any](name string, t Table[R], get func(*T) []R) Column[T] {
	return Column[T]{
		Name: name, related: t.names(),
		nest: func(b []byte, v *T, selected uint32) []byte {
			return t.AppendAll(b, get(v), query.Selection{Columns: selected})
		},
	}
}
