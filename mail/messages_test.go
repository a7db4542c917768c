package mail_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/messages/messagestest"
)

// sources are the files with code, templates and messages.
func sources(t *testing.T) (out []string) {
	t.Helper()
	for _, pattern := range []string{"*.go", "templates/*", "messages/*"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		out = append(out, found...)
	}
	return out
}

func TestEveryLanguageIsComplete(t *testing.T) {
	t.Parallel()

	messagestest.Complete(t, messagestest.Read(t, sources(t)))
}

func TestEveryMessageIsUsedAndExists(t *testing.T) {
	t.Parallel()

	isFile := func(id string) bool { return id == "mail.html" }
	messagestest.Used(t, sources(t), messagestest.Read(t, sources(t))["en"], isMonth, isFile)
}

// isMonth tells the ids that code puts together with a number.
func isMonth(id string) bool { ok, _ := filepath.Match("mail.month_*", id); return ok }
