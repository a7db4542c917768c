package pagestest

import (
	"net/http"
	"strings"

	"golang.org/x/net/html"
)

// Page is what a [Browser] got.
type Page struct {
	Status int
	// Path is where the page was found after redirects.
	Path string
	// Requested is the path with its query.
	Requested string

	Header http.Header
	HTML   string

	root    *html.Node
	browser *Browser
}

// Text is what a reader sees, with single spaces.
func (p *Page) Text() string {
	var words []string
	for node := range p.root.Descendants() {
		if node.Type == html.TextNode && node.Parent.Data != "script" && node.Parent.Data != "style" {
			found := strings.Fields(node.Data)
			if before := node.PrevSibling; before != nil && before.Data == "wbr" && len(found) > 0 && len(words) > 0 {
				words[len(words)-1] += found[0] // one word, which may begin a new line
				found = found[1:]
			}
			words = append(words, found...)
		}
	}
	return strings.Join(words, " ")
}

// Title is the heading of the page.
func (p *Page) Title() string {
	for node := range p.root.Descendants() {
		if node.Type == html.ElementNode && node.Data == "h1" {
			return strings.TrimSpace(inner(node))
		}
	}
	return ""
}

// Form returns the names and values of the form with an action, "" for the page itself.
func (p *Page) Form(action string) (fields map[string]string, found bool) {
	for node := range p.root.Descendants() {
		if node.Data != "form" || Attribute(node, "action") != action || Attribute(node, "method") != post {
			continue
		}
		fields = map[string]string{}
		for input := range node.Descendants() {
			name := Attribute(input, "name")
			if name == "" || input.Data == "button" || Attribute(input, "type") == "checkbox" && !has(input, "checked") {
				continue
			}
			fields[name] = valueOf(input)
		}
		return fields, true
	}
	return nil, false
}

func valueOf(input *html.Node) string {
	switch input.Data {
	case "textarea":
		return inner(input)
	case "select":
		for option := range input.Descendants() {
			if option.Data == "option" && has(option, "selected") {
				return Attribute(option, "value")
			}
		}
	}
	return Attribute(input, "value")
}

// Elements returns the elements with a name, in the order of the page.
func (p *Page) Elements(name string) []*html.Node {
	var out []*html.Node
	for node := range p.root.Descendants() {
		if node.Type == html.ElementNode && node.Data == name {
			out = append(out, node)
		}
	}
	return out
}

// Links returns where the links of the page lead.
func (p *Page) Links() []string {
	var out []string
	for _, node := range p.Elements("a") {
		out = append(out, Attribute(node, "href"))
	}
	return out
}

// Attribute returns an attribute of an element, "" for none.
func Attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(node *html.Node, name string) bool {
	for _, a := range node.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func inner(node *html.Node) string {
	var b strings.Builder
	for child := range node.Descendants() {
		if child.Type == html.TextNode {
			b.WriteString(child.Data)
		}
	}
	return b.String()
}
