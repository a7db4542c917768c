package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages"
	"github.com/everlatch/everlatch/pages/pagestest"
)

const storefrontChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

// fromStorefront is what a storefront sends along, with other values for some parameters.
func fromStorefront(change ...string) string {
	query := url.Values{
		"return_to": {"https://shop.example/signed-in?from=cart"}, "state": {"st&te"},
		"code_challenge": {storefrontChallenge}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(change); i += 2 {
		query.Set(change[i], change[i+1])
	}
	return query.Encode()
}

func withStorefront(o *pages.Options) { o.ReturnTo = []string{"https://shop.example"} }

// signsIn answers a sign-in with a full token, and codes.
func signsIn(w *world) {
	w.api.On("POST /auth/customer/emailpass", http.StatusOK, `{"token":"e30.eyJhY3Rvcl9pZCI6ImN1c18xIn0.c2ln"}`)
	w.api.On("POST /auth/session", http.StatusOK, `{"user":{}}`, "Set-Cookie", "connect.sid=s3ssion; Path=/; HttpOnly")
	w.api.On("POST /auth/authorization-codes", http.StatusOK, `{"code":"c0de","expires_at":"2026-11-30T12:01:00Z"}`)
}

// codeCall is the call that made a code.
func codeCall(t *testing.T, w *world) (made pagestest.Call) {
	t.Helper()
	for _, call := range w.api.Calls() {
		if call.Path == "/auth/authorization-codes" {
			require.Empty(t, made.Path, "one code")
			made = call
		}
	}
	require.NotEmpty(t, made.Path, "no code was made")
	return made
}

const backAtTheShop = "https://shop.example/signed-in?from=cart&code=c0de&state=st%26te"

func TestASignInLeadsBackToAStorefront(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withStorefront)
	signsIn(w)
	p := w.Open("/ui/customer?" + fromStorefront())
	require.Equal(t, "/ui/customer", p.Path)
	require.NotContains(t, p.HTML, storefrontChallenge, "what was sent along waits in a cookie")

	p = w.Post("/ui/customer", url.Values{"email": {"ada@example.com"}, "password": {"correct horse"}})
	require.Equal(t, http.StatusOK, p.Status)
	require.Contains(t, p.Links(), backAtTheShop)
	require.Equal(t, "no-store", p.Header.Get("Cache-Control"))
	made := codeCall(t, w)
	require.Equal(t, "e30.eyJhY3Rvcl9pZCI6ImN1c18xIn0.c2ln", made.Bearer)
	require.Equal(t, map[string]any{
		"return_to": "https://shop.example/signed-in?from=cart", "code_challenge": storefrontChallenge, "code_challenge_method": "S256",
	}, made.Body)
	require.Empty(t, w.Cookie("everlatch.pending"))
}

func TestWhatAStorefrontSendsIsChecked(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][]string{
		"another site":        {"return_to", "https://evil.example"},
		"plain http":          {"return_to", "http://shop.example"},
		"a scheme of scripts": {"return_to", "javascript:alert(1)"},
		"a code of its own":   {"return_to", "https://shop.example/?code=mine"},
		"no challenge":        {"code_challenge", ""},
		"a bad challenge":     {"code_challenge", "short"},
		"the plain method":    {"code_challenge_method", "plain"},
		"no method":           {"code_challenge_method", ""},
		"a long state":        {"state", strings.Repeat("s", 513)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, withStorefront)
			signsIn(w)
			p := w.Open("/ui/customer?" + fromStorefront(change...))
			require.Equal(t, http.StatusBadRequest, p.Status)
			require.Empty(t, p.Header.Get("Location"), "it never redirects")
			require.NotContains(t, p.HTML, "evil.example")
			require.Empty(t, w.Cookie("everlatch.pending"))
		})
	}
}

