package pages_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages/pagestest"
)

// challenged is a world in which a password was right and a second factor is due.
func challenged(t *testing.T, methods string) (*world, *pagestest.Page) {
	t.Helper()
	w := newWorld(t)
	w.api.On("POST /auth/customer/emailpass", http.StatusOK,
		`{"mfa_required":true,"mfa_challenge":{"id":"ch/1","methods":`+methods+`},"token":"first"}`)
	p := w.Open("/ui/customer").Submit("/ui/customer", map[string]string{"email": "ada@example.com", "password": "p"})
	require.Equal(t, "/ui/customer/second-factor", p.Path)
	require.Empty(t, w.Cookie("connect.sid"), "there is no session yet")
	require.NotContains(t, p.HTML, "first\"", "the token is in a cookie alone")
	w.writes()
	return w, p
}

func TestSecondFactorByApp(t *testing.T) {
	t.Parallel()

	w, p := challenged(t, `["recovery_code","totp"]`)
	require.Contains(t, p.Text(), "authenticator app")
	require.Contains(t, p.Links(), "?method=recovery_code")
	w.api.On("POST /auth/mfa/challenges/ch/1/verify", http.StatusUnauthorized, `{"message":"Invalid MFA challenge code"}`, "Everlatch-Reason", "challenge_code")
	p = p.Submit("", map[string]string{"code": "000000"})
	require.Equal(t, http.StatusUnauthorized, p.Status)
	require.Contains(t, p.Text(), "This code is wrong or has expired.")
	w.writes()
	w.api.On("POST /auth/mfa/challenges/ch/1/verify", http.StatusOK, full)
	p = p.Submit("", map[string]string{"code": "123456"})
	require.Equal(t, "/ui/customer/account", p.Path)
	calls := w.writes()
	require.Equal(t, "first", calls[0].Bearer)
	require.Equal(t, map[string]any{"method": "totp", "code": "123456"}, calls[0].Body)
	require.Empty(t, w.Cookie("everlatch.pending"), "nothing waits any more")
}

func TestSecondFactorByRecoveryCode(t *testing.T) {
	t.Parallel()

	w, _ := challenged(t, `["totp","recovery_code"]`)
	p := w.Open("/ui/customer/second-factor?method=recovery_code")
	require.Contains(t, p.Text(), "Recovery code")
	w.api.On("POST /auth/mfa/challenges/ch/1/verify", http.StatusUnauthorized, `{}`, "Everlatch-Reason", "challenge_code")
	p = p.Submit("", map[string]string{"code": "ABCD-EFGH"})
	require.NotContains(t, p.HTML, "ABCD-EFGH")
	require.Equal(t, map[string]any{"method": "recovery_code", "code": "ABCD-EFGH"}, w.writes()[0].Body)
	require.Contains(t, w.Open("/ui/customer/second-factor?method=<script>").Text(), "authenticator app", "an unknown method is the first one")
}

func TestSecondFactorBySentCode(t *testing.T) {
	t.Parallel()

	w, p := challenged(t, `["sms"]`)
	_, asks := p.Form("")
	require.False(t, asks, "the code has to be sent first")
	w.api.On("POST /auth/mfa/challenges/ch/1/prompt", http.StatusOK, `{"prompt":{}}`)
	p = p.Submit("/ui/customer/second-factor/prompt", nil)
	require.Equal(t, map[string]any{"method": "sms"}, w.writes()[0].Body)
	w.api.On("POST /auth/mfa/challenges/ch/1/verify", http.StatusOK, full)
	p = p.Submit("", map[string]string{"code": "123456"})
	require.Equal(t, "/ui/customer/account", p.Path)
}

func TestSecondFactorByPasskey(t *testing.T) {
	t.Parallel()

	w, p := challenged(t, `["webauthn"]`)
	require.Contains(t, p.HTML, `data-passkey="/ui/customer/second-factor/options"`)
	w.api.On("POST /auth/mfa/challenges/ch/1/prompt", http.StatusOK, `{"prompt":{"options":{"challenge":"x"}}}`)
	require.JSONEq(t, `{"options":{"challenge":"x"}}`, w.Post("/ui/customer/second-factor/options", nil).HTML)
	w.writes()
	w.api.On("POST /auth/mfa/challenges/ch/1/verify", http.StatusOK, full)
	w.Post("/ui/customer/second-factor", url.Values{"method": {"webauthn"}, "credential": {`{"id":"k"}`}})
	require.Equal(t, map[string]any{"method": "webauthn", "code": `{"id":"k"}`}, w.writes()[0].Body)
}

func TestAnEndedChallengeBeginsAgain(t *testing.T) {
	t.Parallel()

	w, p := challenged(t, `["totp"]`)
	w.api.On("POST /auth/mfa/challenges/ch/1/verify", http.StatusUnauthorized, `{}`, "Everlatch-Reason", "challenge_exhausted")
	p = p.Submit("", map[string]string{"code": "000000"})
	require.Equal(t, "/ui/customer", p.Path)
	require.Contains(t, p.Text(), "This sign-in has ended.")
	require.Equal(t, "/ui/customer", w.Open("/ui/customer/second-factor").Path)
}
