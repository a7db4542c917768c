package pagestest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// Hostile is input of which nothing may come but text or a refusal.
type Hostile struct {
	// Name says what it tries.
	Name, Value string
}

// Hostiles are all of them that fit into a form. The last one tries everything at once.
func Hostiles() []Hostile {
	out := []Hostile{
		{"markup", `</title></textarea></select></script><x-evil><script>alert(1)</script><img src=x onerror=alert(1)>`},
		{"attribute", `" autofocus onfocus=alert(1) x="' onmouseover='alert(1)`},
		{"script URL", "javascript:alert(1)//"},
		{"data URL", "data:text/html,<script>alert(1)</script>"},
		{"direction", "a\u202egpj.exe\u202c\u2066b\u2069\u2069"},
		{"NUL", "a\x00b"},
		{"invalid UTF-8", "a\xff\xfe\xc0\xafb"},
		{"lone surrogate", "a\xed\xa0\x80b"},
		{"header", "a\r\nSet-Cookie: evil=1\r\nX-Evil: 1\r\n\r\n<x-evil>"},
		{"template", `{{printf "%s%s" "ev4" "luated"}}{{.}}${1234567*7654321}#{1234567*7654321}<%= 1234567*7654321 %>`},
		{"SQL", `'; DROP TABLE customers; --" OR 1=1 /*`},
		{"format", "%s%d%n%x%v%[5]d"},
		{"path", `/../..//evil.example\@evil.example/%2e%2e?x#y`},
		{"host", "//evil.example/"},
		{"backslash", `/\evil.example/`},
		{"URL", "https://evil.example/"},
		{"JSON", `","x":{"$ne":null},"y":["`},
		{"Unicode", "a\u0301\u200b\ufeff\U0001F469\u200d\U0001F469\uffff"},
		{"much", strings.Repeat("<x-evil>", 1000)},
	}
	var all strings.Builder
	for _, h := range out[:len(out)-1] {
		if utf8.ValidString(h.Value) { // which pages refuse as a whole
			all.WriteString(h.Value)
		}
	}
	return append(out, Hostile{"everything", all.String()})
}

// TooMuch fits into no form.
func TooMuch() Hostile { return Hostile{"1 MB", strings.Repeat("x", 1<<20)} }

// Storefront is the only place outside of the service to which pages may lead.
const Storefront = "https://shop.example"

// Faults are what a page must not be, whatever was sent to it.
func (p *Page) Faults() []string {
	var out []string
	if p.Status >= 500 {
		out = append(out, fmt.Sprintf("status %d", p.Status))
	}
	for name, values := range p.Header {
		for _, value := range values {
			if strings.ContainsAny(value, "\r\n") || name == "X-Evil" || strings.HasPrefix(value, "evil=") {
				out = append(out, fmt.Sprintf("header %s: %q", name, value))
			}
		}
	}
	if to := p.Header.Get("Location"); to != "" && (to[0] != '/' || strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`)) {
		out = append(out, "leads to "+to)
	}
	if !utf8.ValidString(p.HTML) || strings.ContainsRune(p.HTML, 0) {
		out = append(out, "is not valid UTF-8")
	}
	for _, evaluated := range []string{"ev4luated", "9449772114007", "%!", "ZgotmplZ", "<no value>"} {
		if strings.Contains(p.HTML, evaluated) {
			out = append(out, "has evaluated something: "+evaluated)
		}
	}
	for node := range p.root.Descendants() {
		if node.Type == html.ElementNode {
			out = append(out, faultsOf(node)...)
		}
	}
	return out
}

// faultsOf says which part of an element is no part of our pages.
func faultsOf(node *html.Node) (out []string) {
	fault := func(what string) { out = append(out, fmt.Sprintf("<%s %v>: %s", node.Data, node.Attr, what)) }
	if slices.Contains([]string{"x-evil", "style", "object", "embed", "base", "frame"}, node.Data) {
		fault("an element of the input")
	}
	if node.Data == "script" && (!strings.HasPrefix(Attribute(node, "src"), "/ui/static/") || node.FirstChild != nil) {
		fault("a script of the input")
	}
	for _, a := range node.Attr {
		switch {
		case a.Key == "http-equiv" && strings.HasPrefix(Attribute(node, "content"), "0;url="+Storefront+"?"):
		case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "srcdoc", a.Key == "http-equiv":
			fault("an attribute of the input")
		case slices.Contains([]string{"href", "src", "action", "formaction"}, a.Key) && !ownScheme(a.Val):
			fault("a URL of the input")
		}
	}
	return out
}

// ownScheme reports whether a URL of a page is one that pages have.
func ownScheme(value string) bool {
	u, err := url.Parse(value)
	return err == nil && !strings.Contains(u.Host, "evil") && slices.Contains([]string{"", "http", "https", "mailto", "otpauth"}, u.Scheme)
}
