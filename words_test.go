package everlatch_test

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// refused are words that private language is made of, each with the standard
// term. docs/glossary.md has more of the latter. Words match in identifiers and
// file names too: comeBack is "come back".
var refused = []struct{ pattern, instead string }{
	{`dances?`, "flow"},
	{`stor(y|ies)`, "flow, or scenario of a test"},
	{`journeys?`, "flow"},
	{`somebody('s)?`, "someone; better: the user, customer, administrator or caller who is meant"},
	{`nobody('s)?`, "no one; better: who is meant, or what happens"},
	{`who(so)?ever`, "the user, customer, administrator, operator or caller who is meant"},
	{`people'?s own`, "custom"},
	{`(of )?one'?s own`, "custom"},
	{`of (before|now)`, "previous, existing, current"},
	{`that (is|are) (already )?there`, "existing"},
	{`com(e|es|ing) back`, "return, restore, sign in again"},
	{`(take|takes|taken|taking|took) up`, "restore, continue"},
	{`furnish(es|ed)?`, "create, add"},
	{`patiently`, "with retries; name the policy after its purpose"},
	{`firmly`, "through the task queue; durableStep"},
	{`abroad`, "external"},
	{`anew`, "again"},
	{`and (its )?(kin|like)`, "list them"},
	{`may (nothing|everything)`, "has no permissions, has all permissions"},
	{`(send|sent) away`, "redirect"},
	{`readdress(ed|es)?`, "rewrite the path"},
	{`rehold(s|ing)?`, "hold again"},
	{`worth nothing`, "invalid, void"},
	{`a tour of five minutes`, "a name without a promise"},
}

// frozen are words on the wire or in recorded data, which keep their spelling:
// messages of the API, addresses and actor types of the tests, and the region
// "abroad" of examples/manager.
var frozen = regexp.MustCompile(`\b(?:nobody|somebody)[\w-]*@|\bsomebody-else\b|\bnobody: \[\]|"abroad"|managers who work abroad\.`)

var camel = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// spaced makes words of identifiers and file names.
func spaced(line string) string {
	line = frozen.ReplaceAllString(line, "")
	line = camel.ReplaceAllString(line, "$1 $2")
	return strings.ToLower(strings.NewReplacer("_", " ", "’", "'").Replace(line))
}

// TestWords refuses the words that must not return, and prints how many there
// are in each package. docs/http.md is generated from openapi.yaml.
func TestWords(t *testing.T) {
	t.Parallel()
	patterns := make([]*regexp.Regexp, len(refused))
	for i, r := range refused {
		patterns[i] = regexp.MustCompile(`\b` + r.pattern + `\b`)
	}
	counts := map[string]int{}
	for _, f := range texts(t, "words_test.go", "docs/http.md", "docs/glossary.md", "CHANGELOG.md", "providers/emailpass/common/") {
		for number, line := range strings.Split(f.path+"\n"+f.body, "\n") {
			line = spaced(line)
			for i, p := range patterns {
				if found := p.FindString(line); found != "" {
					counts[path.Dir(f.path)]++
					t.Errorf("%s:%d: %q: write: %s", f.path, number, found, refused[i].instead)
				}
			}
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%5d %s", counts[dir], dir)
	}
}
