package pagestest

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// post is the method of a form, which HTML writes in small letters.
const post = "post"

// Form is a form of a page.
type Form struct {
	// Action is where it is sent, "" for the page itself, and Method is get or post.
	Action, Method string
	Fields         []Field
}

// Field is an input of a [Form], or a button that sends a value.
type Field struct {
	// Type is that of an input element, or select, textarea or button.
	Name, Type, Value string
	// Options are the values of a select.
	Options []string
	// Secret says that a page never shows what was typed, ReadOnly that it shows its own value.
	Secret, ReadOnly bool
}

// Forms returns the forms of the page, in its order.
func (p *Page) Forms() []Form {
	var out []Form
	for _, node := range p.Elements("form") {
		form := Form{Action: Attribute(node, "action"), Method: strings.ToLower(Attribute(node, "method"))}
		if form.Method != post {
			form.Method = "get"
		}
		for input := range node.Descendants() {
			if input.Type == html.ElementNode && Attribute(input, "name") != "" {
				form.Fields = append(form.Fields, fieldOf(input))
			}
		}
		out = append(out, form)
	}
	return out
}

func fieldOf(input *html.Node) Field {
	f := Field{Name: Attribute(input, "name"), Type: Attribute(input, "type"), Value: valueOf(input), ReadOnly: has(input, "readonly")}
	if input.Data != "input" {
		f.Type = input.Data
	}
	for option := range input.Descendants() {
		if option.Data == "option" {
			f.Options = append(f.Options, Attribute(option, "value"))
		}
	}
	f.Secret = f.Type == "password" || Attribute(input, "class") == "code" || Attribute(input, "autocomplete") == "one-time-code"
	return f
}

// Plausible returns what a person might send, "" where they would leave it empty.
func (f Field) Plausible() string {
	switch f.Type {
	case "hidden", "button", "submit":
		return f.Value
	case "email":
		return "ada@example.com"
	case "password":
		return "correct horse battery"
	case "number":
		return "1"
	case "checkbox", "radio":
		return f.Value
	case "select":
		if i := slices.IndexFunc(f.Options, func(o string) bool { return o != "" }); i >= 0 {
			return f.Options[i]
		}
		return ""
	}
	return "harmless"
}

// Shape is the structure of the page: its elements with the names of their attributes. It
// doesn't depend on what is shown as text.
func (p *Page) Shape() string {
	var b strings.Builder
	for node := range p.root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		names := make([]string, len(node.Attr))
		for i, attribute := range node.Attr {
			names[i] = attribute.Key
		}
		slices.Sort(names)
		b.WriteString("<" + node.Data + " " + strings.Join(names, " ") + ">")
	}
	return b.String()
}
