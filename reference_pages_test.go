package everlatch_test

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// referencePages are made of the code:
// UPDATE_GOLDEN=1 go test -run TestReferencePages .
var referencePages = map[string]func(t *testing.T) string{
	"docs/reference/auth-service.md": servicePage,
	"docs/reference/data-models.md":  modelsPage,
	"docs/reference/workflows.md":    workflowsReference,
	"docs/reference/events.md":       eventsPage,
	"docs/reference/metrics.md":      metricsPage,
	"docs/reference/doctor.md":       doctorPage,
	"docs/reference/nexus.md":        nexusPage,
}

// TestReferencePages keeps docs/reference what the code says.
func TestReferencePages(t *testing.T) {
	t.Parallel()
	for _, path := range slices.Sorted(maps.Keys(referencePages)) {
		want := referencePages[path](t)
		if os.Getenv("UPDATE_GOLDEN") != "" {
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
			continue
		}
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		if want != string(got) {
			t.Errorf("%s is stale; run: UPDATE_GOLDEN=1 go test -run TestReferencePages .", path)
		}
	}
}

const generatedNote = "\n\n<!-- Generated from the code: UPDATE_GOLDEN=1 go test -run TestReferencePages . -->\n\n"

// source is a package as its reader sees it.
type source struct {
	files *token.FileSet
	doc   *doc.Package
	// funcs are all functions and methods, by name.
	funcs map[string][]*ast.FuncDecl
}

func readSource(t *testing.T, dir string) source {
	t.Helper()
	s := source{files: token.NewFileSet(), funcs: map[string][]*ast.FuncDecl{}}
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	var parsed []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(s.files, path, nil, parser.ParseComments)
		require.NoError(t, err)
		parsed = append(parsed, file)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				s.funcs[f.Name.Name] = append(s.funcs[f.Name.Name], f)
			}
		}
	}
	s.doc, err = doc.NewFromFiles(s.files, parsed, "github.com/everlatch/everlatch/"+dir, doc.PreserveAST)
	require.NoError(t, err)
	return s
}

// text is Go source on one line.
func (s source) text(t *testing.T, node any) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, format.Node(&b, s.files, node))
	return strings.Join(strings.Fields(b.String()), " ")
}

// comment is the prose of a doc comment on one line; links of Go lose their brackets.
func comment(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	text = strings.NewReplacer("[*", "[", "[", "", "]", "").Replace(text)
	return strings.TrimSpace(prose(cutReferences(text)))
}

// cutReferences leaves the references to pages out, which comments write in brackets.
func cutReferences(text string) string {
	for {
		start := strings.Index(text, "(docs/")
		if start < 0 {
			return text
		}
		end := strings.IndexByte(text[start:], ')')
		if end < 0 {
			return text
		}
		text = strings.TrimSpace(text[:start]) + text[start+end+1:]
	}
}

func (s source) spec(t *testing.T, name string) (*doc.Type, *ast.TypeSpec) {
	t.Helper()
	for _, typ := range s.doc.Types {
		if typ.Name == name {
			spec, ok := typ.Decl.Specs[0].(*ast.TypeSpec)
			require.True(t, ok)
			return typ, spec
		}
	}
	return nil, nil
}

// fieldsOf writes the fields of a struct as a table, with those of the structs that it
// embeds by name.
func (s source) fieldsOf(t *testing.T, b *strings.Builder, spec *ast.TypeSpec) {
	t.Helper()
	structure, ok := spec.Type.(*ast.StructType)
	if !ok || structure.Fields.NumFields() == 0 {
		return
	}
	b.WriteString("\n| field | JSON | type | |\n|---|---|---|---|\n")
	for _, field := range structure.Fields.List {
		names := make([]string, len(field.Names))
		for i, name := range field.Names {
			names[i] = name.Name
		}
		if len(names) == 0 {
			names = []string{"(embedded)"}
		}
		said := field.Doc.Text()
		if said == "" {
			said = field.Comment.Text()
		}
		for _, name := range names {
			if !ast.IsExported(name) && name != "(embedded)" {
				continue
			}
			fmt.Fprintf(b, "| %s | %s | `%s` | %s |\n", name, jsonName(field), strings.ReplaceAll(s.text(t, field.Type), "|", `\|`),
				strings.ReplaceAll(comment(said), "|", `\|`))
		}
	}
}

