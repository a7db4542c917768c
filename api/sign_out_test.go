package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/tokens"
)

// TestSigningOut: what was issued for a sign-in ends with it, whichever part of it
// signs out.
func TestSigningOut(t *testing.T) {
	t.Parallel()

	for name, signOut := range map[string]func(w *world, token, cookie string) reply{
		"by session": func(w *world, _, cookie string) reply {
			return w.do("DELETE", "/auth/session", nil, with("Cookie", cookie))
		},
		"by token": func(w *world, token, _ string) reply {
			return w.do("DELETE", "/auth/token", nil, bearer(token))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := setup(t)
			w.customer("a@example.com")
			token, another := w.login("customer", "a@example.com"), w.login("customer", "a@example.com")
			w.clock.Advance(time.Second)
			renewed := w.do("POST", "/auth/token/refresh", nil, bearer(token)).text(t, "token")
			again := w.do("POST", "/auth/token/refresh", nil, bearer(renewed)).text(t, "token")
			cookie := w.session(renewed)
			bySession := w.do("POST", "/auth/token/refresh", nil, with("Cookie", cookie)).text(t, "token")

			r := signOut(w, token, cookie)
			require.Equal(t, 200, r.StatusCode)
			r.is(t, `{"success":true}`)

			for _, h := range []header{bearer(token), bearer(renewed), bearer(again), bearer(bySession), with("Cookie", cookie)} {
				require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, h).StatusCode)
				require.Equal(t, 401, w.do("POST", "/auth/token/refresh", nil, h).StatusCode)
				require.Equal(t, 401, w.do("POST", "/auth/session", nil, h).StatusCode)
			}
			require.Equal(t, 401, w.do("DELETE", "/auth/token", nil, bearer(token)).StatusCode, "it has ended")
			require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, bearer(another)).StatusCode, "another sign-in goes on")
		})
	}
}

func TestATokenOfMedusaIsEnded(t *testing.T) {
	t.Parallel()

	w := setup(t, func(_ *api.Options, c *tokens.Config) { c.AcceptUntyped = true })
	p := w.claims(w.customer("a@example.com")).Principal()
	p.AuthenticatedAt, p.SignInID = time.Time{}, ""
	token, _, err := w.tokens.Issue(p, w.clock.Now(), "")
	require.NoError(t, err)

	renewed := w.do("POST", "/auth/token/refresh", nil, bearer(token)).text(t, "token")
	require.Equal(t, 200, w.do("DELETE", "/auth/token", nil, bearer(token)).StatusCode)
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, bearer(token)).StatusCode)
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, bearer(renewed)).StatusCode)
}

// TestRenewalEnds: neither tokens nor sessions carry a sign-in past its absolute end.
func TestRenewalEnds(t *testing.T) {
	t.Parallel()

	const day = 24 * time.Hour
	w := setup(t, func(o *api.Options, c *tokens.Config) {
		c.ExpiresIn, c.AbsoluteTTL = day, 30*day
		o.SessionIdle, o.SessionAbsolute = 7*day, 7*day
	})
	token := w.customer("a@example.com")
	for range 29 {
		w.clock.Advance(day - time.Minute)
		// Either way of renewing is tried each day.
		cookie := w.session(token)
		token = w.do("POST", "/auth/token/refresh", nil, with("Cookie", cookie)).text(t, "token")
	}
	w.clock.Advance(day - time.Minute)
	cookie := w.session(token)
	last := w.do("POST", "/auth/token/refresh", nil, bearer(token)).text(t, "token")
	claims := w.claims(last)
	require.Equal(t, claims.AuthTime+int64((30*day).Seconds()), claims.ExpiresAt)

	w.clock.Advance(31 * time.Minute)
	for _, h := range []header{bearer(last), with("Cookie", cookie)} {
		require.Equal(t, 401, w.do("POST", "/auth/token/refresh", nil, h).StatusCode)
		require.Equal(t, 401, w.do("POST", "/auth/session", nil, h).StatusCode)
		require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, h).StatusCode)
	}
}
