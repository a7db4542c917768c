package query_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/store"
)

var listFilters = query.Schema{
	query.Search,
	{Name: "id", Kind: query.Tests},
	{Name: "email", Kind: query.Texts},
	{Name: "has_account", Kind: query.Flag},
	{Name: "groups", Kind: query.Related, Of: query.Schema{{Name: "id", Kind: query.Texts}}.Dated()},
}.Dated().Combined()

func readList(raw string) (query.Page, error) {
	return query.ReadList(raw, customerShape, query.FieldPolicy{}, listFilters, 50)
}

// repeated is a query with one parameter so many times.
func repeated(pair string, times int) string { return strings.Repeat(pair+"&", times) }

func TestFilters(t *testing.T) {
	t.Parallel()

	tests := map[string][]query.Issue{
		"":                                nil,
		"q=ada+lovelace":                  nil,
		"email=a":                         nil,
		"email[]=a&email[]=b":             nil,
		"email=a&email=b":                 nil,
		"has_account=TRUE":                nil,
		"id[$ne]=a&id[$in][]=b&id[$nin]=": nil,
		"created_at[$gte]=2026-01-02&created_at[$lt]=2026-01-02T03:04:05.678Z": nil,
		"$and[0][email]=a&$or[0][id]=b&$or[1][q]=c":                            nil,
		"groups=a":                               nil,
		"groups[]=a&groups[]=b":                  nil,
		"groups[id]=a":                           nil,
		"groups[created_at][$gt]=2026":           {wrongType("date", "groups, created_at, $gt", "2026")},
		"has_account=1":                          {wrongType("boolean", "has_account", "1")},
		"has_account[]=true&has_account[]=":      {wrongType("boolean", "has_account", "true,")},
		"email[$ne]=a":                           {wrongType("string", "email", "[object Object]")},
		"email[][x]=a":                           {wrongType("string", "email", "[object Object]")},
		"id[$like]=a":                            {issue(query.FieldsUnknown, "fields", "$like")},
		"id[$in][x]=a":                           {wrongType("string", "id, $in", "[object Object]")},
		"id[$in][][x]=a":                         {wrongType("string", "id, $in", "[object Object]")},
		"created_at=yesterday":                   {wrongType("date", "created_at", "yesterday")},
		"created_at[]=2026-01-02&created_at[]=":  {wrongType("date", "created_at", "")},
		"created_at=2026-02-30":                  {wrongType("date", "created_at", "2026-02-30")},
		"groups[name]=a":                         {issue(query.FieldsUnknown, "fields", "name")},
		"$and=a":                                 {wrongType("array", "$and", "a")},
		"$and[x][email]=a":                       {wrongType("array", "$and", "[object Object]")},
		"$or[]=a":                                {wrongType("object", "$or, 0", "a")},
		"$or[0][email]=a&$or[1][unknown]=b":      {issue(query.FieldsUnknown, "fields", "unknown")},
		"$or[0][$or][0][email]=a":                {issue(query.FieldsUnknown, "fields", "$or")}, // one level of combinations
		"$or[0][created_at]=x":                   {wrongType("date", "$or, 0, created_at", "x")},
		"nonsense[]=1&other=2":                   {issue(query.FieldsUnknown, "fields", "nonsense, other")},
		repeated("email[]=a", 100):               nil,
		repeated("email[]=a", 101):               {issue(query.ValueTooBig, "field", "email", "most", "100")},
		repeated("id[$in][]=a", 101):             {issue(query.ValueTooBig, "field", "id, $in", "most", "100")},
		repeated("created_at[]=2026-01-02", 101): {issue(query.ValueTooBig, "field", "created_at", "most", "100")},
		repeated("$or[][email]=a", 20):           nil,
		repeated("$or[][email]=a", 21):           {issue(query.ValueTooBig, "field", "$or", "most", "20")},
		"q=" + strings.Repeat("x", 1001):         {issue(query.ValueTooBig, "field", "q", "most", "1000")},
	}
	for raw, want := range tests {
		t.Run(raw[:min(len(raw), 40)], func(t *testing.T) {
			t.Parallel()
			_, err := readList(raw)
			requireIssues(t, err, want...)
		})
	}
}

