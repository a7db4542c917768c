package pages_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages/pagestest"
)

func TestForgotAnswersAlike(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.api.On("POST /auth/customer/emailpass/reset-password", http.StatusCreated, "")
	p := w.Open("/ui/customer/forgot").Submit("", map[string]string{"email": "ada@example.com"})
	require.Equal(t, "/ui/customer/sent/reset", p.Path)
	require.Contains(t, p.Text(), "If there is an account for ada@example.com")
	calls := w.writes()
	require.Len(t, calls, 1)
	require.Equal(t, map[string]any{"identifier": "ada@example.com"}, calls[0].Body)
}

// A mail to no one is not on its way, and an address keeps its order in a line that runs from
// right to left.
func TestWhoAMailWasSentTo(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	require.Equal(t, "/ui/customer/forgot", w.Open("/ui/customer/sent/reset").Path)
	require.Equal(t, "/ui/customer/sign-up", w.Open("/ui/customer/sent/registration").Path)
	w.api.On("POST /auth/customer/emailpass/reset-password", http.StatusCreated, "")
	for language, want := range map[string]string{"ar": " \u2068ada@example.com\u2069", "de": " ada@example.com"} {
		w.Header.Set("Accept-Language", language)
		require.Contains(t, w.Open("/ui/customer/forgot").Submit("", map[string]string{"email": "ada@example.com"}).Text(), want)
	}
}

func TestResetByTheLinkOfAMail(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	link := token(`{"provider":"emailpass"}`)
	p := w.Open("/ui/customer/reset-password?token=" + link + "&email=ada%40example.com")
	require.Equal(t, "/ui/customer/reset", p.Path, "the token is not in the URL any more")
	require.NotContains(t, p.HTML, link, "nor in the page")
	require.Empty(t, w.writes(), "a GET confirms nothing")
	form, _ := p.Form("")
	require.Equal(t, "ada@example.com", form["username"], "for password managers")

	w.api.On("POST /auth/customer/emailpass/update", http.StatusBadRequest, `{"type":"invalid_data","message":"Password must have at least 9 characters."}`, "Everlatch-Reason", "password_short; least=9")
	w.Header.Set("Accept-Language", "de")
	p = p.Submit("", map[string]string{"password": "short"})
	require.Equal(t, http.StatusBadRequest, p.Status)
	require.Contains(t, p.Text(), "Verwenden Sie mindestens 9 Zeichen.")

	w.api.On("POST /auth/customer/emailpass/update", http.StatusOK, `{"success":true}`)
	w.writes()
	p = p.Submit("", map[string]string{"password": "a better password"})
	require.Equal(t, "/ui/customer", p.Path)
	require.Contains(t, p.Text(), "Ihr Passwort wurde geändert.")
	calls := w.writes()
	require.Equal(t, link, calls[0].Bearer)
	require.Equal(t, map[string]any{"password": "a better password"}, calls[0].Body)
	require.Equal(t, http.StatusBadRequest, w.Open("/ui/customer/reset").Status, "the link is forgotten")
	require.Equal(t, "/ui/customer/forgot", w.Open("/ui/customer/reset-password").Path, "a mail links here without a token, too")
}

