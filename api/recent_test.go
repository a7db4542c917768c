package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/api"
)

// What cannot be taken back needs a recent sign-in: neither refreshing a token
// nor making a session of it counts as one.
func TestRecentSignIn(t *testing.T) {
	t.Parallel()

	w := setup(t)
	w.server.Echo().POST("/probe/recent", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) },
		api.Authenticate([]string{"*"}, []api.Method{api.MethodBearer, api.MethodSession}, api.AuthOptions{MaxAge: 15 * time.Minute}))
	refused := func(h header) {
		t.Helper()
		r := w.send(w.raw, "POST", "/probe/recent", nil, h)
		require.Equal(t, 401, r.StatusCode, r.body)
		r.is(t, `{"message":"This request needs a recent sign-in. Sign in again and repeat it."}`)
	}
	accepted := func(h header) {
		t.Helper()
		require.Equal(t, 204, w.send(w.raw, "POST", "/probe/recent", nil, h).StatusCode)
	}
	token := w.customer("a@example.com")
	cookie := with("Cookie", w.session(token))
	accepted(bearer(token))
	accepted(cookie)

	w.clock.Advance(15 * time.Minute)
	accepted(bearer(token))
	w.clock.Advance(time.Second)
	refused(bearer(token))
	refused(cookie)
	refreshed := w.do("POST", "/auth/token/refresh", nil, bearer(token)).text(t, "token")
	refused(bearer(refreshed))
	refused(with("Cookie", w.session(refreshed)))
	accepted(bearer(w.login("customer", "a@example.com")))

	claims := w.claims(token)
	at := w.clock.Now().Add(-time.Minute).Format(time.RFC3339)
	claims.MFAEnabled, claims.MFACompletedAt = true, &at
	accepted(bearer(signed(t, claims)))

	claims = w.claims(w.login("customer", "a@example.com"))
	claims.AuthTime = 0 // as Medusa signs
	refused(bearer(signed(t, claims)))
}

// A page asks what counts as recent, and gets the answer that the routes go by.
func TestOwnSession(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.customer("a@example.com")
	claims := w.claims(token)
	cookie := with("Cookie", w.session(token))
	r := w.do("GET", "/auth/sessions/current", nil, cookie)
	require.Equal(t, 200, r.StatusCode)
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	r.is(t, `{"session":{"actor_type":"customer","actor_id":"`+claims.ActorID+`","auth_identity_id":"`+claims.AuthIdentityID+
		`","auth_provider":"emailpass","auth_time":"2026-11-23T13:47:46.000Z","amr":["pwd"],"mfa_enabled":false,"mfa_challenge_completed_at":null,`+
		`"recent_sign_in":true,"recent_second_factor":false,"expires_at":"2026-11-30T13:47:46.000Z"}}`)

	w.clock.Advance(15*time.Minute + time.Second)
	for _, h := range []header{cookie, bearer(token)} {
		require.Equal(t, false, w.do("GET", "/auth/sessions/current", nil, h).value(t, "session.recent_sign_in"))
	}
	at := w.clock.Now().Add(-time.Minute).Format(time.RFC3339)
	claims.MFAEnabled, claims.MFACompletedAt = true, &at
	r = w.do("GET", "/auth/sessions/current", nil, bearer(signed(t, claims)))
	require.Equal(t, true, r.value(t, "session.recent_second_factor"))
	require.Equal(t, true, r.value(t, "session.recent_sign_in"))
	require.Equal(t, 401, w.do("GET", "/auth/sessions/current", nil).StatusCode)
}
