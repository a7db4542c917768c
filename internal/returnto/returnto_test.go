package returnto_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/returnto"
)

func TestAllows(t *testing.T) {
	t.Parallel()
	list, err := returnto.Parse([]string{
		"https://shop.example", "https://apps.example:8443/account", "http://localhost:8000", "https://slash.example/shop/", "http://[::1]:3000",
	})
	require.NoError(t, err)
	for address, want := range map[string]bool{
		"https://shop.example":                             true,
		"https://shop.example/":                            true,
		"https://shop.example:443/deep/path?from=cart&x=1": true,
		"https://shop.example/a%20b":                       true,
		"https://shop.example/a/":                          true,
		"http://localhost:8000/callback":                   true,
		"http://[::1]:3000/":                               true,
		"https://apps.example:8443/account":                true,
		"https://apps.example:8443/account/":               true,
		"https://apps.example:8443/account/x?y":            true,
		"https://slash.example/shop":                       true,
		"https://slash.example/shop/cart":                  true,

		"":                                  false,
		"/":                                 false,
		"//shop.example":                    false,
		"///shop.example":                   false,
		"shop.example":                      false,
		"https:shop.example":                false,
		"https:/shop.example":               false,
		"https:///shop.example":             false,
		"http://shop.example":               false,
		"http://shop.example:443":           false,
		"https://shop.example:444":          false,
		"https://shop.example.evil.example": false,
		"https://evil.example/https://shop.example":                      false,
		"https://evilshop.example":                                       false,
		"https://www.shop.example":                                       false,
		"https://shop.example.":                                          false,
		"https://SHOP.example":                                           false,
		"https://shop.example@evil.example":                              false,
		"https://user:secret@shop.example":                               false,
		"https://shop.example#part":                                      false,
		"https://shop.example/#":                                         false,
		"https://shop.example\\@evil.example":                            false,
		"https:\\\\shop.example":                                         false,
		"https://evil.example\\.shop.example":                            false,
		"https://shop.example/a\\b":                                      false,
		"https://shop.example/\tx":                                       false,
		"https://shop.example/\nx":                                       false,
		" https://shop.example":                                          false,
		"https://shop.example/é":                                         false,
		"https://shop.example%2eevil.example":                            false,
		"https://shop.example:port":                                      false,
		"https://shop.example/?code=mine":                                false,
		"https://shop.example/?state=mine":                               false,
		"https://shop.example/?a=1&error=x":                              false,
		"https://shop.example/?a=%zz":                                    false,
		"https://shop.example/?a;b":                                      false,
		"javascript:alert(1)":                                            false,
		"javascript://shop.example/%0aalert(1)":                          false,
		"data:text/html,x":                                               false,
		"ftp://shop.example":                                             false,
		"https://apps.example:8443":                                      false,
		"https://apps.example:8443/":                                     false,
		"https://apps.example:8443/accounts":                             false,
		"https://apps.example:8443/Account":                              false,
		"https://apps.example:8443/account/../admin":                     false,
		"https://apps.example:8443/account/%2e%2e/admin":                 false,
		"https://apps.example:8443/account/.%2E/admin":                   false,
		"https://apps.example:8443/account%2f..%2fadmin":                 false,
		"https://apps.example:8443/account/%5c":                          false,
		"https://apps.example:8443//account":                             false,
		"https://apps.example:8443/account//x":                           false,
		"https://apps.example/account":                                   false,
		"http://localhost":                                               false,
		"http://localhost:8001":                                          false,
		"http://127.0.0.1:8000":                                          false,
		"https://localhost:8000":                                         false,
		"http://localhost.evil.example:8000":                             false,
		"https://shop.example/" + strings.Repeat("a", returnto.MaxBytes): false,
	} {
		require.Equal(t, want, list.Allows(address), address)
	}
	require.False(t, returnto.List{}.Allows("https://shop.example"))
}

func TestParse(t *testing.T) {
	t.Parallel()
	for entry, want := range map[string]string{
		"":                          "not an absolute address",
		"*":                         "not an absolute address",
		"shop.example":              "not an absolute address",
		"http://shop.example":       "https",
		"https://*.shop.example":    "without wildcards",
		"https://shop.example?a":    "no query",
		"https://shop.example/#a":   "no fragment",
		"https://me@shop.example":   "no user name",
		"https://Shop.example":      "lower case",
		"https://shop.example/a/..": "empty segments",
		"http://127.0.0.1:3000":     "",
		"http://shop.localhost":     "",
	} {
		_, err := returnto.Parse([]string{"https://good.example", entry})
		if want == "" {
			require.NoError(t, err, entry)
			continue
		}
		require.ErrorContains(t, err, want, entry)
		var wrong *returnto.EntryError
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, 2, wrong.Position)
		require.NotContains(t, err.Error(), "me@", "it may hold a password")
	}
}

func TestWith(t *testing.T) {
	t.Parallel()
	added := url.Values{"code": {"a+b"}, "state": {"x y"}}
	require.Equal(t, "https://shop.example?code=a%2Bb&state=x+y", returnto.With("https://shop.example", added))
	require.Equal(t, "https://shop.example/?b=%20&a&code=a%2Bb&state=x+y", returnto.With("https://shop.example/?b=%20&a", added))
}

// FuzzAllows looks for an address that is allowed and leads elsewhere.
func FuzzAllows(f *testing.F) {
	list, err := returnto.Parse([]string{"https://shop.example/account"})
	require.NoError(f, err)
	for _, seed := range []string{
		"https://shop.example/account", "https://shop.example/account/x?y=1", "https://shop.example@evil.example/account",
		"https://shop.example/account/../x", "https://shop.example:443/account", "https://shop.example/account%2f", "//shop.example/account",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if !list.Allows(address) {
			return
		}
		rest, ok := strings.CutPrefix(address, "https://shop.example")
		if !ok {
			rest, ok = strings.CutPrefix(strings.ToLower(address), "https://shop.example")
		}
		require.True(t, ok, address)
		rest = strings.TrimPrefix(rest, ":443")
		require.Regexp(t, `^/account([/?]|$)`, rest)
		require.NotContains(t, rest, "/../")
	})
}
