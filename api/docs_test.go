package api_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/apitest"
)

func TestDescriptionIsServed(t *testing.T) {
	t.Parallel()

	r := setup(t).do("GET", "/openapi.yaml", nil)
	require.Equal(t, 200, r.StatusCode)
	require.Equal(t, "application/yaml", r.Header.Get("Content-Type"))
	r.is(t, everlatch.OpenAPI())
}

// TestDocsPage: the page has every operation and schema, all its links lead
// somewhere, and nothing on it needs the network.
func TestDocsPage(t *testing.T) {
	t.Parallel()

	r := setup(t).do("GET", "/docs", nil)
	require.Equal(t, 200, r.StatusCode)
	require.Contains(t, r.Header.Get("Content-Security-Policy"), "default-src 'none'")
	spec, err := apitest.LoadSpec()
	require.NoError(t, err)
	for _, operation := range apitest.Operations(spec) {
		method, path, _ := strings.Cut(operation, " ")
		require.Contains(t, r.body, `<span class="method `+method+`">`+method+`</span><code>`+path+`</code>`)
	}
	for name := range spec.Components.Schemas {
		require.Contains(t, r.body, `<div id="schema-`+name+`">`)
	}
	for _, link := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(r.body, -1) {
		if anchor, ok := strings.CutPrefix(link[1], "#"); ok {
			require.Contains(t, r.body, `id="`+anchor+`"`, "a link that leads nowhere")
			continue
		}
		require.Equal(t, "/openapi.yaml", link[1])
	}
	require.NotRegexp(t, `<script|<link|<img|src=|url\(|https?://`, r.body)
}
