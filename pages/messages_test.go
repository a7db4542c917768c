package pages_test

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/messages/messagestest"
)

// sources are the files with code, templates and messages: areas in packages of their own
// included.
func sources(t *testing.T) []string {
	t.Helper()
	var out []string
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	}))
	return out
}

func TestEveryLanguageIsComplete(t *testing.T) {
	t.Parallel()

	require.Equal(t, messagestest.Languages(), everyLanguage)
	messagestest.Complete(t, messagestest.Read(t, sources(t)))
}

// builtIDs are the beginnings of ids that code puts together.
var builtIDs = regexp.MustCompile(`^\w+\.refusal\.|^base\.(month|error)_\d|^base\.error_other$`)

func TestEveryMessageIsUsedAndExists(t *testing.T) {
	t.Parallel()

	messagestest.Used(t, sources(t), messagestest.Read(t, sources(t))["en"], builtIDs.MatchString, isFile)
}

// isFile tells names of files and of blocks from messages.
func isFile(id string) bool {
	return strings.HasSuffix(id, ".html") || regexp.MustCompile(`\.(before|after)$`).MatchString(id)
}
