package pages_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages"
	"github.com/everlatch/everlatch/pages/pagestest"
)

func TestPagesThatPanic(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.api.Handle("GET /auth/customer/providers", func(http.ResponseWriter, *http.Request) { panic("out of order") })
	p := w.Open("/ui/customer")
	require.Equal(t, http.StatusInternalServerError, p.Status)
	require.NotEmpty(t, p.Title())
	require.NotContains(t, p.HTML, "out of order", "that is in the log")
}

func TestSignInMakesASession(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.api.On("POST /auth/customer/emailpass", http.StatusOK, full)
	p := w.Open("/ui/customer")
	require.Equal(t, http.StatusOK, p.Status)
	require.Equal(t, "Sign in to Shop", p.Title())
	require.Subset(t, p.Links(), []string{"/ui/customer/forgot", "/ui/customer/sign-up", "/ui/customer/code"})
	require.Contains(t, p.Text(), "Continue with Google")
	require.NotContains(t, p.Text(), "Authentication", "the name that users know, not the contract's")

	w.SetCookie(&http.Cookie{Name: "connect.sid", Value: "planted", Path: "/"})
	p = p.Submit("/ui/customer", map[string]string{"email": "ada@example.com", "password": "correct horse"})
	calls := w.writes()
	require.Equal(t, []string{"POST /auth/customer/emailpass", "POST /auth/session"}, pagestest.Routes(calls))
	require.Equal(t, map[string]any{"email": "ada@example.com", "password": "correct horse"}, calls[0].Body)
	require.Equal(t, token(`{"actor_id":"cus_1"}`), calls[1].Bearer)
	require.Contains(t, calls[1].Header.Get("Cookie"), "connect.sid=planted", "the API ends the session that this browser had")
	require.Empty(t, calls[0].Header.Get("Authorization"))
	require.Equal(t, "s3ssion", w.Cookie("connect.sid"), "session fixation: it is a new one")
	require.Equal(t, "/ui/customer/account", p.Path)
	require.NotContains(t, p.HTML, calls[1].Bearer)
}

func TestTheAPIKnowsTheVisitor(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.Header = http.Header{
		"User-Agent": {"Firefox"}, "Accept-Language": {"de"}, "X-Forwarded-For": {"192.0.2.7"}, "X-Forwarded-Proto": {"https"},
	}
	p := w.Post("/ui/customer", url.Values{"email": {"ada@example.com"}, "password": {"p"}})
	require.Equal(t, "de", p.Header.Get("Content-Language"))
	call := w.api.Calls()[0]
	for name, values := range w.Header {
		require.Equal(t, values, call.Header.Values(name), name)
	}
	require.GreaterOrEqual(t, len(call.Header.Get("Everlatch-Browser")), 16)
	require.Equal(t, w.Cookie("everlatch.pages"), call.Header.Get("Everlatch-Browser"))
}

func TestARefusalIsShownInTheLanguageOfTheVisitor(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.api.On("POST /auth/customer/emailpass", http.StatusTooManyRequests, `{"type":"rate_limited","message":"Too many requests."}`, "Retry-After", "120")
	for tag, want := range map[string]string{
		"en": "Try again in 2 minutes.", "de": "Versuchen Sie es in 2 Minuten erneut.", "pl": "Spróbuj ponownie za 2 minuty.", "ar": "بعد دقيقتين",
	} {
		w.Header.Set("Accept-Language", tag)
		p := w.Open("/ui/customer").Submit("/ui/customer", map[string]string{"email": "ada@example.com", "password": "secret-word"})
		require.Equal(t, http.StatusTooManyRequests, p.Status)
		require.Equal(t, "120", p.Header.Get("Retry-After"))
		require.Contains(t, p.Text(), want)
		form, _ := p.Form("/ui/customer")
		require.Equal(t, "ada@example.com", form["email"], "what was typed stays")
		require.NotContains(t, p.HTML, "secret-word", "a password does not")
	}
}

// TestWordsOfTheAPIStayInEnglish: a refusal of the API that pages have no words for is shown
// in its own to readers of English alone, as is one whose details it has left out. The words of custom code are shown as they are.
func TestWordsOfTheAPIStayInEnglish(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	for _, tag := range everyLanguage {
		w.Header.Set("Accept-Language", tag)
		for reason, shown := range map[string]bool{"": true, "other": tag == "en", "of_the_future; field=x": tag == "en", "password_short": tag == "en"} {
			w.api.On("POST /auth/customer/emailpass", http.StatusBadRequest, `{"type":"invalid_data","message":"In plain words."}`, "Everlatch-Reason", reason)
			p := w.Open("/ui/customer").Submit("/ui/customer", map[string]string{"email": "ada@example.com", "password": "p"})
			require.Equal(t, http.StatusBadRequest, p.Status)
			require.Equal(t, shown, strings.Contains(p.Text(), "In plain words."), "%q in %s", reason, tag)
		}
	}
}

func TestEveryPageIsProtected(t *testing.T) {
	t.Parallel()

	w := newWorld(t, func(o *pages.Options) { o.Logo = "https://cdn.shop.example/logo.svg" })
	for _, path := range []string{"/ui/customer", "/ui/customer/nothing", "/ui/unknown", "/ui/"} {
		h := w.Open(path).Header
		require.Equal(t, "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' https://cdn.shop.example; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'", h.Get("Content-Security-Policy"), path)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
		require.Equal(t, "same-origin", h.Get("Referrer-Policy"))
		require.Equal(t, "no-store", h.Get("Cache-Control"))
	}
	require.Equal(t, http.StatusNotFound, w.Open("/ui/unknown").Status)
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()

	for name, header := range map[string][]string{
		"another origin": {"Origin", "https://evil.example"}, "a sibling": {"Sec-Fetch-Site", "same-site"}, "a sandbox": {"Origin", "null"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			for _, path := range []string{"/ui/customer", "/ui/customer/sign-out"} {
				p := w.Post(path, url.Values{"email": {"ada@example.com"}, "password": {"p"}}, header...)
				require.Equal(t, http.StatusForbidden, p.Status, path)
			}
			require.Empty(t, w.writes(), "login CSRF: nothing was done")
		})
	}
}

