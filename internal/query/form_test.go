package query_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/wire"
)

var formFields = []everlatch.Field{
	{Name: "name", Kind: everlatch.FieldString, Required: true, MaxLength: 4},
	{Name: "code", Kind: everlatch.FieldString, Pattern: "^[a-z]+$"},
	{Name: "level", Kind: everlatch.FieldString, Enum: []string{"low", "high"}, Nullable: true},
	{Name: "email", Kind: everlatch.FieldEmail},
	{Name: "age", Kind: everlatch.FieldInteger, Min: new(18.0), Max: new(99.5)},
	{Name: "rate", Kind: everlatch.FieldNumber},
	{Name: "active", Kind: everlatch.FieldBoolean},
	{Name: "born", Kind: everlatch.FieldDate},
	{Name: "seen", Kind: everlatch.FieldTime},
	{Name: "extra", Kind: everlatch.FieldObject},
	{Name: "tags", Kind: everlatch.FieldList, MaxLength: 2},
}

func TestForm(t *testing.T) {
	t.Parallel()

	form, err := query.NewForm(formFields)
	require.NoError(t, err)
	tests := map[string]struct {
		name  string
		value any
		want  *query.Issue
	}{
		"characters, not bytes": {"name", "äöü€", nil},
		"too long":              {"name", "abcde", new(issue(query.ValueTooBig, "field", "name", "most", "4"))},
		"not null":              {"name", nil, new(wrongType("string", "name", "null"))},
		"another form":          {"code", "a1", new(issue(query.PatternMissed, "field", "code"))},
		"one of two":            {"level", "high", nil},
		"nullable":              {"level", nil, nil},
		"none of two":           {"level", "", new(issue(query.ChoiceUnknown, "want", "low, high", "field", "level", "got", ""))},
		"no address":            {"email", "ada", new(issue(query.AddressInvalid))},
		"whole":                 {"age", 18.0, nil},
		"not whole":             {"age", 18.5, new(wrongType("int", "age", "18.5"))},
		"too small":             {"age", 17.0, new(issue(query.ValueTooSmall, "field", "age", "least", "18"))},
		"too big":               {"age", 100.0, new(issue(query.ValueTooBig, "field", "age", "most", "99.5"))},
		"beyond every integer":  {"age", 1e300, new(wrongType("int", "age", "1e+300"))},
		"a number":              {"rate", -1e300, nil},
		"a text for a number":   {"rate", "1", new(wrongType("number", "rate", "1"))},
		"a text for a boolean":  {"active", "true", new(wrongType("boolean", "active", "true"))},
		"a date":                {"born", "2024-02-29", nil},
		"no such date":          {"born", "2023-02-29", new(wrongType("date", "born", "2023-02-29"))},
		"a time for a date":     {"born", "2024-02-29T00:00:00Z", new(wrongType("date", "born", "2024-02-29T00:00:00Z"))},
		"a time without zone":   {"seen", "2024-02-29T00:00:00", new(wrongType("date", "seen", "2024-02-29T00:00:00"))},
		"an object":             {"extra", object{"deep": object{}}, nil},
		"a list for an object":  {"extra", []any{}, new(wrongType("record", "extra", ""))},
		"a list":                {"tags", []any{"a", "b"}, nil},
		"a longer list":         {"tags", []any{"a", "b", "c"}, new(issue(query.ValueTooBig, "field", "tags", "most", "2"))},
		"a list of numbers":     {"tags", []any{1.0}, new(wrongType("string", "tags, 0", "1"))},
		"unknown":               {"other", 1.0, new(issue(query.FieldsUnknown, "fields", "other"))},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := object{"name": "Ada", tt.name: tt.value}
			out, err := form.CheckBody(wire.Body{Object: values})
			if tt.want != nil {
				requireIssues(t, err, *tt.want)
				return
			}
			require.NoError(t, err)
			require.Equal(t, values, out)
		})
	}
	_, err = form.CheckBody(wire.Body{Other: true})
	requireIssues(t, err, issue(query.FieldRequired, "field", ""))
	_, err = form.Parse(nil)
	requireIssues(t, err, issue(query.FieldRequired, "field", "name"))
	out, err := form.Parse(object{"name": "Ada", "seen": "2026-01-02T03:04:05.6789+02:00"})
	require.NoError(t, err)
	require.Equal(t, "2026-01-02T01:04:05.678Z", out["seen"], "times are kept in UTC, as answers show them")

	_, err = query.NewForm([]everlatch.Field{{Name: "id", Kind: "word"}, {Name: "a", Kind: everlatch.FieldString, Pattern: "("}})
	require.ErrorContains(t, err, `field "id"`)
	require.ErrorContains(t, err, `field "a"`, "all at once")
}

