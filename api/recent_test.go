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
