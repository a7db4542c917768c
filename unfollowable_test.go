package everlatch_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// unfollowable are references that mean something to their author only. Each
// has the form that a reader can follow.
var unfollowable = map[string]*regexp.Regexp{
	"link the weak spot: docs/weak-spots.md#w37":     regexp.MustCompile(`(^|[^\w\[#/-])W([1-9]|[1-5]\d|6[0-8])\b`),
	"link the section: docs/contract.md#s4-2":        regexp.MustCompile(`\b[Cc]ontract(?:'s)?\s+(?:(?://|#|--)\s*)?(?:sections?\s+\d|\d{1,2}\.\d|\d{1,2}[).,])`),
	"link the record: docs/adr/0006-….md":            regexp.MustCompile(`\bADR \d`),
	"say the rule; notes of the authors aren't here": regexp.MustCompile(`\b(?:style|design|words|findings)\.md\b`),
}

// TestReferencesCanBeFollowed refuses numbers that a reader can look up
// nowhere.
func TestReferencesCanBeFollowed(t *testing.T) {
	t.Parallel()
	for _, f := range texts(t, "docs/weak-spots.md", "docs/contract.md", "CHANGELOG.md", "references_test.go", "e2e/recorded_deviations_test.go") {
		for number, line := range strings.Split(f.body, "\n") {
			if strings.HasSuffix(f.path, ".md") {
				line = mdCode.ReplaceAllString(mdLink.ReplaceAllString(mdLinkText.ReplaceAllString(line, "["), "]"), "")
			}
			for _, form := range slices.Sorted(maps.Keys(unfollowable)) {
				if unfollowable[form].MatchString(line) {
					t.Errorf("%s:%d: %s\n\t%s", f.path, number+1, strings.TrimSpace(line), form)
				}
			}
		}
	}
}
