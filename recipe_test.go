package everlatch_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	recipe          = "docs/contributing/adding-a-flow.md"
	mostFilesOfFlow = 20
)

var recipeRow = regexp.MustCompile("(?m)^\\| \\d+ \\| `([^`]+)` \\| \\S")

// TestFlowRecipe holds the list of places that a flow touches to the flow that
// it names as its example.
func TestFlowRecipe(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(recipe)
	require.NoError(t, err)
	rows := recipeRow.FindAllStringSubmatch(string(page), -1)
	require.NotEmpty(t, rows, "%s has lost its table", recipe)
	require.LessOrEqual(t, len(rows), mostFilesOfFlow, "a flow with a route, an event and a mail must stay this small")
	seen := map[string]bool{}
	for _, row := range rows {
		assert.FileExists(t, row[1], "%s names it", recipe)
		assert.False(t, seen[row[1]], "%s names %s twice", recipe, row[1])
		seen[row[1]] = true
	}
}
