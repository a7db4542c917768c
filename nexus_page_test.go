package everlatch_test

import (
	"fmt"
	"go/ast"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// nexusPage lists the operations of the Nexus service with the types of their inputs and
// results, as JSON has them.
func nexusPage(t *testing.T) string {
	t.Helper()
	s := readSource(t, "nexusauth")
	var b strings.Builder
	b.WriteString("# The Nexus service" + generatedNote)
	b.WriteString("The operations of the Nexus service `everlatch.auth`, as JSON. [The guide](../guides/call-from-another-namespace.md) shows how to call them.\n" +
		"The input of each is a [Sealed](#sealed) that holds an [Envelope](#envelope) with the input that the table names.\n" +
		"\n| operation | input | result | |\n|---|---|---|---|\n")
	shown := 0
	for _, group := range s.doc.Vars {
		for _, spec := range group.Decl.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok || len(value.Values) != 1 {
				continue
			}
			in, out, name, ok := operationOf(t, s, value.Values[0])
			if !ok {
				continue
			}
			require.Equal(t, value.Names[0].Name, name, "an operation has the name of its variable")
			shown++
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, typeLink(in), typeLink(out), comment(value.Doc.Text()))
		}
	}
	require.Equal(t, 10, shown)
	b.WriteString("\n## Types\n")
	for _, typ := range s.doc.Types {
		spec, ok := typ.Decl.Specs[0].(*ast.TypeSpec)
		require.True(t, ok)
		structure, isStruct := spec.Type.(*ast.StructType)
		if !isStruct || typ.Name != "Done" && !hasJSON(structure) {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", typ.Name, comment(typ.Doc))
		s.fieldsOf(t, &b, spec)
	}
	return b.String()
}

// operationOf reads nexus.NewOperationReference[Sealed[I], O]("Name").
func operationOf(t *testing.T, s source, expr ast.Expr) (in, out, name string, ok bool) {
	t.Helper()
	call, isCall := expr.(*ast.CallExpr)
	if !isCall || len(call.Args) != 1 {
		return "", "", "", false
	}
	generic, isGeneric := call.Fun.(*ast.IndexListExpr)
	if !isGeneric || len(generic.Indices) != 2 || s.text(t, generic.X) != "nexus.NewOperationReference" {
		return "", "", "", false
	}
	sealed, isSealed := generic.Indices[0].(*ast.IndexExpr)
	require.True(t, isSealed, "the input of an operation is sealed")
	return s.text(t, sealed.Index), s.text(t, generic.Indices[1]), strings.Trim(s.text(t, call.Args[0]), `"`), true
}

func typeLink(name string) string {
	short := strings.TrimPrefix(name, "everlatch.")
	if short != name {
		return "[" + short + "](data-models.md#" + strings.ToLower(short) + ")"
	}
	return "[" + name + "](#" + strings.ToLower(name) + ")"
}