func jsonName(field *ast.Field) string {
	if field.Tag == nil {
		return ""
	}
	name, _, _ := strings.Cut(reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json"), ",")
	if name == "" || name == "-" {
		return ""
	}
	return "`" + name + "`"
}

// servicePage lists the methods of auth.Service and what they take and return.
func servicePage(t *testing.T) string {
	t.Helper()
	s := readSource(t, "auth")
	var b strings.Builder
	b.WriteString("# The auth service" + generatedNote)
	b.WriteString("`app.App.Auth()` returns it in the process, `auth.NewClient` in another one. [The guide](../guides/call-the-service-from-go.md) has a program.\n")
	_, service := s.spec(t, "Service")
	outer, ok := service.Type.(*ast.InterfaceType)
	require.True(t, ok)
	total := 0
	for _, part := range outer.Methods.List {
		typ, spec := s.spec(t, s.text(t, part.Type))
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", typ.Name, comment(typ.Doc))
		inner, ok := spec.Type.(*ast.InterfaceType)
		require.True(t, ok)
		for _, m := range inner.Methods.List {
			total++
			signature := strings.TrimPrefix(s.text(t, m.Type), "func")
			fmt.Fprintf(&b, "\n### %s\n\n```go\n%s%s\n```\n\n%s\n", m.Names[0].Name, m.Names[0].Name, signature, comment(m.Doc.Text()))
		}
	}
	require.Greater(t, total, 20)
	b.WriteString("\n## Types\n")
	for _, typ := range s.doc.Types {
		spec, ok := typ.Decl.Specs[0].(*ast.TypeSpec)
		require.True(t, ok)
		if _, isStruct := spec.Type.(*ast.StructType); !isStruct || !ast.IsExported(typ.Name) || typ.Name == "Client" {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", typ.Name, comment(typ.Doc))
		s.fieldsOf(t, &b, spec)
	}
	return b.String()
}

// modelsPage lists the records of the root package.
func modelsPage(t *testing.T) string {
	t.Helper()
	s := readSource(t, ".")
	var b strings.Builder
	b.WriteString("# Data models" + generatedNote)
	b.WriteString("The records that the service keeps and hands out, as Go types of the package `everlatch`. JSON names are those of payloads and of the\n" +
		"[auth service](auth-service.md); the [HTTP API](../http.md) shows them as the contract does.\n")
	shown := 0
	for _, typ := range s.doc.Types {
		spec, ok := typ.Decl.Specs[0].(*ast.TypeSpec)
		require.True(t, ok)
		structure, isStruct := spec.Type.(*ast.StructType)
		if !isStruct || !hasJSON(structure) || !ast.IsExported(typ.Name) {
			continue
		}
		shown++
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", typ.Name, comment(typ.Doc))
		s.fieldsOf(t, &b, spec)
	}
	require.Greater(t, shown, 10)
	return b.String()
}

func hasJSON(structure *ast.StructType) bool {
	return slices.ContainsFunc(structure.Fields.List, func(f *ast.Field) bool { return jsonName(f) != "" })
}

// workflowsReference lists the registered workflows with what they take and return, and
// the hooks that run in them.
func workflowsReference(t *testing.T) string {
	t.Helper()
	s, root := readSource(t, "workflows"), readSource(t, ".")
	points := hookPoints(root)
	var b strings.Builder
	b.WriteString("# Workflows: inputs and results" + generatedNote)
	b.WriteString("[Workflows](../workflows.md) says who starts them and how they end. A workflow may get an activity's type in a field: see its package.\n")
	for _, name := range workflowName.FindAllStringSubmatch(read(t, "worker/testdata/names.golden"), -1) {
		var found *ast.FuncDecl
		for _, f := range s.funcs[name[1]] {
			if f.Recv == nil {
				found = f
			}
		}
		if found == nil {
			continue // a workflow of another package
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", found.Name.Name, comment(found.Doc.Text()))
		for _, p := range found.Type.Params.List[1:] {
			s.typeOf(t, &b, "Input", p.Type)
		}
		if found.Type.Results != nil && found.Type.Results.NumFields() > 1 {
			s.typeOf(t, &b, "Result", found.Type.Results.List[0].Type)
		}
		used := map[string]bool{}
		s.hooksIn(found, used, map[*ast.FuncDecl]bool{})
		if len(used) > 0 {
			var names []string
			for _, constant := range slices.Sorted(maps.Keys(used)) {
				names = append(names, "`"+points[constant]+"`")
			}
			fmt.Fprintf(&b, "\nHooks: %s.\n", strings.Join(names, ", "))
		}
	}
	return b.String()
}

func (s source) typeOf(t *testing.T, b *strings.Builder, what string, expr ast.Expr) {
	t.Helper()
	name := strings.TrimPrefix(s.text(t, expr), "*")
	fmt.Fprintf(b, "\n%s: `%s`\n", what, name)
	if _, spec := s.spec(t, name); spec != nil {
		s.fieldsOf(t, b, spec)
	}
}

// hookPoints are the values of the constants that name the hook points.
func hookPoints(root source) map[string]string {
	out := map[string]string{}
	for _, typ := range root.doc.Types {
		if typ.Name != "HookPoint" {
			continue
		}
		for _, group := range typ.Consts {
			for _, spec := range group.Decl.Specs {
				value, ok := spec.(*ast.ValueSpec)
				if !ok || len(value.Values) == 0 {
					continue
				}
				if literal, ok := value.Values[0].(*ast.BasicLit); ok {
					out[value.Names[0].Name] = strings.Trim(literal.Value, `"`)
				}
			}
		}
	}
	return out
}

// hooksIn collects the hook points that a function names, and those of the functions of
// the package that it names.
func (s source) hooksIn(f *ast.FuncDecl, used map[string]bool, seen map[*ast.FuncDecl]bool) {
	if seen[f] || f.Body == nil {
		return
	}
	seen[f] = true
	types := localTypes(f)
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.BinaryExpr: // a comparison runs no hook
			return x.Op != token.EQL && x.Op != token.NEQ
		case *ast.SelectorExpr:
			owner, ok := x.X.(*ast.Ident)
			if !ok {
				return true
			}
			if owner.Name == "everlatch" && isHookPoint(x.Sel.Name) {
				used[x.Sel.Name] = true
			}
			methods := s.funcs[x.Sel.Name]
			for _, g := range methods {
				// Its type is known, or its name is enough.
				known := g.Recv != nil && types[owner.Name] == typeName(g.Recv.List[0].Type)
				if known || g.Recv != nil && len(methods) == 1 && !ast.IsExported(x.Sel.Name) {
					s.hooksIn(g, used, seen)
				}
			}
			return false
		case *ast.Ident:
			if x.Obj != nil && x.Obj.Kind != ast.Fun { // names suffice here
				return true
			}
			for _, g := range s.funcs[x.Name] {
				if g.Recv == nil {
					s.hooksIn(g, used, seen)
				}
			}
		}
		return true
	})
}

