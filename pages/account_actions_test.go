package pages_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages/pagestest"
)

// refuses has the API refuse a route for a reason.
func (w *world) refuses(route string, status int, reason string) {
	w.api.On(route, status, `{"type":"refused","message":"The API's sentence."}`, "Everlatch-Reason", reason)
}

func TestEmailOfTheAccount(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	p := w.Open(account + "/email")
	require.Contains(t, p.Text(), "We mailed a link to new@example.com.")
	require.Contains(t, p.Text(), "1 December 2026, 09:00 UTC")
	require.Contains(t, p.Text(), "a link that undoes the change")
	w.api.On("POST /store/customers/me/email", http.StatusAccepted, `{"success":true}`)
	w.api.Calls()
	sent := p.Submit("", map[string]string{"email": "other@example.com"})
	require.Equal(t, account+"/email", sent.Path)
	require.Contains(t, sent.Text(), "We mailed a link to other@example.com.")
	calls := w.api.Calls()
	require.Contains(t, pagestest.Routes(calls), "POST /store/customers/me/email")

	w.refuses("POST /store/customers/me/email", http.StatusBadRequest, "email_unchanged")
	refused := p.Submit("", map[string]string{"email": hostile})
	require.Equal(t, http.StatusBadRequest, refused.Status)
	require.Contains(t, refused.Text(), "New email address : This is your address already.")
	requireHarmless(t, refused, "email")

	for name, activity := range map[string]string{
		"expired": `[{"id":"1","name":"auth.email_change_requested","data":{"email":"new@example.com","expires_at":"2026-11-30T11:59:59Z"},"created_at":"2026-11-29T12:00:00Z"}]`,
		"changed": `[{"id":"2","name":"auth.email_changed","data":{"email":"new@example.com"},"created_at":"2026-11-30T11:00:00Z"},
			{"id":"1","name":"auth.email_change_requested","data":{"email":"new@example.com","expires_at":"2026-12-30T11:59:59Z"},"created_at":"2026-11-29T12:00:00Z"}]`,
	} {
		w.api.On("GET /auth/activity", http.StatusOK, `{"activities":`+activity+`}`)
		require.NotContains(t, w.Open(account+"/email").Text(), "new@example.com", name)
	}
}

func TestPasswordOfTheAccount(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	w.api.On("POST /auth/customer/emailpass/reset-password", http.StatusCreated, `{}`)
	p := w.Open(account + "/password")
	w.api.Calls()
	require.Contains(t, p.Submit("", map[string]string{"identifier": "victim@example.com"}).Text(), "We mailed a link to ada@example.com.")
	for _, call := range w.api.Calls() {
		if call.Method == http.MethodPost {
			require.Equal(t, map[string]any{"identifier": "ada@example.com"}, call.Body, "their own address, whatever the form says")
		}
	}
	w.api.On("GET /auth/identities", http.StatusOK, `{"provider_identities":[]}`)
	require.Equal(t, http.StatusNotFound, w.Open(account+"/password").Status, "there is no password")
}

func TestWaysToSignIn(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	text := w.Open(account + "/security").Text()
	require.Contains(t, text, "Google ada@gmail.example")
	require.Regexp(t, `Passkey My phone Added on 5 October 2026 · Last used on 28 November 2026`, text)
	require.Regexp(t, `Passkey My key Added on 5 October 2026 · Not used yet`, text)
	require.Contains(t, text, "Add GitHub Add Passkey Two-step verification On", "neither what is there nor codes by mail")

	w.api.On("POST /auth/identities/pi_3", http.StatusOK, `{}`)
	passkey := w.Open(account + "/ways/pi_3")
	w.api.Calls()
	require.Contains(t, passkey.Submit("", map[string]string{"label": "Old phone"}).Text(), "The name has been saved.")
	require.Equal(t, http.StatusNotFound, w.Post(account+"/ways/pi_1", url.Values{"label": {"x"}}).Status, "only passkeys have names")

	w.api.On("DELETE /auth/identities/pi_2", http.StatusOK, `{}`)
	google := w.Open(account + "/ways/pi_2")
	require.Contains(t, google.Submit(account+"/ways/pi_2/remove", nil).Text(), "Removed: Google")
	w.refuses("DELETE /auth/identities/pi_1", http.StatusBadRequest, "login_in_use")
	refused := w.Open(account+"/ways/pi_1").Submit(account+"/ways/pi_1/remove", nil)
	require.Equal(t, http.StatusBadRequest, refused.Status)
	require.Contains(t, refused.Text(), "Sign in another way to remove it.")
	require.Equal(t, account+"/ways/pi_1", w.Open(refused.Path+"?lang=en").Path, "a language can be chosen after a refusal")

	w.api.On("GET /auth/identities", http.StatusOK, `{"provider_identities":[{"id":"pi_1","provider":"emailpass","entity_id":"ada@example.com"}]}`)
	last := w.Open(account + "/ways/pi_1")
	require.Contains(t, last.Text(), "This is your only way to sign in.")
	_, found := last.Form(account + "/ways/pi_1/remove")
	require.False(t, found)
	require.Equal(t, http.StatusNotFound, w.Open(account+"/ways/pi_9").Status)
}

