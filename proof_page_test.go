package everlatch_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every row of the table in docs/proof.md names the test that shows it.
func TestProofPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/proof.md")
	require.NoError(t, err)
	named := regexp.MustCompile("`([a-z0-9/]+)\\.(Test[A-Za-z]+)`")
	rows := 0
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| what") || strings.HasPrefix(line, "| ---") {
			continue
		}
		rows++
		tests := named.FindAllStringSubmatch(line, -1)
		require.NotEmpty(t, tests, line)
		for _, test := range tests {
			require.True(t, declares(t, test[1], "func "+test[2]+"("), "%s has no %s", test[1], test[2])
		}
	}
	require.Greater(t, rows, 10)
}

// declares says whether a text is in the tests of a package.
func declares(t *testing.T, folder, text string) bool {
	t.Helper()
	found := false
	require.NoError(t, filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		raw, err := os.ReadFile(path)
		found = found || strings.Contains(string(raw), text)
		return err
	}))
	return found
}
