package e2e_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/githubtest"
)

// registers is a customer's first visit and second.
func (m sdkMode) registers(t *testing.T) {
	t.Helper()
	ada, email := m.shopper(t, "ada"), m.email("ada")
	ada.providers(t, "emailcode", "emailpass", "github")
	token := ada.token(t, "auth.register", "customer", "emailpass", object{"email": email, "password": password})
	require.Empty(t, claims(t, token)["actor_id"])
	ada.refused(t, 401, "Identity with email already exists", "auth.register", "customer", "emailpass",
		object{"email": email, "password": "another horse battery"})
	noKey := m.sdk(t, "ada without a key", object{"auth": m.shop})
	noKey.refused(t, 400, "Publishable API key required in the request header: x-publishable-api-key. You can manage your keys in settings in the dashboard.",
		"store.customer.create", object{"email": email}, object{}, with(token))

	// In session mode the token of a registration is kept and not sent.
	made := at[object](t, ada.gets(t, "store.customer.create", object{"email": email, "first_name": "Ada"}, object{}, with(token)), "customer")
	require.Equal(t, []any{email, "Ada", true}, []any{made["email"], made["first_name"], made["has_account"]})
	ada.refused(t, 401, "Invalid email or password", "auth.login", "customer", "emailpass", object{"email": email, "password": "wrong"})
	full := ada.token(t, "auth.login", "customer", "emailpass", object{"email": email, "password": password})
	require.Equal(t, made["id"], claims(t, full)["actor_id"])
	require.Equal(t, made["id"], ada.customer(t)["id"])
	changed := ada.gets(t, "store.customer.update", object{"last_name": "Lovelace", "phone": nil, "metadata": object{"tea": true}})
	require.Equal(t, "Lovelace", at[string](t, changed, "customer.last_name"))
	require.Equal(t, object{"customer": object{"id": made["id"], "first_name": "Ada"}},
		ada.gets(t, "store.customer.retrieve", object{"fields": "id,first_name"}))
	ada.refused(t, 400, "Invalid request: Unrecognized fields: 'email'", "store.customer.update", object{"email": "eve@example.com"})

	again := at[string](t, ada.gets(t, "auth.refresh"), "token")
	require.Equal(t, made["id"], claims(t, again)["actor_id"])
	require.Equal(t, made["id"], ada.customer(t)["id"])
	ada.signsOut(t)
}

// customer returns the signed-in customer.
func (s sdk) customer(t *testing.T) object {
	t.Helper()
	return at[object](t, s.gets(t, "store.customer.retrieve"), "customer")
}

// providers looks at the ways to sign in.
func (s sdk) providers(t *testing.T, want ...string) {
	t.Helper()
	var ids []string
	for _, p := range at[[]any](t, s.gets(t, "auth.listProviders", "customer"), "providers") {
		ids = append(ids, at[string](t, p, "id"))
	}
	require.Equal(t, want, ids)
}

// signsOut leaves nothing behind on the device.
func (s sdk) signsOut(t *testing.T) {
	t.Helper()
	s.must(t, "auth.logout")
	s.refused(t, 401, "Unauthorized", "store.customer.retrieve")
	kept := string(s.must(t, "client.getToken"))
	require.Contains(t, []string{"null", `""`}, kept)
	if s.session {
		s.refused(t, 401, "Unauthorized", "auth.logout") // there is no session to end
	}
}

// livesSomewhere keeps addresses.
func (m sdkMode) livesSomewhere(t *testing.T) {
	t.Helper()
	ada := m.shopper(t, "ada")
	ada.token(t, "auth.login", "customer", "emailpass", object{"email": m.email("ada"), "password": password})
	home := object{"address_name": "Home", "first_name": "Ada", "address_1": "12 St James's Square", "city": "London", "country_code": "gb"}
	owner := at[object](t, ada.gets(t, "store.customer.createAddress", home), "customer")
	require.Len(t, owner["addresses"], 1)
	id := at[string](t, owner, "addresses.0.id")
	owner = at[object](t, ada.gets(t, "store.customer.updateAddress", id, object{"city": "Horsley"}), "customer")
	require.Equal(t, "Horsley", at[string](t, owner, "addresses.0.city"))
	list := ada.gets(t, "store.customer.listAddress", object{"limit": 10, "offset": 0, "order": "-created_at"})
	require.Equal(t, []any{1.0, 10.0, 0.0}, []any{list["count"], list["limit"], list["offset"]})
	one := at[object](t, ada.gets(t, "store.customer.retrieveAddress", id), "address")
	require.Equal(t, []any{id, "Home", "Horsley"}, []any{one["id"], one["address_name"], one["city"]})
	gone := ada.gets(t, "store.customer.deleteAddress", id)
	require.Equal(t, []any{owner["id"], "address", true}, []any{gone["id"], gone["object"], gone["deleted"]}, "recorded: the customer's id")
	require.Empty(t, at[[]any](t, gone, "parent.addresses"))
	ada.refused(t, 404, "Address with id: "+id+" was not found", "store.customer.retrieveAddress", id)
}

