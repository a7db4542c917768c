package keys_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/keys"
	"github.com/everlatch/everlatch/internal/store"
)

// covered says how each place of the code that seals something is sealed again. A new place has
// to be listed here, and what it writes among the sources.
var covered = map[string]string{
	"activities/redirects.go Wrap":                "provider_identity",
	"activities/factors.go SealFactor":            "mfa_factor",
	"activities/factor_answers.go SealFactor":     "mfa_factor",
	"activities/passkeys.go SealFactor":           "mfa_factor",
	"internal/store/transfer_write.go SealFactor": "mfa_factor",
	"internal/imports/service.go Wrap":            "import_unit",
	"internal/vault/vault.go Seal":                "sealed_secret",
	"app/mail.go Seal":                            "kept_mail",
	"internal/keys/load.go Seal":                  "ring_key",
	"internal/vault/keyring.go Seal":              "what Seal is called for",
	"internal/temporalkit/codec.go Seal":          "histories, which end with the retention of the namespace",
	"internal/vault/wrap.go Seal":                 "what Wrap is called for",
	"internal/vault/wrap.go Wrap":                 "what Wrap is called for",
	"internal/vault/factors.go Wrap":              "mfa_factor",
	"internal/keys/reseal.go Seal":                "all of them",
	"internal/keys/reseal.go Wrap":                "all of them",
	"internal/keys/reseal.go SealFactor":          "all of them",
}

// TestEverySealedPlaceIsCovered fails when code seals something that is not sealed again.
func TestEverySealedPlaceIsCovered(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	root := filepath.Join("..", "..")
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "node_modules" || d.Name() == "examples" || d.Name() == "nexusauth") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if method, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"Seal", "Wrap", "SealFactor"}, method.Sel.Name) {
				found[filepath.ToSlash(rel)+" "+method.Sel.Name] = true
			}
			return true
		})
		return nil
	}))
	for place := range found {
		require.NotEmpty(t, covered[place], "%s seals something: is it sealed again after a rotation?", place)
	}
}

// sealedColumn is how columns are called whose values are sealed.
var sealedColumn = regexp.MustCompile(`(?m)^\s+(sealed|secret|key_id)\s`)

// TestEverySealedTableIsCovered fails when a migration has a sealed column that is not among the
// sources.
func TestEverySealedTableIsCovered(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../store/migrations/*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	table := regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\);`)
	var found []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, match := range table.FindAllStringSubmatch(string(text), -1) {
			if sealedColumn.MatchString(match[2]) {
				found = append(found, match[1])
			}
		}
		require.NotRegexp(t, `ADD COLUMN (sealed|secret|key_id)\s`, string(text), "cover it, and this test")
	}
	for _, name := range found {
		require.Contains(t, keys.Sources(), store.SealedSource(name))
	}
	require.Len(t, found, len(keys.Sources())-1, "provider_identity has its tokens in metadata")
}