// TestLinksOfMails opens the link of each kind of mail and presses the button of its page.
func TestLinksOfMails(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		link, route string
		body        map[string]any
		then        string
	}{
		"verify":        {"/ui/customer/verify-email?code=c0de", "POST /auth/verification/confirm", map[string]any{"code": "c0de", "code_provider": "token"}, "/ui/customer"},
		"confirm":       {"/ui/customer/confirm-email?token=t0ken", "POST /store/customers/me/email/confirm", map[string]any{"token": "t0ken"}, "/ui/customer/account"},
		"confirm admin": {"/ui/user/confirm-email?token=t0ken", "POST /admin/users/me/email/confirm", map[string]any{"token": "t0ken"}, "/ui/user/account"},
		"undo":          {"/ui/customer/undo-email?token=t0ken", "POST /store/customers/me/email/undo", map[string]any{"token": "t0ken"}, "/ui/customer/forgot"},
		"not me":        {"/ui/customer/not-me?token=t0ken", "POST /auth/sessions/disown", map[string]any{"token": "t0ken"}, "/ui/customer/forgot"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			p := w.Open(tt.link)
			require.Equal(t, http.StatusOK, p.Status)
			require.NotContains(t, p.HTML, "t0ken")
			require.NotContains(t, p.HTML, "c0de")
			require.Empty(t, w.writes(), "a scanner of mails opens links")

			_, route, _ := cut(tt.route)
			w.api.On("POST "+route, http.StatusUnauthorized, `{"type":"unauthorized","message":"Invalid token"}`, "Everlatch-Reason", "token_invalid")
			refused := p.Submit("", nil)
			require.Equal(t, http.StatusUnauthorized, refused.Status)
			require.Contains(t, refused.Text(), "This link was used already or has expired.")
			w.writes()

			w.api.On("POST "+route, http.StatusOK, `{"success":true}`)
			p = refused.Submit("", nil)
			require.Equal(t, tt.then, p.Path)
			calls := w.writes()
			require.Equal(t, []string{tt.route}, pagestest.Routes(calls))
			require.Equal(t, tt.body, calls[0].Body)
		})
	}
}

func cut(route string) (method, path string, found bool) {
	for i, c := range route {
		if c == ' ' {
			return route[:i], route[i+1:], true
		}
	}
	return route, "", false
}

func TestConfirmingAnAddressNeedsASignIn(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.api.On("POST /auth/customer/emailpass", http.StatusOK, full)
	w.api.On("POST /store/customers/me/email/confirm", http.StatusUnauthorized, `{"message":"Unauthorized"}`, "Everlatch-Reason", "unauthenticated")
	p := w.Open("/ui/customer/confirm-email?token=t0ken").Submit("", nil)
	require.Equal(t, "/ui/customer", p.Path)
	require.Contains(t, p.Text(), "Sign in with your current address")
	p = p.Submit("/ui/customer", map[string]string{"email": "ada@example.com", "password": "p"})
	require.Equal(t, "/ui/customer/email/confirm", p.Path, "the link is still known")
	w.api.On("POST /store/customers/me/email/confirm", http.StatusOK, `{"email":"new@example.com"}`)
	w.writes()
	p.Submit("", nil)
	require.Equal(t, map[string]any{"token": "t0ken"}, w.writes()[0].Body)
}

func TestAnInvite(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.api.On("POST /auth/user/emailpass/register", http.StatusUnauthorized, `{"type":"unauthorized","message":"Identity with email already exists"}`, "Everlatch-Reason", "email_registered")
	w.api.On("POST /auth/user/emailpass", http.StatusOK, `{"token":"signed-in"}`)
	w.api.On("POST /admin/invites/accept", http.StatusOK, `{"user":{}}`)
	w.api.On("POST /auth/token/refresh", http.StatusOK, full)
	p := w.Open("/ui/user/invite?token=" + token(`{"email":"ada@example.com"}`))
	form, _ := p.Form("")
	require.Equal(t, "ada@example.com", form["email"])
	p = p.Submit("", map[string]string{"first_name": "Ada", "password": "correct horse"})
	require.Equal(t, "/ui/user/account", p.Path)
	calls := w.writes()
	require.Equal(t, []string{
		"POST /auth/user/emailpass/register", "POST /auth/user/emailpass", "POST /admin/invites/accept", "POST /auth/token/refresh", "POST /auth/session",
	}, pagestest.Routes(calls))
	require.Equal(t, "signed-in", calls[2].Bearer)
	require.Equal(t, map[string]any{"token": token(`{"email":"ada@example.com"}`), "first_name": "Ada"}, calls[2].Body)
}

