package api_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// wording is the file of the messages.
const wording = "wording.go"

// sentence is text that a person would read.
var sentence = regexp.MustCompile(`^[A-Z][a-z']* ['A-Za-z]`)

// sources parses what is compiled of a package, without its tests.
func sources(t *testing.T, fset *token.FileSet, pattern string) map[string]*ast.File {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	require.NoError(t, err)
	out := map[string]*ast.File{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		out[path], err = parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
	}
	require.NotEmpty(t, out)
	return out
}

// TestMessagesAreInOneFile refuses the message of an error anywhere but in
// wording.go: as a field of an error, as the argument of a function that makes one,
// and as a sentence that could get there by a variable.
func TestMessagesAreInOneFile(t *testing.T) {
	t.Parallel()

	fset := token.NewFileSet()
	files := sources(t, fset, "*.go")
	makers := messageMakers(files)
	require.Contains(t, makers, "invalidData")
	require.Contains(t, makers, "writeTyped")
	for path, file := range files {
		if path == wording {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			for _, literal := range messagesIn(n, makers) {
				t.Errorf("%s: the message %s belongs in %s", fset.Position(literal.Pos()), literal.Value, wording)
			}
			return true
		})
	}
}

// TestSentencesOfOtherPackages: what these packages refuse has a reason, and no words.
func TestSentencesOfOtherPackages(t *testing.T) {
	t.Parallel()

	for _, pkg := range []string{"query", "httpauth", "render"} {
		fset := token.NewFileSet()
		for _, file := range sources(t, fset, "../internal/"+pkg+"/*.go") {
			ast.Inspect(file, func(n ast.Node) bool {
				for _, literal := range messagesIn(n, nil) {
					t.Errorf("%s: return a reason for %s, and word it in api/%s", fset.Position(literal.Pos()), literal.Value, wording)
				}
				return true
			})
		}
	}
}

// messageMakers are the functions that take the message of an error, with the index
// of that argument.
func messageMakers(files map[string]*ast.File) map[string]int {
	out := map[string]int{"NewHTTPError": 1}
	for _, file := range files {
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			index := 0
			for _, field := range fn.Type.Params.List {
				for _, name := range field.Names {
					if name.Name == "message" {
						out[fn.Name.Name] = index
					}
					index++
				}
			}
		}
	}
	return out
}

// messagesIn returns the texts in a node that are a message of an error.
func messagesIn(n ast.Node, makers map[string]int) []*ast.BasicLit {
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && strings.EqualFold(key.Name, "message") {
			return textsIn(n.Value)
		}
	case *ast.CallExpr:
		name := ""
		switch fn := n.Fun.(type) {
		case *ast.Ident:
			name = fn.Name
		case *ast.SelectorExpr:
			name = fn.Sel.Name
		}
		if i, ok := makers[name]; ok && i < len(n.Args) {
			return textsIn(n.Args[i])
		}
	case *ast.BasicLit:
		if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && sentence.MatchString(text) {
			return []*ast.BasicLit{n}
		}
	}
	return nil
}

// textsIn returns the texts of an expression that are not empty.
func textsIn(e ast.Expr) []*ast.BasicLit {
	var out []*ast.BasicLit
	ast.Inspect(e, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING && len(literal.Value) > len(`""`) {
			out = append(out, literal)
		}
		return true
	})
	return out
}

// TestMessagesAreFound shows that the check above finds each kind of message.
func TestMessagesAreFound(t *testing.T) {
	t.Parallel()

	const before = `package api
func unauthorized(message string) error { return nil }
func f(id string) error {
	switch {
	case id == "a":
		return &everlatch.Error{Code: everlatch.CodeNotFound, Message: "no " + id}
	case id == "b":
		return unauthorized("bad " + id)
	case id == "c":
		return echo.NewHTTPError(400, "what")
	case id == "d":
		message := "A valid key is required"
		return errors.New(message)
	}
	log.Info("request", "id", id)
	return writeTyped(id, "")
}`
	file, err := parser.ParseFile(token.NewFileSet(), "f.go", before, parser.SkipObjectResolution)
	require.NoError(t, err)
	makers := messageMakers(map[string]*ast.File{"f.go": file})
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		for _, literal := range messagesIn(n, makers) {
			found = append(found, literal.Value)
		}
		return true
	})
	require.Equal(t, []string{`"no "`, `"bad "`, `"what"`, `"A valid key is required"`}, found)
}
