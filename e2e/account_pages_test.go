package e2e_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages/pagestest"
)

const accountPath = "/ui/customer/account"

// TestAccountPages changes a profile, adds an address, sets up an authenticator app, ends the
// other sessions, and deletes the account and takes that back, on pages alone.
func TestAccountPages(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{})
	b, other := p.browser(t), p.browser(t)
	const email, password = "ada@example.com", "correct horse battery"
	require.Equal(t, "/ui/customer", b.Open(accountPath+"/security").Path, "a visitor signs in first")
	page := b.Open("/ui/customer/sign-up").Submit("", map[string]string{"email": email, "password": password})
	require.Equal(t, accountPath+"/security", page.Path, "the page that they wanted: %s", page.Text())
	require.Equal(t, accountPath, signInOnPages(other, email, password).Path)

	page = b.Open(accountPath).Submit("", map[string]string{"first_name": "Ada", "phone": "+44 20"})
	require.Contains(t, page.Text(), "Your profile has been saved.")
	fields, _ := page.Form("")
	require.Equal(t, "Ada", fields["first_name"])
	page = b.Open(accountPath+"/addresses/new").Submit("", map[string]string{"address_1": "12 St James Square", "city": "London", "country_code": "GB"})
	require.Contains(t, page.Text(), "12 St James Square London United Kingdom")

	page = b.Open(accountPath+"/email").Submit("", map[string]string{"email": "lovelace@example.com"})
	require.Contains(t, page.Text(), "We mailed a link to lovelace@example.com.")
	require.Contains(t, b.Open(accountPath+"/security").Text(), "lovelace@example.com waits to be confirmed")

	require.True(t, p.signedIn(t, other))
	page = b.Open(accountPath+"/sessions").Submit(accountPath+"/sessions/end-others", nil)
	require.Contains(t, page.Text(), "All other sessions have ended.")
	require.False(t, p.signedIn(t, other))
	require.True(t, p.signedIn(t, b))

	secret := p.appOnPages(t, b)
	require.Contains(t, b.Open(accountPath+"/activity").Text(), "Two-step verification switched on")
	file := b.Open(accountPath + "/data/download")
	require.Contains(t, file.HTML, "12 St James Square")
	require.NotContains(t, file.HTML, secret)

	page = b.Open(accountPath+"/delete").Submit("", map[string]string{"sure": "true"})
	require.Equal(t, accountPath+"/deleted", page.Path, page.Text())
	require.Contains(t, page.Text(), "You are signed out everywhere.")
	require.False(t, p.signedIn(t, b))
	page = signInOnPages(b, email, password)
	require.Equal(t, "/ui/customer/second-factor", page.Path)
	page = page.Submit("", map[string]string{"code": totpCode(t, secret, 1)})
	require.Equal(t, accountPath, page.Path, page.Text())
	fields, _ = page.Form("")
	require.Equal(t, "Ada", fields["first_name"], "signing in has undone it")
}

var keyOnPage = regexp.MustCompile(`\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b`)

// appOnPages sets up an authenticator app and makes recovery codes. It returns the secret of
// the app.
func (p *process) appOnPages(t *testing.T, b *pagestest.Browser) (secret string) {
	t.Helper()
	page := b.Open(accountPath+"/factors/new").Submit("", nil)
	require.Equal(t, http.StatusOK, page.Status, page.Text())
	secret = regexp.MustCompile(` `).ReplaceAllString(keyOnPage.FindString(page.Text()), "")
	require.NotEmpty(t, secret, page.Text())
	page = page.Submit(accountPath+"/factors/new", map[string]string{"code": "000000"})
	require.Contains(t, page.Text(), "This code is wrong.")
	page = page.Submit(accountPath+"/factors/new", map[string]string{"code": totpCode(t, secret, 0)})
	require.Equal(t, accountPath+"/recovery-codes", page.Path, page.Text())
	page = page.Submit("", nil)
	require.Contains(t, page.Text(), "These codes are shown only now.")
	return secret
}
