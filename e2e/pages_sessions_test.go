package e2e_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages/pagestest"
)

// TestSessionsOnPages signs in with a planted session, and looks at what an old cookie still
// shows: nothing after signing out, and nothing after a new password.
func TestSessionsOnPages(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: cheapHashes})
	p.signUp(t)
	const email = "ada@example.com"
	attacker := p.browser(t)
	require.Equal(t, accountPath, signInOnPages(attacker, email, password).Path)
	planted := attacker.Cookie("connect.sid")

	b := p.browser(t)
	b.SetCookie(&http.Cookie{Name: "connect.sid", Path: "/", Value: planted})
	require.Equal(t, accountPath, signInOnPages(b, email, password).Path)
	require.NotEqual(t, planted, b.Cookie("connect.sid"), "session fixation: a sign-in makes a new session")
	p.requireClosed(t, planted, email)

	own := b.Cookie("connect.sid")
	require.Equal(t, "no-store", b.Open(accountPath).Header.Get("Cache-Control"), "the back button asks again")
	b.Post("/ui/customer/sign-out", nil)
	p.requireClosed(t, own, email)

	here, elsewhere := p.browser(t), p.browser(t)
	require.Equal(t, accountPath, signInOnPages(here, email, password).Path)
	require.Equal(t, accountPath, signInOnPages(elsewhere, email, password).Path)
	page := here.Open(accountPath+"/password").Submit("", nil)
	require.Contains(t, page.Text(), "We mailed a link to ada@example.com.")
	page = here.Open("/ui/customer/reset-password?token=" + p.mailedToken(t, email, "auth.password_reset", 1) + "&email=" + url.QueryEscape(email))
	page = page.Submit("", map[string]string{"password": "another good horse"})
	require.Contains(t, page.Text(), "Your password was changed.")
	for _, browser := range []*pagestest.Browser{here, elsewhere} {
		p.requireClosed(t, browser.Cookie("connect.sid"), email)
	}
}

// requireClosed fails if a cookie still opens a page of an account.
func (p *process) requireClosed(t *testing.T, session, email string) {
	t.Helper()
	b := p.browser(t)
	b.SetCookie(&http.Cookie{Name: "connect.sid", Path: "/", Value: session})
	for _, path := range []string{"", "/addresses", "/security", "/sessions", "/activity", "/data", "/data/download", "/password", "/email", "/recovery-codes", "/delete"} {
		page := b.Open(accountPath + path)
		require.NotContains(t, page.HTML, email, path)
		require.Contains(t, []string{"/ui/customer", accountPath + path}, page.Path, path)
		if page.Path != "/ui/customer" {
			require.Contains(t, []string{"/recovery-codes"}, path, "this page needs a session: %s", page.Text())
		}
	}
}
