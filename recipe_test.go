package everlatch_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	recipe          = "docs/contributing/adding-a-flow.md"
	mostFilesOfFlow = 22
)

var (
	recipeRow = regexp.MustCompile("(?m)^\\| \\d+ \\| `([^`]+)` \\| \\S")
	// exampleFlow matches the names of the flow that the recipe has as its example:
	// workflow, step, route, request, event and mail.
	exampleFlow = regexp.MustCompile(`(?i)unlink_?identity|unlinkCredential|unlinkRequest|identity_?unlinked`)
)

// besides are files that mention the example and that another flow does not
// touch, with the reason.
var besides = map[string]string{
	recipe:                                   "the recipe itself",
	"recipe_test.go":                         "this test",
	"CHANGELOG.md":                           "says what has changed",
	"docs/reference/events.md":               "is generated",
	"docs/reference/workflows.md":            "is generated",
	"app/events_test.go":                     "takes some mails as examples of a setting",
	"docs/guides/several-ways-to-sign-in.md": "a guide for users",
	"docs/guides/delete-an-account.md":       "a guide for users",
	"internal/store/proof.go":                "unlinks as part of another flow",
	"internal/store/proof_test.go":           "tests that",
	"workflows/proof_test.go":                "tests that",
	"api/activity.go":                        "lists the events that the person they are about sees",
	"pages/account_activity.go":              "words the activity of an account",
	"pages/messages/account.ar.toml":         "words the activity of an account",
	"pages/messages/account.de.toml":         "words the activity of an account",
	"pages/messages/account.en.toml":         "words the activity of an account",
	"pages/messages/account.es.toml":         "words the activity of an account",
	"pages/messages/account.fr.toml":         "words the activity of an account",
	"pages/messages/account.ja.toml":         "words the activity of an account",
	"pages/messages/account.pl.toml":         "words the activity of an account",
	"mail/messages/mail.ar.toml":             "translates the mail",
	"mail/messages/mail.de.toml":             "translates the mail",
	"mail/messages/mail.es.toml":             "translates the mail",
	"mail/messages/mail.fr.toml":             "translates the mail",
	"mail/messages/mail.ja.toml":             "translates the mail",
	"mail/messages/mail.pl.toml":             "translates the mail",
	"pages/console/messages/console.ar.toml": "words flows for administrators",
	"pages/console/messages/console.de.toml": "words flows for administrators",
	"pages/console/messages/console.en.toml": "words flows for administrators",
	"pages/console/messages/console.es.toml": "words flows for administrators",
	"pages/console/messages/console.fr.toml": "words flows for administrators",
	"pages/console/messages/console.ja.toml": "words flows for administrators",
	"pages/console/messages/console.pl.toml": "words flows for administrators",
}

// TestFlowRecipe holds the list of places that a flow touches to the flow that
// it names as its example: the list is complete, and nothing in it is made up.
func TestFlowRecipe(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(recipe)
	require.NoError(t, err)
	var listed []string
	for _, row := range recipeRow.FindAllStringSubmatch(string(page), -1) {
		assert.NotContains(t, listed, row[1], "%s names it twice", recipe)
		listed = append(listed, row[1])
	}
	require.NotEmpty(t, listed, "%s has lost its table", recipe)
	require.LessOrEqual(t, len(listed), mostFilesOfFlow, "a flow with a route, an event and a mail must stay this small")

	mentioned := mentioning(t, exampleFlow)
	for _, file := range mentioned {
		_, other := besides[file]
		assert.True(t, other || slices.Contains(listed, file), "%s belongs to the example, and %s does not list it", file, recipe)
	}
	for _, file := range listed {
		assert.Contains(t, mentioned, file, "%s lists it, and it has nothing of the example", recipe)
	}
}

// mentioning returns the files whose path or text matches, without those that
// are generated.
func mentioning(t *testing.T, name *regexp.Regexp) (files []string) {
	t.Helper()
	for _, file := range texts(t, "docs/http.md") {
		if name.MatchString(file.path) || name.MatchString(file.body) {
			files = append(files, file.path)
		}
	}
	return files
}
