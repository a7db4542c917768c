package everlatch_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pictured are the flows that docs/architecture.md shows as a diagram.
var pictured = []string{
	"Authenticate", "Register", "SocialLogin", "PasswordReset", "EmailChange", "Account creation", "Account removal",
	"AccountDeletion", "Invitation", "DeliverEvent",
}

var (
	workflowName = regexp.MustCompile(`(?m)^workflow (\w+)$`)
	eventName    = regexp.MustCompile(`(?m)^\tEvent\w+\s+= "(\w+)(\.\w+)"$`)
)

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(raw)
}

// TestPagesAreComplete holds the pages that list things to the code that has
// them: a workflow, event or diagram that is missing is an error.
func TestPagesAreComplete(t *testing.T) {
	t.Parallel()
	t.Run("workflows", func(t *testing.T) {
		t.Parallel()
		page := read(t, "docs/workflows.md")
		names := workflowName.FindAllStringSubmatch(read(t, "worker/testdata/names.golden"), -1)
		require.NotEmpty(t, names)
		for _, name := range names {
			assert.Contains(t, page, "`"+name[1]+"`", "docs/workflows.md")
		}
	})
	t.Run("events", func(t *testing.T) {
		t.Parallel()
		rows := strings.Split(read(t, "docs/events.md"), "\n")
		names := eventName.FindAllStringSubmatch(read(t, "event.go"), -1)
		require.NotEmpty(t, names)
		for _, name := range names {
			assert.True(t, listed(rows, name[1], name[2]), "docs/events.md has no row for %s%s", name[1], name[2])
		}
	})
	t.Run("diagrams", func(t *testing.T) {
		t.Parallel()
		sections := strings.Split(read(t, "docs/architecture.md"), "\n### ")
		for _, flow := range pictured {
			found := false
			for _, section := range sections {
				if strings.HasPrefix(section, flow+"\n") {
					found = strings.Contains(section, "```mermaid\nsequenceDiagram\n")
				}
			}
			assert.True(t, found, "docs/architecture.md has no diagram of %s", flow)
		}
	})
}

// listed finds a row for prefix.suffix; `a.created`, `.updated` names a.updated
// as well.
func listed(rows []string, prefix, suffix string) bool {
	for _, row := range rows {
		if strings.Contains(row, "`"+prefix+suffix+"`") {
			return true
		}
		if strings.HasPrefix(row, "| `"+prefix+".") && strings.Contains(row, "`"+suffix+"`") {
			return true
		}
	}
	return false
}
