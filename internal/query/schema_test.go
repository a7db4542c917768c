package query_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/wire"
)

type object = map[string]any

// issue makes an expected issue of its reason and details: "field", "x", …
func issue(reason everlatch.Reason, details ...string) query.Issue {
	out := query.Issue{Reason: reason}
	for i := 0; i < len(details); i += 2 {
		if out.Details == nil {
			out.Details = map[string]string{}
		}
		out.Details[details[i]] = details[i+1]
	}
	return out
}

func wrongType(want, field, got string) query.Issue {
	return issue(query.TypeWrong, "want", want, "field", field, "got", got)
}

// requireIssues compares an error with the issues that it should have; none means
// no error.
func requireIssues(t *testing.T, err error, want ...query.Issue) {
	t.Helper()
	if len(want) == 0 {
		require.NoError(t, err)
		return
	}
	require.ErrorIs(t, err, everlatch.ErrInvalidData)
	var invalid *query.InvalidError
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, want, invalid.Issues)
}

func TestCheckBody(t *testing.T) {
	t.Parallel()

	schema := query.Schema{
		{Name: "text", Kind: query.Text, Required: true},
		{Name: "note", Kind: query.Text, Nullable: true},
		{Name: "email", Kind: query.Email},
		{Name: "flag", Kind: query.Boolean},
		{Name: "seconds", Kind: query.Number},
		{Name: "metadata", Kind: query.Record},
		{Name: "kind", Kind: query.Choice, Choices: []string{"a", "b"}},
		{Name: "ids", Kind: query.List},
	}
	with := func(name string, value any) object { return object{"text": "x", name: value} }
	tests := map[string]struct {
		body object
		want []query.Issue
	}{
		"the least":      {object{"text": ""}, nil},
		"everything":     {object{"text": "x", "note": nil, "email": "a@b.example", "flag": false, "seconds": 0.5, "metadata": object{}, "kind": "b", "ids": []any{"1"}}, nil},
		"nothing":        {nil, []query.Issue{issue(query.FieldRequired, "field", "text")}},
		"required, null": {object{"text": nil}, []query.Issue{wrongType("string", "text", "null")}},

		"a number for a text":   {object{"text": 1.0}, []query.Issue{wrongType("string", "text", "1")}},
		"an object for a text":  {object{"text": object{"a": 1.0}}, []query.Issue{wrongType("string", "text", "[object Object]")}},
		"a list for a text":     {object{"text": []any{"a", nil, 1.5, []any{true}}}, []query.Issue{wrongType("string", "text", "a,,1.5,true")}},
		"not nullable":          {with("flag", nil), []query.Issue{wrongType("boolean", "flag", "null")}},
		"a text for a boolean":  {with("flag", "true"), []query.Issue{wrongType("boolean", "flag", "true")}},
		"no address":            {with("email", "a b@c"), []query.Issue{issue(query.AddressInvalid)}},
		"a number for an email": {with("email", 1e21), []query.Issue{wrongType("string", "email", "1e+21")}},
		"a tiny number":         {with("email", -2.5e-7), []query.Issue{wrongType("string", "email", "-2.5e-7")}},
		"a great number":        {with("email", 123456789012345680000.0), []query.Issue{wrongType("string", "email", "123456789012345680000")}},
		"a negative number":     {with("seconds", -0.5), []query.Issue{issue(query.ValueTooSmall, "field", "seconds", "least", "0")}},
		"a text for a number":   {with("seconds", "5"), []query.Issue{wrongType("number", "seconds", "5")}},
		"a list for a record":   {with("metadata", []any{}), []query.Issue{wrongType("record", "metadata", "")}},
		"no such choice":        {with("kind", "c"), []query.Issue{issue(query.ChoiceUnknown, "want", "a, b", "field", "kind", "got", "c")}},
		"a choice of no text":   {with("kind", true), []query.Issue{wrongType("'a' | 'b'", "kind", "true")}},
		"a text for a list":     {with("ids", "1"), []query.Issue{wrongType("array", "ids", "1")}},
		"an item of no text":    {with("ids", []any{"1", 2.0}), []query.Issue{wrongType("string", "ids, 1", "2")}},
		"unknown fields":        {object{"text": "x", "z": 1, "a": 1}, []query.Issue{issue(query.FieldsUnknown, "fields", "a, z")}},

		"in the order of the schema, three at most": {
			object{"ids": 1.0, "kind": "c", "flag": "no", "z": 1},
			[]query.Issue{
				issue(query.FieldRequired, "field", "text"), wrongType("boolean", "flag", "no"),
				issue(query.ChoiceUnknown, "want", "a, b", "field", "kind", "got", "c"),
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, err := schema.CheckBody(wire.Body{Object: tt.body})
			requireIssues(t, err, tt.want...)
			if tt.want == nil {
				require.Equal(t, query.Input(tt.body), in)
			}
		})
	}
	_, err := schema.CheckBody(wire.Body{Other: true})
	requireIssues(t, err, issue(query.FieldRequired, "field", ""))
	_, err = schema.CheckUnder("actor", object{"text": 1.0, "z": 1})
	requireIssues(t, err, wrongType("string", "actor, text", "1"), issue(query.FieldsUnknown, "fields", "z"))
	require.EqualError(t, err, "invalid request: type_wrong (actor, text), fields_unknown")
	requireIssues(t, query.NotAnObject("actor", "x"), wrongType("object", "actor", "x"))
	requireIssues(t, query.Missing("token"), issue(query.FieldRequired, "field", "token"))
}

