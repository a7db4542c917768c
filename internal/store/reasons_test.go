package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sentence is what the API would show: a text that begins with a capital letter
// and has several words.
var sentence = regexp.MustCompile(`^\s*\p{Lu}\p{Ll}\S*\s+\S*\p{Ll}.*\s\S`)

// TestStoreHoldsNoSentence: what callers are told is worded by the API. SQL and
// errors for developers, which begin with a small letter, are no such sentences.
func TestStoreHoldsNoSentence(t *testing.T) {
	t.Parallel()
	for text, found := range map[string]bool{
		"Invite with email: ": true, "The session has ended.": true,
		"SELECT id FROM customer WHERE id = $1": false, "open store: a clock is needed": false, "AuthIdentity": false,
	} {
		require.Equal(t, found, sentence.MatchString(text), text)
	}

	files := token.NewFileSet()
	sources, err := filepath.Glob("*.go")
	require.NoError(t, err)
	require.NotEmpty(t, sources)
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, source, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if kv, ok := n.(*ast.KeyValueExpr); ok {
				if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Message" {
					t.Errorf("%s: a message is worded by the API", files.Position(n.Pos()))
				}
			}
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			if sentence.MatchString(text) {
				t.Errorf("%s: the sentence %q belongs to the API", files.Position(literal.Pos()), text)
			}
			return true
		})
	}
	_, err = os.Stat("reasons.go")
	require.NoError(t, err, "the test looks at the sources of the store")
}
