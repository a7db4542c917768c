package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages/pagestest"
)

// TestOtherOriginsInChromium is a page of another site, which shows the sign-in page in a
// frame (clickjacking) and sends its form (login CSRF).
func TestOtherOriginsInChromium(t *testing.T) {
	t.Parallel()
	c := startChromium(t)
	p := startDev(t, devOptions{config: cheapHashes})
	p.signUp(t)
	signIn := p.base + "/ui/customer"
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><title>Prizes</title><iframe src=%[1]q></iframe><form method="post" action=%[1]q>
			<input type="hidden" name="email" value="ada@example.com"><input type="hidden" name="password" value=%[2]q><button>Win a prize</button></form>`, signIn, password)
	}))
	t.Cleanup(other.Close)

	for _, name := range []string{"elsewhere", "elsewhere, without JavaScript"} {
		b := browser{c, name}
		b.open(t, strings.Replace(other.URL, "127.0.0.1", "localhost", 1))
		require.Eventually(t, func() bool {
			var complaints []string
			b.do(t, &complaints, "complaints")
			return slices.Contains(complaints, "a frame is refused")
		}, waitFor, tick)
		b.click(t, "Win a prize")
		b.await(t, "This form was sent by another site")
		var cookies []cookie
		b.do(t, &cookies, "cookies")
		for _, c := range cookies {
			require.NotEqual(t, "connect.sid", c.Name, "another site must not sign its visitor in")
		}
	}
}

// TestReturnsStayHere signs in with every spelling of another host as return_to.
func TestReturnsStayHere(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: cheapHashes})
	p.signUp(t)
	for _, to := range []string{
		"//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "https:/evil.example", "https://evil.example", "HTTPS://EVIL.EXAMPLE/",
		"javascript:alert(1)", "data:text/html,x", "/@evil.example/..//evil.example", "https://localhost@evil.example", "/%2f/evil.example", "/%5cevil.example", "/\tevil.example",
		"\thttps://evil.example", "/\n/evil.example", "//localhost:9000@evil.example", "/ui/customer/../../../evil.example", "%2f%2fevil.example", "", "evil.example", "?x", "#x",
	} {
		b := p.browser(t)
		page := b.Open("/ui/customer?return_to=" + url.QueryEscape(to))
		requireHere(t, page, to)
		requireHere(t, b.Open("/ui/customer").Submit("/ui/customer", map[string]string{"email": "ada@example.com", "password": password}), to)
	}
}

// requireHere fails if a page leads to another host: by a redirect, a refresh or a link.
func requireHere(t *testing.T, page *pagestest.Page, to string) {
	t.Helper()
	location := page.Header.Get("Location")
	require.True(t, location == "" || location[0] == '/' && !strings.HasPrefix(location, "//"), "%q leads to %s", to, location)
	require.Empty(t, page.Header.Get("Refresh"), to)
	for _, element := range page.Elements("meta") {
		require.NotEqual(t, "refresh", strings.ToLower(pagestest.Attribute(element, "http-equiv")), to)
	}
	for _, element := range page.Elements("a") {
		href := pagestest.Attribute(element, "href")
		require.True(t, strings.HasPrefix(href, "#") || strings.HasPrefix(href, "?") || strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "//"), "%q: a link to %s", to, href)
	}
}
