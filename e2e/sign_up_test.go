package e2e_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/githubtest"
)

// userByGithub signs in with GitHub as a user.
func (p *process) userByGithub(t *testing.T, g *githubtest.Server) string {
	t.Helper()
	a := p.call(t, "POST", "/auth/user/github", object{}, namesItself...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	back := g.Visit(t, a.str(t, "location")).Query()
	a = p.call(t, "GET", "/auth/user/github/callback?"+url.Values{"code": {back.Get("code")}, "state": {back.Get("state")}}.Encode(), nil, namesItself...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	return a.str(t, "token")
}

// TestSignUpOfAdmins: an account elsewhere makes an administrator only of who
// was invited, by an address that it proves, and once (docs/weak-spots.md#w6).
func TestSignUpOfAdmins(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	p := startDev(t, devOptions{config: socialConfig(g)})
	p.command(t, "user", "create", "-e", "root@example.com", "-p", "admin-Secret-of-root")
	root := p.call(t, "POST", "/auth/user/emailpass", object{"email": "root@example.com", "password": "admin-Secret-of-root"}).str(t, "token")
	token := p.userByGithub(t, g)

	uninvited := p.call(t, "POST", "/auth/github/user", nil, bearer(token)...)
	require.Equal(t, 400, uninvited.status, "%s", uninvited.raw)
	const email = "ada@example.com" // the primary one
	require.Equal(t, "There is no invite for "+email+".", uninvited.str(t, "message"))

	invite := p.call(t, "POST", "/admin/invites", object{"email": email}, bearer(root)...)
	require.Equal(t, 200, invite.status, "%s", invite.raw)
	answers := parallel(t, 50, func(int) (answer, error) {
		return p.try(t.Context(), "POST", "/auth/github/user", nil, bearer(token)...)
	})
	// The same request 50 times at once has one effect, and its answer; one that
	// is read after the effect is told so.
	require.Positive(t, count(answers, 200))
	user := answerOf(answers, 200)
	require.Equal(t, email, user.str(t, "user.email"))
	for _, a := range answers {
		if a.status == 200 {
			require.Equal(t, user.str(t, "user.id"), a.str(t, "user.id"))
			continue
		}
		require.Equal(t, 400, a.status, "%s", a.raw)
		require.Equal(t, "The user is already registered and cannot create a new account.", a.str(t, "message"))
	}
	admin := p.call(t, "POST", "/auth/token/refresh", nil, bearer(token)...).str(t, "token")
	require.Equal(t, 200, p.call(t, "GET", "/admin/users/me", nil, bearer(admin)...).status)
	users := p.call(t, "GET", "/admin/users", nil, bearer(admin)...)
	require.InDelta(t, 2, users.json(t)["count"], 0)
}
