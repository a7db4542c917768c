package api

import (
	"strconv"

	"github.com/everlatch/everlatch"
)

// input is what came in and was found valid.
type input map[string]any

// has reports a field that came in, be it null.
func (in input) has(name string) bool {
	_, ok := in[name]
	return ok
}

// text returns a text, or nil when it is null or was left out.
func (in input) text(name string) *string {
	if text, ok := in[name].(string); ok {
		return &text
	}
	return nil
}

func (in input) plain(name string) string {
	text, _ := in[name].(string)
	return text
}

func (in input) texts(name string) []string {
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

func (in input) boolean(name string) bool {
	b, _ := in[name].(bool)
	return b
}

func (in input) number(name string) float64 {
	n, _ := in[name].(float64)
	return n
}

func (in input) record(name string) everlatch.Metadata {
	m, _ := in[name].(map[string]any)
	return m
}

// count returns a whole number of a query, or the default when it was left out.
func (in input) count(name string, otherwise int) int {
	if count, err := strconv.Atoi(in.plain(name)); err == nil {
		return count
	}
	return otherwise
}
