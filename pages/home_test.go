package pages_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages"
	"github.com/everlatch/everlatch/pages/pagestest"
)

func development(o *pages.Options) {
	o.Inbox = "/_dev/mail"
	o.Home = &pages.Home{
		FirstUser: func(context.Context) bool { return true }, Storefront: "http://localhost:8000",
		Links: []pages.HomeLink{{ID: "docs", Name: "untranslated", URL: "/docs"}, {Name: "Custom part", URL: "/custom", Note: "of this program"}},
	}
}

func TestHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, development)
	p := w.Open("/")
	require.Equal(t, http.StatusOK, p.Status)
	for _, want := range []string{"Shop is running", "Become the administrator", "Administrators", "courier", "HTTP API", "Custom part", "of this program"} {
		require.Contains(t, p.Text(), want)
	}
	require.NotContains(t, p.Text(), "untranslated")
	require.Subset(t, p.Links(), []string{"/ui/customer", "/ui/user", "/ui/courier", "/docs", "/custom", "/_dev/mail", "http://localhost:8000"})
	require.NotContains(t, p.Links(), "/console", "it has no page here")
	require.Contains(t, p.Header.Get("Content-Security-Policy"), "script-src 'self'")

	w.Header.Set("Accept-Language", "de")
	require.Contains(t, w.Open("/").Text(), "Administrator werden")

	w = newWorld(t, development, func(o *pages.Options) {
		o.Home.FirstUser = func(context.Context) bool { return false }
		o.Areas = []pages.Area{{Name: "extra", Routes: map[string]pages.Handler{"GET /console": func(*pages.Visit) error { return nil }}, Files: fstest.MapFS{}}}
	})
	p = w.Open("/")
	require.NotContains(t, p.Text(), "Become the administrator")
	require.Contains(t, p.Links(), "/console")
}

func TestDevelopmentPagesAreForBrowsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, development)
	serves := func(method, path, accept string) bool {
		r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
		r.Header.Set("Accept", accept)
		return w.site.Serves(r)
	}
	for _, tt := range []struct {
		method, path, accept string
		want                 bool
	}{
		{"GET", "/", "text/html,*/*", true},
		{"GET", "/", "*/*", false},
		{"GET", "/_dev/mail", "text/html", true},
		{"GET", "/_dev/mail", "*/*", true},
		{"GET", "/_dev/mail", "application/json", false},
		{"GET", "/_dev/mail.json", "text/html", false},
		{"GET", "/_dev/mail/evt_1", "text/html", true},
		{"GET", "/_dev/mail/evt_1", "application/json", false},
		{"GET", "/_dev/mail/evt_1/html", "text/html", false},
		{"DELETE", "/_dev/mail", "*/*", false},
		{"DELETE", "/_dev/mail/evt_1", "*/*", false},
		{"POST", "/_dev/mail/evt_1/read", "*/*", false},
		{"POST", "/_dev/mail/evt_1/delete", "text/html", true},
	} {
		require.Equal(t, tt.want, serves(tt.method, tt.path, tt.accept), "%s %s for %s", tt.method, tt.path, tt.accept)
	}
	bare := newWorld(t)
	require.False(t, bare.site.Serves(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/_dev/mail", http.NoBody)))
}

const twoMails = `{"messages":[
	{"id":"evt_1","event":"auth.password_reset","from":"Shop <a@b.example>","to":"ada@example.com","subject":"Reset <b>","text":"Open https://x.example/?t=1",
		"html":"<p>Open</p>","links":["https://x.example/?t=1"],"unread":true,"created_at":"2026-11-30T11:00:00Z"},
	{"id":"evt/2","event":"e","from":"f","to":"bob@example.com","subject":"Hello","text":"x","html":"","links":[],"unread":false,"created_at":"2026-11-30T10:00:00Z"}]}`

func TestInbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, development)
	w.api.On("GET /_dev/mail.json", http.StatusOK, twoMails)
	p := w.Open("/_dev/mail?q=reset+me")
	require.Contains(t, p.Text(), "1 is unread.")
	require.Contains(t, p.HTML, "Reset &lt;b&gt;")
	require.Contains(t, p.Links(), "/_dev/mail/evt%2F2")
	require.Equal(t, "q=reset+me&to=", w.api.Calls()[0].Query)
	require.Empty(t, p.Header.Get("Refresh"), "what is typed stays")
	require.Equal(t, "10", w.Open("/_dev/mail").Header.Get("Refresh"))
	w.api.Calls()

	w.api.On("POST /_dev/mail/evt_1/read", http.StatusNoContent, "")
	p = w.Open("/_dev/mail/evt_1")
	require.Equal(t, []string{"GET /_dev/mail.json", "POST /_dev/mail/evt_1/read"}, pagestest.Routes(w.api.Calls()))
	require.Contains(t, p.Links(), "https://x.example/?t=1")
	require.Contains(t, p.HTML, `<iframe class="mail" src="/_dev/mail/evt_1/html"`)
	require.Contains(t, p.Header.Get("Content-Security-Policy"), "frame-src 'self'")

	w.api.On("DELETE /_dev/mail/evt_1", http.StatusNoContent, "")
	w.api.On("DELETE /_dev/mail", http.StatusNoContent, "")
	p = p.Submit("/_dev/mail/evt_1/delete", nil)
	require.Equal(t, "/_dev/mail", p.Path)
	require.Contains(t, p.Text(), "The mail was deleted.")
	require.Contains(t, pagestest.Routes(w.api.Calls()), "DELETE /_dev/mail/evt_1")
	p = p.Submit("/_dev/mail", nil)
	require.Contains(t, p.Text(), "All mails were deleted.")
	require.Contains(t, pagestest.Routes(w.api.Calls()), "DELETE /_dev/mail")

	refused := w.Post("/_dev/mail", url.Values{}, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, refused.Status)
	require.Empty(t, w.api.Calls())

	w.api.On("GET /_dev/mail.json", http.StatusOK, `{"messages":[]}`)
	require.Contains(t, w.Open("/_dev/mail").Text(), "No mail yet.")
	require.Contains(t, w.Open("/_dev/mail?q=x").Text(), "No mail has these words.")
	require.Equal(t, http.StatusNotFound, w.Open("/_dev/mail/evt_9").Status)
}
