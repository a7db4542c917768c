package pages_test

import (
	"net/http"
	"net/url"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages"
	"github.com/everlatch/everlatch/pages/pagestest"
)

// confirming is a world in which ending the other sessions needs a confirmation first, by a
// customer with the given second factors. It returns the page that asks.
func confirming(t *testing.T, factors string) (*world, *pagestest.Page) {
	t.Helper()
	w := newAccount(t)
	w.api.On("GET /auth/mfa/factors", http.StatusOK, `{"mfa_factors":[`+factors+`]}`)
	w.api.On("GET /auth/sessions/current", http.StatusOK, `{"session":{"actor_type":"customer","actor_id":"cus_1","auth_identity_id":"authid_1"}}`)
	w.api.On("POST /auth/mfa/challenges", http.StatusOK, `{"mfa_challenge":{"id":"ch_1","methods":["webauthn","sms","recovery_code"]}}`)
	w.refuses("DELETE /auth/sessions", http.StatusUnauthorized, "sign_in_too_old")
	p := w.Open(account+"/sessions").Submit(account+"/sessions/end-others", nil)
	require.Equal(t, account+"/confirm", p.Path)
	w.api.Calls()
	return w, p
}

// method is the page after the choice of a method.
func (w *world) method(t *testing.T, p *pagestest.Page, method string) *pagestest.Page {
	t.Helper()
	for _, link := range p.Links() {
		if u, err := url.Parse(link); err == nil && u.Query().Get("method") == method {
			return w.Open(link)
		}
	}
	require.Fail(t, "no link to the method", "%s of %v", method, p.Links())
	return nil
}

func TestConfirmingByPassword(t *testing.T) {
	t.Parallel()

	w, p := confirming(t, "")
	form, found := p.Form(account + "/confirm")
	require.True(t, found)
	require.Equal(t, "ada@example.com", form["email"], "what password managers go by")
	require.Equal(t, account+"/sessions", form["to"])
	require.Contains(t, p.Links(), "/ui/customer?return_to=%2Fui%2Fcustomer%2Faccount%2Fsessions", "a new sign-in always will do")

	w.api.On("POST /auth/customer/emailpass", http.StatusUnauthorized, `{}`, "Everlatch-Reason", "credentials_wrong")
	wrong := p.Submit(account+"/confirm", map[string]string{"password": "wrong"})
	require.Equal(t, http.StatusUnauthorized, wrong.Status)
	require.Contains(t, wrong.Text(), "The email address or the password is wrong.")
	require.Empty(t, wrong.Path[len(account+"/confirm"):], "they may try again")
	w.writes()

	w.api.On("POST /auth/customer/emailpass", http.StatusOK, `{"token":"`+token(`{"actor_id":"cus_1","auth_identity_id":"authid_1"}`)+`"}`)
	back := wrong.Submit(account+"/confirm", map[string]string{"email": "eve@example.com", "password": "correct horse"})
	require.Equal(t, account+"/sessions", back.Path)
	require.Contains(t, back.Text(), "Thank you. You can go on now.")
	calls := w.writes()
	require.Equal(t, []string{"POST /auth/customer/emailpass", "POST /auth/session"}, pagestest.Routes(calls))
	require.Equal(t, map[string]any{"email": "ada@example.com", "password": "correct horse"}, calls[0].Body, "their own address, whatever the form says")
	require.Equal(t, token(`{"actor_id":"cus_1","auth_identity_id":"authid_1"}`), calls[1].Bearer)
	require.Equal(t, "s3ssion", w.Cookie("connect.sid"), "a new session takes the place of the previous one")
}

func TestConfirmingByAnotherAccountIsRefused(t *testing.T) {
	t.Parallel()

	w, p := confirming(t, "")
	for name, answer := range map[string]string{
		"another identity": `{"token":"` + token(`{"actor_id":"cus_2","auth_identity_id":"authid_2"}`) + `"}`,
		"no identity":      `{"token":"` + token(`{}`) + `"}`,
		"half a sign-in":   `{"token":"` + token(`{"auth_identity_id":"authid_1"}`) + `","mfa_required":true,"mfa_challenge":{"id":"c","methods":["totp"]}}`,
	} {
		w.api.On("POST /auth/customer/passkey/callback", http.StatusOK, answer)
		refused := w.method(t, p, "passkey").Submit(account+"/confirm", map[string]string{"credential": `{"id":"k"}`})
		require.Equal(t, http.StatusBadRequest, refused.Status, name)
		require.Contains(t, refused.Text(), "This opens another account.", name)
		require.NotContains(t, pagestest.Routes(w.writes()), "POST /auth/session", name)
	}
}

