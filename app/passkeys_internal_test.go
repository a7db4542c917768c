package app

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/passkey"
)

func atZero() time.Time { return time.Unix(0, 0) }

func withWebAuthn(w config.WebAuthn) *config.Config {
	c := &config.Config{}
	c.Auth.WebAuthn = w
	return c
}

func TestNewPasskeys(t *testing.T) {
	t.Parallel()
	shop := config.WebAuthn{
		RPID: "shop.example", Origins: []string{"https://www.shop.example"}, RelatedOrigins: []string{"https://shop.test"}, Timeout: config.Span(time.Minute),
	}
	p, err := newPasskeys(withWebAuthn(shop), atZero, false)
	require.NoError(t, err)
	require.Equal(t, time.Minute, p.Timeout())
	require.Equal(t, []string{"https://shop.test"}, p.RelatedOrigins())
	options, err := p.Request("Zmlyc3QgY2hhbGxlbmdlIG9mIHRoZXNlIHRlc3RzLi4")
	require.NoError(t, err)
	require.Contains(t, string(options), `"rpId":"shop.example"`)

	off, err := newPasskeys(withWebAuthn(config.WebAuthn{}), atZero, false)
	require.NoError(t, err)
	require.Nil(t, off, "not configured")
	local := withWebAuthn(config.WebAuthn{})
	off, err = newPasskeys(local, atZero, true)
	require.NoError(t, err)
	require.Nil(t, off, "nor in dev without a page that could use them")
	local.HTTP.StoreCORS = "http://localhost:8000"
	p, err = newPasskeys(local, atZero, true)
	require.NoError(t, err)
	require.NotNil(t, p, "dev has them on localhost")

	f, err := newFactors(config.MFA{}, p, nil, atZero)
	require.NoError(t, err)
	require.Equal(t, []string{"totp", passkey.Method}, f.Methods())
	_, err = newFactors(config.MFA{}, p, []providers.SecondFactor{pin{passkey.Method}}, atZero)
	require.ErrorContains(t, err, `second factor "webauthn" is registered twice`)
}

// Everything that browsers would refuse is an error at the start, which names the setting.
func TestPasskeySettingsThatBrowsersRefuse(t *testing.T) {
	t.Parallel()
	const key = "auth.webauthn."
	for name, tt := range map[string]struct {
		change func(w *config.WebAuthn)
		want   []string
	}{
		"a domain with a scheme":        {func(w *config.WebAuthn) { w.RPID = "https://shop.example" }, []string{`rp_id: "https://shop.example" is not a domain`}},
		"a domain with a port":          {func(w *config.WebAuthn) { w.RPID = "shop.example:443" }, []string{`rp_id: "shop.example:443" is not a domain`}},
		"an address":                    {func(w *config.WebAuthn) { w.RPID = "192.0.2.1" }, []string{`rp_id: "192.0.2.1" is not a domain`}},
		"a domain in capitals":          {func(w *config.WebAuthn) { w.RPID = "Shop.example" }, []string{`rp_id: "Shop.example" is not a domain`}},
		"no origin":                     {func(w *config.WebAuthn) { w.Origins = nil }, []string{"origins: list the origins whose pages use passkeys, such as https://shop.example"}},
		"an origin of another domain":   {func(w *config.WebAuthn) { w.Origins = []string{"https://evil.example"} }, []string{`origins: "https://evil.example" is neither on shop.example nor on a subdomain of it`}},
		"a domain that ends alike":      {func(w *config.WebAuthn) { w.Origins = []string{"https://myshop.example"} }, []string{`origins: "https://myshop.example" is neither on`}},
		"an origin without https":       {func(w *config.WebAuthn) { w.Origins = []string{"http://shop.example"} }, []string{`origins: "http://shop.example" is not https`}},
		"an origin with a path":         {func(w *config.WebAuthn) { w.Origins = []string{"https://shop.example/"} }, []string{`origins: "https://shop.example/" is not an origin`}},
		"any origin":                    {func(w *config.WebAuthn) { w.Origins = []string{"*"} }, []string{`origins: "*" is not an origin`}},
		"a related origin of the shop":  {func(w *config.WebAuthn) { w.RelatedOrigins = []string{"https://www.shop.example"} }, []string{`related_origins: "https://www.shop.example" is on shop.example: list it in origins`}},
		"a related origin with a path":  {func(w *config.WebAuthn) { w.RelatedOrigins = []string{"https://shop.test/x"} }, []string{`related_origins: "https://shop.test/x" is not an origin`}},
		"a related origin by http":      {func(w *config.WebAuthn) { w.RelatedOrigins = []string{"http://shop.test"} }, []string{`related_origins: "http://shop.test" is not https`}},
		"several problems, all of them": {func(w *config.WebAuthn) { w.RPID, w.RelatedOrigins = "a b", []string{"x"} }, []string{"rp_id: ", "origins: ", "related_origins: "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := config.WebAuthn{RPID: "shop.example", Origins: []string{"https://shop.example"}}
			tt.change(&w)
			_, err := newPasskeys(withWebAuthn(w), atZero, false)
			for _, want := range tt.want {
				require.ErrorContains(t, err, key+want)
			}
			for line := range strings.SplitSeq(err.Error(), "\n") {
				require.True(t, strings.HasPrefix(line, key), line)
			}
		})
	}
}

func TestAddPasskeys(t *testing.T) {
	t.Parallel()
	p, err := newPasskeys(withWebAuthn(config.WebAuthn{RPID: "shop.example", Origins: []string{"https://shop.example"}}), atZero, false)
	require.NoError(t, err)
	registry := providers.NewRegistry()
	require.NoError(t, addPasskeys(registry, config.Provider{ID: "passkey"}, p))
	_, err = registry.Passkeys("passkey")
	require.NoError(t, err)
	require.ErrorContains(t, addPasskeys(registry, config.Provider{ID: "keys"}, p), `auth.providers, id "keys": passkeys are registered once, with the id passkey`)
	require.ErrorContains(t, addPasskeys(registry, config.Provider{ID: "passkey", Options: map[string]any{"rp_id": "x"}}, p), "their settings are auth.webauthn")
	require.NoError(t, addPasskeys(providers.NewRegistry(), config.Provider{ID: "passkey"}, nil), "what is wrong is reported once")
}
