package pages_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages/pagestest"
)

func TestSignUpWithAPasskeyAlone(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	p := w.Open("/ui/customer/sign-up")
	require.Contains(t, p.Links(), "/ui/customer/sign-up/passkey")
	p = w.Open("/ui/customer/sign-up/passkey")
	require.Contains(t, p.HTML, `data-make-passkey="/ui/customer/sign-up/passkey/options"`)
	require.Contains(t, p.Text(), "Passkeys need JavaScript.")
	w.api.On("POST /auth/customer/passkey/register", http.StatusOK, `{"options":{"challenge":"c"},"expires_at":"2026-11-30T12:05:00Z"}`)
	options := w.Post("/ui/customer/sign-up/passkey/options", url.Values{"email": {"ada@example.com"}, "credential": {""}})
	require.JSONEq(t, `{"options":{"challenge":"c"},"expires_at":"2026-11-30T12:05:00Z"}`, options.HTML)
	require.Equal(t, map[string]any{"name": "ada@example.com"}, w.writes()[0].Body)

	p = p.Submit("", map[string]string{"email": "ada@example.com"})
	require.Equal(t, http.StatusUnprocessableEntity, p.Status, "without a script there is no credential")
	require.Contains(t, p.Text(), "or create your account with a password.")
	require.Empty(t, w.writes())

	w.api.On("POST /auth/customer/passkey/register", http.StatusUnprocessableEntity, `{}`, "Everlatch-Reason", "customer_email_taken; email=x; has_account=true")
	p = p.Submit("", map[string]string{"email": "ada@example.com", "account.first_name": "Ada", "credential": `{"id":"k"}`})
	require.Contains(t, p.Text(), "Email address :", "beside the field")
	require.NotContains(t, p.HTML, `{&#34;id&#34;`, "an answer of a device is used once")
	w.writes()

	w.api.On("POST /auth/customer/passkey/register", http.StatusOK, full)
	p = p.Submit("", map[string]string{"email": "ada@example.com", "account.first_name": "Ada", "credential": `{"id":"k"}`})
	require.Equal(t, "/ui/customer/account", p.Path)
	calls := w.writes()
	require.Equal(t, []string{"POST /auth/customer/passkey/register", "POST /auth/session"}, pagestest.Routes(calls))
	require.Equal(t, map[string]any{
		"credential": map[string]any{"id": "k"}, "actor": map[string]any{"email": "ada@example.com", "first_name": "Ada"},
	}, calls[0].Body)
}

// TestSignUpWithAPasskeyAndACode is for accounts that need an address of their owner.
func TestSignUpWithAPasskeyAndACode(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.rules("customer", `{"open":true,"own_email":true,"fields":[{"name":"email","kind":"email","required":true}]}`)
	p := w.Open("/ui/customer/sign-up/passkey")
	require.Contains(t, p.Text(), "We first send a code to your email address.")
	require.NotContains(t, p.Text(), "Passkeys need JavaScript.")
	p = p.Submit("", nil)
	require.Equal(t, "/ui/customer/code", p.Path)
	w.api.On("POST /auth/customer/emailcode", http.StatusOK, `{}`)
	w.api.On("POST /auth/customer/emailcode/callback", http.StatusOK, full)
	p = p.Submit("", map[string]string{"email": "ada@example.com"}).Submit("", map[string]string{"code": "123456"})
	require.Equal(t, "/ui/customer/account/add/passkey", p.Path)

	w.api.On("GET /auth/customer/providers", http.StatusOK, `{"providers":[{"id":"emailpass","identifier":"emailpass"},{"id":"passkey","identifier":"passkey"}]}`)
	require.NotContains(t, w.Open("/ui/customer/sign-up").Links(), "/ui/customer/sign-up/passkey", "nothing proves the address")
	require.Equal(t, http.StatusNotFound, w.Open("/ui/customer/sign-up/passkey").Status)
	require.Equal(t, http.StatusNotFound, w.Post("/ui/customer/sign-up/passkey", url.Values{"credential": {`{"id":"k"}`}}).Status)
	require.Equal(t, http.StatusNotFound, w.Open("/ui/user/sign-up/passkey").Status, "administrators are invited")

	w.rules("courier", `{"open":true,"fields":[]}`)
	w.api.On("GET /auth/courier/providers", http.StatusOK, `{"providers":[{"id":"passkey","identifier":"passkey"}]}`)
	require.Equal(t, "/ui/courier/sign-up/passkey", w.Open("/ui/courier/sign-up").Path, "there are no passwords")
}

func TestAPasskeyAsASecondFactor(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	require.Contains(t, w.Open(account+"/security").Links(), account+"/factors/passkey")
	p := w.Open(account + "/factors/passkey")
	require.Contains(t, p.HTML, `data-make-passkey="`+account+`/factors/passkey/options"`)
	w.api.On("POST /auth/mfa/factors", http.StatusOK, `{"mfa_factor":{"id":"mf/9"},"options":{"challenge":"c"}}`)
	w.api.Calls()
	require.Contains(t, w.Post(account+"/factors/passkey/options", url.Values{"label": {"Key"}}).HTML, `"id":"mf/9"`)
	require.Equal(t, map[string]any{"provider": "webauthn", "label": "Key"}, w.writes()[0].Body)

	require.Equal(t, http.StatusUnprocessableEntity, p.Submit("", nil).Status, "without a script there is no credential")
	w.refuses("POST /auth/mfa/factors/mf/9/verify", http.StatusBadRequest, "factor_taken")
	refused := p.Submit("", map[string]string{"factor": "mf/9", "credential": `{"id":"k"}`})
	require.Equal(t, http.StatusBadRequest, refused.Status)
	w.api.On("POST /auth/mfa/factors/mf/9/verify", http.StatusOK, `{}`)
	w.writes()
	done := p.Submit("", map[string]string{"factor": "mf/9", "credential": `{"id":"k"}`})
	require.Equal(t, account+"/recovery-codes", done.Path)
	require.Equal(t, map[string]any{"code": `{"id":"k"}`}, w.writes()[0].Body)

	w.refuses("POST /auth/mfa/factors", http.StatusUnauthorized, "sign_in_too_old")
	require.Equal(t, account+"/confirm", w.Post(account+"/factors/passkey/options", nil).Path, "who enables a factor has proved who they are")
	w.refuses("POST /auth/mfa/factors", http.StatusTooManyRequests, "")
	require.Contains(t, w.Post(account+"/factors/passkey/options", nil).HTML, `{"message":`)
}