func TestACodeByMail(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.api.On("POST /auth/customer/emailcode", http.StatusOK, `{"code_sent":true}`)
	p := w.Open("/ui/customer/code").Submit("", map[string]string{"email": "ada@example.com"})
	require.Equal(t, "/ui/customer/code/enter", p.Path)
	w.api.On("POST /auth/customer/emailcode/callback", http.StatusUnauthorized, `{"message":"This code is wrong"}`, "Everlatch-Reason", "sign_in_code")
	p = p.Submit("", map[string]string{"code": "123456"})
	require.Equal(t, http.StatusUnauthorized, p.Status)
	require.NotContains(t, p.HTML, "123456")
	require.Contains(t, p.Text(), "This code is wrong or has expired.")
	asked := w.writes()
	w.api.On("POST /auth/customer/emailcode/callback", http.StatusOK, full)
	p = p.Submit("", map[string]string{"code": "654321"})
	require.Equal(t, "/ui/customer/account", p.Path)
	calls := w.writes()
	require.Equal(t, map[string]any{"email": "ada@example.com", "code": "654321"}, calls[0].Body)
	require.Equal(t, asked[0].Header.Get("Everlatch-Browser"), calls[0].Header.Get("Everlatch-Browser"), "the browser that asked")

	other := newWorld(t)
	other.api.On("POST /auth/customer/emailcode/callback", http.StatusOK, full)
	p = other.Open("/ui/customer/sign-in-link?token=t0ken")
	require.Equal(t, "/ui/customer/sign-in-link", p.Path)
	require.Empty(t, other.writes())
	p.Submit("", nil)
	require.Equal(t, map[string]any{"token": "t0ken"}, other.writes()[0].Body)
}

func TestAProvider(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.api.On("POST /auth/customer/google", http.StatusOK, `{"location":"https://accounts.google.com/o?state=s"}`)
	p := w.Open("/ui/customer").Submit("/ui/customer/with/google", nil)
	require.Equal(t, http.StatusOK, p.Status, "a form may not lead elsewhere, so a page does")
	require.Contains(t, p.Links(), "https://accounts.google.com/o?state=s")
	require.Equal(t, map[string]any{"callback_url": "http://auth.example/ui/customer/callback/google"}, w.writes()[0].Body)

	w.api.On("POST /auth/customer/google/callback", http.StatusUnauthorized, `{"type":"unauthorized","message":"Authentication failed"}`, "Everlatch-Reason", "authentication_failed")
	p = w.Open("/ui/customer/callback/google?code=c&state=s")
	require.Equal(t, http.StatusUnauthorized, p.Status)
	require.Contains(t, p.Text(), "The sign-in did not work.")
	w.writes()
	w.api.On("POST /auth/customer/google/callback", http.StatusOK, full)
	p = w.Open("/ui/customer/callback/google?code=c&state=s")
	require.Equal(t, "/ui/customer/account", p.Path)
	require.Equal(t, map[string]any{"code": "c", "state": "s"}, w.writes()[0].Body)
}

