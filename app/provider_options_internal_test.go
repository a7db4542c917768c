package app

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailpass"
	"github.com/everlatch/everlatch/providers/oidc"
)

const reference = "../docs/guides/provider-options.md"

// needed are the options without which a kind of provider cannot be made.
var needed = map[string]map[string]any{
	"emailpass": {},
	"emailcode": {},
	"google":    {"client_id": "id", "client_secret": "s", "callback_url": "https://shop.example/cb"},
	"github":    {"client_id": "id", "client_secret": "s", "callback_url": "https://shop.example/cb"},
	"oidc":      {"issuer": "https://idp.example", "client_id": "id", "callback_url": "https://shop.example/cb"},
}

// option is a row of the reference.
type option struct {
	key, value, def, meaning, source string
	// sample is a value that is accepted.
	sample any
}

// optionsOf reads the fields of a struct with its defaults, and their comments.
func optionsOf(t *testing.T, options reflect.Value, prefix string) []option {
	t.Helper()
	var out []option
	for f, value := range options.Fields() {
		key := prefix + f.Tag.Get("json")
		switch {
		case f.Tag.Get("json") == "-":
			continue
		case f.Anonymous:
			out = append(out, optionsOf(t, value, prefix)...)
			continue
		case f.Type.Kind() == reflect.Struct:
			out = append(out, optionsOf(t, value, key+".")...)
			continue
		}
		row := option{key: key}
		row.value, row.sample = valueOf(t, f)
		row.def = defaultOf(value, key)
		row.meaning, row.source = meaningOf(t, options.Type(), f.Name)
		out = append(out, row)
	}
	return out
}

// rows are the options of a kind, with the defaults of its package.
func rows(t *testing.T, name string) []option {
	t.Helper()
	o := reflect.New(kinds[name].options).Elem()
	return optionsOf(t, o.MethodByName("WithDefaults").Call(nil)[0], "")
}

// valueOf says what an option holds, and gives an example.
func valueOf(t *testing.T, f reflect.StructField) (value string, sample any) {
	t.Helper()
	key := f.Tag.Get("json")
	switch f.Type {
	case reflect.TypeFor[string]():
		return "string", "https://idp.example"
	case reflect.TypeFor[providers.Scopes]():
		return "list, or one string", []any{"openid", "email"}
	case reflect.TypeFor[[]string]():
		return "list of strings", []any{"RS256"}
	case reflect.TypeFor[map[string]string]():
		return "map of strings", map[string]any{"department": "dept"}
	case reflect.TypeFor[bool](), reflect.TypeFor[*bool]():
		return "true or false", true
	case reflect.TypeFor[time.Duration]():
		if strings.HasSuffix(key, "_ms") {
			return "milliseconds, or a duration", "5s"
		}
		return "seconds, or a duration", 30
	case reflect.TypeFor[emailpass.Limit]():
		return "characters, or off", "off"
	case reflect.TypeFor[int64](), reflect.TypeFor[uint32](), reflect.TypeFor[uint8]():
		if strings.HasSuffix(key, "_kib") {
			return "KiB", 1
		}
		return "number", 1
	}
	require.Fail(t, "the reference does not know what to say", "%s is a %s", f.Name, f.Type)
	return "", nil
}

// defaultOf writes a default as YAML, and none as "".
func defaultOf(value reflect.Value, key string) string {
	switch v := reflect.Indirect(value).Interface().(type) {
	case time.Duration:
		if v == 0 {
			return ""
		}
		if strings.HasSuffix(key, "_ms") {
			return fmt.Sprint(v.Milliseconds())
		}
		return fmt.Sprint(v.Seconds())
	case []string:
		return "[" + strings.Join(v, ", ") + "]"
	case map[string]string:
		var entries []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			entries = append(entries, key+": "+v[key])
		}
		return "{" + strings.Join(entries, ", ") + "}"
	case bool:
		return fmt.Sprint(v)
	default:
		if value.IsZero() {
			return ""
		}
		return fmt.Sprint(v)
	}
}

// link is where a comment says where its option comes from.
var link = regexp.MustCompile(`(?:docs/)?((?:contract|weak-spots)\.md)?#(s\d-\d|w\d+)`)

// meaningOf reads the comment of a field: the last parentheses hold the links.
func meaningOf(t *testing.T, owner reflect.Type, field string) (meaning, source string) {
	t.Helper()
	comment := commentOf(t, owner, field)
	require.NotEmpty(t, comment, "%s.%s", owner, field)
	meaning, links, _ := strings.Cut(comment, " (docs/")
	require.True(t, strings.HasSuffix(meaning, "."), "%s.%s: %s", owner, field, meaning)
	var sources []string
	page := ""
	for _, m := range link.FindAllStringSubmatch(links, -1) {
		page = cmp.Or(m[1], page)
		label := strings.ToUpper(m[2])
		if number, isSection := strings.CutPrefix(m[2], "s"); isSection {
			label = strings.ReplaceAll(number, "-", ".")
		}
		sources = append(sources, fmt.Sprintf("[%s](../%s#%s)", label, page, m[2]))
	}
	return meaning, cmp.Or(strings.Join(sources, ", "), "–")
}

// commentOf finds the comment of a field in the source of its package.
func commentOf(t *testing.T, owner reflect.Type, field string) string {
	t.Helper()
	dir := ".." + strings.TrimPrefix(owner.PkgPath(), "github.com/everlatch/everlatch")
	files, err := filepath.Glob(dir + "/*.go")
	require.NoError(t, err)
	comment := ""
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, isType := n.(*ast.TypeSpec)
			if !isType || spec.Name.Name != owner.Name() {
				return true
			}
			options, isStruct := spec.Type.(*ast.StructType)
			require.True(t, isStruct, owner)
			for _, f := range options.Fields.List {
				for _, name := range f.Names {
					if name.Name == field {
						comment = strings.Join(strings.Fields(f.Doc.Text()), " ")
					}
				}
			}
			return false
		})
	}
	return comment
}