func TestPage(t *testing.T) {
	t.Parallel()

	const number = "number"
	for raw, tt := range map[string]struct {
		want query.Page
		bad  *query.Issue
	}{
		"":                          {query.Page{Page: store.Page{Limit: 50}}, nil},
		"limit=0":                   {query.Page{Page: store.Page{}}, nil},
		"limit=7&offset=3":          {query.Page{Page: store.Page{Limit: 7, Offset: 3}}, nil},
		"limit=007":                 {query.Page{Page: store.Page{Limit: 7}}, nil},
		"order=-email":              {query.Page{Page: store.Page{Limit: 50, Order: "-email"}}, nil},
		"with_deleted=true":         {query.Page{Page: store.Page{Limit: 50, WithDeleted: true}}, nil},
		"with_deleted=false":        {query.Page{Page: store.Page{Limit: 50}}, nil},
		"limit=":                    {bad: new(wrongType(number, "limit", ""))},
		"limit=ten":                 {bad: new(wrongType(number, "limit", "ten"))},
		"limit=1.5":                 {bad: new(wrongType(number, "limit", "1.5"))},
		"limit=9223372036854775808": {bad: new(wrongType(number, "limit", "9223372036854775808"))},
		"limit=1&limit=2":           {bad: new(wrongType(number, "limit", "1,2"))},
		"offset[a]=1":               {bad: new(wrongType(number, "offset", "[object Object]"))},
		"limit=-1":                  {bad: new(issue(query.ValueTooSmall, "field", "limit", "least", "0"))},
		"offset=-9":                 {bad: new(issue(query.ValueTooSmall, "field", "offset", "least", "0"))},
		"order[]=a&order[]=b":       {bad: new(wrongType("string", "order", "a,b"))},
		"fields[]=a&fields[]=b":     {bad: new(wrongType("string", "fields", "a,b"))},
		"with_deleted=yes":          {bad: new(wrongType("boolean", "with_deleted", "yes"))},
	} {
		t.Run(raw, func(t *testing.T) {
			t.Parallel()
			p, err := readList(raw)
			if tt.bad != nil {
				requireIssues(t, err, *tt.bad)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want.Page, p.Page)
			require.Equal(t, customerShape.Defaults(), p.Selection)
		})
	}
	_, err := query.ReadList("fields=a.b.c", customerShape, query.FieldPolicy{MaxRelations: 1}, listFilters, 50)
	require.ErrorIs(t, err, &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: query.RelationsTooDeep})
	sel, err := query.ReadRecord("fields=email", customerShape, query.FieldPolicy{})
	require.NoError(t, err)
	require.Equal(t, "id email", chosen(customerShape, sel))
	_, err = query.ReadRecord("limit=1", customerShape, query.FieldPolicy{})
	requireIssues(t, err, issue(query.FieldsUnknown, "fields", "limit"))
	_, err = readList(repeated("a=1", 1001))
	require.ErrorContains(t, err, "too many parameters")
}

// TestComparisons: what a filter asks reaches the store.
func TestComparisons(t *testing.T) {
	t.Parallel()

	p, err := readList("id[$ne]=a&id[$in][]=b,c&email[]=d,e&has_account=False&q=x" +
		"&created_at[$gte]=2026-01-02&created_at[$lt]=2026-01-02T03:04:05.6789%2B01:00&updated_at[]=2026-01-02T03:04&groups[id]=g" +
		"&$or[0][email]=f&$or[1][id]=h")
	require.NoError(t, err)
	in := p.Filters
	require.Equal(t, []string{"d", "e"}, in.Texts("email"), "a comma separates the values of one list")
	require.Equal(t, []store.TextTest{{Op: store.Is, Texts: []string{"b,c"}}, {Op: store.IsNot, Texts: []string{"a"}}}, in.Tests("id"))
	require.Equal(t, new(false), in.Flag("has_account"))
	require.Nil(t, in.Flag("missing"))
	at := time.Date(2026, 1, 2, 2, 4, 5, 678_900_000, time.UTC)
	day := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	require.Equal(t, []store.TimeTest{
		{Op: store.AtLeast, Periods: []store.Period{{From: day, Until: day.Add(time.Millisecond)}}},
		{Op: store.Less, Periods: []store.Period{{From: at, Until: at.Add(time.Microsecond)}}},
	}, in.Times("created_at"))
	minute := day.Add(3*time.Hour + 4*time.Minute)
	require.Equal(t, []store.TimeTest{{Op: store.Is, Periods: []store.Period{{From: minute, Until: minute.Add(time.Millisecond)}}}}, in.Times("updated_at"))
	require.Nil(t, in.Times("deleted_at"))
	ids := func(in query.Input) string {
		return strings.Join(in.Texts("id"), " ") + strings.Join(in.Texts("email"), " ")
	}
	require.Equal(t, new("g"), query.One(in, "groups", ids))
	require.Nil(t, query.One(in, "missing", ids))
	require.Equal(t, []string{"f", "h"}, query.All(in, "$or", ids))
	require.Empty(t, query.All(in, "$and", ids))

	p, err = readList("groups[]=g1&groups[]=g2")
	require.NoError(t, err)
	require.Equal(t, new("g1 g2"), query.One(p.Filters, "groups", ids), "without an object, ids are meant")
}

// FuzzReadList: whatever a client asks for, it is a page or a refusal, and a page
// translates without a panic into what the store understands.
func FuzzReadList(f *testing.F) {
	for _, seed := range []string{
		"limit=1&offset=2&order=-id&fields=id", "id[$in][]=a&created_at[$gt]=2026-01-01", "$or[0][email]=a&$and[0][q]=b",
		"groups[id][]=a&groups[created_at]=2026-01-02", "a[b][c]=1&a[]=2&a=3", "%zz=%00&q=%ff", "$or[0]=1&$or[1][id]=2", "&&=&[]=&[a]=b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := readList(raw)
		if err != nil {
			return
		}
		require.GreaterOrEqual(t, p.Limit, 0)
		require.GreaterOrEqual(t, p.Offset, 0)
		read := func(in query.Input) int {
			in.Flag("has_account")
			return len(in.Tests("id")) + len(in.Times("created_at")) + len(in.Texts("email"))
		}
		read(p.Filters)
		query.One(p.Filters, "groups", read)
		query.All(p.Filters, "$or", read)
		for _, test := range p.Filters.Times("created_at") {
			for _, period := range test.Periods {
				require.True(t, period.From.Before(period.Until), raw)
			}
		}
	})
}