// TestErrorHidesValues: an error is logged, and what a request says may be a secret.
func TestErrorHidesValues(t *testing.T) {
	t.Parallel()

	_, err := query.Schema{{Name: "flag", Kind: query.Boolean}}.CheckUnder("", object{"flag": "hunter2"})
	require.EqualError(t, err, "invalid request: type_wrong (flag)")
}

// TestWithKeepsTheSchema: schemas are package variables, which share their fields.
func TestWithKeepsTheSchema(t *testing.T) {
	t.Parallel()

	base := append(make(query.Schema, 0, 8), query.Field{Name: "a", Kind: query.Text})
	one := base.With(query.Field{Name: "b", Kind: query.Text})
	two := base.With(query.Field{Name: "c", Kind: query.Text})
	require.Len(t, base, 1)
	require.Equal(t, "b", one[1].Name)
	require.Equal(t, "c", two[1].Name)
}

func TestInput(t *testing.T) {
	t.Parallel()

	in := query.Input{"text": "x", "null": nil, "yes": true, "n": 2.5, "list": []any{"a", 1.0}, "record": object{"k": "v"}}
	require.Equal(t, new("x"), in.Text("text"))
	require.Nil(t, in.Text("null"))
	require.Nil(t, in.Text("missing"))
	require.Empty(t, in.Plain("yes"))
	require.Equal(t, []string{"x"}, in.Texts("text"))
	require.Equal(t, []string{"a", "1"}, in.Texts("list"))
	require.Nil(t, in.Texts("missing"))
	require.True(t, in.Bool("yes"))
	require.False(t, in.Bool("text"))
	require.InDelta(t, 2.5, in.Number("n"), 0)
	require.Equal(t, everlatch.Metadata{"k": "v"}, in.Record("record"))
	require.Nil(t, in.Record("null"))

	// null clears, a missing field leaves unchanged.
	require.True(t, in.Change("null").Set)
	require.Nil(t, in.Change("null").Value)
	require.False(t, in.Change("missing").Set)
	require.Equal(t, "x", in.TextChange("text").Value)
	require.True(t, in.BoolChange("yes").Value)
	require.False(t, in.MetadataChange().Set)
}

func TestIDs(t *testing.T) {
	t.Parallel()

	many := make([]any, 101)
	for i := range many {
		many[i] = "x"
	}
	for name, tt := range map[string]struct {
		list    any
		atLeast int
		want    []query.Issue
	}{
		"enough":             {[]any{"a"}, 1, nil},
		"none needed":        {nil, 0, nil},
		"too few":            {[]any{}, 1, []query.Issue{issue(query.ValueTooSmall, "field", "ids", "least", "1")}},
		"an empty one":       {[]any{"a", ""}, 1, []query.Issue{issue(query.ValueTooSmall, "field", "ids, 1", "least", "1")}},
		"as many as allowed": {many[:100], 1, nil},
		"too many":           {many, 1, []query.Issue{issue(query.ValueTooBig, "field", "ids", "most", "100")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := query.Input{"ids": tt.list}.IDs("ids", tt.atLeast)
			requireIssues(t, err, tt.want...)
		})
	}
}
