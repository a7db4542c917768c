package everlatch_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	// goldenName is a line of the golden file of what a worker registers.
	goldenName = regexp.MustCompile(`(?m)^(workflow|activity) (\w+)$`)
	// requestName is a constant that names an update, a signal or a query.
	requestName   = regexp.MustCompile(`(?m)^\s*(?:const )?(?:Update|Signal|Query)\w+\s*= "(\w+)"`)
	tableRow      = regexp.MustCompile(`(?m)^\|.*\|$`)
	codeName      = regexp.MustCompile("`([A-Z]\\w*[a-z]\\w*)`")
	attributeName = regexp.MustCompile(`KeyKeyword\("(Everlatch\w+)"\)`)
	diagram       = regexp.MustCompile("(?s)```mermaid\n(.*?)```")
	// camelCase is a name of two words or more, as those of workflows, steps and
	// most updates are; named is one that a diagram calls an update or a signal.
	camelCase = regexp.MustCompile(`\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b`)
	named     = regexp.MustCompile(`(?:update|signal with start:) ([A-Z]\w*)`)
)

// registered are the names that Temporal knows: workflows and the requests that
// they take, and activities.
func registered(t *testing.T) (flows, steps map[string]bool) {
	t.Helper()
	flows, steps = map[string]bool{}, map[string]bool{}
	golden, err := os.ReadFile("worker/testdata/names.golden")
	require.NoError(t, err)
	for _, line := range goldenName.FindAllStringSubmatch(string(golden), -1) {
		if line[1] == "workflow" {
			flows[line[2]] = true
		} else {
			steps[line[2]] = true
		}
	}
	sources, err := filepath.Glob("workflows/*.go")
	require.NoError(t, err)
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		text, err := os.ReadFile(source)
		require.NoError(t, err)
		for _, request := range requestName.FindAllStringSubmatch(string(text), -1) {
			flows[request[1]] = true
		}
	}
	require.Greater(t, len(flows), 35)
	require.Greater(t, len(steps), 50)
	return flows, steps
}

// searchAttributes are their names; docs/workflows.md shows each.
func searchAttributes(t *testing.T) map[string]bool {
	t.Helper()
	source, err := os.ReadFile("workflows/attributes.go")
	require.NoError(t, err)
	page, err := os.ReadFile("docs/workflows.md")
	require.NoError(t, err)
	out := map[string]bool{}
	for _, name := range attributeName.FindAllStringSubmatch(string(source), -1) {
		out[name[1]] = true
		assert.Contains(t, string(page), "`"+name[1]+"`")
	}
	require.Len(t, out, 7)
	return out
}

// TestWorkflowsPage holds the tables of docs/workflows.md to what is registered:
// every workflow, update, signal and query is there, and no other.
func TestWorkflowsPage(t *testing.T) {
	t.Parallel()
	const page = "docs/workflows.md"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	flows, _ := registered(t)
	attributes := searchAttributes(t)
	shown := map[string]bool{}
	for _, row := range tableRow.FindAllString(string(text), -1) {
		for _, name := range codeName.FindAllStringSubmatch(row, -1) {
			if attributes[name[1]] {
				continue
			}
			shown[name[1]] = true
			assert.True(t, flows[name[1]], "%s shows %s, which is not registered", page, name[1])
		}
	}
	for name := range flows {
		assert.True(t, shown[name], "%s does not show %s", page, name)
	}
}

// TestDiagrams holds the names in the diagrams of docs/architecture.md to what is
// registered.
func TestDiagrams(t *testing.T) {
	t.Parallel()
	const page = "docs/architecture.md"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	flows, steps := registered(t)
	diagrams := diagram.FindAllStringSubmatch(string(text), -1)
	require.Greater(t, len(diagrams), 8)
	for _, d := range diagrams {
		for _, name := range camelCase.FindAllString(d[1], -1) {
			assert.True(t, flows[name] || steps[name], "%s draws %s, which is not registered", page, name)
		}
		for _, name := range named.FindAllStringSubmatch(d[1], -1) {
			assert.True(t, flows[name[1]], "%s draws the request %s, which is not registered", page, name[1])
		}
	}
}
