package api_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/store"
)

// docs/weak-spots.md#w57: guesses on both routes count together, exactly, however many
// arrive at once.
func TestGuessesAtOnce(t *testing.T) {
	t.Parallel()
	const guesses, allowed = 50, 20
	for name, send := range map[string]func(w *world, token, id string) reply{
		"verify": func(w *world, token, id string) reply {
			return w.do("POST", "/auth/mfa/factors/"+id+"/verify", object{"code": wrongTOTP}, bearer(token))
		},
		"remove": func(w *world, token, id string) reply {
			return w.do("DELETE", "/auth/mfa/factors/"+id, object{"method": "totp", "code": wrongTOTP}, bearer(token))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := limited(t, limits.Options{}, func(o *api.Options) { o.MFA.RemovalNeedsAnswer = true })
			token, id := w.withFactor("a@example.com")
			var wrong, late atomic.Int32
			var done sync.WaitGroup
			for range guesses {
				done.Go(func() {
					switch r := send(w, token, id); r.StatusCode {
					case http.StatusBadRequest:
						wrong.Add(1)
					case http.StatusTooManyRequests:
						late.Add(1)
					default:
						t.Errorf("%d: %s", r.StatusCode, r.body)
					}
				})
			}
			done.Wait()
			require.EqualValues(t, allowed, wrong.Load())
			require.EqualValues(t, guesses-allowed, late.Load())
			requireLimited(t, w.do("DELETE", "/auth/mfa/factors/"+id, object{"method": "totp", "code": rightTOTP}, bearer(token)), "900")
			requireLimited(t, w.do("POST", "/auth/mfa/factors/"+id+"/verify", object{"code": rightTOTP}, bearer(token)), "900")
			events, _, err := w.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventSignInLocked}, store.Page{})
			require.NoError(t, err)
			require.Len(t, events, 1)
		})
	}
}
