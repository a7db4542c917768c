package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
)

// Row describes one setting.
type Row struct {
	// Key is its place in the YAML file.
	Key string
	// Env are its variables, the strongest first.
	Env []string
	// Default is its default, as YAML; "" is none.
	Default string
	// Meaning is a sentence or two.
	Meaning string
}

// Describe returns every setting in the order of [Config].
func Describe() []Row {
	all := settings()
	rows := make([]Row, len(all))
	for i, s := range all {
		rows[i] = Row{Key: s.key, Env: s.env(), Default: s.tag.Get("default"), Meaning: s.tag.Get("doc")}
		if values := s.tag.Get("oneof"); values != "" && !strings.Contains(rows[i].Meaning, "auto") {
			rows[i].Meaning += " One of " + strings.ReplaceAll(values, ",", ", ") + "."
		}
	}
	return rows
}

// Markdown returns the settings as the table of README.
func Markdown() string {
	var b strings.Builder
	plain := strings.NewReplacer("|", `\|`, "*", `\*`, "<", `\<`)
	b.WriteString("| key | variable | default | meaning |\n|---|---|---|---|\n")
	for _, r := range Describe() {
		def := ""
		if r.Default != "" {
			def = "`" + r.Default + "`"
		}
		// The last name is the well-known one.
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", r.Key, r.Env[len(r.Env)-1], def, plain.Replace(r.Meaning))
	}
	return b.String()
}

// YAML returns the effective settings as a file that could be loaded again,
// apart from the secrets, which are masked.
func (c *Config) YAML() ([]byte, error) {
	flat := map[string]any{}
	value := reflect.ValueOf(c).Elem()
	for _, s := range settings() {
		flat[s.key] = printable(value.FieldByIndex(s.index))
	}
	k := koanf.New(".")
	if err := k.Load(confmap.Provider(flat, "."), nil); err != nil {
		return nil, fmt.Errorf("arrange settings: %w", err)
	}
	out, err := yaml.Parser().Marshal(k.Raw())
	if err != nil {
		return nil, fmt.Errorf("print settings: %w", err)
	}
	return out, nil
}

// printable returns a value in the form in which a file would have it.
func printable(v reflect.Value) any {
	switch value := v.Interface().(type) {
	case encoding.TextMarshaler:
		text, _ := value.MarshalText() // none of ours fails
		return string(text)
	case fmt.Stringer:
		return value.String()
	case Secrets:
		out := make([]string, len(value))
		for i := range value {
			out[i] = value[i].String()
		}
		return out
	case []Provider:
		out := make([]any, len(value))
		for i, p := range value {
			out[i] = map[string]any{"resolve": p.Resolve, "id": p.ID, "options": maskOptions(p.Options)}
		}
		return out
	case map[string]any:
		return maskOptions(value)
	}
	if isObjectLists(v.Type()) {
		out := map[string]any{}
		for _, key := range v.MapKeys() {
			out[key.String()] = printable(v.MapIndex(key))
		}
		return out
	}
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct {
		out := make([]any, v.Len())
		for i := range out {
			out[i] = printableObject(v.Index(i))
		}
		return out
	}
	return v.Interface()
}

// maskedWords are in the names of values that are secrets.
var maskedWords = []string{"secret", "key", "token", "password", "signature"}

func namesSecret(name string) bool {
	lower := strings.ToLower(name)
	return slices.ContainsFunc(maskedWords, func(word string) bool { return strings.Contains(lower, word) })
}

// maskOptions hides the options of a provider, or the input of a flow, that are
// secrets by their name; only the provider or flow knows for certain.
func maskOptions(options map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range options {
		out[key] = maskValue(value, namesSecret(key))
	}
	return out
}

// maskValue hides text when it is a secret, and looks into maps and lists.
func maskValue(value any, secret bool) any {
	switch v := value.(type) {
	case string:
		if secret && v != "" {
			return masked
		}
	case map[string]any:
		return maskOptions(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = maskValue(v[i], secret)
		}
		return out
	}
	return value
}