func TestStaticFilesAreKeptForGood(t *testing.T) {
	t.Parallel()

	w := newWorld(t, func(o *pages.Options) { o.Accent = "#ffcc00" })
	p := w.Open("/ui/customer")
	var style string
	for _, link := range p.Elements("link") {
		if pagestest.Attribute(link, "rel") == "stylesheet" {
			style = pagestest.Attribute(link, "href")
		}
	}
	require.Regexp(t, `^/ui/static/everlatch\.[0-9a-f]{12}\.css$`, style)
	file := w.Open(style)
	require.Equal(t, "public, max-age=31536000, immutable", file.Header.Get("Cache-Control"))
	require.Contains(t, file.HTML, "--accent:#ffcc00;--on-accent:#000", "text on a light accent is black")
	require.Equal(t, http.StatusNotFound, w.Open("/ui/static/everlatch.css").Status)
}

func TestLanguages(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.Header.Set("Accept-Language", "xx, ar-EG;q=0.8, en;q=0.5")
	p := w.Open("/ui/customer")
	require.Equal(t, "ar", pagestest.Attribute(p.Elements("html")[0], "lang"))
	require.Equal(t, "rtl", pagestest.Attribute(p.Elements("html")[0], "dir"))
	require.Equal(t, "ja", w.Open("/ui/customer?lang=ja").Header.Get("Content-Language"))
	require.Equal(t, "ja", w.Open("/ui/customer").Header.Get("Content-Language"), "the choice is kept")
	require.Equal(t, "ja", w.Open("/ui/customer?lang=<script>").Header.Get("Content-Language"))

	require.Contains(t, w.Open("/ui/customer/sign-up?plan=a%26b&lang=ja").Links(), "?lang=de&plan=a%26b", "the page stays the same")
	require.Contains(t, w.Open("/ui/customer/callback/google?code=secret&state=s").Links(), "?lang=de", "what works once is not repeated")

	other := newWorld(t, func(o *pages.Options) { o.Language = "pl" })
	other.Header.Set("Accept-Language", "xx")
	require.Equal(t, "pl", other.Open("/ui/customer").Header.Get("Content-Language"))
	other.Header.Set("Accept-Language", "en-GB, de;q=0.3")
	require.Equal(t, "en", other.Open("/ui/customer").Header.Get("Content-Language"))
}

func TestAFolderReplacesTemplatesAndMessages(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	write("templates/signin/sign_in.html", `{{define "title"}}{{t "signin.sign_in"}}{{end}}{{define "main"}}<p>Hello, {{.Brand}}</p>{{template "form" .Data.Form}}{{end}}`)
	write("messages/signin.de.toml", "[signin]\nsign_in = \"Hereinspaziert\"\n")
	write("messages/base.nl.toml", "[base]\nlanguage = \"Nederlands\"\n")
	w := newWorld(t, func(o *pages.Options) { o.Folder = folder })
	w.Header.Set("Accept-Language", "de")
	p := w.Open("/ui/customer")
	require.Equal(t, "Hereinspaziert", p.Title())
	require.Contains(t, p.Text(), "Hello, Shop")
	require.Contains(t, p.Text(), "Nederlands", "a language can be added")

	write("templates/signin/sign_in.html", `{{define "main"}}{{if}}{{end}}`)
	_, err := pages.New(pages.Options{API: w.api, Now: nil, Log: nil})
	require.Error(t, err)
}

func TestAReturnHasToBeAllowed(t *testing.T) {
	t.Parallel()

	w := newWorld(t, func(o *pages.Options) {
		o.ReturnTo = []string{"https://shop.example", "https://app.example/in/", "https://one.example/x"}
	})
	for to, allowed := range map[string]bool{
		"/ui/customer/account": true, "/console": true, "https://shop.example": true, "https://shop.example/a?b=c": true, "https://app.example/in/a": true,
		"https://one.example/x": true, "https://one.example/x/y": true, "https://one.example/xy": false, "https://app.example/inside": false, "https://app.example/in/../out": false,
		"https://app.example/in/%2e%2e/out": false, "https://app.example/in/\\..\\out": false, "http://shop.example": false,
		"https://shop.example.evil.example": false, "https://shop.example@evil.example": false, "https://a@shop.example/": false,
		"//evil.example": false, "/\\evil.example": false, "\\\\evil.example": false, "/\t/evil.example": false, "javascript:alert(1)": false,
		"https://evil.example": false, "https:evil.example": false, "": false, "https://shop.example:8443": false,
	} {
		require.Equal(t, allowed, w.site.ReturnAllowed(to), to)
		p := w.Open("/ui/customer?" + fromStorefront("return_to", to))
		require.Equal(t, allowed, p.Status == http.StatusOK, to)
	}
}

func TestServes(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	for path, want := range map[string]bool{"/ui/customer": true, "/ui/": true, "/auth/session": false, "/": false, "/uix": false} {
		require.Equal(t, want, w.site.Serves(httptest.NewRequest(http.MethodGet, path, http.NoBody)), path)
	}
}
