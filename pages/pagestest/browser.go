package pagestest

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// origin is where a [Browser] finds the pages.
const origin = "http://auth.example"

// Browser visits pages: it keeps cookies by path, sends forms and follows redirects to the
// same host. It runs no script.
type Browser struct {
	t testing.TB
	// Header is sent with every request, such as Accept-Language.
	Header http.Header

	pages   http.Handler
	cookies map[[2]string]*http.Cookie
}

// NewBrowser returns a browser without cookies.
func NewBrowser(tb testing.TB, pages http.Handler) *Browser {
	tb.Helper()
	return &Browser{t: tb, Header: http.Header{}, pages: pages, cookies: map[[2]string]*http.Cookie{}}
}

// Clone returns a browser with the same cookies and headers, which from then on keeps its own.
func (b *Browser) Clone() *Browser {
	return &Browser{t: b.t, Header: b.Header.Clone(), pages: b.pages, cookies: maps.Clone(b.cookies)}
}

// Cookie returns the value of a cookie, "" for none.
func (b *Browser) Cookie(name string) string {
	for key, cookie := range b.cookies {
		if key[0] == name {
			return cookie.Value
		}
	}
	return ""
}

// SetCookie plants a cookie, as an attacker might.
func (b *Browser) SetCookie(c *http.Cookie) { b.cookies[[2]string{c.Name, c.Path}] = c }

// Open gets a page.
func (b *Browser) Open(path string) *Page {
	b.t.Helper()
	return b.follow(b.request(http.MethodGet, path, nil))
}

// Post sends a form to a path, as a page of this host would.
func (b *Browser) Post(path string, values url.Values, header ...string) *Page {
	b.t.Helper()
	r := b.request(http.MethodPost, path, values)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.follow(r)
}

func (b *Browser) request(method, path string, values url.Values) *http.Request {
	if method != http.MethodPost {
		return httptest.NewRequestWithContext(b.t.Context(), method, origin+path, http.NoBody)
	}
	r := httptest.NewRequestWithContext(b.t.Context(), method, origin+path, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", origin)
	return r
}

const maxRedirects = 10

func (b *Browser) follow(r *http.Request) *Page {
	b.t.Helper()
	for range maxRedirects {
		p := b.send(r)
		to := p.Header.Get("Location")
		if p.Status != http.StatusSeeOther || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
			return p
		}
		r = httptest.NewRequestWithContext(b.t.Context(), http.MethodGet, origin+to, http.NoBody)
	}
	require.FailNow(b.t, "too many redirects")
	return nil
}

func (b *Browser) send(r *http.Request) *Page {
	b.t.Helper()
	for name, values := range b.Header {
		if _, set := r.Header[name]; !set {
			r.Header[name] = values
		}
	}
	for _, cookie := range b.cookies {
		if r.URL.Path == cookie.Path || strings.HasPrefix(r.URL.Path, strings.TrimSuffix(cookie.Path, "/")+"/") {
			r.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value}) //nolint:gosec // of a request
		}
	}
	w := httptest.NewRecorder()
	b.pages.ServeHTTP(w, r)
	answer := w.Result()
	defer func() { _ = answer.Body.Close() }()
	for _, cookie := range answer.Cookies() {
		key := [2]string{cookie.Name, cookie.Path}
		if cookie.MaxAge < 0 {
			delete(b.cookies, key)
			continue
		}
		b.cookies[key] = cookie
	}
	text, err := io.ReadAll(answer.Body)
	require.NoError(b.t, err)
	root, err := html.Parse(strings.NewReader(string(text)))
	require.NoError(b.t, err)
	return &Page{Status: answer.StatusCode, Path: r.URL.Path, Requested: r.URL.RequestURI(), Header: answer.Header, HTML: string(text), root: root, browser: b}
}

// Walk opens pages and all pages that they lead to. Those that differ in an id or in what they
// search for are one, and a page that leads to another one counts as that.
func (b *Browser) Walk(start []string) []*Page {
	b.t.Helper()
	known := map[string]bool{}
	var out []*Page
	for len(start) > 0 {
		path := start[0]
		start = start[1:]
		if known[Alike(path)] {
			continue
		}
		known[Alike(path)] = true
		p := b.Clone().Open(path)
		if !strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") || !strings.Contains(p.HTML, "/ui/static/") || known[Alike(p.Requested)] && Alike(p.Requested) != Alike(path) {
			continue
		}
		known[Alike(p.Requested)] = true
		out = append(out, p)
		for _, link := range p.Links() {
			if strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "//") {
				start = append(start, link)
			}
		}
	}
	return out
}

// Alike returns the same for the paths of pages that differ in an id, in what they search for
// or in whose they are.
func Alike(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return someID.ReplaceAllString(path, "*")
}

var someID = regexp.MustCompile(`[a-z]+_[0-9A-Za-z]{20,}|[^/]+@[^/]+|[a-z]+:[^/]+`)

// Submit sends the form of a page that has a certain action, "" for the page itself. values
// replace what its fields hold.
func (p *Page) Submit(action string, values map[string]string) *Page {
	p.browser.t.Helper()
	form, found := p.Form(action)
	require.True(p.browser.t, found, "no form with the action %q on %s:\n%s", action, p.Path, p.HTML)
	sent := url.Values{}
	for name, value := range form {
		sent.Set(name, value)
	}
	for name, value := range maps.All(values) {
		sent.Set(name, value)
	}
	if action == "" {
		action = p.Path
	}
	return p.browser.Post(action, sent)
}
