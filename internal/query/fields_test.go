package query_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
)

// customerShape is a record with two relations, one of them shown on request.
var customerShape = query.Columns([]string{"id", "email", "phone", "addresses", "groups"}, func(i int) []string {
	return [][]string{3: {"id", "city", "phone"}, 4: {"id", "name"}}[i]
}).Without("groups", "phone")

// chosen lists what a selection shows: columns, and those of relations.
func chosen(s query.Shape, sel query.Selection) string {
	var out []string
	for i, name := range []string{"id", "email", "phone", "addresses", "groups"} {
		switch {
		case !s.Shows(sel, name):
		case i < 3:
			out = append(out, name)
		default:
			for j, column := range [][]string{{"id", "city", "phone"}, {"id", "name"}}[i-3] {
				if sel.Related[i-3]&(1<<j) != 0 {
					out = append(out, name+"."+column)
				}
			}
		}
	}
	return strings.Join(out, " ")
}

func TestChoose(t *testing.T) {
	t.Parallel()

	const all = "addresses.id addresses.city addresses.phone"
	tests := map[string]string{
		"":         "id email " + all,
		",":        "id email " + all,
		" , ,":     "id email " + all,
		"email":    "id email",
		"id":       "id",
		"unknown":  "id",
		"id,email": "id email",

		// A modifier keeps the defaults, which a bare name beside it replaces.
		"+phone":          "id email phone " + all,
		" phone":          "id email phone " + all, // a plus sign in a query is a blank
		"-email":          "id " + all,
		"-id":             "id email " + all, // the id always stays
		"+phone,-email":   "id phone " + all,
		"email,+phone":    "id email phone",
		"email,-email":    "id",
		"+phone,-phone":   "id email " + all, // the last one counts
		"-phone,+phone":   "id email phone " + all,
		"+unknown,-other": "id email " + all,

		"*groups":                 "id email " + all + " groups.id groups.name",
		"groups.*":                "id email " + all + " groups.id groups.name",
		"+groups.*":               "id email " + all + " groups.id groups.name",
		"+groups":                 "id email " + all + " groups.id groups.name",
		"+groups.name":            "id email " + all + " groups.name",
		"groups.name":             "id groups.name",
		"email,*groups":           "id email groups.id groups.name",
		"addresses.city,+phone":   "id phone addresses.city",
		"-addresses":              "id email",
		"-addresses.*":            "id email",
		"-addresses.city":         "id email addresses.id addresses.phone",
		"-addresses.unknown":      "id email " + all,
		"+phone,-addresses.phone": "id email phone addresses.id addresses.city",
		"-addresses.id,-addresses.city,-addresses.phone": "id email",

		// What a record does not have is left out.
		"groups.unknown":                         "id",
		"groups.name.deep":                       "id",
		"email.deep":                             "id",
		"*":                                      "id email " + all,
		"+":                                      "id email " + all,
		"-":                                      "id email " + all,
		".":                                      "id",
		"..":                                     "id",
		"*.":                                     "id email " + all,
		".*":                                     "id email " + all,
		"**groups":                               "id email " + all,
		"groups.*.*":                             "id email " + all,
		"EMAIL":                                  "id",
		strings.Repeat("email.", 5000) + "email": "id",
	}
	for fields, want := range tests {
		sel, err := customerShape.Choose(fields, query.FieldPolicy{})
		require.NoError(t, err, fields)
		require.Equal(t, want, chosen(customerShape, sel), "fields=%.40s", fields)
	}
	require.Equal(t, "id email "+all, chosen(customerShape, customerShape.Defaults()))
	require.False(t, customerShape.Shows(customerShape.Defaults(), "unknown"))
}

func TestChooseWithPolicy(t *testing.T) {
	t.Parallel()

	restricted := query.FieldPolicy{Restricted: []string{"groups", "phone"}}
	for fields, want := range map[string]string{
		"*groups":             "id email addresses.id addresses.city addresses.phone",
		"groups.name":         "id",
		"+groups.name,+phone": "id email addresses.id addresses.city addresses.phone",
		"addresses.phone":     "id", // restricted at every depth
		"phone,email":         "id email",
	} {
		sel, err := customerShape.Choose(fields, restricted)
		require.NoError(t, err, fields)
		require.Equal(t, want, chosen(customerShape, sel), fields)
	}

	limited := query.FieldPolicy{MaxRelations: 2}
	for fields, deep := range map[string]string{
		"a.b.c": "", "*a.b": "", "a.b.*": "", "+a.b.c,-a.b": "",
		"a.b.c.d": "a.b.c.d", "*a.b.c": "*a.b.c", "a.b.c.*": "a.b.c.*",
		"id, +a.b.c.d ,e.f.g.h,i": "+a.b.c.d, e.f.g.h", "-a.b.c.d": "-a.b.c.d",
	} {
		_, err := customerShape.Choose(fields, limited)
		if deep == "" {
			require.NoError(t, err, fields)
			continue
		}
		require.Equal(t, &everlatch.Error{
			Code: everlatch.CodeInvalidData, Reason: query.RelationsTooDeep, Details: map[string]string{"most": "2", "fields": deep},
		}, err, fields)
	}
}

// FuzzChoose: whatever a client asks for, the id is shown, and nothing is that the
// record does not have.
func FuzzChoose(f *testing.F) {
	for _, seed := range []string{"", "id,*addresses", "+phone,-email", "-addresses.city", "*,+,-,.", "a.b.c.d", "\x00,\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, fields string) {
		sel, err := customerShape.Choose(fields, query.FieldPolicy{MaxRelations: 3})
		if err != nil {
			require.ErrorIs(t, err, everlatch.ErrInvalidData)
			return
		}
		require.True(t, customerShape.Shows(sel, "id"), fields)
		require.Zero(t, sel.Columns>>5, fields)
		require.Zero(t, sel.Related[0]>>3|sel.Related[1]>>2, fields)
		for i, name := range []string{"addresses", "groups"} {
			require.Equal(t, sel.Related[i] != 0, customerShape.Shows(sel, name), "a relation without columns: %q", fields)
		}
	})
}
