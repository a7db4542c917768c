package pagestest

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Unprotected says which protection an answer of a page lacks that every one has: what
// browsers may load and frame, keep and tell others, and who gets its cookies.
func (p *Page) Unprotected(secure bool) []string {
	var out []string
	policy := p.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			out = append(out, "its policy lacks "+want)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		out = append(out, "its policy is "+policy)
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := p.Header.Get(name); got != want {
			out = append(out, fmt.Sprintf("%s is %q", name, got))
		}
	}
	for _, line := range p.Header.Values("Set-Cookie") {
		cookie, err := http.ParseSetCookie(line)
		if err != nil || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Secure != secure || cookie.Domain != "" || cookie.Path == "" {
			out = append(out, "the cookie "+line)
		}
	}
	return out
}

// Weight is how many bytes the page has on the wire: its HTML, its style sheets and its
// scripts, each compressed by gzip.
func (p *Page) Weight() int {
	p.browser.t.Helper()
	total := zipped(p.HTML)
	for _, node := range append(p.Elements("link"), p.Elements("script")...) {
		file := Attribute(node, "src")
		if Attribute(node, "rel") == "stylesheet" {
			file = Attribute(node, "href")
		}
		if file != "" {
			total += zipped(p.browser.Clone().Open(file).HTML)
		}
	}
	return total
}

func zipped(text string) int {
	var n counter
	z := gzip.NewWriter(&n)
	_, err := io.WriteString(z, text)
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic(err) // a counter takes everything
	}
	return int(n)
}

type counter int

// Write implements [io.Writer].
func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

// Every opens all routes, as patterns of [http.ServeMux] with examples for what is in braces,
// and has check look at each answer before it is followed. Forms are sent empty.
func (b *Browser) Every(patterns []string, examples map[string][]string, check func(route string, p *Page)) {
	b.t.Helper()
	for _, pattern := range patterns {
		method, path, found := strings.Cut(pattern, " ")
		if !found {
			continue
		}
		for _, path := range filled(path, examples) {
			r := b.request(method, path, url.Values{})
			check(method+" "+path, b.Clone().send(r))
		}
	}
}