// A cookie that another program has written leads nowhere that isn't allowed.
func TestAPlantedReturnLeadsNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withStorefront)
	signsIn(w)
	w.Open("/ui/customer?" + fromStorefront())
	elsewhere := newWorld(t, func(o *pages.Options) { o.ReturnTo = []string{"https://evil.example"} })
	signsIn(elsewhere)
	elsewhere.Open("/ui/customer?" + fromStorefront("return_to", "https://evil.example/"))
	w.SetCookie(&http.Cookie{Name: "everlatch.pending", Path: "/ui/customer", Value: elsewhere.Cookie("everlatch.pending")})
	p := w.Post("/ui/customer", url.Values{"email": {"ada@example.com"}, "password": {"correct horse"}})
	require.NotContains(t, p.HTML, "evil.example")
	require.NotContains(t, pagestest.Routes(w.api.Calls()), "POST /auth/authorization-codes")
}

// TestAVisitorWhoIsSignedInIsAsked: no redirect tells a storefront who is there without a
// click.
func TestAVisitorWhoIsSignedInIsAsked(t *testing.T) {
	t.Parallel()
	signedIn := func(t *testing.T) *world {
		t.Helper()
		w := newWorld(t, withStorefront)
		signsIn(w)
		w.api.On("GET /store/customers/me", http.StatusOK, `{"customer":{"id":"cus_1","email":"ada@example.com"}}`)
		w.SetCookie(&http.Cookie{Name: "connect.sid", Path: "/", Value: "s3ssion"})
		return w
	}
	t.Run("continues", func(t *testing.T) {
		t.Parallel()
		w := signedIn(t)
		p := w.Open("/ui/customer?" + fromStorefront())
		require.Equal(t, "/ui/customer/continue", p.Path)
		require.Contains(t, p.Text(), "Continue as ada@example.com")
		require.NotContains(t, pagestest.Routes(w.api.Calls()), "POST /auth/authorization-codes", "before the click")
		p = p.Submit("/ui/customer/continue", nil)
		require.Contains(t, p.Links(), backAtTheShop)
		made := codeCall(t, w)
		require.Empty(t, made.Bearer)
		require.Contains(t, made.Header.Get("Cookie"), "connect.sid=s3ssion")
	})
	t.Run("takes another account", func(t *testing.T) {
		t.Parallel()
		w := signedIn(t)
		p := w.Open("/ui/customer?" + fromStorefront())
		require.Contains(t, p.Links(), "/ui/customer/another")
		p = w.Open("/ui/customer/another")
		require.NotEmpty(t, p.Elements("form"))
		p = w.Post("/ui/customer/another", url.Values{"email": {"bob@example.com"}, "password": {"correct horse"}})
		require.Contains(t, p.Links(), backAtTheShop)
		require.NotEmpty(t, codeCall(t, w).Bearer, "of the new sign-in")
	})
	t.Run("whose session has ended", func(t *testing.T) {
		t.Parallel()
		w := signedIn(t)
		w.Open("/ui/customer?" + fromStorefront())
		w.api.On("GET /store/customers/me", http.StatusUnauthorized, `{"message":"Unauthorized"}`)
		p := w.Post("/ui/customer/continue", nil)
		require.Equal(t, "/ui/customer", p.Path)
		require.NotContains(t, pagestest.Routes(w.api.Calls()), "POST /auth/authorization-codes")
	})
	t.Run("by another site's form", func(t *testing.T) {
		t.Parallel()
		w := signedIn(t)
		w.Open("/ui/customer?" + fromStorefront())
		p := w.Post("/ui/customer/continue", nil, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
		require.Equal(t, http.StatusForbidden, p.Status)
		require.NotContains(t, pagestest.Routes(w.api.Calls()), "POST /auth/authorization-codes")
	})
	t.Run("without a storefront", func(t *testing.T) {
		t.Parallel()
		p := signedIn(t).Open("/ui/customer/continue")
		require.Equal(t, "/ui/customer", p.Path)
	})
}