// forgets chooses a new password by the link in the mail, while signed in
// elsewhere.
func (m sdkMode) forgets(t *testing.T) {
	t.Helper()
	const changed = "another good horse"
	elsewhere, ada, email := m.shopper(t, "ada elsewhere"), m.shopper(t, "ada"), m.email("ada")
	elsewhere.token(t, "auth.login", "customer", "emailpass", object{"email": email, "password": password})
	require.JSONEq(t, "null", string(ada.must(t, "auth.resetPassword", "customer", "emailpass", object{"identifier": email})))
	ada.must(t, "auth.resetPassword", "customer", "emailpass", object{"identifier": "unknown@example.com"})
	token := m.resetToken(t, email, 1)
	ada.must(t, "auth.updateProvider", "customer", "emailpass", object{"password": changed}, token)
	ada.must(t, "auth.updateProvider", "customer", "emailpass", object{"password": changed}, token) // a retry gets the first answer
	ada.refused(t, 401, "Invalid token", "auth.updateProvider", "customer", "emailpass", object{"password": "a third good horse"}, token)
	elsewhere.refused(t, 401, "Unauthorized", "store.customer.retrieve") // docs/weak-spots.md#w25
	ada.refused(t, 401, "Invalid email or password", "auth.login", "customer", "emailpass", object{"email": email, "password": password})
	ada.token(t, "auth.login", "customer", "emailpass", object{"email": email, "password": changed})
	require.Equal(t, email, ada.customer(t)["email"])
}

// verifies has the shopper's address verified by the link of a mail.
func (m sdkMode) verifies(t *testing.T) {
	t.Helper()
	ada, email := m.shopper(t, "ada"), m.email("ada")
	ada.token(t, "auth.login", "customer", "emailpass", object{"email": email, "password": password})
	request := object{"entity_id": email, "entity_type": "email"}
	var asked, confirmed object
	require.NoError(t, json.Unmarshal(ada.must(t, "auth.verification.request", request), &asked))
	verification, _ := asked["verification"].(object)
	require.Equal(t, email, verification["entity_id"])
	require.Nil(t, verification["verified_at"])
	code := m.verificationCode(t, email, 1)
	require.NoError(t, json.Unmarshal(ada.must(t, "auth.verification.confirm", object{"code": code}), &confirmed))
	require.NotEmpty(t, confirmed["verified_at"])
	ada.refused(t, 400, "Verification code is invalid or already used", "auth.verification.confirm", object{"code": code})
}

// hasSecondFactor adds an authenticator app, signs in with it, and removes it.
func (m sdkMode) hasSecondFactor(t *testing.T) {
	t.Helper()
	ada, login := m.shopper(t, "ada"), object{"email": m.email("ada"), "password": password}
	ada.token(t, "auth.login", "customer", "emailpass", login)
	require.Empty(t, ada.gets(t, "auth.mfa.list")["mfa_factors"])
	started := ada.gets(t, "auth.mfa.start", object{"provider": "totp", "label": "Phone"})
	id, secret := at[string](t, started, "mfa_factor.id"), at[string](t, started, "secret")
	ada.refused(t, 400, "Invalid TOTP code", "auth.mfa.verify", id, object{"code": "wrong"})
	awaitQuietStep(t)
	enabled := ada.gets(t, "auth.mfa.verify", id, object{"code": totpCode(t, secret, -1)})
	require.Equal(t, "enabled", at[string](t, enabled, "mfa_factor.status"))
	codes := at[[]any](t, ada.gets(t, "auth.mfa.generateRecoveryCodes", object{"count": 2}), "recovery_codes")
	require.Len(t, codes, 2)

	again := m.shopper(t, "ada again")
	for method, code := range map[string]any{"totp": totpCode(t, secret, 0), "recovery_code": codes[0]} {
		begun := again.gets(t, "auth.login", "customer", "emailpass", login)
		require.Equal(t, true, begun["mfa_required"])
		again.refused(t, 401, "MFA verification is required to complete this request", "store.customer.retrieve")
		challenge := at[string](t, begun, "mfa_challenge.id")
		again.refused(t, 400, "Invalid MFA challenge code", "auth.mfa.verifyChallenge", challenge, object{"method": method, "code": "wrong"})
		full := again.token(t, "auth.mfa.verifyChallenge", challenge, object{"method": method, "code": code})
		require.NotEmpty(t, claims(t, full)["mfa_challenge_completed_at"])
		require.Equal(t, m.email("ada"), again.customer(t)["email"])
	}
	gone := again.gets(t, "auth.mfa.disable", id)
	require.Equal(t, "disabled", at[string](t, gone, "mfa_factor.status"))
	again.signsOut(t)
	ada.token(t, "auth.login", "customer", "emailpass", login)
}

