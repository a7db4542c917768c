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

// hostile closes attributes, elements and scripts.
const hostile = `"'></title></textarea><script>alert(1)</script><img src=x onerror=alert(1)>{{.}}`

// requireHarmless fails if something that was sent has become markup.
func requireHarmless(t *testing.T, p *pagestest.Page, where string) {
	t.Helper()
	require.NotContains(t, p.HTML, "<script>alert", where)
	require.Empty(t, p.Elements("img"), where)
	for _, script := range p.Elements("script") {
		require.True(t, strings.HasPrefix(pagestest.Attribute(script, "src"), "/ui/static/"), where)
	}
}

// TestInputIsNeverMarkup sends markup in every field of every page, in every language, and
// has the API refuse with markup.
func TestInputIsNeverMarkup(t *testing.T) {
	t.Parallel()

	for _, tag := range everyLanguage {
		t.Run(tag, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			w.Header.Set("Accept-Language", tag)
			w.rules("courier", `{"open":true,"fields":[{"name":"plate","kind":"string"},{"name":"kind","kind":"string","enum":["a"]}]}`)
			for _, path := range []string{
				"", "/sign-up", "/forgot", "/code", "/code/enter", "/reset?token=" + url.QueryEscape(hostile) + "&email=" + url.QueryEscape(hostile),
				"/confirm-registration?token=x&email=" + url.QueryEscape(hostile), "/invite?token=x", "/verify", "/second-factor?method=" + url.QueryEscape(hostile),
				"/sent/reset", "/link?provider=" + url.QueryEscape(hostile), "/callback/google?error=" + url.QueryEscape(hostile), "/email/confirm?token=x",
				"?return_to=" + url.QueryEscape(hostile), "?lang=" + url.QueryEscape(hostile), "/" + url.PathEscape(hostile),
			} {
				p := w.Open("/ui/courier" + path)
				requireHarmless(t, p, path)
				for _, form := range p.Elements("form") {
					action := pagestest.Attribute(form, "action")
					fields, _ := p.Form(action)
					for name := range fields {
						fields[name] = hostile
					}
					requireHarmless(t, p.Submit(action, fields), path+" sent to "+action)
				}
			}
		})
	}
}

func TestWhatTheAPISaysIsNeverMarkup(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.api.On("POST /auth/customer/emailpass", http.StatusBadRequest, `{"type":"x","message":"<script>alert(1)</script><img src=x>"}`, "Everlatch-Reason", `unknown; field="<img>"`)
	p := w.Open("/ui/customer").Submit("/ui/customer", map[string]string{"email": "a@b.example", "password": "p"})
	require.Contains(t, p.Text(), "<script>alert(1)</script>", "as text")
	requireHarmless(t, p, "refusal")

	w.api.On("POST /auth/customer/google", http.StatusOK, `{"location":"javascript:alert(1)"}`)
	p = w.Open("/ui/customer").Submit("/ui/customer/with/google", nil)
	require.Equal(t, http.StatusNotFound, p.Status)
}

func TestPlantedCookies(t *testing.T) {
	t.Parallel()

	w := newWorld(t, func(o *pages.Options) { o.ReturnTo = []string{"https://shop.example"} })
	w.api.On("POST /auth/customer/emailpass", http.StatusOK, full)
	for _, planted := range []string{"x", "e30", "bnVsbA", strings.Repeat("A", 4000)} {
		for _, name := range []string{"everlatch.pending", "everlatch.notice", "lang", "everlatch.pages"} {
			path := "/"
			if name == "everlatch.pending" {
				path = "/ui/customer"
			}
			w.SetCookie(&http.Cookie{Name: name, Value: planted, Path: path})
			require.Equal(t, http.StatusOK, w.Open("/ui/customer").Status, "%s=%s", name, planted)
		}
	}
	// {"r":"https://evil.example"}: a return that was never allowed
	w.SetCookie(&http.Cookie{Name: "everlatch.pending", Value: "eyJyIjoiaHR0cHM6Ly9ldmlsLmV4YW1wbGUifQ", Path: "/ui/customer"})
	p := w.Open("/ui/customer").Submit("/ui/customer", map[string]string{"email": "a@b.example", "password": "p"})
	require.Equal(t, "/ui/customer/account", p.Path)
	require.NotContains(t, p.HTML, "evil.example")
}

// TestCookiesOfOtherHostsDoNotCount plants what waits and what was done, as another host of
// the domain can, in front of pages with https.
func TestCookiesOfOtherHostsDoNotCount(t *testing.T) {
	t.Parallel()

	w := newWorld(t, func(o *pages.Options) { o.TrustProxy = true })
	w.Header.Set("X-Forwarded-Proto", "https")
	w.SetCookie(&http.Cookie{Name: "everlatch.pending", Path: "/ui/customer", Value: pending(t)})
	w.SetCookie(&http.Cookie{Name: "everlatch.notice", Path: "/", Value: "eyJpIjoic2lnbmluLnZlcmlmeV9zZW50IiwidiI6ImV2aWwifQ"}) // {"i":"signin.verify_sent","v":"evil"}
	p := w.Open("/ui/customer/complete")
	require.Equal(t, "/ui/customer", p.Path)
	require.NotContains(t, p.HTML, "evil")

	w.api.On("POST /auth/customer/emailpass", http.StatusOK, `{"token":"`+token(`{"actor_id":""}`)+`"}`)
	p = p.Submit("/ui/customer", map[string]string{"email": "a@b.example", "password": "p"})
	require.Equal(t, "/ui/customer/complete", p.Path)
	require.NotEmpty(t, w.Cookie("__Host-everlatch.pending.customer"))
}

func TestAReturnAfterTheSignIn(t *testing.T) {
	t.Parallel()

	w := newWorld(t, func(o *pages.Options) { o.ReturnTo = []string{"https://shop.example"} })
	w.api.On("POST /auth/customer/emailpass", http.StatusOK, full)
	p := w.Open("/ui/customer?return_to=%2Fui%2Fcustomer%2Fforgot")
	require.Equal(t, "/ui/customer", p.Path)
	p = p.Submit("/ui/customer", map[string]string{"email": "a@b.example", "password": "p"})
	require.Equal(t, "/ui/customer/forgot", p.Path)
	require.Empty(t, w.Cookie("everlatch.pending"))
	require.Equal(t, http.StatusBadRequest, w.Open("/ui/customer?return_to=https://evil.example/").Status)
}

// TestKnownAndUnknownLookAlike compares what a page answers for an address with an account
// and for one without, apart from the address itself.
func TestKnownAndUnknownLookAlike(t *testing.T) {
	t.Parallel()

	for _, path := range []string{"/ui/customer/forgot", "/ui/customer/code", "/ui/customer"} {
		var seen []string
		for _, email := range []string{"known@example.com", "other@example.com"} {
			w := newWorld(t) // the API says the same to both
			w.api.On("POST /auth/customer/emailpass/reset-password", http.StatusCreated, "Created")
			w.api.On("POST /auth/customer/emailcode", http.StatusOK, `{"code_sent":true}`)
			w.api.On("POST /auth/customer/emailpass", http.StatusUnauthorized, `{"type":"unauthorized","message":"Invalid email or password"}`, "Everlatch-Reason", "credentials_wrong")
			action := ""
			if path == "/ui/customer" {
				action = path
			}
			p := w.Open(path).Submit(action, map[string]string{"email": email, "password": "p"})
			seen = append(seen, p.Path+strings.ReplaceAll(p.HTML, email, "@"))
		}
		require.Equal(t, seen[0], seen[1], path)
	}
}
