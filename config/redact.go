package config

import (
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// leastRedacted is the least number of bytes that are looked for in a text: a shorter
// secret is a part of many words.
const leastRedacted = 4

// Redact masks every secret of the settings in a text, for messages that contain what a
// library or another service has said.
func (c *Config) Redact(text string) string {
	var found []string
	collect(reflect.ValueOf(c).Elem(), &found)
	// The longest first: one may be a part of another.
	slices.SortFunc(found, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range slices.Compact(found) {
		if len(secret) < leastRedacted {
			continue
		}
		text = strings.ReplaceAll(text, secret, masked)
		text = strings.ReplaceAll(text, url.QueryEscape(secret), masked)
	}
	return text
}

// collect finds the secrets in a value and in what it holds.
func collect(v reflect.Value, into *[]string) {
	switch value := v.Interface().(type) {
	case Secret:
		// Rings have several keys, each with an id.
		*into = append(*into, value.Reveal())
		for _, key := range strings.FieldsFunc(value.Reveal(), func(r rune) bool { return r == ',' || r == '\n' }) {
			if _, material, found := strings.Cut(key, ":"); found {
				key = material
			}
			*into = append(*into, strings.TrimSpace(key))
		}
		return
	case URL:
		collectURL(value, into)
		return
	case map[string]any:
		collectNamed(value, into)
		return
	}
	switch v.Kind() { //nolint:exhaustive // the other kinds hold nothing
	case reflect.Struct:
		for _, field := range v.Fields() {
			collect(field, into)
		}
	case reflect.Slice:
		for i := range v.Len() {
			collect(v.Index(i), into)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			collect(v.MapIndex(key), into)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			collect(v.Elem(), into)
		}
	}
}

func collectURL(u URL, into *[]string) {
	parsed, err := url.Parse(u.Reveal())
	if err != nil {
		*into = append(*into, u.Reveal())
		return
	}
	if password, set := parsed.User.Password(); set {
		*into = append(*into, password)
	}
	for name, values := range parsed.Query() {
		if namesSecret(name) {
			*into = append(*into, values...)
		}
	}
}

// collectNamed finds the values that are secrets by their names, as [maskOptions] does.
func collectNamed(options map[string]any, into *[]string) {
	for name, value := range options {
		collectValue(value, namesSecret(name), into)
	}
}

func collectValue(value any, secret bool, into *[]string) {
	switch v := value.(type) {
	case string:
		if secret {
			*into = append(*into, v)
		}
	case map[string]any:
		collectNamed(v, into)
	case []any:
		for _, one := range v {
			collectValue(one, secret, into)
		}
	}
}
