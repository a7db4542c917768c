package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
)

const deletionPath = "/store/customers/me"

func TestDeleteCustomer(t *testing.T) {
	t.Parallel()

	t.Run("scheduled, and signed out everywhere", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		token := w.customer("a@example.com")
		other, cookie := w.login("customer", "a@example.com"), w.session(token)

		r := w.do("DELETE", deletionPath, nil, bearer(token))

		require.Equal(t, 202, r.StatusCode, r.body)
		id := w.claims(token).ActorID
		r.is(t, `{"id":"`+id+`","object":"customer","deleted":false,"deletion_at":"2026-11-24T13:47:46.000Z"}`)
		for name, h := range map[string]header{"the token": bearer(token), "another": bearer(other), "a session": with("Cookie", cookie)} {
			require.Equal(t, 401, w.do("GET", deletionPath, nil, h).StatusCode, name)
		}
		require.Equal(t, 401, w.do("POST", "/auth/token/refresh", nil, bearer(token)).StatusCode, "a refresh is no sign-in")
	})

	t.Run("by a session, whose cookie goes", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		cookie := with("Cookie", w.session(w.customer("a@example.com")))
		require.Equal(t, 403, w.do("DELETE", deletionPath, nil, cookie, with("Origin", "https://evil.example")).StatusCode)
		r := w.do("DELETE", deletionPath, nil, cookie)
		require.Equal(t, 202, r.StatusCode, r.body)
		require.Contains(t, r.Header.Get("Set-Cookie"), "connect.sid=;")
		require.Equal(t, 401, w.do("DELETE", deletionPath, nil, cookie).StatusCode)
	})

	t.Run("asked again with the token that it ended, the answer is the same", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		token := w.customer("a@example.com")
		first := w.do("DELETE", deletionPath, nil, bearer(token))
		w.clock.Advance(time.Minute)
		again := w.do("DELETE", deletionPath, nil, bearer(token))
		require.Equal(t, 202, again.StatusCode, again.body)
		again.is(t, first.body)
		w.clock.Advance(15 * time.Minute)
		require.Equal(t, 401, w.do("DELETE", deletionPath, nil, bearer(token)).StatusCode, "the sign-in is not recent any more")
	})

	t.Run("a token that ended otherwise deletes nothing", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		token := w.customer("a@example.com")
		claims := w.claims(token)
		require.NoError(t, w.store.EndCredentials(t.Context(), claims.AuthIdentityID))
		require.Equal(t, 401, w.do("DELETE", deletionPath, nil, bearer(token)).StatusCode)
		_, err := w.store.Deletion(t.Context(), claims.ActorID)
		require.ErrorIs(t, err, everlatch.ErrNotFound)

		w.clock.Advance(time.Minute)
		_, err = w.store.ScheduleDeletion(t.Context(), claims.ActorID, w.clock.Now(), everlatch.Event{})
		require.NoError(t, err)
		w.clock.Advance(time.Minute)
		require.NoError(t, w.store.CancelDeletion(t.Context(), claims.ActorID, everlatch.Event{}))
		fresh := w.login("customer", "a@example.com")
		require.Equal(t, 401, w.do("DELETE", deletionPath, nil, bearer(token)).StatusCode, "it was cancelled")
		require.Equal(t, 200, w.do("GET", deletionPath, nil, bearer(fresh)).StatusCode)
	})

	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		w.flows.noGrace = true
		token := w.customer("a@example.com")
		r := w.do("DELETE", deletionPath, nil, bearer(token))
		require.Equal(t, 200, r.StatusCode, r.body)
		r.is(t, `{"id":"`+w.claims(token).ActorID+`","object":"customer","deleted":true}`)
		require.Equal(t, 401, w.do("DELETE", deletionPath, nil, bearer(token)).StatusCode)
	})

	t.Run("not for other callers", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		require.Equal(t, 401, w.do("DELETE", deletionPath, nil).StatusCode)
		require.Equal(t, 401, w.do("DELETE", deletionPath, nil, bearer(w.registered("customer", "new@example.com"))).StatusCode, "no customer yet")
		old := w.customer("old@example.com")
		w.clock.Advance(16 * time.Minute)
		w.do("DELETE", deletionPath, nil, bearer(old)).is(t,
			`{"message":"This request needs a recent sign-in. Sign in again and repeat it."}`)
		refreshed := w.do("POST", "/auth/token/refresh", nil, bearer(old)).text(t, "token")
		require.Equal(t, 401, w.do("DELETE", deletionPath, nil, bearer(refreshed)).StatusCode)
	})

	t.Run("an outage", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		token := w.customer("a@example.com")
		w.flows.failWith(everlatch.Unavailable("Temporal", nil))
		require.Equal(t, 503, w.do("DELETE", deletionPath, nil, bearer(token)).StatusCode)
	})
}
