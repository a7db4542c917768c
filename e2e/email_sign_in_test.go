package e2e_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

const withEmailCodes = `http:
  auth_verifications_per_actor:
    customer: [{entity_type: email, auth_provider: emailcode}]
auth:
  providers:
    - resolve: emailpass
    - {resolve: emailcode, options: {register: true}}
`

// TestEmailSignInFlow signs up and in with what is mailed, with a restart in between.
func TestEmailSignInFlow(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: withEmailCodes})
	const email = "ada@example.com"
	browser := []string{"Everlatch-Browser", "the browser of ada"}
	ask := func() {
		t.Helper()
		a := p.call(t, "POST", "/auth/customer/emailcode", object{"email": email}, browser...)
		require.Equal(t, 200, a.status, "%s", a.raw)
		require.Equal(t, "/auth/customer/emailcode/callback", a.str(t, "location"))
	}
	ask()
	token := p.mailedToken(t, email, "auth.sign_in_code_requested", 1)
	page := p.browser(t).Open("/ui/customer/sign-in-link?token=" + token)
	require.Equal(t, 200, page.Status, "a scanner opens the link")
	elsewhere := p.call(t, "POST", "/auth/customer/emailcode/callback", object{"token": token}, "Everlatch-Browser", "the browser of eve")
	require.Equal(t, 401, elsewhere.status, "%s", elsewhere.raw)

	p.kill() // what was asked for survives
	p = startDev(t, devOptions{dir: p.dir, config: withEmailCodes})
	answers := parallel(t, 50, func(int) (answer, error) {
		return p.try(t.Context(), "POST", "/auth/customer/emailcode/callback", object{"token": token}, browser...)
	})
	require.Equal(t, 1, count(answers, 200))
	require.Equal(t, 49, count(answers, 401))
	for _, a := range answers {
		if a.status == 200 {
			c := claims(t, a.str(t, "token"))
			require.Equal(t, "emailcode", text(c, "auth_provider"))
			require.Equal(t, []any{"otp"}, c["amr"])
			require.Equal(t, 200, p.call(t, "POST", "/store/customers", object{"email": email}, bearer(a.str(t, "token"))...).status)
		}
	}
	p.secondFactorAfterCode(t, email, browser)
}

// mailedCode is the code of the n-th mail to an address to sign in with.
func (p *process) mailedCode(t *testing.T, email string, n int) string {
	t.Helper()
	mail := text(p.mailTo(t, email, "auth.sign_in_code_requested", n), "text")
	code := regexp.MustCompile(`\b\d{6}\b`).FindString(mail)
	require.NotEmpty(t, code, mail)
	return code
}

// secondFactorAfterCode signs a customer in, who has been mailed once: by the code, after
// which they add an authenticator app, and then by a code and by a link, after each of
// which the app's code is due.
func (p *process) secondFactorAfterCode(t *testing.T, email string, browser []string) {
	t.Helper()
	mails := 1
	signIn := func(by string) answer {
		t.Helper()
		require.Equal(t, 200, p.call(t, "POST", "/auth/customer/emailcode", object{"email": email}, browser...).status)
		mails++
		body := object{"email": email, "code": p.mailedCode(t, email, mails)}
		if by == "link" {
			body = object{"token": p.mailedToken(t, email, "auth.sign_in_code_requested", mails)}
		}
		a := p.call(t, "POST", "/auth/customer/emailcode/callback", body, browser...)
		require.Equal(t, 200, a.status, "%s", a.raw)
		return a
	}
	me := func(token string) int { return p.call(t, "GET", "/store/customers/me", nil, bearer(token)...).status }

	first := signIn("code").str(t, "token")
	require.Equal(t, 200, me(first))
	secret, recovery := p.withFactor(t, first, 1)
	for by, answered := range map[string]object{
		"code": {"method": "totp", "code": codeOf(t, secret, 0)}, "link": {"method": "recovery_code", "code": recovery[0]},
	} {
		a := signIn(by)
		require.Equal(t, true, a.json(t)["mfa_required"], "%s", a.raw)
		due := a.str(t, "token")
		require.Equal(t, 401, me(due), "the second factor is due")
		path := "/auth/mfa/challenges/" + a.str(t, "mfa_challenge.id") + "/verify"
		wrong := p.call(t, "POST", path, object{"method": "totp", "code": "wrong"}, bearer(due)...)
		require.Equal(t, 400, wrong.status, "%s", wrong.raw)
		passed := p.call(t, "POST", path, answered, bearer(due)...)
		require.Equal(t, 200, passed.status, "%s", passed.raw)
		require.Equal(t, 200, me(passed.str(t, "token")))
		c := claims(t, passed.str(t, "token"))
		require.Equal(t, "emailcode", text(c, "auth_provider"))
		require.Contains(t, c["amr"], "mfa")
	}
}

// Five wrong codes and no more, from as many clients as there are.
func TestEmailSignInTriesRace(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: withEmailCodes + "limits: {enabled: false}\n"})
	browser := []string{"Everlatch-Browser", "the browser of ada"}
	require.Equal(t, 200, p.call(t, "POST", "/auth/customer/emailcode", object{"email": "ada@example.com"}, browser...).status)
	p.mailedToken(t, "ada@example.com", "auth.sign_in_code_requested", 1)
	answers := parallel(t, 50, func(int) (answer, error) {
		return p.try(t.Context(), "POST", "/auth/customer/emailcode/callback", object{"email": "ada@example.com", "code": "wrong"}, browser...)
	})
	exhausted := 0
	for _, a := range answers {
		require.Equal(t, 401, a.status, "%s", a.raw)
		if a.json(t)["message"] == "Too many wrong codes. Ask for a new one." {
			exhausted++
		}
	}
	require.Equal(t, 1, exhausted)
}
