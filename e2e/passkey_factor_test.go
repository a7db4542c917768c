package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/passkeytest"
)

const relatedOrigin = "https://shop.test"

// ceremonies are requests of devices to a process.
type ceremonies struct{ p *process }

func startCeremonies(t *testing.T) ceremonies {
	t.Helper()
	return ceremonies{startDev(t, devOptions{config: `auth:
  providers: [{resolve: emailpass}, {resolve: passkey}]
  webauthn: {origins: ["` + passkeyOrigin + `"], related_origins: ["` + relatedOrigin + `"]}
compat: {customer_email: free}
events: {logins: true}
`})}
}

func newDevice() *passkeytest.Device {
	return &passkeytest.Device{Origin: passkeyOrigin, Verifies: true, Counts: true}
}

// begin asks for options at a path and has a device answer them.
func (c ceremonies) begin(t *testing.T, path string, body object, do func([]byte) ([]byte, error), headers ...string) object {
	t.Helper()
	begun := c.p.call(t, "POST", path, body, headers...)
	require.Equal(t, 200, begun.status, "%s", begun.raw)
	var in struct {
		Options json.RawMessage `json:"options"`
		Prompt  struct {
			Options json.RawMessage `json:"options"`
		} `json:"prompt"`
	}
	require.NoError(t, json.Unmarshal(begun.raw, &in))
	if in.Options == nil {
		in.Options = in.Prompt.Options
	}
	raw, err := do(in.Options)
	require.NoError(t, err)
	var credential object
	require.NoError(t, json.Unmarshal(raw, &credential))
	return credential
}

func (c ceremonies) signUp(t *testing.T, d *passkeytest.Device) answer {
	t.Helper()
	const path = "/auth/customer/passkey/register"
	return c.p.call(t, "POST", path, object{"credential": c.begin(t, path, object{}, d.Create)})
}

func (c ceremonies) signIn(t *testing.T, d *passkeytest.Device) answer {
	t.Helper()
	return c.p.call(t, "POST", "/auth/customer/passkey/callback", object{"credential": c.begin(t, "/auth/customer/passkey", object{}, d.Get)})
}

// enrol adds a passkey as a second factor, and returns the answer and the factor's id.
func (c ceremonies) enrol(t *testing.T, token string, d *passkeytest.Device) (answer, string) {
	t.Helper()
	begun := c.p.call(t, "POST", "/auth/mfa/factors", object{"provider": "webauthn", "label": "Phone"}, bearer(token)...)
	require.Equal(t, 200, begun.status, "%s", begun.raw)
	options, err := json.Marshal(begun.json(t)["options"])
	require.NoError(t, err)
	raw, err := d.Create(options)
	require.NoError(t, err)
	id := begun.str(t, "mfa_factor.id")
	return c.p.call(t, "POST", "/auth/mfa/factors/"+id+"/verify", object{"code": string(raw)}, bearer(token)...), id
}

func codeText(t *testing.T, credential object) string {
	t.Helper()
	raw, err := json.Marshal(credential)
	require.NoError(t, err)
	return string(raw)
}

// challenge begins a sign-in by password, and returns its challenge's path and token.
func (c ceremonies) challenge(t *testing.T, email string) (path, token string) {
	t.Helper()
	a := c.p.call(t, "POST", "/auth/customer/emailpass", object{"email": email, "password": password})
	require.Equal(t, 200, a.status, "%s", a.raw)
	require.Equal(t, true, a.json(t)["mfa_required"], "%s", a.raw)
	return "/auth/mfa/challenges/" + a.str(t, "mfa_challenge.id"), a.str(t, "token")
}

func (c ceremonies) signs(t *testing.T, path, token string, d *passkeytest.Device) string {
	t.Helper()
	return codeText(t, c.begin(t, path+"/prompt", object{"method": "webauthn"}, d.Get, bearer(token)...))
}

func (c ceremonies) verify(t *testing.T, path, token, code string) answer {
	t.Helper()
	return c.p.call(t, "POST", path+"/verify", object{"method": "webauthn", "code": code}, bearer(token)...)
}