func TestConfirmingByPasskey(t *testing.T) {
	t.Parallel()

	w, p := confirming(t, "")
	p = w.method(t, p, "passkey")
	require.Contains(t, p.HTML, `data-passkey="/ui/customer/account/confirm/options?method=passkey"`)
	require.Contains(t, p.Text(), "Passkeys need JavaScript.")
	w.api.On("POST /auth/customer/passkey", http.StatusOK, `{"options":{"challenge":"c"}}`)
	require.JSONEq(t, `{"options":{"challenge":"c"}}`, w.Post(account+"/confirm/options?method=passkey", nil).HTML)
	require.Equal(t, http.StatusBadRequest, p.Submit(account+"/confirm", nil).Status, "without a script there is no credential")

	w.api.On("POST /auth/customer/passkey/callback", http.StatusOK, `{"token":"`+token(`{"actor_id":"cus_1","auth_identity_id":"authid_1"}`)+`"}`)
	w.writes()
	require.Equal(t, account+"/sessions", p.Submit(account+"/confirm", map[string]string{"credential": `{"id":"k"}`}).Path)
	require.Equal(t, map[string]any{"credential": map[string]any{"id": "k"}}, w.writes()[0].Body)
}

func TestConfirmingByCodeInAMail(t *testing.T) {
	t.Parallel()

	w, _ := confirming(t, "")
	w.api.On("GET /auth/identities", http.StatusOK, `{"provider_identities":[{"id":"pi_1","provider":"emailcode","entity_id":"ada@example.com"}]}`)
	w.api.On("POST /auth/customer/emailcode", http.StatusOK, `{}`)
	p := w.Open(account + "/confirm?to=" + url.QueryEscape(account+"/sessions"))
	require.Contains(t, p.Text(), "We send a code to ada@example.com.")
	_, found := p.Form(account + "/confirm")
	require.False(t, found, "the code has to be sent first")
	p = p.Submit(account+"/confirm/prompt", nil)
	require.Equal(t, map[string]any{"email": "ada@example.com"}, w.writes()[0].Body)
	w.api.On("POST /auth/customer/emailcode/callback", http.StatusUnauthorized, `{}`, "Everlatch-Reason", "sign_in_code")
	p = p.Submit(account+"/confirm", map[string]string{"code": "000 000"})
	require.Contains(t, p.Text(), "This code is wrong or has expired.")
	w.api.On("POST /auth/customer/emailcode/callback", http.StatusOK, `{"token":"`+token(`{"actor_id":"cus_1","auth_identity_id":"authid_1"}`)+`"}`)
	w.writes()
	require.Equal(t, account+"/sessions", p.Submit(account+"/confirm", map[string]string{"code": "123 456"}).Path)
	require.Equal(t, map[string]any{"email": "ada@example.com", "code": "123456"}, w.writes()[0].Body)
}

func TestConfirmingWithoutAWayOfThisPage(t *testing.T) {
	t.Parallel()

	w, _ := confirming(t, "")
	w.api.On("GET /auth/identities", http.StatusOK, `{"provider_identities":[{"id":"pi_1","provider":"google","entity_id":"1"}]}`)
	p := w.Open(account + "/confirm?to=" + url.QueryEscape(account+"/sessions"))
	_, found := p.Form(account + "/confirm")
	require.False(t, found)
	require.Contains(t, p.Links(), "/ui/customer?return_to=%2Fui%2Fcustomer%2Faccount%2Fsessions")
	require.Equal(t, http.StatusUnprocessableEntity, w.Post(account+"/confirm", url.Values{"password": {"x"}}).Status)
	require.Empty(t, w.writes())
}

const twoFactors = `{"id":"mf_1","provider":"webauthn","status":"enabled"},{"id":"mf_2","provider":"sms","status":"enabled"},{"id":"mf_3","provider":"totp","status":"pending"}`