func table(t *testing.T, name string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| option | value | default | meaning | more |\n|---|---|---|---|---|\n")
	for _, o := range rows(t, name) {
		def := "`" + o.def + "`"
		if _, must := needed[name][o.key]; must {
			def = "**required**"
		} else if o.def == "" {
			def = ""
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", o.key, o.value, def, o.meaning, o.source)
	}
	return b.String()
}

// The tables of docs/guides/provider-options.md are generated from the options of
// the providers' packages, their comments and defaults: UPDATE_GOLDEN=1 go test ./app -run TestOptionsReference
func TestOptionsReference(t *testing.T) {
	t.Parallel()

	raw, err := os.ReadFile(reference)
	require.NoError(t, err)
	want := string(raw)
	for name := range kinds {
		begin, end := "<!-- "+name+":begin -->\n", "<!-- "+name+":end -->"
		before, rest, found := strings.Cut(want, begin)
		require.True(t, found, "%s has lost %q", reference, begin)
		_, after, found := strings.Cut(rest, end)
		require.True(t, found, "%s has lost %q", reference, end)
		want = before + begin + table(t, name) + end + after
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.WriteFile(reference, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(raw), "the tables are stale; run: UPDATE_GOLDEN=1 go test ./app -run TestOptionsReference")
}

// Each option of the reference is one that the provider reads, and no other is.
func TestOptionsAreRead(t *testing.T) {
	t.Parallel()

	for name, k := range kinds {
		_, err := k.create(needed[name])
		require.NoError(t, err, "%s needs more than it says", name)
		for key := range needed[name] {
			options := map[string]any{}
			for other, value := range needed[name] {
				if other != key {
					options[other] = value
				}
			}
			_, err := k.create(options)
			require.Error(t, err, "%s does without %s", name, key)
			// Some say clientId, as the contract does.
			require.Contains(t, strings.ToLower(strings.ReplaceAll(err.Error(), "_", "")), strings.ReplaceAll(key, "_", ""), name)
		}
		for _, o := range rows(t, name) {
			require.NoError(t, decodeOptions(under(o.key, o.sample), reflect.New(k.options).Interface()), "%s %s", name, o.key)
			err := decodeOptions(under(o.key+"_", o.sample), reflect.New(k.options).Interface())
			require.ErrorContains(t, err, "unknown field", "%s %s", name, o.key)
		}
	}
}

// under puts a value at a path such as "argon2.time".
func under(path string, value any) map[string]any {
	keys := strings.Split(path, ".")
	for _, key := range slices.Backward(keys) {
		value = map[string]any{key: value}
	}
	return value.(map[string]any) //nolint:forcetypeassert // strings.Split returns at least one key
}

// Every option that is wrong is named, all of them at once, and without the
// values of others.
func TestWrongOptionsAreNamed(t *testing.T) {
	t.Parallel()

	_, err := kinds["oidc"].create(map[string]any{
		"http_timeout_ms": "soon", "issuers": "https://idp.example", "scopes": 7, "client_id": "id", "client_secret": 12345678,
		"display_name": func() {},
	})

	for _, want := range []string{
		`option http_timeout_ms: "soon" is not a length of time`, `option issuers: unknown field "issuers"`,
		"option scopes: 7 is neither a list of words nor a text", "option client_secret: cannot unmarshal number", "option display_name cannot be read",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "12345678")
	require.NotContains(t, err.Error(), "client_id")
}

// Templates put numbers into quotes: that must not make milliseconds seconds.
func TestSpansOfOptions(t *testing.T) {
	t.Parallel()

	var in oidc.Options
	require.NoError(t, decodeOptions(map[string]any{"http_timeout_ms": 5000, "clock_tolerance_seconds": 7}, &in))
	require.Equal(t, 5*time.Second, in.HTTPTimeout)
	require.Equal(t, 7*time.Second, in.ClockTolerance)
	require.NoError(t, decodeOptions(map[string]any{"http_timeout_ms": "5000", "clock_tolerance_seconds": "7"}, &in))
	require.Equal(t, 5*time.Second, in.HTTPTimeout)
	require.Equal(t, 7*time.Second, in.ClockTolerance)
	require.NoError(t, decodeOptions(map[string]any{"http_timeout_ms": "2s", "clock_tolerance_seconds": "1m", "state_ttl_seconds": nil}, &in))
	require.Equal(t, 2*time.Second, in.HTTPTimeout)
	require.Equal(t, time.Minute, in.ClockTolerance)
	require.Zero(t, in.StateTTL)
	require.NoError(t, decodeOptions(map[string]any{"http_timeout_ms": 1.5}, &in))
	require.Equal(t, 1500*time.Microsecond, in.HTTPTimeout)
	for _, wrong := range []any{"soon", true, []any{1}, ""} {
		require.ErrorContains(t, decodeOptions(map[string]any{"http_timeout_ms": wrong}, &in), "is not a length of time", "%v", wrong)
	}
	_, err := newRegistry([]config.Provider{{Resolve: "oidc", ID: "okta", Options: map[string]any{"http_timeout_ms": "-5"}}}, nil, nil)
	require.ErrorContains(t, err, `auth.providers, id "okta": `)
	require.ErrorContains(t, err, "http_timeout_ms")
}
