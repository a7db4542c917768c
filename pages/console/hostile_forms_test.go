package console_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/everlatch/everlatch/pages/console"
	"github.com/everlatch/everlatch/pages/pagestest"
)

// TestHostileInputInEveryField finds every form of the console and attacks it, once with an
// API that does everything and once with one that refuses every change.
func TestHostileInputInEveryField(t *testing.T) {
	t.Parallel()

	patterns := slices.Sorted(maps.Keys(console.Area(console.Options{Now: now}).Routes))
	for path := range everyPage {
		patterns = append(patterns, "GET "+path)
	}
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
			attack.All(w.Browser, patterns, map[string][]string{
				"{type}": {"customer"}, "{actor_type}": {"customer"}, "{actor_id}": {"cus_1"}, "{id}": {"cus_1"}, "{identity}": {"authid_1"}, "{factor}": {"fac_1"},
			})
		})
	}
}