func TestLinkingAProvider(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	w.api.On("POST /auth/identities/link/github", http.StatusOK, `{"location":"https://github.example/authorize?state=s"}`)
	w.api.Calls()
	p := w.Open(account+"/add/github").Submit("", nil)
	require.Contains(t, p.Links(), "https://github.example/authorize?state=s", "the policy allows no redirect from a form")
	for _, call := range w.api.Calls() {
		if call.Method == http.MethodPost {
			require.Equal(t, map[string]any{"callback_url": "http://auth.example/ui/customer/callback/github"}, call.Body)
		}
	}
	require.Equal(t, http.StatusNotFound, w.Open(account+"/add/google").Status, "it is linked already")
	require.Equal(t, http.StatusNotFound, w.Open(account+"/add/emailcode").Status)
	require.Equal(t, http.StatusNotFound, w.Open(account+"/add/"+url.PathEscape("../../x")).Status)
}

func TestAddingAPasskeyAndAPassword(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	w.api.On("POST /auth/identities/link/passkey", http.StatusOK, `{"options":{"challenge":"c"},"provider_identity":{}}`)
	options := w.Post(account+"/add/passkey/options", url.Values{"label": {"My phone"}})
	require.Equal(t, "application/json", options.Header.Get("Content-Type"))
	require.JSONEq(t, `{"options":{"challenge":"c"},"provider_identity":{}}`, options.HTML)

	p := w.Open(account + "/add/passkey")
	require.Equal(t, http.StatusUnprocessableEntity, p.Submit("", nil).Status, "without a script there is no credential")
	w.api.Calls()
	added := p.Submit("", map[string]string{"label": "My phone", "credential": `{"id":"abc"}`})
	require.Contains(t, added.Text(), "You can now sign in with this: Passkey")
	for _, call := range w.api.Calls() {
		if call.Method == http.MethodPost {
			require.Equal(t, map[string]any{"credential": map[string]any{"id": "abc"}, "label": "My phone"}, call.Body)
		}
	}

	w.api.On("GET /auth/identities", http.StatusOK, `{"provider_identities":[{"id":"pi_2","provider":"google","entity_id":"1","user_metadata":{"email":"ada@gmail.example"}}]}`)
	password := w.Open(account + "/add/emailpass")
	form, _ := password.Form("")
	require.Equal(t, "ada@gmail.example", form["email"])
	w.refuses("POST /auth/identities/link/emailpass", http.StatusBadRequest, "address_unproven")
	refused := password.Submit("", map[string]string{"password": "correct horse"})
	require.Contains(t, refused.Text(), "Verify this address first")
	require.NotContains(t, refused.HTML, "correct horse")
}

func TestSettingUpAnAuthenticatorApp(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	const link = "otpauth://totp/Shop:ada?secret=JBSWY3DPEHPK3PXP&issuer=Shop"
	w.api.On("POST /auth/mfa/factors", http.StatusOK, `{"mfa_factor":{"id":"mf_9"},"secret":"JBSWY3DPEHPK3PXP","otpauth_url":"`+link+`"}`)
	w.api.Calls()
	p := w.Open(account+"/factors/new").Submit("", nil)
	require.Equal(t, http.StatusOK, p.Status)
	require.Contains(t, p.Text(), "JBSW Y3DP EHPK 3PXP")
	require.Contains(t, p.HTML, `<svg class="qr"`)
	require.Equal(t, "no-store", p.Header.Get("Cache-Control"))
	for _, call := range w.api.Calls() {
		if call.Path == "/auth/mfa/factors" {
			require.Equal(t, map[string]any{"provider": "totp", "label": "ada@example.com", "issuer": "Shop"}, call.Body)
		}
	}

	w.refuses("POST /auth/mfa/factors/mf_9/verify", http.StatusBadRequest, "factor_code; provider=totp")
	wrong := p.Submit(account+"/factors/new", map[string]string{"code": "123 456"})
	require.Equal(t, http.StatusBadRequest, wrong.Status)
	require.Contains(t, wrong.Text(), "This code is wrong.")
	require.Contains(t, wrong.HTML, `<svg class="qr"`, "the app can still be set up")

	w.api.On("POST /auth/mfa/factors/mf_9/verify", http.StatusOK, `{}`)
	w.api.Calls()
	done := wrong.Submit(account+"/factors/new", map[string]string{"code": "123 456"})
	require.Equal(t, account+"/recovery-codes", done.Path)
	require.Contains(t, done.Text(), "Two-step verification is on.")
	require.Equal(t, map[string]any{"code": "123456"}, w.api.Calls()[0].Body)

	forged := w.Post(account+"/factors/new", url.Values{"factor": {"mf_9"}, "link": {"javascript:alert(1)"}, "code": {""}})
	require.Equal(t, http.StatusNotFound, forged.Status, "only links of apps are drawn")
}