// isMailedCodes signs up with a mailed code and in with a link, and once more with an
// authenticator app, whose code is due after the mailed one.
func (m sdkMode) isMailedCodes(t *testing.T) {
	t.Helper()
	dora, email, mails := m.shopper(t, "dora"), m.email("dora"), 0
	const callback = "/auth/customer/emailcode/callback"
	signIn := func(by string) (answer object) {
		begun := dora.gets(t, "auth.login", "customer", "emailcode", object{"email": email})
		require.Equal(t, callback, begun["location"])
		mails++
		body := object{"email": email, "code": m.mailedCode(t, email, mails)}
		if by == "link" {
			body = object{"token": m.mailedToken(t, email, "auth.sign_in_code_requested", mails)}
		}
		answer = dora.gets(t, "client.fetch", callback, object{"method": "POST", "body": body})
		if m.session {
			dora.must(t, "client.fetch", "/auth/session", object{"method": "POST", "headers": with(at[string](t, answer, "token"))})
		} else {
			dora.must(t, "client.setToken", at[string](t, answer, "token"))
		}
		return answer
	}
	token := at[string](t, signIn("code"), "token")
	made := at[object](t, dora.gets(t, "store.customer.create", object{"email": email}, object{}, with(token)), "customer")
	signIn("link")
	require.Equal(t, made["id"], dora.customer(t)["id"])

	started := dora.gets(t, "auth.mfa.start", object{"provider": "totp"})
	secret := at[string](t, started, "secret")
	awaitQuietStep(t)
	dora.gets(t, "auth.mfa.verify", at[string](t, started, "mfa_factor.id"), object{"code": totpCode(t, secret, -1)})
	due := signIn("code")
	require.Equal(t, true, due["mfa_required"])
	dora.refused(t, 401, "MFA verification is required to complete this request", "store.customer.retrieve")
	dora.token(t, "auth.mfa.verifyChallenge", at[string](t, due, "mfa_challenge.id"), object{"method": "totp", "code": totpCode(t, secret, 0)})
	require.Equal(t, made["id"], dora.customer(t)["id"])
	dora.signsOut(t)
}

// comesFromGithub signs up and in at a provider elsewhere.
func (m sdkMode) comesFromGithub(t *testing.T) {
	t.Helper()
	grace := m.shopper(t, "grace")
	token := grace.fromGithub(t, "customer", 1)
	require.Empty(t, claims(t, token)["actor_id"])
	said := at[object](t, claims(t, token), "user_metadata")
	require.Equal(t, m.email("github1"), said["email"])
	made := at[object](t, grace.gets(t, "store.customer.create", object{"email": said["email"]}, object{}, with(token)), "customer")
	full := at[string](t, grace.gets(t, "auth.refresh", with(token)), "token")
	require.Equal(t, made["id"], claims(t, full)["actor_id"])
	require.Equal(t, made["id"], grace.customer(t)["id"])
	grace.signsOut(t)
	require.Equal(t, made["id"], claims(t, grace.fromGithub(t, "customer", 1))["actor_id"], "the same customer")
	require.Equal(t, made["id"], grace.customer(t)["id"])
}

// fromGithub signs in at GitHub as its n-th person.
func (s sdk) fromGithub(t *testing.T, actorType string, n int) string {
	t.Helper()
	person, email := githubtest.Ada(), s.email("github"+string(rune('0'+n)))
	person.ID = int64(s.people + n)
	person.Emails = []githubtest.Email{{Email: email, Primary: true, Verified: true}}
	person.ProfileEmail = nil
	s.github.SetPerson(person)
	away := s.gets(t, "auth.login", actorType, "github", object{})
	query := object{}
	for name, values := range s.github.Visit(t, at[string](t, away, "location")).Query() {
		query[name] = values[0]
	}
	token := s.token(t, "auth.callback", actorType, "github", query)
	s.refused(t, 401, "No state provided, or session expired", "auth.callback", actorType, "github", query) // good once
	return token
}
