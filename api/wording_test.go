package api_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/store"
)

func TestMessage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		reason  everlatch.Reason
		details map[string]string
	}{
		"Customer with id: cus_1 was not found": {store.RecordNotFound, map[string]string{"model": "Customer", "id": "cus_1"}},
		"Customer group with id: g not found":   {store.RecordNotFound, map[string]string{"model": "Customer group", "id": "g"}},
		"Role with id: r not found":             {store.RecordNotFound, map[string]string{"model": "Role", "id": "r"}},
		"Policy with id: p not found":           {store.RecordNotFound, map[string]string{"model": "Policy", "id": "p"}},
		`User with id "a\"b" not found`:         {store.UpdateNotFound, map[string]string{"model": "User", "id": `a"b`}},
		"You tried to set relationship customer_id: {id}, but such entity does not exist": {store.ReferenceNotFound, map[string]string{"column": "customer_id", "id": "{id}"}},
		"Customer with email: a@b.example, has_account: true, already exists.":            {store.CustomerEmailTaken, map[string]string{"email": "a@b.example", "has_account": "true"}},
		"Cannot delete api keys that are not revoked - apk_1":                             {store.KeyNotRevoked, map[string]string{"id": "apk_1"}},
		"The following policies do not exist: rpol_a, rpol_b":                             {store.PoliciesUnknown, map[string]string{"ids": "rpol_a, rpol_b"}},
		"The key of a policy is <resource>:<operation>, here brand:read.":                 {store.PolicyKeyMismatch, map[string]string{"key": "brand:read"}},
		"The last super admin has to stay one.":                                           {store.LastSuperAdmin, nil},
		"Manager with email: ada@example.com, already exists.":                            {store.ActorValueTaken, map[string]string{"model": "Manager", "field": "email", "value": "ada@example.com"}},
		"custom (a: 1, b: 2)": {"custom", map[string]string{"b": "2", "a": "1"}},
	}
	for want, tt := range tests {
		require.Equal(t, want, api.Message(&everlatch.Error{Code: everlatch.CodeNotFound, Reason: tt.reason, Details: tt.details}))
	}
	require.Equal(t, "As it is.", api.Message(&everlatch.Error{Code: everlatch.CodeNotFound, Message: "As it is."}))
}

// TestEveryReasonIsWorded reads the reasons of all packages from their source.
func TestEveryReasonIsWorded(t *testing.T) {
	t.Parallel()
	reasons := 0
	for _, path := range []string{
		"../internal/store/reasons.go", "../reason.go", "../internal/query/reasons.go", "../internal/httpauth/reasons.go", "../internal/wire/reasons.go",
		"../internal/admission/reasons.go",
	} {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if _, alias := spec.Values[0].(*ast.SelectorExpr); alias {
				return true // of another package
			}
			literal, ok := spec.Values[0].(*ast.BasicLit)
			require.True(t, ok, spec.Names[0].Name)
			reason := strings.Trim(literal.Value, `"`)
			said := api.Message(&everlatch.Error{Code: everlatch.CodeNotFound, Reason: everlatch.Reason(reason)})
			require.NotEqual(t, reason, said, "%s has a sentence", spec.Names[0].Name)
			reasons++
			return true
		})
	}
	require.Greater(t, reasons, 70)
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	_, err := store.Open(t.Context(), "sqlite://"+t.TempDir()+"/none/everlatch.db", time.Now)
	require.Error(t, err)
	said := api.Describe(fmt.Errorf("open: %w", err))
	require.Regexp(t, `^open: The database is not available: open store: open /.*everlatch\.db: no such file or directory$`, said)

	gone := &everlatch.Error{Code: everlatch.CodeNotFound, Reason: store.RecordNotFound, Details: map[string]string{"model": "User", "id": "user_1"}}
	require.Equal(t, "show: User with id: user_1 was not found", api.Describe(fmt.Errorf("show: %w", gone)))
	require.Equal(t, "plain", api.Describe(errors.New("plain")))
}
