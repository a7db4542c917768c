package api_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
)

// TestListsAreBounded: what a database cannot answer is refused before it is asked.
func TestListsAreBounded(t *testing.T) {
	t.Parallel()

	w := withRBAC(t, options(func(o *api.Options) {
		o.ActorTypes = []everlatch.ActorType{{Name: "manager", Fields: []everlatch.Field{{Name: "age", Kind: everlatch.FieldNumber}}}}
	}))
	token, _ := w.adminWith("root@example.com", superAdmin)
	wide := strconv.Itoa(math.MaxInt)
	tests := map[string]struct {
		query   string
		status  int
		message string
	}{
		"as many values as possible": {"users?id[]=" + strings.Repeat("a,", 99) + "a", 200, ""},
		"one value more":             {"users?id[]=" + strings.Repeat("a,", 100) + "a", 400, "Value for field 'id' too big, expected at most: '100'"},
		"more than SQLite can bind":  {"users?id[]=" + strings.Repeat("a,", 40_000) + "a", 400, "Value for field 'id' too big, expected at most: '100'"},
		"values of a relation": {
			"customers?groups[id][]=" + strings.Repeat("a&groups[id][]=", 100) + "a", 400,
			"Value for field 'groups, id' too big, expected at most: '100'",
		},
		"a long search":           {"users?q=" + strings.Repeat("ä", 1000), 200, ""},
		"a search that is longer": {"users?q=" + strings.Repeat("ä", 1001), 400, "Value for field 'q' too big, expected at most: '1000'"},
		"a search with a list":    {"users?q[]=a&q[]=b", 400, "Expected type: 'string' for field 'q', got: 'a,b'"},
		"the greatest page":       {"users?limit=" + wide + "&offset=" + wide, 200, ""},
		"all assignable roles":    {"rbac/roles/assignable?offset=1&limit=" + wide, 200, ""},
		"all assignable policies": {"rbac/policies/assignable?offset=1&limit=" + wide, 200, ""},
		"no number":               {"managers?age=NaN", 400, "Expected type: 'number' for field 'age', got: 'NaN'"},
		"an infinite number":      {"managers?age=-Inf", 400, "Expected type: 'number' for field 'age', got: '-Inf'"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := w.send(w.raw, "GET", "/admin/"+tt.query, nil, bearer(token))
			require.Equal(t, tt.status, r.StatusCode, r.body)
			if tt.status != 200 {
				require.Equal(t, "Invalid request: "+tt.message, r.text(t, "message"))
			}
		})
	}
}