func TestSecondFactors(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	one := w.Open(account + "/factors/mf_1")
	require.Contains(t, one.Text(), "This is your only second step.")
	w.api.On("POST /auth/mfa/factors/mf_1", http.StatusOK, `{}`)
	require.Contains(t, one.Submit("", map[string]string{"label": "Tablet"}).Text(), "The name has been saved.")
	require.Equal(t, http.StatusNotFound, w.Open(account+"/factors/mf_2").Status, "one that is pending is none yet")

	w.refuses("DELETE /auth/mfa/factors/mf_1", http.StatusBadRequest, "factor_removal_unproven")
	asked := one.Submit(account+"/factors/mf_1/remove", nil)
	require.Contains(t, asked.Text(), "Enter a code to remove this second step.")
	w.api.On("DELETE /auth/mfa/factors/mf_1", http.StatusOK, `{}`)
	w.api.Calls()
	require.Contains(t, asked.Submit(account+"/factors/mf_1/remove", map[string]string{"removal_code": "k7dq-3mvz"}).Text(), "The second step has been removed.")
	for _, call := range w.api.Calls() {
		if call.Method == http.MethodDelete {
			require.Equal(t, map[string]any{"method": "recovery_code", "code": "k7dq-3mvz"}, call.Body)
		}
	}

	w.api.On("POST /auth/mfa/recovery-codes", http.StatusOK, `{"recovery_codes":["aaaa-bbbb","cccc-dddd"]}`)
	codes := w.Open(account+"/recovery-codes").Submit("", nil)
	require.Contains(t, codes.Text(), "aaaa-bbbb cccc-dddd")
	require.Equal(t, "no-store", codes.Header.Get("Cache-Control"))
	require.NotContains(t, w.Open(account+"/recovery-codes").Text(), "aaaa-bbbb", "shown once")
	w.api.On("GET /auth/mfa/factors", http.StatusOK, `{"mfa_factors":[]}`)
	require.Equal(t, account+"/security", w.Open(account+"/recovery-codes").Path, "codes take the place of something")
}

func TestSessionsAndActivity(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	p := w.Open(account + "/sessions")
	require.Regexp(t, `Firefox on Linux This device.*Safari on iPhone`, p.Text(), "the current one comes first")
	for language, device := range map[string]string{
		"de": "Firefox unter Linux", "fr": "Firefox sur Linux", "es": "Firefox en Linux", "pl": "Firefox w systemie Linux", "ja": "Linux の Firefox",
		"ar": "\u2068Firefox\u2069 على \u2068Linux\u2069",
	} {
		w.Header.Set("Accept-Language", language)
		require.Contains(t, w.Open(account+"/sessions").Text(), device)
		require.Contains(t, w.Open(account+"/activity").Text(), device)
		require.NotContains(t, w.Open(account+"/sessions").Text(), " on ", language)
		require.NotRegexp(t, `<(bdi|span dir="auto")[^>]*>[^<]*Firefox`, w.Open(account+"/activity").HTML, "the first letter of a browser is not the direction of the line")
	}
	w.Header.Del("Accept-Language")
	w.api.On("DELETE /auth/sessions/s_2", http.StatusOK, `{}`)
	require.Contains(t, p.Submit(account+"/sessions/end", nil).Text(), "The session has ended.")
	w.api.On("DELETE /auth/sessions", http.StatusOK, `{}`)
	require.Contains(t, p.Submit(account+"/sessions/end-others", nil).Text(), "All other sessions have ended.")

	text := w.Open(account + "/activity").Text()
	require.Contains(t, text, "Signed in: Password Firefox on Linux · 192.0.2.0/24 20 November 2026, 08:00 UTC")
	require.Contains(t, text, "Failed sign-in: Password")
	require.Contains(t, text, "Signed in: Password Unknown device · 192.0.2.0/24", "one that says nothing about itself")
	require.NotContains(t, text, "of_the_future", "what has no words is left out")
	w.api.On("GET /auth/activity", http.StatusOK, `{"activities":[{"id":"1","name":"auth.email_changed","data":{"email":"<script>alert(1)</script>"},"created_at":"2026-11-30T11:00:00Z"}]}`)
	requireHarmless(t, w.Open(account+"/activity"), "activity")
}