func TestLinkingAsksForConsent(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.api.On("POST /auth/identities/link/google", http.StatusOK, `{"location":"https://accounts.google.com/o"}`)
	w.api.On("POST /auth/customer/google/callback", http.StatusOK, full)
	p := w.Open("/ui/customer/link?provider=google")
	require.Contains(t, p.Text(), "Your Google account will then open your account at Shop.")
	require.Empty(t, w.writes())
	p.Submit("", nil)
	require.Equal(t, []string{"POST /auth/identities/link/google"}, pagestest.Routes(w.writes()))
	w.api.On("GET /store/customers/me", http.StatusOK, `{"customer":{"id":"cus_1"}}`)
	p = w.Open("/ui/customer/callback/google?code=c&state=s")
	require.Equal(t, "/ui/customer/account", p.Path)
	require.Equal(t, []string{"POST /auth/customer/google/callback"}, pagestest.Routes(w.writes()), "the session stays")
	require.Equal(t, http.StatusNotFound, w.Open("/ui/customer/link?provider=evil").Status)
	require.Contains(t, p.Text(), "You can sign in with Google now.")

	w.api.On("POST /auth/identities/link/google", http.StatusUnauthorized, `{}`, "Everlatch-Reason", "sign_in_too_old")
	w.api.On("GET /auth/mfa/factors", http.StatusOK, `{"mfa_factors":[{"id":"mf_1","provider":"totp","status":"enabled"}]}`)
	p = w.Open("/ui/customer/link?provider=google").Submit("", nil)
	require.Equal(t, "/ui/customer/account/confirm", p.Path)
	form, _ := p.Form("/ui/customer/account/confirm")
	require.Equal(t, "/ui/customer/link?provider=google", form["to"])

	w.api.On("POST /auth/identities/link/google", http.StatusUnauthorized, `{}`, "Everlatch-Reason", "unauthenticated")
	w.api.On("POST /auth/customer/emailpass", http.StatusOK, full)
	p = w.Open("/ui/customer/link?provider=google").Submit("", nil)
	require.Equal(t, "/ui/customer", p.Path)
	p = p.Submit("/ui/customer", map[string]string{"email": "ada@example.com", "password": "p"})
	require.Equal(t, "/ui/customer/link", p.Path)
}

func TestAPasskey(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.api.On("POST /auth/customer/passkey", http.StatusOK, `{"options":{"challenge":"x"},"expires_at":"2026-11-30T12:05:00Z"}`)
	p := w.Post("/ui/customer/passkey/options", nil)
	require.JSONEq(t, `{"options":{"challenge":"x"},"expires_at":"2026-11-30T12:05:00Z"}`, p.HTML)
	w.api.On("POST /auth/customer/passkey/callback", http.StatusOK, full)
	p = w.Post("/ui/customer/passkey", url.Values{"credential": {`{"id":"k"}`}})
	require.Equal(t, "/ui/customer/account", p.Path)
	require.Equal(t, map[string]any{"credential": map[string]any{"id": "k"}}, w.writes()[1].Body)
	require.Equal(t, http.StatusBadRequest, w.Post("/ui/customer/passkey", url.Values{"credential": {"no JSON"}}).Status)
	w.api.On("POST /auth/customer/passkey", http.StatusTooManyRequests, `{}`, "Retry-After", "60")
	p = w.Post("/ui/customer/passkey/options", nil)
	require.Equal(t, http.StatusTooManyRequests, p.Status)
	require.JSONEq(t, `{"message":"Too many requests. Try again in 60 seconds."}`, p.HTML)
}

func TestWaitingAndSignOut(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.api.On("POST /auth/customer/emailpass", http.StatusAccepted, `{"status":"pending","message":"…","token":""}`)
	p := w.Open("/ui/customer").Submit("/ui/customer", map[string]string{"email": "ada@example.com", "password": "p"})
	require.Equal(t, "Waiting for approval", p.Title())

	w.SetCookie(&http.Cookie{Name: "connect.sid", Value: "s", Path: "/"})
	w.api.On("DELETE /auth/session", http.StatusOK, `{"success":true}`, "Set-Cookie", "connect.sid=; Path=/; Max-Age=0")
	p = w.Post("/ui/customer/sign-out", nil)
	require.Contains(t, p.Text(), "You have signed out.")
	require.Empty(t, w.Cookie("connect.sid"))
	w.api.On("DELETE /auth/session", http.StatusUnauthorized, `{}`)
	require.Equal(t, "/ui/customer", w.Post("/ui/customer/sign-out", nil).Path, "a browser without a session is signed out")
	require.Equal(t, http.StatusNotFound, w.Open("/ui/customer/sign-out").Status, "a link signs no one out")
}
