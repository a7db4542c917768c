package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// The fields of an entry of a list, such as one of subscribers, have the tags
// of a setting, and
//
//   - required: it must be there
//   - unique: no two entries have the same
//
// An entry is checked where it is read, because a problem is told with the
// number of its entry.

// prepared has defaults that depend on what else is in the entry.
type prepared interface{ prepare(fields map[string]any) }

// checked has rules beyond what tags say. Fields that are missing or could not
// be read are zero there, and have been reported.
type checked interface{ check() Problems }

// assignObjects reads a list of maps into a slice of structs. The error joins
// every problem of every entry.
func assignObjects(target reflect.Value, raw any) error {
	names := fieldNames(target.Type().Elem())
	raw, err := parsed(raw, "[")
	if err != nil {
		return err
	}
	items, ok := raw.([]any)
	if !ok {
		return fmt.Errorf("a list is expected, such as [{%s: …}], not %s", names[0], kindOf(raw))
	}
	out := reflect.MakeSlice(target.Type(), len(items), len(items))
	var problems []error
	for i, item := range items {
		for _, p := range assignObject(out.Index(i), item) {
			problems = append(problems, fmt.Errorf("entry %s: %s", join(fmt.Sprint(i+1), ", ", p.Key), p.Message))
		}
	}
	target.Set(out)
	return errors.Join(append(problems, twice(out)...)...)
}

// isObjectLists reports a map of lists of structs.
func isObjectLists(t reflect.Type) bool {
	return t.Kind() == reflect.Map && t.Elem().Kind() == reflect.Slice && t.Elem().Elem().Kind() == reflect.Struct
}

// assignObjectLists reads a map of lists of maps. The error joins every problem.
func assignObjectLists(target reflect.Value, raw any) error {
	raw, err := parsed(raw, "{")
	if err != nil {
		return err
	}
	lists, ok := raw.(map[string]any)
	if !ok && raw != nil {
		return errors.New("a map of lists is expected, not " + kindOf(raw))
	}
	out := reflect.MakeMap(target.Type())
	var problems []error
	for _, key := range sortedKeys(lists) {
		list := reflect.New(target.Type().Elem()).Elem()
		if err := assignObjects(list, lists[key]); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", key, err))
		}
		out.SetMapIndex(reflect.ValueOf(key), list)
	}
	target.Set(out)
	return errors.Join(problems...)
}

// twice reports unique fields that have the same value in several entries.
func twice(entries reflect.Value) []error {
	var out []error
	t := entries.Type().Elem()
	for i, name := range fieldNames(t) {
		if t.Field(i).Tag.Get("unique") == "" {
			continue
		}
		seen := map[string]int{}
		for n := range entries.Len() {
			text := entries.Index(n).Field(i).String()
			if seen[text]++; text != "" && seen[text] == 2 {
				out = append(out, fmt.Errorf("the %s %q is given twice", name, text))
			}
		}
	}
	return out
}

// assignObject reads a map into a struct. The key of a problem is the path of
// the field, such as "webhook.url", or "" for the entry.
func assignObject(target reflect.Value, raw any) Problems {
	names := fieldNames(target.Type())
	fields, ok := raw.(map[string]any)
	if !ok {
		return Problems{{"", "{" + strings.Join(names, ", ") + "} is expected, not " + kindOf(raw)}}
	}
	if p, ok := reflect.TypeAssert[prepared](target.Addr()); ok {
		p.prepare(fields)
	}
	var out Problems
	for _, key := range sortedKeys(fields) {
		if !slices.Contains(names, key) {
			out = append(out, Problem{"", "unknown key " + key + suggest(key, names)})
		}
	}
	for i, name := range names {
		out = append(out, assignField(target.Field(i), target.Type().Field(i).Tag, name, fields[name])...)
	}
	if c, ok := reflect.TypeAssert[checked](target.Addr()); ok {
		out = append(out, c.check()...)
	}
	return out
}

func assignField(field reflect.Value, tag reflect.StructTag, name string, raw any) Problems {
	if text := tag.Get("default"); raw == nil && text != "" {
		raw = text
	}
	switch {
	case raw == nil && tag.Get("required") != "":
		return Problems{{"", name + " is missing"}}
	case raw == nil:
		return nil
	case field.Kind() == reflect.Pointer:
		field.Set(reflect.New(field.Type().Elem()))
		out := assignObject(field.Elem(), raw)
		for i := range out {
			out[i].Key = join(name, ".", out[i].Key)
		}
		return out
	}
	if err := assign(field, raw); err != nil {
		return Problems{{name, flat(err)}}
	}
	if tag.Get("required") != "" && field.Len() == 0 {
		return Problems{{"", name + " is missing"}}
	}
	return checkTags(name, field, tag)
}

// join puts sep between two texts, unless the second is empty.
func join(a, sep, b string) string {
	if b == "" {
		return a
	}
	return a + sep + b
}

// fieldNames returns the keys of a struct, in order.
func fieldNames(t reflect.Type) []string {
	out := make([]string, t.NumField())
	for i := range out {
		out[i] = t.Field(i).Tag.Get("koanf")
	}
	return out
}

// printableObject returns a struct as a file would have it. What is not set is
// left out; whether a bool was set cannot be told.
func printableObject(v reflect.Value) map[string]any {
	out := map[string]any{}
	for i, name := range fieldNames(v.Type()) {
		field := v.Field(i)
		if field.IsZero() && field.Kind() != reflect.Bool {
			continue
		}
		if field.Kind() == reflect.Pointer {
			out[name] = printableObject(field.Elem())
			continue
		}
		out[name] = printable(field)
	}
	return out
}
