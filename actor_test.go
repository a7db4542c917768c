package everlatch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
)

func TestActorTypeHasDefaults(t *testing.T) {
	t.Parallel()

	got, err := everlatch.ActorType{Name: "manager", Fields: []everlatch.Field{
		{Name: "badge", Kind: everlatch.FieldString, Unique: true}, {Name: "name", Kind: everlatch.FieldString},
	}}.Complete()

	require.NoError(t, err)
	require.Equal(t, "managers", got.Plural)
	require.Equal(t, "mana_", got.IDPrefix)
	require.Equal(t, everlatch.OriginsAuth, got.Origins)
	require.Equal(t, 400, got.Fields[0].MaxLength)
	require.Equal(t, 10_000, got.Fields[1].MaxLength)
	require.Equal(t, "Manager", got.Model())
	require.Equal(t, "manager.created", got.Event("created"))
	again, err := got.Complete()
	require.NoError(t, err)
	require.Equal(t, got, again)
	short, err := everlatch.ActorType{Name: "vip", Fields: got.Fields[1:]}.Complete()
	require.NoError(t, err)
	require.Equal(t, "vip_", short.IDPrefix)
}

func TestActorTypeIsRefused(t *testing.T) {
	t.Parallel()

	name := everlatch.Field{Name: "name", Kind: everlatch.FieldString}
	with := func(change func(f *everlatch.Field)) everlatch.ActorType {
		f := name
		change(&f)
		return everlatch.ActorType{Name: "manager", Fields: []everlatch.Field{f}}
	}
	tests := map[string]struct {
		actor everlatch.ActorType
		want  string
	}{
		"no name":                                {everlatch.ActorType{}, `actor type ""`},
		"a name for a path":                      {everlatch.ActorType{Name: "mana/ger"}, "lower-case letters"},
		"a built-in name":                        {everlatch.ActorType{Name: "customer", Fields: []everlatch.Field{name}}, "taken"},
		"the path of pages":                      {everlatch.ActorType{Name: "console", Fields: []everlatch.Field{name}}, "pages of Everlatch are at /console"},
		"the path of the inbox":                  {everlatch.ActorType{Name: "_dev", Fields: []everlatch.Field{name}}, "lower-case letters"},
		"a name of events":                       {everlatch.ActorType{Name: "auth", Fields: []everlatch.Field{name}}, "taken"},
		"no fields":                              {everlatch.ActorType{Name: "manager"}, "0 fields"},
		"too many fields":                        {everlatch.ActorType{Name: "manager", Fields: make([]everlatch.Field, 29)}, "29 fields"},
		"a plural like the name":                 {everlatch.ActorType{Name: "staff", Plural: "staff", Fields: []everlatch.Field{name}}, "plural"},
		"a prefix without _":                     {everlatch.ActorType{Name: "manager", IDPrefix: "man", Fields: []everlatch.Field{name}}, "prefix"},
		"unknown origins":                        {everlatch.ActorType{Name: "manager", Origins: "shop", Fields: []everlatch.Field{name}}, "origins"},
		"a field twice":                          {everlatch.ActorType{Name: "manager", Fields: []everlatch.Field{name, name}}, "twice"},
		"a field of every record":                {with(func(f *everlatch.Field) { f.Name = "created_at" }), "taken"},
		"a field for a query":                    {with(func(f *everlatch.Field) { f.Name = "$or" }), "begins with a letter"},
		"no kind":                                {with(func(f *everlatch.Field) { f.Kind = "" }), "kind"},
		"a broken pattern":                       {with(func(f *everlatch.Field) { f.Pattern = "(" }), "pattern"},
		"a pattern of numbers":                   {with(func(f *everlatch.Field) { f.Kind, f.Pattern = everlatch.FieldNumber, "1" }), "pattern"},
		"a choice of numbers":                    {with(func(f *everlatch.Field) { f.Kind, f.Enum = everlatch.FieldNumber, []string{"1"} }), "texts"},
		"a greatest text":                        {with(func(f *everlatch.Field) { f.Max = new(1.0) }), "numbers"},
		"a unique object":                        {with(func(f *everlatch.Field) { f.Kind, f.Unique = everlatch.FieldObject, true }), "unique"},
		"a searchable number":                    {with(func(f *everlatch.Field) { f.Kind, f.Searchable = everlatch.FieldNumber, true }), "searched"},
		"required, but not settable by its user": {with(func(f *everlatch.Field) { f.Required, f.AdminOnly = true, true }), "required"},
		"immutable and for administrators only":  {with(func(f *everlatch.Field) { f.Immutable, f.AdminOnly = true, true }), "fixed"},
		"a long number":                          {with(func(f *everlatch.Field) { f.Kind, f.MaxLength = everlatch.FieldNumber, 3 }), "length"},
		"longer than an index":                   {with(func(f *everlatch.Field) { f.Unique, f.MaxLength = true, 401 }), "400"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := tt.actor.Complete()

			require.ErrorContains(t, err, tt.want)
		})
	}
}