// A passkey as a second factor over HTTP: enrolled, asked for, copied, renamed, and removed.
func TestPasskeyFactor(t *testing.T) {
	t.Parallel()
	c := startCeremonies(t)
	const email = "ada@example.com"
	token, phone, key := c.p.register(t, email, password), newDevice(), newDevice()
	key.Verifies = false // a security key without a PIN
	enabled, phoneID := c.enrol(t, token, phone)
	require.Equal(t, 200, enabled.status, "%s", enabled.raw)
	require.Equal(t, "enabled", enabled.str(t, "mfa_factor.status"))
	enabled, _ = c.enrol(t, token, key)
	require.Equal(t, 200, enabled.status, "several: %s", enabled.raw)

	path, pending := c.challenge(t, email)
	code := c.signs(t, path, pending, key)
	passed := map[string]int{}
	for _, a := range parallel(t, 50, func(int) (answer, error) {
		return c.p.try(t.Context(), "POST", path+"/verify", object{"method": "webauthn", "code": code}, bearer(pending)...)
	}) {
		passed[a.str(t, "token")]++
	}
	delete(passed, "")
	require.Len(t, passed, 1, "one answer, one token")
	var full string
	for full = range passed {
	}
	got := claims(t, full)
	require.Equal(t, []any{"pwd", "pop", "user", "mfa"}, got["amr"])
	require.Equal(t, "aal2", got["acr"])
	require.NotEmpty(t, got["mfa_challenge_completed_at"])

	stepUp := c.p.call(t, "POST", "/auth/mfa/challenges", object{}, bearer(full)...)
	require.Equal(t, 200, stepUp.status, "%s", stepUp.raw)
	path = "/auth/mfa/challenges/" + stepUp.str(t, "mfa_challenge.id")
	again := c.verify(t, path, full, c.signs(t, path, full, phone))
	require.Equal(t, 200, again.status, "%s", again.raw)
	require.Greater(t, text(claims(t, again.str(t, "token")), "mfa_challenge_completed_at"), text(got, "mfa_challenge_completed_at"))
	full = again.str(t, "token")

	renamed := c.p.call(t, "POST", "/auth/mfa/factors/"+phoneID, object{"label": "Old phone"}, bearer(full)...)
	require.Equal(t, 200, renamed.status, "%s", renamed.raw)
	require.Equal(t, "Old phone", renamed.str(t, "mfa_factor.metadata.label"))

	alone := c.signIn(t, phone)
	require.Equal(t, 200, alone.status, "it signs in alone: %s", alone.raw)
	require.Equal(t, []any{"pop", "user", "mfa"}, claims(t, alone.str(t, "token"))["amr"])
	require.Equal(t, 401, c.signIn(t, key).status, "but not without a PIN, as both factors")

	clone := &passkeytest.Device{Origin: passkeyOrigin, Verifies: true, Counts: true, Keys: []*passkeytest.Key{phone.Keys[0].Clone()}}
	clone.Keys[0].Counter = 0
	path, pending = c.challenge(t, email)
	copied := c.verify(t, path, pending, c.signs(t, path, pending, clone))
	require.Equal(t, 400, copied.status, "%s", copied.raw)
	require.Contains(t, copied.str(t, "message"), "a copy of it may be in use")
	require.Contains(t, c.p.command(t, "event", "list"), "auth.passkey_cloned")

	removed := c.p.call(t, "DELETE", "/auth/mfa/factors/"+phoneID, object{}, bearer(full)...)
	require.Equal(t, 200, removed.status, "%s", removed.raw)
	require.Equal(t, 401, c.p.call(t, "POST", "/auth/token/refresh", object{}, bearer(alone.str(t, "token"))...).status, "what began with a passkey ends")
	require.Equal(t, 200, c.p.call(t, "GET", "/auth/mfa/factors", nil, bearer(full)...).status, "what began with a password goes on")
	require.Equal(t, 401, c.signIn(t, phone).status)
}

