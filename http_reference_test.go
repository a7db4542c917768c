package everlatch_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

const httpReference = "docs/http.md"

// everywhere are the answers that the page explains once.
var everywhere = []string{"304", "413", "415", "default"}

// methods is the order in which a path's operations are shown.
var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

// TestHTTPReference keeps docs/http.md what openapi.yaml says:
// UPDATE_GOLDEN=1 go test -run TestHTTPReference .
func TestHTTPReference(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	require.NoError(t, err)
	want := httpPage(t, doc)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.WriteFile(httpReference, []byte(want), 0o644))
		return
	}
	got, err := os.ReadFile(httpReference)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "the page is stale; run: UPDATE_GOLDEN=1 go test -run TestHTTPReference .")
}

// httpPage renders the reference: a section for each tag, in it each operation
// with what it takes and answers.
func httpPage(t *testing.T, doc *openapi3.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("# HTTP API\n\n<!-- Generated from openapi.yaml: UPDATE_GOLDEN=1 go test -run TestHTTPReference . -->\n\n")
	b.WriteString(prose(doc.Info.Description) + "\n\n")
	b.WriteString("Required fields of a body are bold; the schemas are in `openapi.yaml`. Any route may also answer 304 (the entity tag still matches),\n" +
		"413 (the body is too large), 415 (its charset or encoding is not supported) and 500 or 503. [Deviations](deviations.md) lists the answers that\n" +
		"differ from Medusa's.\n")
	shown := 0
	for _, tag := range doc.Tags {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n", tag.Name, strings.TrimSuffix(prose(tag.Description), "."))
		for _, path := range doc.Paths.InMatchingOrder() {
			for _, method := range methods {
				op := doc.Paths.Value(path).GetOperation(method)
				if op == nil || !slices.Contains(op.Tags, tag.Name) {
					continue
				}
				shown++
				writeOperation(&b, method, path, op)
			}
		}
	}
	total := 0
	for _, path := range doc.Paths.InMatchingOrder() {
		total += len(doc.Paths.Value(path).Operations())
	}
	require.Equal(t, total, shown, "every operation needs exactly one tag that openapi.yaml describes")
	return b.String()
}

func writeOperation(b *strings.Builder, method, path string, op *openapi3.Operation) {
	fmt.Fprintf(b, "\n### %s %s\n\n%s.\n", method, path, strings.TrimSuffix(prose(op.Summary), "."))
	if text := prose(op.Description); text != "" {
		fmt.Fprintf(b, "\n%s\n", text)
	}
	b.WriteString("\n| | |\n|---|---|\n")
	if query := queryOf(op); query != "" {
		fmt.Fprintf(b, "| query | %s |\n", query)
	}
	if fields := bodyOf(op); fields != "" {
		fmt.Fprintf(b, "| body | %s |\n", fields)
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses.Map())) {
		response := op.Responses.Value(status).Value
		if slices.Contains(everywhere, status) || response == nil || response.Description == nil {
			continue
		}
		fmt.Fprintf(b, "| %s | %s |\n", status, cell(*response.Description))
	}
}

func queryOf(op *openapi3.Operation) string {
	var names []string
	for _, p := range op.Parameters {
		if p.Value != nil && p.Value.In == "query" {
			names = append(names, "`"+p.Value.Name+"`")
		}
	}
	return strings.Join(names, ", ")
}

// bodyOf lists the fields of a JSON body; required ones are bold.
func bodyOf(op *openapi3.Operation) string {
	if op.RequestBody == nil || op.RequestBody.Value == nil {
		return ""
	}
	media := op.RequestBody.Value.Content.Get("application/json")
	if media == nil || media.Schema == nil || media.Schema.Value == nil {
		return ""
	}
	schema := media.Schema.Value
	var fields []string
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		field := "`" + name + "`"
		if slices.Contains(schema.Required, name) {
			field = "**" + field + "**"
		}
		fields = append(fields, field)
	}
	return strings.Join(fields, ", ")
}

// prose makes text safe for Markdown: <type> is a placeholder, not a tag.
func prose(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "<", "&lt;")
}

// cell makes text fit a cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(prose(text)), " "), "|", `\|`)
}
