package main

import (
	"context"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/google"
)

// get asks the shop for a page.
func get(t *testing.T, o shopOptions, path string) *httptest.ResponseRecorder {
	t.Helper()
	shop, err := newShop(o)
	require.NoError(t, err)
	answer := httptest.NewRecorder()
	shop.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	return answer
}

func TestPages(t *testing.T) {
	t.Parallel()

	o := shopOptions{API: "https://auth.shop.example"}
	for path, want := range map[string]struct{ script, contentType string }{
		"/":                              {`src="/index.js"`, "text/html; charset=utf-8"},
		"/callback/google?code=1&state=": {`src="/callback.js"`, "text/html; charset=utf-8"},
		"/callback/okta":                 {`src="/callback.js"`, "text/html; charset=utf-8"},
		"/everlatch.js":                  {`credentials: "include"`, "text/javascript; charset=utf-8"},
		"/settings.js":                   {`export const api = "https://auth.shop.example";`, "text/javascript; charset=utf-8"},
	} {
		answer := get(t, o, path)
		require.Equal(t, http.StatusOK, answer.Code, path)
		require.Contains(t, answer.Body.String(), want.script, path)
		require.Equal(t, want.contentType, answer.Header().Get("Content-Type"), path)
		require.Contains(t, answer.Header().Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'; ", path)
		require.Contains(t, answer.Header().Get("Content-Security-Policy"), "connect-src https://auth.shop.example;", path)
		require.Equal(t, "no-referrer", answer.Header().Get("Referrer-Policy"), path)
		require.Equal(t, strings.HasPrefix(path, "/callback/"), answer.Header().Get("Cache-Control") == "no-store", path)
	}
	require.Equal(t, http.StatusNotFound, get(t, o, "/callback/google/more").Code)
	require.Equal(t, http.StatusNotFound, get(t, o, "/nothing").Code)
}

// What the pages may not do is inline scripts, and they have none.
func TestNoPageHasAnInlineScript(t *testing.T) {
	t.Parallel()

	pages, err := fs.Glob(files, "web/*.html")
	require.NoError(t, err)
	require.Len(t, pages, 2)
	for _, page := range pages {
		text, err := files.ReadFile(page)
		require.NoError(t, err)
		require.NotRegexp(t, `<script[^>]*>[^<]|<style| style=| on[a-z]+=`, string(text), page)
	}
	for _, script := range scripts(t, "web/*.js") {
		require.NotRegexp(t, `innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(`, script)
	}
}

func TestSettingsAreText(t *testing.T) {
	t.Parallel()

	answer := get(t, shopOptions{API: "http://localhost:9000", PublishableKey: `";alert(1)</script>`}, "/settings.js")

	require.Equal(t, "export const api = \"http://localhost:9000\";\nexport const publishableKey = \"\\\";alert(1)\\u003c/script\\u003e\";\n",
		answer.Body.String())
}

// scripts are the contents of files.
func scripts(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, names)
	var out []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		out = append(out, string(text))
	}
	return out
}

// medusa.js can take the place of web/everlatch.js.
func TestBothWaysHaveTheSameCalls(t *testing.T) {
	t.Parallel()

	calls := func(file string) []string {
		var out []string
		for _, m := range regexp.MustCompile(`(?m)^export (?:async )?function (\w+\([^)]*\))`).FindAllStringSubmatch(scripts(t, file)[0], -1) {
			out = append(out, m[1])
		}
		slices.Sort(out)
		return out
	}

	require.Equal(t, []string{"begin(provider)", "claims(token)", "customer()", "finish(provider, query)", "providers()", "signOut()"}, calls("medusa.js"))
	require.Equal(t, calls("medusa.js"), calls("web/everlatch.js"))
}

// everlatch.yaml and the program match: Ada is signed in by the
// stand-in, and a user without a verified address is not.
func TestTheConfigurationFitsTheStandIn(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{File: "everlatch.yaml"})
	require.NoError(t, err)
	require.True(t, cfg.Auth.Redirect.RequireBrowser)
	configured := cfg.Auth.Providers[1].Options
	text := func(key string) string { s, _ := configured[key].(string); return s }
	standIn, err := newGoogle("http://"+hostOf(cfg.Auth.Providers[1], "issuer"), "http://"+hostOf(cfg.Auth.Providers[1], "callback_url"))
	require.NoError(t, err)
	server := httptest.NewServer(standIn)
	t.Cleanup(server.Close)
	client := &http.Client{
		Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	p, err := google.New(google.Options{
		OAuthClient: providers.OAuthClient{ClientID: text("client_id"), ClientSecret: text("client_secret"), CallbackURL: text("callback_url"), AllowPrivate: true},
		Issuer:      text("issuer"), HTTPClient: client,
	})
	require.NoError(t, err)
	signIn := func(who string) (providers.Profile, error) {
		location, err := p.Begin(t.Context(), providers.Authorization{
			CallbackURL: text("callback_url"), State: "state", Nonce: "nonce",
			CodeVerifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", // RFC 7636, appendix B
		})
		require.NoError(t, err)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, location+"&as="+who, http.NoBody)
		require.NoError(t, err)
		resp, err := client.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		back, err := resp.Location()
		require.NoError(t, err)
		callback := providers.Callback{
			CallbackURL: text("callback_url"), Code: back.Query().Get("code"), Nonce: "nonce",
			CodeVerifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", Params: map[string]string{"iss": back.Query().Get("iss")},
		}
		tokens, err := p.Exchange(t.Context(), callback)
		require.NoError(t, err)
		return p.Profile(t.Context(), tokens, callback)
	}

	ada, err := signIn("ada")
	require.NoError(t, err)
	require.Equal(t, everlatch.Metadata{
		"email": "ada@example.com", "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace",
	}, ada.UserMetadata)
	_, err = signIn("mallory")
	require.EqualError(t, err, "Email not verified, cannot proceed with authentication")
}

func TestTheProgramNeedsItsSettings(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{})
	require.NoError(t, err)
	_, err = options(cfg)
	require.ErrorContains(t, err, "--config examples/storefront-login/everlatch.yaml")

	cfg, err = config.Load(config.Sources{File: "everlatch.yaml"})
	require.NoError(t, err)
	opts, err := options(cfg)
	require.NoError(t, err)
	require.Len(t, opts, 2, "the shop and the stand-in")
	delete(cfg.Auth.Providers[1].Options, "issuer")
	opts, err = options(cfg)
	require.NoError(t, err)
	require.Len(t, opts, 1, "with the real Google there is no stand-in")
}
