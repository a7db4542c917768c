package e2e_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// tokenIn is the token of an answer.
func tokenIn(t *testing.T, answer object) string {
	t.Helper()
	token, ok := answer["token"].(string)
	require.True(t, ok, "%v", answer)
	return token
}

func quote(texts ...string) (js string) {
	for i, text := range texts {
		raw, _ := json.Marshal(text) //nolint:errchkjson // a text is JSON
		if i > 0 {
			js += ", "
		}
		js += string(raw)
	}
	return js
}

// TestPasskeyFactorInChromium asks for a passkey after a password, and again for a step-up, as
// docs/guides/passkeys.md says.
func TestPasskeyFactorInChromium(t *testing.T) {
	t.Parallel()
	s, _ := startPasskeyShop(t)
	const email = "grace@example.com"
	token := s.p.register(t, email, password)
	enabled := s.run(t, "addFactor("+quote(token, "Laptop")+")")
	require.Contains(t, enabled, "mfa_factor", "%v", enabled)
	require.Contains(t, s.run(t, "addFactor("+quote(token, "Laptop, again")+")")["error"], "already registered", "one for each device")

	first := s.run(t, "signInWithPassword("+quote(email, password)+")")
	signedIn := tokenOf(t, first)
	require.Equal(t, []any{"pwd", "pop", "user", "mfa"}, signedIn["amr"])
	require.NotEmpty(t, signedIn["mfa_challenge_completed_at"])

	stepped := tokenOf(t, s.run(t, "stepUp("+quote(tokenIn(t, first))+")"))
	require.Greater(t, text(stepped, "mfa_challenge_completed_at"), text(signedIn, "mfa_challenge_completed_at"))
	require.Equal(t, signedIn["auth_time"], stepped["auth_time"])

	// A security key as a further one, which the challenge accepts as well.
	var key string
	s.do(t, &key, "authenticator", `{"protocol":"ctap2","transport":"usb","hasResidentKey":false,"hasUserVerification":false,"automaticPresenceSimulation":true}`)
	s.devtools(t, nil, "setAutomaticPresenceSimulation", object{"enabled": false})
	added := s.run(t, "addFactor("+quote(token, "Key")+")")
	require.Contains(t, added, "mfa_factor", "%v", added)
	require.Contains(t, s.run(t, "signInWithPassword("+quote(email, password)+")"), "token")
	var labels []string
	for _, f := range s.p.call(t, "GET", "/auth/mfa/factors", nil, bearer(tokenIn(t, first))...).json(t)["mfa_factors"].([]any) { //nolint:forcetypeassert // the test fails
		if factor, _ := f.(object); factor["status"] == "enabled" {
			labels = append(labels, text(factor["metadata"].(object), "label")) //nolint:forcetypeassert // see above
		}
	}
	require.Equal(t, []string{"Laptop", "Key"}, labels)

	s.devtools(t, nil, "setAutomaticPresenceSimulation", object{"enabled": true})
	s.do(t, nil, "devtools", "WebAuthn.removeVirtualAuthenticator", `{"authenticatorId":`+quote(key)+`}`)
	alone := tokenOf(t, s.run(t, "signIn()"))
	require.Equal(t, signedIn["auth_identity_id"], alone["auth_identity_id"], "the laptop verifies its user, and signs in alone")
	require.NotEmpty(t, alone["mfa_challenge_completed_at"])

	s.rewind(t)
	require.Contains(t, s.run(t, "signInWithPassword("+quote(email, password)+")")["error"], "a copy of it may be in use")
	require.Contains(t, s.p.command(t, "event", "list"), "auth.passkey_cloned")
}

// TestConditionalPasskeysInChromium waits for a passkey in the autofill of a field: until its user
// chooses one, and as often as the page asks again.
func TestConditionalPasskeysInChromium(t *testing.T) {
	t.Parallel()
	s, _ := startPasskeyShop(t)
	joined := tokenOf(t, s.run(t, `signUp("ada@example.com", {email: "ada@example.com"})`))
	require.Equal(t, "true", s.eval(t, `PublicKeyCredential.isConditionalMediationAvailable().then(String)`))
	s.eval(t, `(() => { document.body.innerHTML = '<form><input name="email" autocomplete="username webauthn" autofocus></form>'; return "" })()`)

	// No one chooses: the page gives up, and asks again.
	s.devtools(t, nil, "setAutomaticPresenceSimulation", object{"enabled": false})
	const waits = `new Promise((done) => setTimeout(done, 1000, "waits"))`
	s.eval(t, `(() => { window.stop = new AbortController()
		window.first = shop.signIn({mediation: "conditional", signal: stop.signal}).catch((e) => e.name); return "" })()`)
	require.Equal(t, "waits", s.eval(t, `Promise.race([first, `+waits+`])`))
	require.Equal(t, "AbortError", s.eval(t, `(stop.abort(), first)`))

	s.devtools(t, nil, "setAutomaticPresenceSimulation", object{"enabled": true}) // the user chooses the passkey
	answer := s.run(t, `signIn({mediation: "conditional"})`)
	require.Equal(t, joined["auth_identity_id"], tokenOf(t, answer)["auth_identity_id"])
}
