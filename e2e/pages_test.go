package e2e_test

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages/pagestest"
)

// browser visits the pages of a process as a browser without JavaScript does.
func (p *process) browser(t *testing.T) *pagestest.Browser {
	t.Helper()
	target, err := url.Parse(p.base)
	require.NoError(t, err)
	return pagestest.NewBrowser(t, &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		if r.In.Header.Get("Origin") != "" {
			r.Out.Header.Set("Origin", p.base)
		}
		if network := r.In.Header.Get("X-Forwarded-For"); network != "" { // which a proxy leaves out
			r.Out.Header.Set("X-Forwarded-For", network)
		}
	}})
}

// signInOnPages signs a customer in who needs a password alone.
func signInOnPages(b *pagestest.Browser, email, password string) *pagestest.Page {
	return b.Open("/ui/customer").Submit("/ui/customer", map[string]string{"email": email, "password": password})
}

// signedIn reports whether a browser has a session of a customer.
func (p *process) signedIn(t *testing.T, b *pagestest.Browser) bool {
	t.Helper()
	a := p.call(t, http.MethodGet, "/store/customers/me", nil, "Cookie", "connect.sid="+b.Cookie("connect.sid"))
	return a.status == http.StatusOK
}

// TestHostedPages signs up, out and in, resets a password through the inbox and passes a
// second factor, on pages alone.
func TestHostedPages(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{})
	b := p.browser(t)
	const email, first, second = "ada@example.com", "correct horse battery", "another good horse"

	page := b.Open("/ui/customer/sign-up").Submit("", map[string]string{"email": email, "password": "short"})
	require.Equal(t, http.StatusBadRequest, page.Status)
	require.Contains(t, page.Text(), "Use at least 8 characters.")
	page = page.Submit("", map[string]string{"password": first, "account.first_name": "Ada"})
	require.Equal(t, "/ui/customer/account", page.Path, page.Text())
	require.True(t, p.signedIn(t, b))
	b.Post("/ui/customer/sign-out", nil)
	require.False(t, p.signedIn(t, b))

	page = signInOnPages(b, email, "wrong")
	require.Equal(t, http.StatusUnauthorized, page.Status)
	require.Contains(t, page.Text(), "The email address or the password is wrong.")
	require.Equal(t, "/ui/customer/account", signInOnPages(b, email, first).Path)
	b.Post("/ui/customer/sign-out", nil)

	page = b.Open("/ui/customer/forgot").Submit("", map[string]string{"email": email})
	require.Equal(t, "/ui/customer/sent/reset", page.Path)
	unknown := p.browser(t).Open("/ui/customer/forgot").Submit("", map[string]string{"email": "eve@example.com"})
	require.Equal(t, page.HTML, strings.ReplaceAll(unknown.HTML, "eve@example.com", email), "known and unknown look alike")
	token := p.mailedToken(t, email, "auth.password_reset", 1)
	for range 2 { // a scanner opens the link first
		page = b.Open("/ui/customer/reset-password?token=" + token + "&email=" + url.QueryEscape(email))
		require.Equal(t, "/ui/customer/reset", page.Path)
	}
	page = page.Submit("", map[string]string{"password": second})
	require.Contains(t, page.Text(), "Your password was changed.")
	require.Equal(t, http.StatusUnauthorized, signInOnPages(b, email, first).Status)
	require.Equal(t, "/ui/customer/account", signInOnPages(b, email, second).Path)

	p.secondFactorOnPages(t, email, second)
}

// secondFactorOnPages signs in with an authenticator app and with a recovery code.
func (p *process) secondFactorOnPages(t *testing.T, email, password string) {
	t.Helper()
	secret, recovery := p.withFactor(t, p.login(t, email, password), 2)
	b := p.browser(t)
	page := signInOnPages(b, email, password)
	require.Equal(t, "/ui/customer/second-factor", page.Path)
	require.False(t, p.signedIn(t, b))
	page = page.Submit("", map[string]string{"code": "wrong"})
	require.Contains(t, page.Text(), "This code is wrong or has expired.")
	page = page.Submit("", map[string]string{"code": totpCode(t, secret, 1)})
	require.Equal(t, "/ui/customer/account", page.Path, page.Text())
	require.True(t, p.signedIn(t, b))

	other := p.browser(t)
	require.Equal(t, "/ui/customer/second-factor", signInOnPages(other, email, password).Path)
	page = other.Open("/ui/customer/second-factor?method=recovery_code").Submit("", map[string]string{"code": recovery[0]})
	require.Equal(t, "/ui/customer/account", page.Path, page.Text())
	require.True(t, p.signedIn(t, other))
}
