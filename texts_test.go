package everlatch_test

import (
	"os"
	"os/exec"
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// text is a tracked file that people read.
type text struct {
	path string
	body string
}

// recorded matches what others wrote or what a program recorded: it is data,
// not our text.
var recorded = regexp.MustCompile(`(^|/)(testdata|recorded|node_modules)/|(^|/)(LICENSE|go\.sum|go\.mod|package-lock\.json)$`)

// texts returns every tracked text file but those that skip matches.
func texts(t *testing.T, skip ...string) []text {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", "ls-files", "-z").Output()
	require.NoError(t, err, "the texts to check are those that git tracks")
	var found []text
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		if recorded.MatchString(name) || matchesAny(skip, name) {
			continue
		}
		raw, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue // deleted and not committed yet
		}
		require.NoError(t, err)
		if utf8.Valid(raw) && !strings.ContainsRune(string(raw), 0) {
			found = append(found, text{path: name, body: string(raw)})
		}
	}
	require.Greater(t, len(found), 100, "git ls-files found too little")
	return found
}

// matchesAny reports whether a pattern of [path.Match], or a folder that ends
// in a slash, covers the path.
func matchesAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if strings.HasSuffix(p, "/") && strings.HasPrefix(name, p) {
			return true
		}
		if ok, err := path.Match(p, name); err == nil && ok {
			return true
		}
	}
	return false
}