func TestActors(t *testing.T) {
	t.Parallel()

	def := everlatch.ActorType{Name: "manager", Fields: formFields}
	read := func(raw string) (everlatch.ActorQuery, error) {
		p, err := query.ReadList(raw, customerShape, query.FieldPolicy{}, query.ActorFilters(def), 50)
		if err != nil {
			return everlatch.ActorQuery{}, err
		}
		return query.Actors(def, p)
	}
	q, err := read("q=ada&id=a&name[]=Ada&name[]=Bob&age=18&rate=1e3&active=TRUE&born=2024-02-29&seen=2026-01-02T03:04:05%2B02:00" +
		"&limit=5&offset=2&order=-name&with_deleted=true")
	require.NoError(t, err)
	require.Equal(t, everlatch.ActorQuery{
		Q: "ada", IDs: []string{"a"}, Limit: 5, Offset: 2, Order: "-name", WithDeleted: true,
		Equal: map[string][]any{
			"name": {"Ada", "Bob"}, "age": {18.0}, "rate": {1000.0}, "active": {true}, "born": {"2024-02-29"},
			"seen": {"2026-01-02T01:04:05.000Z"},
		},
	}, q)

	for raw, want := range map[string]query.Issue{
		"age=old":                 wrongType("integer", "age", "old"),
		"rate=NaN":                wrongType("number", "rate", "NaN"),
		"rate[]=1&rate[]=Inf":     wrongType("number", "rate", "Inf"),
		"active=1":                wrongType("boolean", "active", "1"),
		"seen=now":                wrongType("time", "seen", "now"),
		"name[$ne]=a":             wrongType("string", "name", "[object Object]"),
		"extra=1":                 issue(query.FieldsUnknown, "fields", "extra"), // no single value
		"tags=1":                  issue(query.FieldsUnknown, "fields", "tags"),
		repeated("name[]=a", 101): issue(query.ValueTooBig, "field", "name", "most", "100"),
		// A custom store need not support ranges with holes.
		"created_at[$ne]=2026-01-01":                                issue(query.RangeBroken, "field", "created_at"),
		"updated_at[]=2026-01-01&updated_at[]=2026-01-02":           issue(query.RangeBroken, "field", "updated_at"),
		"updated_at[$in][]=2026-01-01&updated_at[$in][]=2026-01-02": issue(query.RangeBroken, "field", "updated_at"),
	} {
		t.Run(raw[:min(len(raw), 40)], func(t *testing.T) {
			t.Parallel()
			_, err := read(raw)
			requireIssues(t, err, want)
		})
	}
}

// TestTimeRange: the comparisons of a time become one range, From inclusive and
// Until exclusive.
func TestTimeRange(t *testing.T) {
	t.Parallel()

	def := everlatch.ActorType{Name: "manager", Fields: formFields}
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	const ms = time.Millisecond
	for raw, want := range map[string]everlatch.TimeRange{
		"":                                    {},
		"=2026-01-02":                         {From: day(2), Until: day(2).Add(ms)},
		"[$eq]=2026-01-02":                    {From: day(2), Until: day(2).Add(ms)},
		"[$gte]=2026-01-02":                   {From: day(2)},
		"[$gt]=2026-01-02":                    {From: day(2).Add(ms)},
		"[$lt]=2026-01-02":                    {Until: day(2)},
		"[$lte]=2026-01-02":                   {Until: day(2).Add(ms)},
		"[$gte]=2026-01-02&@[$lt]=2026-01-05": {From: day(2), Until: day(5)},
		"[$gte]=2026-01-02&@[$gt]=2026-01-04": {From: day(4).Add(ms)},
		"[$lt]=2026-01-02&@[$lte]=2026-01-04": {Until: day(2)},
		"[$gt]=2026-01-05&@[$lt]=2026-01-02":  {From: day(5).Add(ms), Until: day(2)}, // nothing
	} {
		if raw != "" {
			raw = "created_at" + strings.ReplaceAll(raw, "@", "created_at")
		}
		p, err := query.ReadList(raw, customerShape, query.FieldPolicy{}, query.ActorFilters(def), 50)
		require.NoError(t, err, raw)
		q, err := query.Actors(def, p)
		require.NoError(t, err, raw)
		require.Equal(t, want, q.CreatedAt, raw)
	}
}
