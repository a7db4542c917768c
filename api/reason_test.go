package api_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
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

// TestEveryRefusalOfThisPackageHasAReason reads the package: a refusal in English without a
// reason would be taken for the words of custom code, which pages show in every language.
func TestEveryRefusalOfThisPackageHasAReason(t *testing.T) {
	t.Parallel()

	paths, err := filepath.Glob("*.go")
	require.NoError(t, err)
	refusals := 0
	inspect := func(n ast.Node) bool {
		literal, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		if of, ok := literal.Type.(*ast.SelectorExpr); !ok || of.Sel.Name != "Error" {
			return true
		}
		fields := map[string]bool{}
		for _, e := range literal.Elts {
			if pair, ok := e.(*ast.KeyValueExpr); ok {
				fields[pair.Key.(*ast.Ident).Name] = true //nolint:forcetypeassert // of a struct
			}
		}
		if fields["Message"] {
			refusals++
			require.True(t, fields["Reason"], "a refusal with the fields %v", fields)
		}
		return true
	}
	for _, path := range paths {
		if !strings.HasSuffix(path, "_test.go") {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			require.NoError(t, err)
			ast.Inspect(file, inspect)
		}
	}
	require.Greater(t, refusals, 3)
}

// TestPagesWordReasonsThatExist finds messages of pages for reasons that the API has not.
func TestPagesWordReasonsThatExist(t *testing.T) {
	t.Parallel()

	paths, err := filepath.Glob("../pages/messages/*.en.toml")
	require.NoError(t, err)
	words := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var areas map[string]struct {
			Refusal map[string]string `toml:"refusal"`
		}
		_, err = toml.Decode(string(text), &areas)
		require.NoError(t, err)
		for _, area := range areas {
			for reason := range area.Refusal {
				said := api.Message(&everlatch.Error{Code: everlatch.CodeNotFound, Reason: everlatch.Reason(reason)})
				require.True(t, said != reason || strings.HasPrefix(reason, "page_"), "%s words %s", path, reason)
				words++
			}
		}
	}
	require.Greater(t, words, 50)
}
