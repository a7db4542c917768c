package apidocs_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/apidocs"
)

const small = `openapi: 3.0.3
info: { title: Small, description: "One.\n\n\nTwo <b>&amp;</b>." }
tags:
  - { name: pets, description: All pets }
  - { name: empty, description: Nothing }
paths:
  /pets/{id}:
    parameters:
      - { $ref: '#/components/parameters/id' }
    get:
      tags: [pets]
      summary: Read a pet
      security: [{ bearer: [] }, { session: [] }]
      parameters: [{ name: fields, in: query, schema: { type: string, format: list, nullable: true } }]
      responses:
        "200": { description: The pet, content: { application/json: { schema: { $ref: '#/components/schemas/Pet' } } } }
        "404": { $ref: '#/components/responses/Missing' }
    delete: { tags: [pets], responses: { "200": { description: Gone } } }
  /a:
    post:
      tags: [pets]
      requestBody: { $ref: '#/components/requestBodies/Pet' }
      responses: { "200": { description: Made } }
components:
  parameters:
    id: { name: id, in: path, required: true, description: The pet, schema: { type: string } }
  requestBodies:
    Pet: { description: A new pet, content: { application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Pet' } } } } }
  responses:
    Missing: { description: There is no such pet }
  schemas:
    Pet:
      description: A pet
      required: [name]
      properties:
        zeta: { type: integer, enum: [1, 2] }
        name: { type: string, description: "<script>alert(1)</script>" }
        owner: { oneOf: [{ $ref: '#/components/schemas/Pet' }, { type: string }] }
`

func TestPage(t *testing.T) {
	t.Parallel()

	raw, err := apidocs.Page(small)
	require.NoError(t, err)
	page := string(raw)
	for what, part := range map[string]string{
		"paragraphs, as text":       "<p>One.</p>\n<p>Two &lt;b&gt;&amp;amp;&lt;/b&gt;.</p>",
		"a shared parameter":        `<td><code>id</code></td><td><span class="soft">path, required</span> · string<br>The pet</td>`,
		"a parameter of its own":    `<td><code>fields</code></td><td><span class="soft">query</span> · string (list) or null</td>`,
		"alternatives":              `Authentication: bearer or session`,
		"a public route":            `Authentication: none`,
		"a link to a schema":        `<a href="#schema-Pet">Pet</a>`,
		"a shared answer":           `<td><code>404</code></td><td><p>There is no such pet</p></td>`,
		"a shared body, and a list": `<p>A new pet</p><div><code class="soft">application/json</code> list of <a href="#schema-Pet">Pet</a></div>`,
		"choices":                   `<code>zeta</code>: integer: <code>1</code>, <code>2</code>`,
		"required, and escaped":     `<code>name</code> <span class="soft">required</span>: string <span class="soft">&lt;script&gt;alert(1)&lt;/script&gt;</span>`,
		"one of several":            `one of:<ul><li><a href="#schema-Pet">Pet</a></li><li>string</li></ul>`,
	} {
		require.Contains(t, page, part, what)
	}
	order := regexp.MustCompile(`<span class="method \w+">(\w+)</span><code>([^<]*)</code>`).FindAllStringSubmatch(page, -1)
	require.Len(t, order, 3)
	require.Equal(t, []string{"GET", "/pets/{id}"}, order[0][1:], "the order is that of the file")
	require.Equal(t, []string{"DELETE", "/pets/{id}"}, order[1][1:])
	require.Equal(t, []string{"POST", "/a"}, order[2][1:])
	require.Less(t, strings.Index(page, "<code>zeta</code>"), strings.Index(page, "<code>name</code>"))
	requireOffline(t, page)
}

// requireOffline: a page needs no network and no script. Links lead within it, or to
// the description.
func requireOffline(t *testing.T, page string) {
	t.Helper()
	require.NotRegexp(t, `<(script|link|img|iframe|object|embed|base|form)\b|@import|url\(|\ssrc=|\son\w+=|srcset`, page)
	for _, link := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if anchor, ok := strings.CutPrefix(link[1], "#"); ok {
			require.Contains(t, page, `id="`+anchor+`"`, "a link that leads nowhere")
			continue
		}
		require.Equal(t, "/openapi.yaml", link[1])
	}
	require.Contains(t, apidocs.ContentSecurityPolicy, "default-src 'none'")
	require.NotContains(t, apidocs.ContentSecurityPolicy, "script-src")
}

// TestServedDescription: the description that the service publishes is valid, and
// its page leaves nothing out.
func TestServedDescription(t *testing.T) {
	t.Parallel()

	spec, err := openapi3.NewLoader().LoadFromData([]byte(everlatch.OpenAPI()))
	require.NoError(t, err)
	require.NoError(t, spec.Validate(t.Context()))
	raw, err := apidocs.Page(everlatch.OpenAPI())
	require.NoError(t, err)
	page := string(raw)
	requireOffline(t, page)
	shown := strings.Count(page, `<span class="method `)
	for path, item := range spec.Paths.Map() {
		for method, operation := range item.Operations() {
			require.Contains(t, page, `<span class="method `+method+`">`+method+`</span><code>`+path+`</code>`)
			require.Len(t, operation.Tags, 1, "%s %s: an operation without a tag is on no page, one with two is there twice", method, path)
			require.NotEmpty(t, operation.Summary, "%s %s", method, path)
			shown--
		}
	}
	require.Zero(t, shown, "every operation once")
	ids := map[string]bool{}
	for _, id := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		require.False(t, ids[id[1]], "the id %s is there twice", id[1])
		ids[id[1]] = true
	}
}

func TestBadDescriptions(t *testing.T) {
	t.Parallel()

	operation := func(of string) string { return "paths: { /a: { get: { tags: [t], " + of + " } } }" }
	for description, want := range map[string]string{
		"\t":                                   "read the API description",
		"paths: { /a: { get: [] } }":           "/a",
		"paths: [/a, /b]":                      "line 1: want a mapping",
		"paths:\n  /a: {}\n  /b: {}\n  /a: {}": "line 4: /a is defined twice",
		"info: text":                           "read the API description",
		operation("parameters: [{ $ref: '#/x/gone' }]"):         "/a: unknown parameter #/x/gone",
		operation("requestBody: { $ref: gone }"):                "/a: unknown body gone",
		operation("responses: { '200': { $ref: '#/x/gone' } }"): "/a: unknown body #/x/gone",
	} {
		_, err := apidocs.Page(description)
		require.ErrorContains(t, err, want, description)
	}
	page, err := apidocs.Page("")
	require.NoError(t, err)
	requireOffline(t, string(page))
}

// FuzzPage: a description gives a page or an error, and nothing in it gets out of
// its place.
func FuzzPage(f *testing.F) {
	f.Add(small)
	f.Add("tags: [{ name: t }]\npaths: { \"/<script>\": { get: { tags: [t], summary: \"<img src=x>\" } } }")
	f.Add("a: &a { b: *a }")
	f.Fuzz(func(t *testing.T, description string) {
		page, err := apidocs.Page(description)
		if err == nil {
			require.NotContains(t, strings.ToLower(string(page)), "<script")
		}
	})
}