// What an attacker can bend over HTTP: each is refused, and what was begun by someone else
// stays good.
func TestPasskeyAttacks(t *testing.T) {
	t.Parallel()
	c := startCeremonies(t)
	refusedAs := func(t *testing.T, a answer, status int, message string) {
		t.Helper()
		require.Equal(t, status, a.status, "%s", a.raw)
		require.Contains(t, a.str(t, "message"), message)
	}
	const notAccepted = "This passkey was not accepted"
	const callback, register = "/auth/customer/passkey/callback", "/auth/customer/passkey/register"
	ada, bob := newDevice(), newDevice()
	joined := c.signUp(t, ada)
	require.Equal(t, 200, joined.status, "%s", joined.raw)
	require.Equal(t, 200, c.signUp(t, bob).status)

	t.Run("an answer is for its actor type", func(t *testing.T) { //nolint:paralleltest // the devices are shared
		credential := c.begin(t, "/auth/customer/passkey", object{}, ada.Get)
		refusedAs(t, c.p.call(t, "POST", "/auth/vendor/passkey/callback", object{"credential": credential}), 401, notAccepted)
		require.Equal(t, 200, c.p.call(t, "POST", callback, object{"credential": credential}).status, "the challenge is as good as before")
	})

	t.Run("an answer is for its ceremony", func(t *testing.T) { //nolint:paralleltest // the devices are shared
		begun := c.p.call(t, "POST", register, object{})
		challenge, _ := begun.json(t)["options"].(map[string]any)["challenge"].(string)
		raw, err := ada.Sign(ada.Keys[0], challenge)
		require.NoError(t, err)
		refusedAs(t, c.p.call(t, "POST", callback, `{"credential":`+string(raw)+`}`), 401, notAccepted)

		const email = "mixed@example.com"
		token := c.p.register(t, email, password)
		device := newDevice()
		enabled, _ := c.enrol(t, token, device)
		require.Equal(t, 200, enabled.status, "%s", enabled.raw)
		path, pending := c.challenge(t, email)
		prompt := c.signs(t, path, pending, device)
		refusedAs(t, c.p.call(t, "POST", callback, `{"credential":`+prompt+`}`), 401, notAccepted)
		signIn := codeText(t, c.begin(t, "/auth/customer/passkey", object{}, device.Get))
		refusedAs(t, c.verify(t, path, pending, signIn), 400, "Invalid MFA challenge code")

		other, stranger := c.challenge(t, email)
		refusedAs(t, c.verify(t, other, stranger, prompt), 400, "Invalid MFA challenge code")
		refusedAs(t, c.verify(t, path, stranger, prompt), 404, "not found")
		require.Equal(t, 200, c.verify(t, path, pending, prompt).status)
	})

	t.Run("a used answer, sent in another request, is good for nothing", func(t *testing.T) { //nolint:paralleltest // the devices are shared
		credential := c.begin(t, "/auth/customer/passkey", object{}, ada.Get)
		require.Equal(t, 200, c.p.call(t, "POST", callback, object{"credential": credential}).status)
		credential["authenticatorAttachment"] = "cross-platform"
		refusedAs(t, c.p.call(t, "POST", callback, object{"credential": credential}), 401, notAccepted)
	})

	t.Run("the passkey of another identity is not registered again", func(t *testing.T) { //nolint:paralleltest // the devices are shared
		mallory := newDevice()
		mallory.NextID = ada.Keys[0].ID
		refusedAs(t, c.signUp(t, mallory), 422, "")
		token := c.p.register(t, "mallory@example.com", password)
		linked := c.begin(t, "/auth/identities/link/passkey", object{}, mallory.Create, bearer(token)...)
		refusedAs(t, c.p.call(t, "POST", "/auth/identities/link/passkey", object{"credential": linked}, bearer(token)...), 422, "")
		require.Equal(t, 200, c.signIn(t, ada).status)

		victim, device := c.p.register(t, "victim@example.com", password), newDevice()
		enabled, _ := c.enrol(t, victim, device)
		require.Equal(t, 200, enabled.status, "%s", enabled.raw)
		mallory.NextID = device.Keys[0].ID
		taken, _ := c.enrol(t, token, mallory)
		refusedAs(t, taken, 422, "")
		require.NotEmpty(t, claims(t, c.signIn(t, device).str(t, "token"))["auth_identity_id"])
	})

	t.Run("a passkey belongs to whom it was made for", func(t *testing.T) { //nolint:paralleltest // the devices are shared
		begun := c.p.call(t, "POST", register, object{})
		options, err := json.Marshal(begun.json(t)["options"])
		require.NoError(t, err)
		fresh := newDevice()
		_, err = fresh.Create(options)
		require.NoError(t, err)
		fresh.Keys[0].ID = ada.Keys[0].ID // claims to be hers, signed by another key
		refusedAs(t, c.signIn(t, fresh), 401, notAccepted)
		bobs := bob.Keys[0].Handle
		bob.Keys[0].Handle = ada.Keys[0].Handle
		refusedAs(t, c.signIn(t, bob), 401, notAccepted)
		bob.Keys[0].Handle = bobs
		require.Equal(t, 200, c.signIn(t, bob).status)
	})

	t.Run("oversize answers", func(t *testing.T) { //nolint:paralleltest // the devices are shared
		credential := c.begin(t, "/auth/customer/passkey", object{}, ada.Get)
		credential["padding"] = strings.Repeat("x", 40<<10)
		refusedAs(t, c.p.call(t, "POST", callback, object{"credential": credential}), 401, notAccepted)
		credential["padding"] = strings.Repeat("x", 300<<10)
		require.Equal(t, 413, c.p.call(t, "POST", callback, object{"credential": credential}).status)
		token := c.p.register(t, "large@example.com", password)
		a := c.p.call(t, "POST", "/auth/mfa/factors", object{"provider": "webauthn"}, bearer(token)...)
		refusedAs(t, c.p.call(t, "POST", "/auth/mfa/factors/"+a.str(t, "mfa_factor.id")+"/verify",
			object{"code": strings.Repeat("x", 40<<10)}, bearer(token)...), 400, "")
		label := c.p.call(t, "POST", "/auth/mfa/factors/"+a.str(t, "mfa_factor.id"), object{"label": strings.Repeat("x", 65)}, bearer(token)...)
		refusedAs(t, label, 400, "too big")
	})

	t.Run("origins", func(t *testing.T) { //nolint:paralleltest // the devices are shared
		ada.Origin = "https://evil.example"
		refusedAs(t, c.signIn(t, ada), 401, notAccepted)
		ada.Origin = relatedOrigin
		require.Equal(t, 200, c.signIn(t, ada).status, "a related one")
		ada.Origin = passkeyOrigin
		listed := c.p.call(t, "GET", "/.well-known/webauthn", nil)
		require.JSONEq(t, `{"origins":["`+relatedOrigin+`"]}`, string(listed.raw))
	})
}