func TestDownloadingAndDeleting(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	w.api.On("GET /auth/export", http.StatusOK, `{"account":{"email":"ada@example.com"}}`)
	file := w.Open(account + "/data/download")
	require.Equal(t, `attachment; filename="account-2026-11-30.json"`, file.Header.Get("Content-Disposition"))
	require.Equal(t, "application/json; charset=utf-8", file.Header.Get("Content-Type"))
	require.Contains(t, file.HTML, `"email": "ada@example.com"`)

	w.api.On("DELETE /store/customers/me", http.StatusAccepted, `{"id":"cus_1","deleted":false,"deletion_at":"2026-12-14T12:00:00Z"}`)
	p := w.Open(account + "/delete")
	w.api.Calls()
	require.Equal(t, http.StatusUnprocessableEntity, p.Submit("", nil).Status, "they have to be sure")
	require.NotContains(t, pagestest.Routes(w.api.Calls()), "DELETE /store/customers/me")
	gone := p.Submit("", map[string]string{"sure": "true"})
	require.Equal(t, account+"/deleted", gone.Path)
	require.Contains(t, gone.Text(), "14 December 2026, 12:00 UTC")
	require.Contains(t, gone.Links(), "/ui/customer", "signing in undoes it")
	require.Equal(t, "/ui/customer", newWorld(t).Open(account+"/deleted").Path, "others see nothing there")

	require.Equal(t, http.StatusNotFound, w.Open("/ui/user/account/delete").Status, "another administrator does that")
	w.api.On("GET /courier/me", http.StatusOK, `{"courier":{"id":"c_1","email":"c@example.com"}}`)
	w.api.On("DELETE /courier/me", http.StatusOK, `{"id":"c_1","deleted":true}`)
	require.Contains(t, w.Open("/ui/courier/account/delete").Text(), "cannot be undone")
	require.Contains(t, w.Open("/ui/courier/account/delete").Submit("", map[string]string{"sure": "true"}).Text(), "Your account has been deleted")
}

func TestAnOldSignInIsConfirmed(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	w.refuses("DELETE /auth/sessions", http.StatusUnauthorized, "sign_in_too_old")
	p := w.Open(account+"/sessions").Submit(account+"/sessions/end-others", nil)
	require.Equal(t, account+"/confirm", p.Path)
	require.Contains(t, p.Links(), "/ui/customer?return_to=%2Fui%2Fcustomer%2Faccount%2Fsessions")
	form, found := p.Form(account + "/confirm")
	require.True(t, found, "a second factor is quicker")
	require.Equal(t, account+"/sessions", form["to"])

	w.api.On("POST /auth/mfa/challenges", http.StatusOK, `{"mfa_challenge":{"id":"ch_1","methods":["totp","recovery_code"]}}`)
	w.refuses("POST /auth/mfa/challenges/ch_1/verify", http.StatusBadRequest, "challenge_code")
	w.api.Calls()
	wrong := p.Submit(account+"/confirm", map[string]string{"code": "12 34 56"})
	require.Contains(t, wrong.Text(), "This code is wrong or has expired.")
	require.NotContains(t, wrong.HTML, "12 34 56", "a code is a secret")
	w.api.On("POST /auth/mfa/challenges/ch_1/verify", http.StatusOK, `{"token":"secret-token"}`)
	back := wrong.Submit(account+"/confirm", map[string]string{"code": "k7dq-3mvz"})
	require.Equal(t, account+"/sessions", back.Path)
	require.Contains(t, back.Text(), "Thank you. You can go on now.")
	require.NotContains(t, back.HTML, "secret-token")
	calls := w.api.Calls()
	begun := 0
	for _, call := range calls {
		if call.Path == "/auth/mfa/challenges" {
			begun++
		}
	}
	require.Equal(t, 1, begun, "both answers are to one challenge, which counts them")
}
