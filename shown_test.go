package everlatch_test

import (
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// proof is a link to a test: its name, and the file that has it.
var (
	proof     = regexp.MustCompile(`\[((?:Test|Fuzz)\w+)\]\(([\w./-]+_test\.go)\)`)
	weakSpot  = regexp.MustCompile(`(?s)<a id="w(\d+)"></a>\n\n(.*?)(?:\n\n|\z)`)
	tableCell = regexp.MustCompile(`(?m)^\| ([^|]+) \| ([^|]+) \| (.*) \|$`)
)

// missingProofs returns the links of a page whose test does not exist.
func missingProofs(t *testing.T, page, text string) (missing []string) {
	t.Helper()
	for _, m := range proof.FindAllStringSubmatch(text, -1) {
		if !strings.Contains(read(t, path.Join(path.Dir(page), m[2])), "\nfunc "+m[1]+"(") {
			missing = append(missing, m[0])
		}
	}
	return missing
}

// TestShownByTests follows every link of a page to a test: a test that was renamed
// or removed shows nothing any more.
func TestShownByTests(t *testing.T) {
	t.Parallel()
	found := 0
	for _, f := range texts(t) {
		if !strings.HasPrefix(f.path, "docs/") || !strings.HasSuffix(f.path, ".md") {
			continue
		}
		require.Empty(t, missingProofs(t, f.path, f.body), f.path)
		found += len(proof.FindAllString(f.body, -1))
	}
	require.Greater(t, found, 200)
}

// TestEveryWeakSpotIsShown demands a test of each entry, or the reason why there is
// none.
func TestEveryWeakSpotIsShown(t *testing.T) {
	t.Parallel()
	entries := weakSpot.FindAllStringSubmatch(read(t, "docs/weak-spots.md"), -1)
	require.Len(t, entries, 68)
	for _, e := range entries {
		_, shown, _ := strings.Cut(e[2], "*Shown by:* ")
		_, reason, _ := strings.Cut(e[2], "*No test:* ")
		require.True(t, proof.MatchString(shown) || reason != "", "W%s has neither a test nor a reason", e[1])
		require.False(t, shown != "" && reason != "", "W%s has both", e[1])
		if strings.Contains(e[2], "Planned with the feature") {
			require.NotEmpty(t, reason, "W%s isn't built, so no test can show it", e[1])
		}
	}
}

// TestEveryRequirementIsAnswered demands of each line in the tables of
// docs/security.md a test or a sentence.
func TestEveryRequirementIsAnswered(t *testing.T) {
	t.Parallel()
	rows := tableCell.FindAllStringSubmatch(read(t, "docs/security.md"), -1)
	require.Greater(t, len(rows), 120)
	for _, row := range rows {
		require.NotEmpty(t, strings.TrimSpace(row[3]), "%s %s", row[1], row[2])
		if !proof.MatchString(row[3]) && !strings.HasPrefix(row[3], "---") && row[3] != "shown by" && !strings.Contains(row[3], "0.") {
			require.True(t, strings.HasSuffix(row[3], "."), "%s has no test, so a sentence must say why: %s", row[1], row[3])
		}
	}
}

func TestMissingProofs(t *testing.T) {
	t.Parallel()
	text := "[TestMissingProofs](../shown_test.go), [TestNoSuchThing](../shown_test.go)"
	require.Equal(t, []string{"[TestNoSuchThing](../shown_test.go)"}, missingProofs(t, "docs/security.md", text))
}
