package e2e_test

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"
)

// hashOfService is a password hash that a program hands over. The store keeps it; no
// history, no log and no answer does.
const hashOfService = "$2b$12$Kx0mF9cQ8sVn1u7Wb2eZ4OhYtRp5LqD3gJ6iA8kSvXyN0zTfUwEaC"

// throughService is what a program does by /admin/auth/:method with the API key of
// secrets, which notes every secret that it sends and gets. No answer repeats one.
func throughService(t *testing.T, p *process, secrets map[string]string) {
	t.Helper()
	const (
		email          = "service@example.com"
		first, changed = "service-Secret-of-eve-1d7a", "service-changed-Secret-b2c4"
		wrong          = "service-wrong-Secret-90ee"
	)
	secrets["password by the service"], secrets["changed password by the service"] = first, changed
	secrets["wrong password by the service"], secrets["wrong recovery code by the service"] = wrong, "wrong-Code-of-eve"
	key := base64.StdEncoding.EncodeToString([]byte(secrets["secret API key"] + ":"))
	call := func(status int, method string, arguments object) answer {
		t.Helper()
		a := p.call(t, "POST", "/admin/auth/"+method, arguments, "Authorization", "Basic "+key)
		require.Equal(t, status, a.status, "%s: %s", method, a.raw)
		requireClean(t, secrets, "the answer of "+method, a.raw)
		require.NotContains(t, string(a.raw), hashOfService)
		return a
	}
	typed := func(password string) object {
		return object{"provider": "emailpass", "input": object{"actor_type": "customer", "body": object{"email": email, "password": password}}}
	}

	id := call(200, "register", typed(first)).str(t, "result.auth_identity.id")
	call(401, "register", typed(wrong))
	call(200, "authenticate", typed(first))
	call(401, "authenticate", typed(wrong))
	once := typed(wrong)
	once["input"].(object)["idempotency_key"] = "once" //nolint:forcetypeassert // see typed
	call(401, "authenticate", once)
	call(200, "update-provider", object{"provider": "emailpass", "input": object{"entity_id": email, "body": object{"password": changed}}})
	call(200, "authenticate", typed(changed))
	reset := call(200, "create-password-reset-token", object{"provider": "emailpass", "entity_id": email})
	secrets["reset token by the service"] = reset.str(t, "result.token")
	call(200, "consume-password-reset-token", object{"provider": "emailpass", "entity_id": email, "jti": reset.str(t, "result.jti")})

	serviceFactors(t, id, secrets, call)

	call(200, "request-auth-verification", object{"auth_identity_id": id, "entity_id": email, "entity_type": "email", "code_provider": "token"})
	code := p.verificationCode(t, email, 1)
	secrets["verification code by the service"] = code
	call(400, "confirm-auth-verification", object{"code": wrong})
	call(200, "confirm-auth-verification", object{"code": code, "auth_identity_id": id})

	made := call(200, "create-auth-identities", object{"items": []any{object{"provider_identities": []any{object{
		"provider": "emailpass", "entity_id": "hashed@example.com", "provider_metadata": object{"password": hashOfService},
	}}}}})
	hashed := at[string](t, made.json(t), "result.0.id")
	all := object{"relations": []any{"provider_identities"}}
	call(200, "retrieve-auth-identity", object{"id": hashed, "config": all})
	for _, list := range []string{"auth-identities", "provider-identities", "auth-mfa", "auth-verifications"} {
		config := object{}
		if list == "auth-identities" {
			config = all
		}
		call(200, "list-"+list, object{"config": config})
	}
	call(200, "delete-auth-identities", object{"items": []any{hashed, id}})
}

// serviceFactors adds a second factor, answers with it, and removes it.
func serviceFactors(t *testing.T, id string, secrets map[string]string, call func(status int, method string, arguments object) answer) {
	t.Helper()
	started := call(200, "start-auth-mfa", object{"auth_identity_id": id, "provider": "totp"})
	secret, factor := started.str(t, "result.public.secret"), started.str(t, "result.mfa.id")
	secrets["secret of an app by the service"] = secret
	awaitQuietStep(t)
	call(400, "verify-auth-mfa", object{"id": factor, "code": secrets["wrong recovery code by the service"]})
	call(200, "verify-auth-mfa", object{"id": factor, "code": totpCode(t, secret, -1)})
	generated := call(200, "generate-auth-mfa-recovery-codes", object{"auth_identity_id": id, "count": 2})
	codes := []string{at[string](t, generated.json(t), "result.0"), at[string](t, generated.json(t), "result.1")}
	secrets["used recovery code by the service"], secrets["recovery code by the service"] = codes[0], codes[1]
	call(400, "use-auth-mfa-recovery-code", object{"auth_identity_id": id, "code": secrets["wrong recovery code by the service"]})
	call(200, "use-auth-mfa-recovery-code", object{"auth_identity_id": id, "code": codes[0]})
	challenge := call(200, "create-auth-mfa-challenge", object{"auth_identity_id": id}).str(t, "result.id")
	answered := object{"id": challenge, "auth_identity_id": id, "method": "totp", "code": totpCode(t, secret, 0)}
	call(200, "verify-auth-mfa-challenge", answered)
	call(200, "disable-auth-mfa", object{"id": factor, "method": "recovery_code", "code": codes[1]})
}
