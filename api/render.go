package api

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/everlatch/everlatch"
)

// Answers are written by hand, field by field: the contract fixes the order
// and the set of fields per route, and reading a record is the hot path.

// append writes a record with the selected fields.
func (t table[T]) append(b []byte, v *T, sel selection) []byte {
	b = append(b, '{')
	start, relation := len(b), -1
	for i := range t {
		if t[i].nest != nil {
			relation++
		}
		if sel.columns&(1<<i) == 0 {
			continue
		}
		if len(b) > start {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, t[i].name...)
		b = append(b, '"', ':')
		if t[i].nest != nil {
			b = t[i].nest(b, v, sel.related[relation])
			continue
		}
		b = t[i].write(b, v)
	}
	return append(b, '}')
}

func textColumn[T any](name string, get func(*T) string) column[T] {
	return column[T]{name: name, write: func(b []byte, v *T) []byte { return appendText(b, get(v)) }}
}

func nullableColumn[T any](name string, get func(*T) *string) column[T] {
	return column[T]{name: name, write: func(b []byte, v *T) []byte {
		if s := get(v); s != nil {
			return appendText(b, *s)
		}
		return append(b, "null"...)
	}}
}

func timeColumn[T any](name string, get func(*T) time.Time) column[T] {
	return column[T]{name: name, write: func(b []byte, v *T) []byte { return appendTime(b, get(v)) }}
}

func nullableTimeColumn[T any](name string, get func(*T) *time.Time) column[T] {
	return column[T]{name: name, write: func(b []byte, v *T) []byte {
		if t := get(v); t != nil {
			return appendTime(b, *t)
		}
		return append(b, "null"...)
	}}
}

func boolColumn[T any](name string, get func(*T) bool) column[T] {
	return column[T]{name: name, write: func(b []byte, v *T) []byte { return strconv.AppendBool(b, get(v)) }}
}

func metadataColumn[T any](name string, get func(*T) everlatch.Metadata) column[T] {
	return column[T]{name: name, write: func(b []byte, v *T) []byte { return appendMetadata(b, get(v)) }}
}

// relationColumn writes the records of another table.
func relationColumn[T, R any](name string, t table[R], get func(*T) []R) column[T] {
	return column[T]{
		name: name, related: shapeOf(t).names,
		nest: func(b []byte, v *T, selected uint32) []byte {
			b = append(b, '[')
			for i, records := 0, get(v); i < len(records); i++ {
				if i > 0 {
					b = append(b, ',')
				}
				b = t.append(b, &records[i], selection{columns: selected})
			}
			return append(b, ']')
		},
	}
}

// isoMillis is how the contract writes times.
const isoMillis = "2006-01-02T15:04:05.000Z"

func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, isoMillis)
	return append(b, '"')
}

func appendInt(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }

// appendText writes a JSON string as JSON.stringify does: only what must be
// escaped is.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		b = appendEscape(b, c)
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

func appendEscape(b []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	default:
		return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
	}
}

func appendMetadata(b []byte, m everlatch.Metadata) []byte {
	switch {
	case m == nil:
		return append(b, "null"...)
	case len(m) == 0:
		return append(b, "{}"...)
	}
	return appendJSON(b, m)
}

// appendJSON writes free JSON, without the escapes that only HTML needs. The
// values come out of JSON, so they go back into it.
func appendJSON(b []byte, v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return append(b, "null"...)
	}
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}
