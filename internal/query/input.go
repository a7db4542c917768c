package query

import (
	"strconv"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// Input holds validated values, by field.
type Input map[string]any

// Has reports whether the request has a field, even one that is null.
func (in Input) Has(name string) bool {
	_, ok := in[name]
	return ok
}

// Text returns a text, or nil when it is null or missing.
func (in Input) Text(name string) *string {
	if text, ok := in[name].(string); ok {
		return &text
	}
	return nil
}

// Plain returns a text, or "" when it is null or missing.
func (in Input) Plain(name string) string {
	text, _ := in[name].(string)
	return text
}

// Texts returns the texts of a list; a single text counts as a list of one.
func (in Input) Texts(name string) []string {
	switch v := in[name].(type) {
	case string:
		return []string{v}
	case []any:
		out := make([]string, 0, len(v))
		for _, item := range v {
			out = append(out, jsText(item))
		}
		return out
	default:
		return nil
	}
}

// Bool returns true or false, or false when the field is missing.
func (in Input) Bool(name string) bool {
	b, _ := in[name].(bool)
	return b
}

// Number returns a number, or 0 when the field is missing.
func (in Input) Number(name string) float64 {
	n, _ := in[name].(float64)
	return n
}

// Record returns an object, or nil when it is null or missing.
func (in Input) Record(name string) everlatch.Metadata {
	m, _ := in[name].(map[string]any)
	return m
}

// Count returns a whole number of a query string, or a default when it is missing.
func (in Input) Count(name string, otherwise int) int {
	if count, err := strconv.Atoi(in.Plain(name)); err == nil {
		return count
	}
	return otherwise
}

// Change returns the update of a nullable text: null clears it, a missing field
// leaves it unchanged.
func (in Input) Change(name string) store.Change[*string] {
	return store.Change[*string]{Set: in.Has(name), Value: in.Text(name)}
}

// TextChange returns the update of a text that cannot be null.
func (in Input) TextChange(name string) store.Change[string] {
	return store.Change[string]{Set: in.Has(name), Value: in.Plain(name)}
}

// BoolChange returns the update of a boolean.
func (in Input) BoolChange(name string) store.Change[bool] {
	return store.Change[bool]{Set: in.Has(name), Value: in.Bool(name)}
}

// MetadataChange returns the update of the field "metadata".
func (in Input) MetadataChange() store.Change[everlatch.Metadata] {
	return store.Change[everlatch.Metadata]{Set: in.Has("metadata"), Value: in.Record("metadata")}
}
