package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const password = "correct horse battery"

// TestTour is the README's tour: register, become a customer, sign in, stay
// signed in, over a restart.
func TestTour(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{})

	token := p.signUp(t)
	me := p.call(t, "GET", "/store/customers/me", nil, bearer(token)...)
	require.Equal(t, 200, me.status, "%s", me.raw)
	require.Equal(t, "ada@example.com", me.str(t, "customer.email"))

	session := p.call(t, "POST", "/auth/session", nil, bearer(token)...)
	require.Equal(t, 200, session.status, "%s", session.raw)
	cookie, _, _ := strings.Cut(session.header.Get("Set-Cookie"), ";")
	require.True(t, strings.HasPrefix(cookie, "connect.sid=s%3A"), cookie)

	refreshed := p.call(t, "POST", "/auth/token/refresh", nil, bearer(token)...)
	require.Equal(t, 200, refreshed.status)
	require.NotEmpty(t, refreshed.str(t, "token"))

	p.stop(t)
	p = startDev(t, devOptions{dir: p.dir})

	for name, header := range map[string][]string{
		"token":   bearer(token),
		"session": {"Cookie", cookie},
	} {
		me = p.call(t, "GET", "/store/customers/me", nil, header...)
		require.Equal(t, 200, me.status, "%s after a restart: %s", name, me.raw)
	}
	p.login(t, "ada@example.com", password)

	out := p.call(t, "DELETE", "/auth/session", nil, "Cookie", cookie)
	require.Equal(t, 200, out.status)
	me = p.call(t, "GET", "/store/customers/me", nil, "Cookie", cookie)
	require.Equal(t, http.StatusUnauthorized, me.status)
}

func TestEphemeralKeepsNothing(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{args: []string{"--ephemeral"}})
	p.signUp(t)
	p.stop(t)
	require.NoFileExists(t, p.dir)
}
