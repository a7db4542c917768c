package e2e_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/passkeytest"
)

const passkeyOrigin = "http://localhost:8000"

// secretsConfig has every provider, mails about new devices, and an actor type whose
// registration is neutral.
func secretsConfig(social string) string {
	social = strings.Replace(social, "{user: [emailpass, github]}", "{user: [emailpass, github], vendor: [emailpass]}", 1)
	return strings.Replace(social, "auth:\n  providers:\n", `auth:
  new_device_mail: true
  neutral_register: [vendor]
  webauthn: {origins: ["`+passkeyOrigin+`"]}
  providers:
    - resolve: passkey
    - {resolve: emailcode, options: {register: true}}
`, 1)
}

// someMailedSignIns sign in with a code of a mail, and sign up with its link.
func someMailedSignIns(t *testing.T, p *process, secrets map[string]string) {
	t.Helper()
	const email = "mailed@example.com"
	a := p.call(t, "POST", "/auth/customer/emailcode", object{"email": email}, namesItself...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	secrets["token of a sign-in link"] = p.mailedToken(t, email, "auth.sign_in_code_requested", 1)
	code := p.mailedCode(t, email, 1)
	secrets["sign-in code"] = quoted(code)
	a = p.call(t, "POST", "/auth/customer/emailcode/callback", object{"email": email, "code": code}, namesItself...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	secrets["token of a sign-in by code"] = a.str(t, "token")

	secrets["password of a neutral registration"] = "neutral-Secret-of-vera-5b22"
	body := object{"email": "vera@example.com", "password": secrets["password of a neutral registration"]}
	a = p.call(t, "POST", "/auth/vendor/emailpass/register", body)
	require.Equal(t, 202, a.status, "%s", a.raw)
	secrets["token of a registration"] = p.mailedToken(t, "vera@example.com", "auth.registration_requested", 1)
	body["token"] = secrets["token of a registration"]
	delete(body, "email")
	a = p.call(t, "POST", "/auth/vendor/emailpass/register/confirm", body)
	require.Equal(t, 200, a.status, "%s", a.raw)
	secrets["token of a confirmed registration"] = a.str(t, "token")
}

// quoted is how a short code looks where it is kept: six digits alone are part of many a
// number.
func quoted(code string) string { return `"` + code + `"` }

// someVerifications are confirmed by the code of a link and by one that is typed.
func someVerifications(t *testing.T, p *process, secrets map[string]string) {
	t.Helper()
	for _, by := range []string{"token", "otp"} {
		email := by + "@verified.example"
		token := p.register(t, email, password)
		asked := p.call(t, "POST", "/auth/verification/request",
			object{"entity_id": email, "entity_type": "email", "code_provider": by}, bearer(token)...)
		require.Equal(t, 201, asked.status, "%s", asked.raw)
		var code string
		if by == "token" {
			code = p.verificationCode(t, email, 1)
			secrets["verification code of a link"] = code
		} else {
			mail := text(p.mailTo(t, email, "auth.verification_requested", 1), "text")
			code = regexp.MustCompile(`(?m)^\d{6}$`).FindString(mail)
			require.NotEmpty(t, code, mail)
			secrets["verification code that is typed"] = quoted(code)
			secrets["wrong verification code"] = "wrong-Code-of-ada-19d4"
			wrong := p.call(t, "POST", "/auth/verification/confirm", object{"code": secrets["wrong verification code"]}, bearer(token)...)
			require.Equal(t, 400, wrong.status, "%s", wrong.raw)
		}
		confirmed := p.call(t, "POST", "/auth/verification/confirm", object{"code": code}, bearer(token)...)
		require.Equal(t, 200, confirmed.status, "%s", confirmed.raw)
	}
}

// somePasskeys sign up and in. A challenge is no secret, and what a device signs is good
// once; the tokens are.
func somePasskeys(t *testing.T, p *process, secrets map[string]string) {
	t.Helper()
	device := &passkeytest.Device{Origin: passkeyOrigin, Verifies: true, Counts: true}
	answers := func(path string, body object, do func([]byte) ([]byte, error)) object {
		begun := p.call(t, "POST", path, body)
		require.Equal(t, 200, begun.status, "%s", begun.raw)
		options, err := json.Marshal(begun.json(t)["options"])
		require.NoError(t, err)
		raw, err := do(options)
		require.NoError(t, err)
		var credential object
		require.NoError(t, json.Unmarshal(raw, &credential))
		return object{"credential": credential}
	}
	a := p.call(t, "POST", "/auth/customer/passkey/register", answers("/auth/customer/passkey/register", object{}, device.Create))
	require.Equal(t, 200, a.status, "%s", a.raw)
	secrets["token of a passkey's sign-up"] = a.str(t, "token")
	a = p.call(t, "POST", "/auth/customer/passkey/callback", answers("/auth/customer/passkey", object{}, device.Get))
	require.Equal(t, 200, a.status, "%s", a.raw)
	secrets["token of a passkey's sign-in"] = a.str(t, "token")
}

// someControl is what administrators do to identities.
func someControl(t *testing.T, p *process, root string, secrets map[string]string) {
	t.Helper()
	const email = "controlled@example.com"
	registered := p.register(t, email, password)
	one := "/admin/auth-identities/" + text(claims(t, registered), "auth_identity_id")
	by := func(method, path string, body any) {
		a := p.call(t, method, path, body, bearer(root)...)
		require.Equal(t, 200, a.status, "%s %s: %s", method, path, a.raw)
	}
	for _, agent := range []string{"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "Mozilla/5.0 (iPhone) Safari/605.1"} {
		a := p.call(t, "POST", "/auth/customer/emailpass", object{"email": email, "password": password}, "User-Agent", agent)
		require.Equal(t, 200, a.status, "%s", a.raw)
		secrets["token of "+agent] = a.str(t, "token")
	}
	found := p.call(t, "GET", one, nil, bearer(root)...)
	session := regexp.MustCompile(`"(?:sessions|sign_ins)":\[\{"id":"([^"]+)"`).FindSubmatch(found.raw)
	require.NotNil(t, session, "%s", found.raw)
	by("DELETE", one+"/sessions/"+string(session[1]), nil)
	by("DELETE", one+"/sessions", nil)
	by("POST", one+"/disable", object{"reason": "stolen"})
	by("POST", one+"/enable", nil)
	by("DELETE", one, nil)
}
