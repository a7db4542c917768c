package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/providers/totp"
)

// totpCode is what an authenticator app shows, so many periods from now.
func totpCode(t *testing.T, secret string, later int) string {
	t.Helper()
	code, err := totp.Code(secret, time.Now().Add(time.Duration(later)*30*time.Second))
	require.NoError(t, err)
	return code
}

// enables adds an authenticator app to the identity of a token, and returns the factor
// and the secret of the app.
func (p *process) enables(t *testing.T, token string) (factorID, secret string) {
	t.Helper()
	a := p.call(t, "POST", "/auth/mfa/factors", object{"provider": "totp", "label": "Phone"}, bearer(token)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	factorID, secret = a.str(t, "mfa_factor.id"), a.str(t, "secret")
	require.Contains(t, a.str(t, "otpauth_url"), "otpauth://totp/Medusa:Phone?secret="+secret+"&issuer=Medusa")
	awaitQuietStep(t)
	wrong := p.call(t, "POST", "/auth/mfa/factors/"+factorID+"/verify", object{"code": "wrong"}, bearer(token)...)
	require.Equal(t, 400, wrong.status, "%s", wrong.raw)
	require.Equal(t, "Invalid TOTP code", wrong.str(t, "message"))
	a = p.call(t, "POST", "/auth/mfa/factors/"+factorID+"/verify", object{"code": totpCode(t, secret, -1)}, bearer(token)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	require.Equal(t, "enabled", a.str(t, "mfa_factor.status"))
	return factorID, secret
}

// secondFactors uses second factors in every way, and notes the secrets of it.
func secondFactors(t *testing.T, p *process, secrets map[string]string) {
	t.Helper()
	const email = "grace@example.com"
	first := p.register(t, email, password)
	require.Equal(t, 200, p.call(t, "POST", "/store/customers", object{"email": email}, bearer(first)...).status)
	token, older := p.login(t, email, password), p.login(t, email, password)

	key := append(bearer(token), "Idempotency-Key", "enrol")
	a := p.call(t, "POST", "/auth/mfa/factors", object{"provider": "totp"}, key...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	again := p.call(t, "POST", "/auth/mfa/factors", object{"provider": "totp"}, key...)
	require.Equal(t, a.raw, again.raw, "a retried request gets the first answer")
	other := p.call(t, "POST", "/auth/mfa/factors", object{"provider": "totp", "label": "other"}, key...)
	require.Equal(t, 409, other.status, "%s", other.raw)
	secrets["secret of a replaced app"] = a.str(t, "secret")

	factorID, secret := p.enables(t, token)
	secrets["secret of an app"] = secret
	p.mailTo(t, email, "auth.mfa_enabled", 1)
	require.Equal(t, 200, p.call(t, "GET", "/auth/mfa/factors", nil, bearer(token)...).status, "the sign-in that enabled it goes on")
	refused := p.call(t, "GET", "/store/customers/me", nil, bearer(older)...)
	require.Equal(t, 401, refused.status, "docs/weak-spots.md#w56")
	require.Equal(t, "MFA verification is required to complete this request", refused.str(t, "message"))

	codes := p.call(t, "POST", "/auth/mfa/recovery-codes", object{"count": 2}, bearer(token)...)
	require.Equal(t, 200, codes.status, "%s", codes.raw)
	list, _ := codes.json(t)["recovery_codes"].([]any)
	require.Len(t, list, 2)
	recovery, _ := list[0].(string)
	secrets["recovery code"] = recovery
	unused, _ := list[1].(string)
	secrets["unused recovery code"] = unused

	signIn := func(method, code string) answer {
		begun := p.call(t, "POST", "/auth/customer/emailpass", object{"email": email, "password": password})
		require.Equal(t, 200, begun.status, "%s", begun.raw)
		return p.call(t, "POST", "/auth/mfa/challenges/"+begun.str(t, "mfa_challenge.id")+"/verify",
			object{"method": method, "code": code}, bearer(begun.str(t, "token"))...)
	}
	for name, later := range map[string]int{"used": -1, "next": 0} {
		secrets[name+" code of an app"] = quoted(totpCode(t, secret, later))
	}
	used := signIn("totp", totpCode(t, secret, -1))
	require.Equal(t, 400, used.status, "docs/weak-spots.md#w58: %s", used.raw)
	passed := signIn("totp", totpCode(t, secret, 0))
	require.Equal(t, 200, passed.status, "%s", passed.raw)
	secrets["token after a second factor"] = passed.str(t, "token")
	require.Equal(t, 200, signIn("recovery_code", recovery).status)
	require.Equal(t, 400, signIn("recovery_code", recovery).status, "once")
	p.mailTo(t, email, "auth.mfa_recovery_code_used", 1)

	removed := p.call(t, "DELETE", "/auth/mfa/factors/"+factorID, object{}, bearer(passed.str(t, "token"))...)
	require.Equal(t, 200, removed.status, "%s", removed.raw)
	require.Equal(t, "disabled", removed.str(t, "mfa_factor.status"))
	p.mailTo(t, email, "auth.mfa_disabled", 1)
	require.NotEmpty(t, claims(t, p.login(t, email, password))["actor_id"], "sign-ins need no second factor any more")
}

// TestAuthenticatorApp: an authenticator app from its enrolment to its removal.
func TestAuthenticatorApp(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{})
	secondFactors(t, p, map[string]string{})
}