func TestConfirmingByEveryFactor(t *testing.T) {
	t.Parallel()

	w, p := confirming(t, twoFactors)
	require.Contains(t, p.HTML, `data-passkey="/ui/customer/account/confirm/options?method=webauthn"`, "a password is no proof where there is a second factor")
	require.NotContains(t, p.Text(), "your password")

	w.api.On("POST /auth/mfa/challenges/ch_1/prompt", http.StatusOK, `{"prompt":{"options":{"challenge":"c"}}}`)
	require.JSONEq(t, `{"options":{"challenge":"c"}}`, w.Post(account+"/confirm/options?method=webauthn", nil).HTML)
	w.refuses("POST /auth/mfa/challenges/ch_1/verify", http.StatusBadRequest, "passkey_refused")
	p = p.Submit(account+"/confirm", map[string]string{"credential": `{"id":"k"}`})
	require.Contains(t, p.Text(), "This passkey was not accepted.")

	p = w.method(t, p, "sms").Submit(account+"/confirm/prompt", nil)
	w.refuses("POST /auth/mfa/challenges/ch_1/verify", http.StatusBadRequest, "challenge_code")
	require.Contains(t, p.Submit(account+"/confirm", map[string]string{"code": "000000"}).Text(), "This code is wrong or has expired.")

	w.api.On("POST /auth/mfa/challenges/ch_1/verify", http.StatusOK, `{"token":"x"}`)
	back := w.method(t, p, "recovery_code").Submit(account+"/confirm", map[string]string{"code": "k7dq-3mvz"})
	require.Equal(t, account+"/sessions", back.Path)
	calls := w.writes()
	require.Equal(t, []string{
		"POST /auth/mfa/challenges", "POST /auth/mfa/challenges/ch_1/prompt", "POST /auth/mfa/challenges/ch_1/verify",
		"POST /auth/mfa/challenges/ch_1/prompt", "POST /auth/mfa/challenges/ch_1/verify", "POST /auth/mfa/challenges/ch_1/verify",
	}, pagestest.Routes(calls), "all answers are to one challenge, which counts them")
	require.Equal(t, map[string]any{"method": "webauthn", "code": `{"id":"k"}`}, calls[2].Body)
	require.Equal(t, map[string]any{"method": "sms"}, calls[3].Body)
	require.Equal(t, map[string]any{"method": "recovery_code", "code": "k7dq-3mvz"}, calls[5].Body)
}

func TestConfirmingASignInThatWaitsForItsFactor(t *testing.T) {
	t.Parallel()

	w, _ := confirming(t, "")
	w.refuses("GET /auth/mfa/factors", http.StatusUnauthorized, "factor_missing")
	p := w.Open(pages.ConfirmPath("customer", account, true))
	require.Empty(t, w.writes(), "opening a page begins nothing")
	p = p.Submit(account+"/confirm/prompt", nil)
	require.Equal(t, "POST /auth/mfa/challenges", pagestest.Routes(w.writes())[0])
	require.Contains(t, p.HTML, `method=webauthn"`)
	w.method(t, p, "recovery_code")
}

func TestConfirmingNeedsASession(t *testing.T) {
	t.Parallel()

	w, _ := confirming(t, "")
	w.refuses("GET /auth/mfa/factors", http.StatusUnauthorized, "unauthenticated")
	require.Equal(t, "/ui/customer", w.Open(account+"/confirm").Path)
	require.Equal(t, "/ui/customer", w.Post(account+"/confirm", url.Values{"password": {"x"}}).Path)
	require.Empty(t, w.writes())
}

func TestConfirmLeadsNowhereElse(t *testing.T) {
	t.Parallel()

	w := newWorld(t, func(o *pages.Options) {
		o.Areas = append(o.Areas, pages.Area{Name: "extra", Files: fstest.MapFS{}, Routes: map[string]pages.Handler{"GET /extra/{id}": func(*pages.Visit) error { return nil }}})
	})
	w.api.On("GET /auth/mfa/factors", http.StatusOK, `{"mfa_factors":[{"id":"mf_1","provider":"totp","status":"enabled"}]}`)
	for to, leads := range map[string]string{
		"https://evil.example": "", "//evil.example": "", "/ui/customer/accounts": "", "/ui/user/account": "", "/\\evil.example": "", "javascript:alert(1)": "", "": "", hostile: "",
		"/auth/export": "", "/extra": "", "/ui/nowhere": "", account + "/data": account + "/data", "/extra/1?a=b": "/extra/1?a=b",
	} {
		if leads == "" {
			leads = account
		}
		p := w.Open(account + "/confirm?to=" + url.QueryEscape(to))
		form, _ := p.Form(account + "/confirm")
		require.Equal(t, leads, form["to"], to)
		requireHarmless(t, p, to)
	}
}
