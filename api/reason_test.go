package api_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
)

func TestRefusalsTellTheirReason(t *testing.T) {
	t.Parallel()

	w := setup(t)
	for _, tt := range []struct{ method, path, body, want string }{
		{http.MethodPost, "/auth/customer/emailpass/reset-password", `{}`, "field_required; field=identifier"},
		{http.MethodGet, "/store/customers/me", "", "unauthenticated"},
		{http.MethodGet, "/health", "", ""},
		{http.MethodPost, "/auth/customer/emailpass", `{"email":"ada@example.com","password":"not it"}`, "credentials_wrong"},
		{http.MethodPost, "/auth/customer/nothing", `{}`, "provider_forbidden; actor_type=customer; provider=nothing"},
	} {
		answer := w.do(tt.method, tt.path, tt.body)
		require.Equal(t, tt.want, answer.Header.Get("Everlatch-Reason"), tt.path)
	}
}

// TestEveryRefusalHasAReason reads the packages whose refusals pages show: one in English
// without a reason would be taken for the words of custom code, which pages show in every
// language.
func TestEveryRefusalHasAReason(t *testing.T) {
	t.Parallel()

	worded := map[string]bool{} // what the API says of a reason tells the reason
	for _, said := range api.ShownReasons() {
		worded[strconv.Quote(said)] = true
	}
	found, refusals := map[string]bool{}, 0
	for _, path := range goFiles(t, ".", "../providers", "../activities", "../workflows", "../flows", "../internal/accounts", "../internal/limits", "../internal/store") {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			message, reason := refusalIn(n)
			if message == "" {
				return true
			}
			refusals++
			if !reason && !worded[message] {
				require.NotEmpty(t, ownWords[message], "%s refuses with %s, without a reason", path, message)
				found[message] = true
			}
			return true
		})
	}
	require.Greater(t, refusals, 25)
	for message := range ownWords {
		require.True(t, found[message], "no refusal says %s", message)
	}
}

// ownWords are messages without a reason, with why no page shows them.
var ownWords = map[string]string{
	`"Password should be a string"`:                    "pages demand a password",
	`"Email should be a string"`:                       "pages demand an address",
	`"Google " + label + " is required"`:               "about the configuration",
	`fmt.Sprintf("There is no code provider %q.", id)`: "pages name no provider of codes",
	`err.Error()`: "about deliveries",
	`"The endpoint " + name + " leads elsewhere: " + place(endpoint.GetSpec().GetTarget()) + "."`: "of the command line",
	`"Temporal allows Nexus endpoints to be changed by an operator of the cluster only."`:         "of the command line",
	`fmt.Sprintf(format, args...)`: "about the configuration",
}

// refusalIn returns the message of a refusal as the source has it, "" for none, and whether
// there is a reason beside it.
func refusalIn(n ast.Node) (message string, reason bool) {
	literal, ok := n.(*ast.CompositeLit)
	if !ok {
		return "", false
	}
	if of, ok := literal.Type.(*ast.SelectorExpr); !ok || of.Sel.Name != "Error" && of.Sel.Name != "Refusal" {
		return "", false
	}
	for _, e := range literal.Elts {
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		switch types.ExprString(pair.Key) {
		case "Message":
			message = types.ExprString(pair.Value)
		case "Reason":
			reason = true
		}
	}
	return message, reason
}

// goFiles are what is compiled of packages and those below them.
func goFiles(t *testing.T, folders ...string) (out []string) {
	t.Helper()
	for _, folder := range folders {
		require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				out = append(out, path)
			}
			return err
		}))
	}
	return out
}

// refusalsOfPages are the messages of pages for refusals, by their reasons, in English.
func refusalsOfPages(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../pages/messages/*.en.toml")
	require.NoError(t, err)
	out := map[string]string{}
	for _, path := range append(paths, "../pages/console/messages/console.en.toml") {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var areas map[string]struct {
			Refusal map[string]string `toml:"refusal"`
		}
		_, err = toml.Decode(string(text), &areas)
		require.NoError(t, err)
		for _, area := range areas {
			for reason, said := range area.Refusal {
				require.NotContains(t, out, reason, "worded twice")
				out[reason] = said
			}
		}
	}
	return out
}

// unworded are the reasons that pages have no words for, with why.
var unworded = map[string]string{
	"other":                 "has no sentence",
	"busy":                  "worded by the status, with how long to wait",
	"too_many_requests":     "worded by the status, with how long to wait",
	"order_invalid":         "of lists, which pages order themselves",
	"filter_invalid":        "of lists, which pages filter themselves",
	"range_broken":          "of lists, which pages filter themselves",
	"relations_too_deep":    "of fields, which pages choose themselves",
	"range_empty":           "of statistics, whose range pages choose themselves",
	"range_long":            "of statistics, whose range pages choose themselves",
	"interval_short":        "of statistics, whose range pages choose themselves",
	"key_as_bearer":         "of secret API keys, which pages don't send",
	"key_type_invalid":      "of a choice that the console offers",
	"key_unknown":           "of programs with a key",
	"authorization_code":    "of storefronts, which exchange it",
	"secret_expired":        "of programs that seal secrets",
	"credential_required":   "of programs that make identities",
	"app_metadata_reserved": "of programs that change identities",
	"code_of_other":         "of programs that name a provider of codes",
	"recovery_code_count":   "of programs that ask for a number of codes",
	"metadata_too_large":    "of programs that write metadata",
	"erasure_unknown":       "of the command line",
	"reset_actor_type":      "of programs that name no actor type, as the console does",
	"reset_of_other_type":   "of programs that name another actor type than the person's",
	"role_circle":           "of parents of roles, which the console doesn't set",
	"policy_key_taken":      "of policies, which the console doesn't make",
	"policy_key_mismatch":   "of policies, which the console doesn't make",
	"policy_word_invalid":   "of policies, which the console doesn't make",
}

// TestPagesWordEveryReason: what the API refuses is told in the language of the page, and
// without a detail that the API may not tell. That every language has the words of English is
// checked beside them.
func TestPagesWordEveryReason(t *testing.T) {
	t.Parallel()

	words, names := refusalsOfPages(t), regexp.MustCompile(`{(?:{\.)?(\w+)`)
	for reason, sentence := range api.ShownReasons() {
		text, worded := words[string(reason)]
		if why := unworded[string(reason)]; why != "" {
			require.False(t, worded, "%s is worded, though %s", reason, why)
			continue
		}
		require.True(t, worded, "pages have no words for %s", reason)
		var told []string
		for _, found := range names.FindAllStringSubmatch(sentence, -1) {
			told = append(told, found[1])
		}
		for _, found := range names.FindAllStringSubmatch(text, -1) {
			require.Contains(t, told, found[1], "a detail of %s", reason)
		}
	}
}

// TestPagesWordReasonsThatExist finds messages of pages for reasons that the API has not.
func TestPagesWordReasonsThatExist(t *testing.T) {
	t.Parallel()

	shown := api.ShownReasons()
	for reason := range refusalsOfPages(t) {
		said := api.Message(&everlatch.Error{Code: everlatch.CodeNotFound, Reason: everlatch.Reason(reason)})
		require.True(t, said != reason || strings.HasPrefix(reason, "page_"), "%s is no reason", reason)
	}
	for reason := range unworded {
		require.Contains(t, shown, everlatch.Reason(reason))
	}
}
