package console_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages/console"
	"github.com/everlatch/everlatch/pages/pagestest"
)

// TestHostileInputInEveryField finds every form of the console and attacks it, once with an
// API that does everything and once with one that refuses every change.
func TestHostileInputInEveryField(t *testing.T) {
	t.Parallel()

	for name, status := range map[string]int{"done": http.StatusOK, "refused": http.StatusBadRequest} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			w.fill()
			w.api.Otherwise(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					http.NotFound(w, r)
					return
				}
				w.WriteHeader(status)
				_, _ = w.Write([]byte(`{"type":"invalid_data","message":"No."}`))
			})
			attack := pagestest.Attack{
				Languages: []string{"ar", "de", "en", "es", "fr", "ja", "pl"}, Parameters: pagestest.Parameters(t, "."), Blind: true,
				Faulted: func(where, what string) { t.Errorf("%s: %s", where, what) },
			}
			attack.All(w.Browser, routes(), examples)
		})
	}
}

// routes are all of the console, and pages that show something.
func routes() []string {
	out := slices.Sorted(maps.Keys(console.Area(console.Options{Now: now}).Routes))
	for path := range everyPage {
		out = append(out, "GET "+path)
	}
	return out
}

var examples = map[string][]string{
	"{type}": {"customer"}, "{actor_type}": {"customer"}, "{actor_id}": {"cus_1"}, "{id}": {"cus_1"}, "{identity}": {"authid_1"}, "{factor}": {"fac_1"},
}

func TestEveryRouteIsProtected(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	visitor := newWorld(t)
	visitor.api.On("GET /auth/sessions/current", http.StatusUnauthorized, `{"message":"Unauthorized"}`)
	for _, b := range []*world{w, visitor} {
		b.Every(routes(), examples, func(route string, p *pagestest.Page) { require.Empty(t, p.Unprotected(false), route) })
	}
}

// TestEveryPageIsSmall counts a page with its style sheets and scripts.
func TestEveryPageIsSmall(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	for path := range everyPage {
		require.LessOrEqual(t, w.Open(path).Weight(), 30_000, path)
	}
}
