package apidocs

import (
	"bytes"
	_ "embed" // page.html
	"fmt"
	"html/template"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"refName": refName, "paragraphs": paragraphs, "has": slices.Contains[[]string], "join": strings.Join,
}).Parse(pageText))

// ContentSecurityPolicy is the policy under which the page works.
const ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// group are the operations of one tag.
type group struct {
	Name, Description string
	Operations        []listed
}

// listed is an operation with its place.
type listed struct {
	*operation

	Method, Path, ID string
}

// Access names the ways to authenticate, none for a public route.
func (l listed) Access() []string {
	var out []string
	for _, alternative := range l.Security {
		for scheme := range alternative {
			out = append(out, scheme)
		}
	}
	return out
}

// Page renders an OpenAPI description in YAML. Its error says what it cannot read.
func Page(description string) ([]byte, error) {
	var s spec
	if err := yaml.Unmarshal([]byte(description), &s); err != nil {
		return nil, fmt.Errorf("read the API description: %w", err)
	}
	if err := s.resolve(); err != nil {
		return nil, fmt.Errorf("read the API description: %w", err)
	}
	var out bytes.Buffer
	err := pageTemplate.Execute(&out, map[string]any{"Info": s.Info, "Groups": s.groups(), "Schemas": s.Components.Schemas})
	if err != nil {
		return nil, fmt.Errorf("render the API description: %w", err)
	}
	return out.Bytes(), nil
}

func (s *spec) groups() []group {
	var out []group
	for _, tag := range s.Tags {
		g := group{Name: tag.Name, Description: tag.Description}
		for _, path := range s.Paths {
			for _, m := range []struct {
				method string
				op     *operation
			}{{"GET", path.Value.Get}, {"POST", path.Value.Post}, {"DELETE", path.Value.Delete}} {
				if m.op == nil || !slices.Contains(m.op.Tags, tag.Name) {
					continue
				}
				g.Operations = append(g.Operations, listed{m.op, m.method, path.Name, strings.ToLower(m.method) + path.Name})
			}
		}
		out = append(out, g)
	}
	return out
}

// paragraphs splits a description at its empty lines.
func paragraphs(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
