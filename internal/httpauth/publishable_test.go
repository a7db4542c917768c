package httpauth_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/httpauth"
)

func TestPublishableKeys(t *testing.T) {
	t.Parallel()

	w := setup(t)
	keys := httpauth.NewPublishableKeys(w.store, w.Now)
	requireKeys := func(token string, good, exist bool) {
		t.Helper()
		got, err := keys.Good(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, good, got, "good")
		got, err = keys.Exist(t.Context())
		require.NoError(t, err)
		require.Equal(t, exist, got, "exist")
	}
	requireKeys("pk_unknown", false, false)
	secret := w.key(everlatch.KeySecret)
	keys.Forget()
	requireKeys(secret.Token, false, false) // a secret key opens no storefront
	key := w.key(everlatch.KeyPublishable)
	requireKeys(key.Token, true, false) // another process made it: that keys exist is known in 5 s
	w.Advance(5 * time.Second)
	requireKeys(key.Token, true, true)
	requireKeys("", false, true)
	requireKeys(key.Token[:len(key.Token)-1], false, true)

	_, err := w.store.RevokeAPIKey(t.Context(), key.ID, "user_1", w.Now())
	require.NoError(t, err)
	requireKeys(key.Token, true, true) // another process revoked it: it works for 5 s at most
	w.Advance(5*time.Second - time.Nanosecond)
	requireKeys(key.Token, true, true)
	w.Advance(time.Nanosecond)
	requireKeys(key.Token, false, true) // keys stay required
}

// TestForgottenKeys: a key that this process has revoked is never good again, although
// lookups were on their way.
func TestForgottenKeys(t *testing.T) {
	t.Parallel()

	w := setup(t)
	keys := httpauth.NewPublishableKeys(w.store, w.Now)
	for range 5 {
		key := w.key(everlatch.KeyPublishable)
		keys.Forget()
		revoked := make(chan struct{})
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for late := 0; late < 3; {
					select {
					case <-revoked:
						late++
					default:
					}
					asked := late > 0
					good, err := keys.Good(t.Context(), key.Token)
					if err != nil || asked && good {
						t.Errorf("good %v, error %v, after the key was revoked: %v", good, err, asked)
						return
					}
				}
			})
		}
		_, err := w.store.RevokeAPIKey(t.Context(), key.ID, "user_1", w.Now())
		require.NoError(t, err)
		keys.Forget()
		close(revoked)
		wg.Wait()
	}
}
