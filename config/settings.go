package config

import (
	"reflect"
	"strings"
)

// envPrefix starts the environment variable of every key.
const envPrefix = "EVERLATCH_"

// setting is one leaf of [Config].
type setting struct {
	key string
	// index finds the field, see [reflect.Value.FieldByIndex].
	index []int
	typ   reflect.Type
	tag   reflect.StructTag
}

// env returns the variables of the setting, the strongest first.
func (s setting) env() []string {
	names := []string{envPrefix + strings.ToUpper(strings.ReplaceAll(s.key, ".", "_"))}
	if own := s.tag.Get("env"); own != "" {
		names = append(names, own)
	}
	return names
}

// shortName is the variable to name in a message: the well-known one.
func (s setting) shortName() string {
	names := s.env()
	return names[len(names)-1]
}

// isMap says that keys below this one are the operator's own.
func (s setting) isMap() bool { return s.typ.Kind() == reflect.Map }

// settings returns the leaves of [Config] in the order of the struct.
func settings() []setting {
	return walk(reflect.TypeFor[Config](), "", nil)
}

func walk(t reflect.Type, prefix string, index []int) []setting {
	var out []setting
	for i := range t.NumField() {
		f := t.Field(i)
		key := prefix + f.Tag.Get("koanf")
		at := append(append([]int{}, index...), i)
		if f.Type.Kind() == reflect.Struct {
			out = append(out, walk(f.Type, key+".", at)...)
			continue
		}
		out = append(out, setting{key: key, index: at, typ: f.Type, tag: f.Tag})
	}
	return out
}
