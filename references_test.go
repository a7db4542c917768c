package everlatch_test

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

var (
	mdLink      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	mdHeading   = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	mdAnchor    = regexp.MustCompile(`<a id="([^"]+)"></a>`)
	mdFence     = regexp.MustCompile("(?ms)^[ \t]*```.*?^[ \t]*```")
	mdCode      = regexp.MustCompile("`[^`\n]*`")
	mdLinkText  = regexp.MustCompile(`\[([^\]]*)\]\(`)
	docsMention = regexp.MustCompile(`\bdocs/[\w./-]+\.(?:md|png)(?:#[\w-]+(?:(?:,\s+(?://|#|--)?\s*|\s+and\s+)#[\w-]+)*)?`)
	mentioned   = regexp.MustCompile(`#([\w-]+)`)
)

// TestReferences follows every link of every page, and every page that a
// comment names: files exist, and so do the anchors in them.
func TestReferences(t *testing.T) {
	t.Parallel()
	all := texts(t)
	anchors := map[string]map[string]bool{}
	for _, f := range all {
		if strings.HasSuffix(f.path, ".md") {
			anchors[f.path] = anchorsOf(f.body)
		}
	}
	for _, f := range all {
		if f.path == "references_test.go" {
			continue
		}
		for _, m := range docsMention.FindAllString(f.body, -1) {
			page, _, _ := strings.Cut(m, "#")
			requireTarget(t, anchors, f.path, page, mentioned.FindAllStringSubmatch(m, -1)...)
		}
		if !strings.HasSuffix(f.path, ".md") {
			continue
		}
		prose := mdCode.ReplaceAllString(mdFence.ReplaceAllString(f.body, ""), "")
		for _, m := range mdLink.FindAllStringSubmatch(prose, -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			page := f.path
			if target != "" {
				page = path.Join(path.Dir(f.path), target)
			}
			var want [][]string
			if anchor != "" {
				want = [][]string{{"#" + anchor, anchor}}
			}
			requireTarget(t, anchors, f.path, page, want...)
		}
	}
}

func requireTarget(t *testing.T, anchors map[string]map[string]bool, from, page string, wanted ...[]string) {
	t.Helper()
	if _, err := os.Stat(page); err != nil {
		t.Errorf("%s: there is no %s", from, page)
		return
	}
	for _, w := range wanted {
		if known, isPage := anchors[page]; isPage && !known[w[1]] {
			t.Errorf("%s: %s has no anchor #%s", from, page, w[1])
		}
	}
}

// anchorsOf returns the anchors of a page: explicit ones, and those that
// GitHub makes of headings.
func anchorsOf(body string) map[string]bool {
	out := map[string]bool{}
	for _, m := range mdAnchor.FindAllStringSubmatch(body, -1) {
		out[m[1]] = true
	}
	for _, m := range mdHeading.FindAllStringSubmatch(mdFence.ReplaceAllString(body, ""), -1) {
		out[slug(mdLinkText.ReplaceAllString(m[1], "$1("))] = true
	}
	return out
}

func slug(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(heading)) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteRune('-')
		}
	}
	return b.String()
}

func TestAnchors(t *testing.T) {
	t.Parallel()
	got := anchorsOf("# The wire contract\n\n<a id=\"s4-2\"></a>\n\n## `Authenticate`: sign in\n\n```sh\n# no heading\n```\n")
	require.Equal(t, map[string]bool{"the-wire-contract": true, "s4-2": true, "authenticate-sign-in": true}, got)
}
