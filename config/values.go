package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
)

// assign writes a value of a file, a variable or a flag into a field. Its
// errors are made for the operator and never repeat the value of a secret.
func assign(field reflect.Value, raw any) error {
	switch p := field.Addr().Interface().(type) {
	case *Span:
		text, err := scalar(raw)
		if err != nil {
			return err
		}
		*p, err = ParseSpan(text)
		return err
	case *Size:
		text, err := scalar(raw)
		if err != nil {
			return err
		}
		*p, err = ParseSize(text)
		return err
	case *[]Provider:
		out, err := providers(raw)
		*p = out
		return err
	case *map[string][]string:
		out, err := lists(raw)
		*p = out
		return err
	case *map[string]string:
		out, err := texts(raw)
		*p = out
		return err
	case *map[string]any:
		out, err := object(raw)
		*p = out
		return err
	}
	if field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct {
		return assignObjects(field, raw)
	}
	if isObjectLists(field.Type()) {
		return assignObjectLists(field, raw)
	}
	return assignBasic(field, raw)
}

func assignBasic(field reflect.Value, raw any) error {
	if field.Kind() == reflect.Slice {
		items, err := list(raw)
		if err != nil {
			return err
		}
		out := reflect.MakeSlice(field.Type(), len(items), len(items))
		for i, item := range items {
			out.Index(i).SetString(cleaned(out.Index(i), item))
		}
		field.Set(out)
		return nil
	}
	text, err := scalar(raw)
	if err != nil {
		return err
	}
	if field.Kind() == reflect.Bool {
		on, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is not true or false", text)
		}
		field.SetBool(on)
		return nil
	}
	if field.CanInt() {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
		field.SetInt(n)
		return nil
	}
	field.SetString(cleaned(field, text))
	return nil
}

// cleaned undoes what the way of a text into a variable does to it. A file that is
// read into a variable leaves its last line break there; a secret keeps it, because
// its bytes may have signed something. A key in PEM needs line breaks, which env
// files can only write as \n.
func cleaned(field reflect.Value, text string) string {
	if field.Type() != reflect.TypeFor[Secret]() {
		return strings.TrimRight(text, "\r\n")
	}
	if pem := strings.Trim(text, "\"' \r\n"); strings.HasPrefix(pem, "-----BEGIN ") && !strings.Contains(pem, "\n") {
		return strings.NewReplacer(`\r\n`, "\n", `\n`, "\n").Replace(pem)
	}
	return text
}

// scalar returns a single value as text.
func scalar(raw any) (string, error) {
	switch v := raw.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case bool, int, int64, uint64:
		return fmt.Sprint(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case time.Time: // what YAML makes of a date
		return v.Format(time.DateOnly), nil
	}
	return "", fmt.Errorf("one value is expected, not %s", kindOf(raw))
}

// list returns several values: a YAML list, or text with commas.
func list(raw any) ([]string, error) {
	raw, err := parsed(raw, "[")
	if err != nil {
		return nil, err
	}
	if items, ok := raw.([]any); ok {
		out := make([]string, len(items))
		for i, item := range items {
			if out[i], err = scalar(item); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	text, err := scalar(raw)
	if err != nil {
		return nil, errors.New("a list is expected, not " + kindOf(raw))
	}
	out := []string{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out, nil
}

// lists returns a map of lists.
func lists(raw any) (map[string][]string, error) {
	raw, err := parsed(raw, "{")
	if err != nil {
		return nil, err
	}
	m, ok := raw.(map[string]any)
	if !ok && raw != nil {
		return nil, errors.New("a map of lists is expected, such as {user: [emailpass]}, not " + kindOf(raw))
	}
	out := map[string][]string{}
	for key, value := range m {
		if out[key], err = list(value); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	return out, nil
}

// texts returns a map of single values.
func texts(raw any) (map[string]string, error) {
	raw, err := parsed(raw, "{")
	if err != nil {
		return nil, err
	}
	m, ok := raw.(map[string]any)
	if !ok && raw != nil {
		return nil, errors.New("a map is expected, such as {user: \"https://shop.example\"}, not " + kindOf(raw))
	}
	out := map[string]string{}
	for key, value := range m {
		if out[key], err = scalar(value); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	return out, nil
}

// object returns a map of anything that JSON can express.
func object(raw any) (map[string]any, error) {
	m, ok := raw.(map[string]any)
	if !ok {
		return nil, errors.New("a map is expected, not " + kindOf(raw))
	}
	if _, err := json.Marshal(m); err != nil {
		return nil, errors.New("something in it cannot be written as JSON, such as a key that is not text")
	}
	return m, nil
}

// providers returns the registrations of auth providers.
func providers(raw any) ([]Provider, error) {
	raw, err := parsed(raw, "[")
	if err != nil {
		return nil, err
	}
	items, ok := raw.([]any)
	if !ok {
		return nil, errors.New("a list of providers is expected, such as [{resolve: emailpass}], not " + kindOf(raw))
	}
	out := make([]Provider, len(items))
	for i, item := range items {
		if out[i], err = provider(item); err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
	}
	return out, nil
}

func provider(raw any) (Provider, error) {
	fields, ok := raw.(map[string]any)
	if !ok {
		return Provider{}, errors.New("{resolve, id, options} is expected, not " + kindOf(raw))
	}
	var out Provider
	var problems []error
	for _, key := range sortedKeys(fields) {
		var err error
		switch key {
		case "resolve":
			out.Resolve, err = scalar(fields[key])
		case "id":
			out.ID, err = scalar(fields[key])
		case "options":
			if out.Options, ok = fields[key].(map[string]any); !ok && fields[key] != nil {
				err = errors.New("options are a map, not " + kindOf(fields[key]))
			}
		default:
			err = errors.New("unknown key " + key + suggest(key, []string{"resolve", "id", "options"}))
		}
		problems = append(problems, err)
	}
	if out.ID == "" {
		out.ID = out.Resolve
	}
	if out.Resolve == "" {
		problems = append(problems, errors.New("resolve is missing"))
	}
	return out, errors.Join(problems...)
}

// parsed reads text that starts like YAML as YAML; variables have no other way
// to carry a list or a map.
func parsed(raw any, opening string) (any, error) {
	text, ok := raw.(string)
	if !ok || !strings.HasPrefix(strings.TrimSpace(text), opening) {
		return raw, nil
	}
	wrapped, err := yaml.Parser().Unmarshal([]byte("v: " + text))
	if err != nil {
		return nil, errors.New("this is not YAML")
	}
	return wrapped["v"], nil
}

func kindOf(raw any) string {
	switch raw.(type) {
	case nil:
		return "nothing"
	case []any:
		return "a list"
	case map[string]any:
		return "a map"
	case map[any]any:
		return "a map with keys that are not text"
	}
	return "a single value"
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