// localTypes are the types of the receiver, the parameters, and the variables that a
// function makes with a literal.
func localTypes(f *ast.FuncDecl) map[string]string {
	out := map[string]string{}
	var lists []*ast.Field
	if f.Recv != nil {
		lists = append(lists, f.Recv.List...)
	}
	for _, field := range append(lists, f.Type.Params.List...) {
		for _, name := range field.Names {
			out[name.Name] = typeName(field.Type)
		}
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		assign, ok := n.(*ast.AssignStmt)
		if !ok || len(assign.Lhs) != len(assign.Rhs) {
			return true
		}
		for i, value := range assign.Rhs {
			if address, ok := value.(*ast.UnaryExpr); ok {
				value = address.X
			}
			name, isName := assign.Lhs[i].(*ast.Ident)
			if literal, ok := value.(*ast.CompositeLit); ok && isName {
				out[name.Name] = typeName(literal.Type)
			}
		}
		return true
	})
	return out
}

func typeName(expr ast.Expr) string {
	if star, ok := expr.(*ast.StarExpr); ok {
		expr = star.X
	}
	if name, ok := expr.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

func isHookPoint(constant string) bool {
	return strings.HasPrefix(constant, "HookBefore") || strings.HasPrefix(constant, "HookAfter")
}

// eventsPage lists the names of events with what their constants say.
func eventsPage(t *testing.T) string {
	t.Helper()
	s := readSource(t, ".")
	var b strings.Builder
	b.WriteString("# Events: names and data" + generatedNote)
	b.WriteString("[Events](../events.md) says when each is recorded and how subscribers get them.\n\n| event | constant | |\n|---|---|---|\n")
	shown := 0
	for _, group := range s.doc.Consts {
		said := ""
		for _, spec := range group.Decl.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok || len(value.Values) == 0 || !strings.HasPrefix(value.Names[0].Name, "Event") {
				continue
			}
			literal, ok := value.Values[0].(*ast.BasicLit)
			if !ok {
				continue
			}
			if own := value.Doc.Text() + value.Comment.Text(); own != "" || !strings.Contains(said, value.Names[0].Name) {
				said = own
			}
			shown++
			fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", strings.Trim(literal.Value, `"`), value.Names[0].Name, strings.ReplaceAll(comment(said), "|", `\|`))
		}
	}
	require.Greater(t, shown, 30)
	return b.String()
}
