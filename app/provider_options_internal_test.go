package app

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/providers/emailpass"
	"github.com/everlatch/everlatch/providers/github"
	"github.com/everlatch/everlatch/providers/google"
	"github.com/everlatch/everlatch/providers/oidc"
)

const reference = "../docs/guides/provider-options.md"

// needed are the options without which a kind of provider cannot be made.
var needed = map[string]map[string]any{
	"emailpass": {},
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

// optionsOf reads the tags of a struct that options are decoded into.
func optionsOf(t *testing.T, o reflect.Type, prefix string) []option {
	t.Helper()
	var out []option
	for f := range o.Fields() {
		key := prefix + f.Tag.Get("json")
		switch {
		case f.Anonymous:
			out = append(out, optionsOf(t, f.Type, prefix)...)
			continue
		case f.Type.Kind() == reflect.Struct:
			out = append(out, optionsOf(t, f.Type, key+".")...)
			continue
		}
		row := option{key: key, def: f.Tag.Get("default"), meaning: f.Tag.Get("doc"), source: f.Tag.Get("source")}
		row.value, row.sample = valueOf(t, f)
		require.NotEmpty(t, row.meaning, key)
		require.NotEmpty(t, row.source, key)
		require.True(t, strings.HasSuffix(row.meaning, "."), key)
		out = append(out, row)
	}
	return out
}

// valueOf says what an option holds, and gives an example.
func valueOf(t *testing.T, f reflect.StructField) (value string, sample any) {
	t.Helper()
	unit := f.Tag.Get("unit")
	switch f.Type {
	case reflect.TypeFor[string]():
		return "text", "https://idp.example"
	case reflect.TypeFor[words]():
		return "words: a list, or one text", []any{"openid", "email"}
	case reflect.TypeFor[[]string]():
		return "list of texts", []any{"RS256"}
	case reflect.TypeFor[map[string]string]():
		return "map of texts", map[string]any{"department": "dept"}
	case reflect.TypeFor[bool](), reflect.TypeFor[*bool]():
		return "true or false", true
	case reflect.TypeFor[seconds]():
		return "seconds, or a span", 30
	case reflect.TypeFor[millis]():
		return "milliseconds, or a span", "5s"
	case reflect.TypeFor[limit]():
		return unit, "off"
	case reflect.TypeFor[int64](), reflect.TypeFor[uint32](), reflect.TypeFor[uint8]():
		return unit, 1
	}
	require.Fail(t, "the reference does not know what to say", "%s is a %s", f.Name, f.Type)
	return "", nil
}

func table(t *testing.T, name string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| option | value | default | meaning | contract |\n|---|---|---|---|---|\n")
	for _, o := range optionsOf(t, kinds[name].options, "") {
		def := "`" + o.def + "`"
		if _, must := needed[name][o.key]; must {
			def = "**required**"
		} else if o.def == "" {
			def = ""
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", o.key, o.value, def, o.meaning, linked(o.source))
	}
	return b.String()
}

var (
	sectionNumber  = regexp.MustCompile(`\d\.\d`)
	weakSpotNumber = regexp.MustCompile(`W\d+`)
)

// linked turns the numbers of a source into links to their pages.
func linked(source string) string {
	source = sectionNumber.ReplaceAllStringFunc(source, func(n string) string {
		return fmt.Sprintf("[%s](../contract.md#s%s)", n, strings.ReplaceAll(n, ".", "-"))
	})
	return weakSpotNumber.ReplaceAllStringFunc(source, func(n string) string {
		return fmt.Sprintf("[%s](../weak-spots.md#%s)", n, strings.ToLower(n))
	})
}

// The tables of docs/guides/provider-options.md are made from the structs that
// options are decoded into: UPDATE_GOLDEN=1 go test ./app -run TestOptionsReference
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
		_, err := k.create(needed[name], &process{})
		require.NoError(t, err, "%s needs more than it says", name)
		for key := range needed[name] {
			options := map[string]any{}
			for other, value := range needed[name] {
				if other != key {
					options[other] = value
				}
			}
			_, err := k.create(options, &process{})
			require.Error(t, err, "%s does without %s", name, key)
			// Some say clientId, as the contract does.
			require.Contains(t, strings.ToLower(strings.ReplaceAll(err.Error(), "_", "")), strings.ReplaceAll(key, "_", ""), name)
		}
		for _, o := range optionsOf(t, k.options, "") {
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

// The defaults of the reference are those of the providers.
func TestOptionsHaveTheDefaultsThatTheySay(t *testing.T) {
	t.Parallel()

	ms := func(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }
	want := map[string]string{
		"emailpass min_length":          fmt.Sprint(emailpass.DefaultMinLength),
		"emailpass max_length":          fmt.Sprint(emailpass.DefaultMaxLength),
		"emailpass argon2.memory_kib":   fmt.Sprint(emailpass.DefaultMemoryKiB),
		"emailpass argon2.time":         fmt.Sprint(emailpass.DefaultTime),
		"emailpass argon2.parallelism":  fmt.Sprint(emailpass.DefaultParallelism),
		"google issuer":                 google.DefaultIssuer,
		"google authorization_endpoint": google.DefaultAuthorizationEndpoint,
		"google token_endpoint":         google.DefaultTokenEndpoint,
		"google jwks_uri":               google.DefaultJWKSURI,
		"google http_timeout_ms":        ms(oidc.DefaultHTTPTimeout),
		"github scopes":                 github.DefaultScopes,
		"github authorization_endpoint": github.DefaultAuthorizationEndpoint,
		"github token_endpoint":         github.DefaultTokenEndpoint,
		"github api_endpoint":           github.DefaultAPIEndpoint,
		"github http_timeout_ms":        ms(github.DefaultHTTPTimeout),
		"oidc scopes":                   oidc.DefaultScopes,
		"oidc display_name":             oidc.DefaultDisplayName,
		"oidc clock_tolerance_seconds":  fmt.Sprint(oidc.DefaultClockTolerance.Seconds()),
		"oidc discovery_cache_ttl_ms":   ms(oidc.DefaultDiscoveryTTL),
		"oidc http_timeout_ms":          ms(oidc.DefaultHTTPTimeout),
	}
	// What oidc makes of nothing is not exported; its own tests hold it.
	elsewhere := []string{"oidc claim_mappings", "oidc algorithms"}
	for name, k := range kinds {
		for _, o := range optionsOf(t, k.options, "") {
			key := name + " " + o.key
			switch {
			case want[key] != "":
				require.Equal(t, want[key], o.def, key)
				delete(want, key)
			case o.value == "true or false":
				require.Contains(t, []string{"true", "false"}, o.def, key)
			default:
				require.True(t, o.def == "" || o.def == "[]" || slices.Contains(elsewhere, key), "nothing holds the default %q of %s", o.def, key)
			}
		}
	}
	require.Empty(t, want, "defaults of options that are not there")
}

// Every option that is wrong is named, all of them at once, and without the
// values of others.
func TestWrongOptionsAreNamed(t *testing.T) {
	t.Parallel()

	_, err := kinds["oidc"].create(map[string]any{
		"http_timeout_ms": "soon", "issuers": "https://idp.example", "scopes": 7, "client_id": "id", "client_secret": 12345678,
		"display_name": func() {},
	}, &process{})

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

	var in oidcOptions
	require.NoError(t, decodeOptions(map[string]any{"http_timeout_ms": 5000, "clock_tolerance_seconds": 7}, &in))
	require.Equal(t, 5*time.Second, time.Duration(in.HTTPTimeout))
	require.Equal(t, 7*time.Second, time.Duration(in.ClockTolerance))
	require.NoError(t, decodeOptions(map[string]any{"http_timeout_ms": "5000", "clock_tolerance_seconds": "7"}, &in))
	require.Equal(t, 5*time.Second, time.Duration(in.HTTPTimeout))
	require.Equal(t, 7*time.Second, time.Duration(in.ClockTolerance))
	require.NoError(t, decodeOptions(map[string]any{"http_timeout_ms": "2s", "clock_tolerance_seconds": "1m", "state_ttl_seconds": nil}, &in))
	require.Equal(t, 2*time.Second, time.Duration(in.HTTPTimeout))
	require.Equal(t, time.Minute, time.Duration(in.ClockTolerance))
	require.Zero(t, in.StateTTL)
	require.NoError(t, decodeOptions(map[string]any{"http_timeout_ms": 1.5}, &in))
	require.Equal(t, 1500*time.Microsecond, time.Duration(in.HTTPTimeout))
	for _, wrong := range []any{"soon", true, []any{1}, ""} {
		require.ErrorContains(t, decodeOptions(map[string]any{"http_timeout_ms": wrong}, &in), "is not a length of time", "%v", wrong)
	}
	_, err := newRegistry([]config.Provider{{Resolve: "oidc", ID: "okta", Options: map[string]any{"http_timeout_ms": "-5"}}}, nil)
	require.ErrorContains(t, err, `auth.providers, id "okta": `)
	require.ErrorContains(t, err, "http_timeout_ms")
}
