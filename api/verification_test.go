package api_test

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/store"
)

const notACode = `{"type":"not_allowed","message":"Verification code is invalid or already used"}`

// requested asks for a code as the owner of a token.
func (w *world) requested(token string, body object) reply {
	w.t.Helper()
	return w.do("POST", "/auth/verification/request", body, bearer(token))
}

func (w *world) presents(code string, headers ...header) reply {
	w.t.Helper()
	return w.do("POST", "/auth/verification/confirm", object{"code": code}, headers...)
}

func TestRequestingAVerification(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.registered("customer", "ada@example.com")
	r := w.requested(token, object{"entity_id": "ada@example.com", "entity_type": "email", "metadata": object{"lang": "pl"}})
	require.Equal(t, 201, r.StatusCode, r.body)
	id := w.claims(token).AuthIdentityID
	require.Regexp(t, `^\{"verification":\{"id":"authver_\w{26}","auth_identity_id":"`+id+`","entity_id":"ada@example.com","entity_type":"email",`+
		`"code_provider":"token","verified_at":null,"requested_at":"2026-11-23T13:47:46.000Z","provider_metadata":\{"token_hash":"[0-9a-f]{64}"\},`+
		`"metadata":\{"lang":"pl"\},"created_at":"2026-11-23T13:47:46.000Z","updated_at":"2026-11-23T13:47:46.000Z","deleted_at":null\}\}$`, r.body)
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	sent := w.flows.codesSent[0]
	require.Equal(t, "ada@example.com", sent.Recipient)
	require.Equal(t, "customer", sent.ActorType)

	again := w.requested(token, object{"entity_id": "ADA@example.com", "entity_type": "email"})
	require.Equal(t, 201, again.StatusCode, again.body)
	require.Equal(t, r.value(t, "verification.id"), again.value(t, "verification.id"))
	require.Equal(t, object{"id": id}, again.value(t, "verification.auth_identity"))

	w.clock.Advance(time.Minute)
	require.Equal(t, 200, w.presents("code 2").StatusCode)
	verified := w.requested(token, object{"entity_id": "ada@example.com", "entity_type": "email", "code_provider": "otp"})
	require.Equal(t, 201, verified.StatusCode)
	require.Equal(t, "2026-11-23T13:48:46.000Z", verified.value(t, "verification.verified_at"))
	require.Equal(t, id, verified.value(t, "verification.auth_identity"))

	bySession := w.do("POST", "/auth/verification/request", object{"entity_id": "ada@example.com", "entity_type": "phone"},
		with("Cookie", w.session(token)), with("Origin", shopOrigin))
	require.Equal(t, 201, bySession.StatusCode, bySession.body)
	require.Empty(t, w.flows.codesSent[3].Recipient, "phone codes are for a subscriber")
}

func TestVerificationRequestIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.registered("customer", "ada@example.com")
	w.registered("customer", "bob@example.com")
	own := object{"entity_id": "ada@example.com", "entity_type": "email"}
	changed := func(key string, value any) object {
		out := maps.Clone(own)
		out[key] = value
		return out
	}
	foreign := `{"type":"not_allowed","message":"Only an address of your own can be verified, such as the one that you sign in with."}`
	for name, tt := range map[string]struct {
		body object
		want string
	}{
		"unknown field":    {changed("x", 1.0), `{"type":"invalid_data","message":"Invalid request: Unrecognized fields: 'x'"}`},
		"empty":            {changed("entity_id", ""), `{"type":"invalid_data","message":"Invalid request: Value for field 'entity_id' too small, expected at least: '1'"}`},
		"missing":          {object{"entity_id": "a"}, `{"type":"invalid_data","message":"Invalid request: Field 'entity_type' is required"}`},
		"no text":          {changed("entity_type", 1.0), `{"type":"invalid_data","message":"Invalid request: Expected type: 'string' for field 'entity_type', got: '1'"}`},
		"unknown provider": {changed("code_provider", "sms"), `{"type":"invalid_data","message":"There is no code provider \"sms\"."}`},
		"a stranger's":     {changed("entity_id", "bob@example.com"), foreign},
		"unknown":          {changed("entity_id", "eve@example.com"), foreign},
	} {
		r := w.requested(token, tt.body)
		require.Equal(t, 400, r.StatusCode, name)
		require.Equal(t, tt.want, r.body, name)
	}
	require.Equal(t, 400, w.requested(token, changed("entity_type", string(make([]byte, 65)))).StatusCode)
	require.Equal(t, 401, w.do("POST", "/auth/verification/request", own).StatusCode)
	require.Empty(t, w.flows.codesSent)
}

// What may be verified besides the address of the sign-in (docs/weak-spots.md#w61).
func TestOwnAddresses(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.customer("ada@example.com")
	claims := w.claims(token)
	require.Equal(t, 400, w.requested(token, object{"entity_id": "+49 170 1", "entity_type": "phone_number"}).StatusCode)
	require.Equal(t, 200, w.do("POST", "/store/customers/me", object{"phone": "+49 170 1"}, bearer(token)).StatusCode)
	require.Equal(t, 201, w.requested(token, object{"entity_id": "+49 170 1", "entity_type": "phone_number"}).StatusCode)

	require.NoError(t, w.store.AddCredential(t.Context(), store.NewCredential{
		ID: "pi_2", IdentityID: claims.AuthIdentityID, Provider: "elsewhere", EntityID: "sub-1", EntityKey: "sub-1",
		UserMetadata: object{"email": "ada@work.example"},
	}))
	token = w.login("customer", "ada@example.com")
	require.Equal(t, 201, w.requested(token, object{"entity_id": "ada@work.example", "entity_type": "email"}).StatusCode)
	require.Equal(t, 201, w.requested(token, object{"entity_id": "sub-1", "entity_type": "email"}).StatusCode)
	require.Equal(t, "ada@work.example", w.flows.codesSent[len(w.flows.codesSent)-1].Recipient, "a mail needs an address")
}

func TestConfirmingAVerification(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.registered("customer", "ada@example.com")
	require.Equal(t, 201, w.requested(token, object{"entity_id": "ada@example.com", "entity_type": "email"}).StatusCode)

	for name, tt := range map[string]struct {
		body object
		want string
	}{
		"missing":          {object{}, `{"type":"invalid_data","message":"Invalid request: Field 'code' is required"}`},
		"empty":            {object{"code": ""}, `{"type":"invalid_data","message":"Invalid request: Value for field 'code' too small, expected at least: '1'"}`},
		"wrong":            {object{"code": "wrong"}, notACode},
		"unknown provider": {object{"code": "code 1", "code_provider": "sms"}, `{"type":"invalid_data","message":"There is no code provider \"sms\"."}`},
		"another provider": {object{"code": "code 1", "code_provider": "otp"}, `{"type":"not_allowed","message":"Verification code does not belong to provider \"otp\""}`},
	} {
		r := w.do("POST", "/auth/verification/confirm", tt.body)
		require.Equal(t, 400, r.StatusCode, name)
		require.Equal(t, tt.want, r.body, name)
	}
	get := w.do("GET", "/auth/verification/confirm?code=code+1", nil)
	require.Equal(t, 401, get.StatusCode, "a scanner of mails confirms nothing")
	require.Empty(t, w.flows.presented)

	r := w.presents("code 1")
	require.Equal(t, 200, r.StatusCode, r.body)
	r.is(t, `{"entity_id":"ada@example.com","entity_type":"email","code_provider":"token","verified_at":"2026-11-23T13:47:46.000Z"}`)
	require.Empty(t, w.flows.presented[0].By)
	w.presents("code 1").is(t, notACode)

	require.Equal(t, 201, w.requested(token, object{"entity_id": "ada@example.com", "entity_type": "other"}).StatusCode)
	w.clock.Advance(15 * time.Minute)
	w.presents("code 2").is(t, `{"type":"not_allowed","message":"Verification code has expired"}`)
}

// Six digits lead to no request: they are the signed-in identity's.
func TestConfirmingByDigits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ada, bob := w.registered("customer", "ada@example.com"), w.registered("customer", "bob@example.com")
	require.Equal(t, 201, w.requested(ada, object{"entity_id": "ada@example.com", "entity_type": "email", "code_provider": "otp"}).StatusCode)
	w.presents("code 1").is(t, notACode)
	w.presents("code 1", bearer(bob)).is(t, notACode)
	require.Empty(t, w.flows.presented, "no try is spent")

	w.clock.Advance(time.Minute)
	require.Equal(t, 201, w.requested(ada, object{"entity_id": "ada@example.com", "entity_type": "phone", "code_provider": "otp"}).StatusCode)
	w.presents("code 1", bearer(ada)).is(t, notACode) // it is the phone's turn
	first := w.do("POST", "/auth/verification/confirm", object{"code": "code 1", "entity_type": "email", "entity_id": "Ada@example.com", "code_provider": "otp"}, bearer(ada))
	require.Equal(t, 200, first.StatusCode, first.body)
	require.Equal(t, w.claims(ada).AuthIdentityID, w.flows.presented[len(w.flows.presented)-1].By)
	second := w.presents("code 2", bearer(ada))
	require.Equal(t, "phone", second.text(t, "entity_type"))
}

func verifying(o *api.Options) {
	o.Verifications = map[string][]api.VerificationRule{"customer": {
		{EntityType: "email", AuthProvider: "emailpass"},
		{EntityType: "phone", AuthProvider: "emailpass"},
		{EntityType: "email", AuthProvider: "elsewhere"},
	}}
}

// The answers of sign-in and refresh (docs/contract.md#s4-3).
func TestVerificationRule(t *testing.T) {
	t.Parallel()
	w := setup(t, options(verifying))
	signIn := func() reply {
		r := w.do("POST", "/auth/customer/emailpass", object{"email": "ada@example.com", "password": "supersecret"})
		require.Equal(t, 200, r.StatusCode, r.body)
		return r
	}
	registration := w.registered("customer", "ada@example.com")
	require.Equal(t, 200, w.do("POST", "/store/customers", object{"email": "ada@example.com"}, bearer(registration)).StatusCode, "the gate is off")

	w.flows.kept = nil
	before := signIn()
	require.Equal(t, true, before.value(t, "verification_required"))
	require.Nil(t, before.value(t, "verification"))
	token := before.text(t, "token")
	claims := w.claims(token)
	require.Empty(t, claims.ActorID, "the link is hidden")
	require.Empty(t, claims.AppMetadata)
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, bearer(token)).StatusCode)
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, with("Cookie", w.session(token))).StatusCode, "nor by a session")
	refreshed := w.do("POST", "/auth/token/refresh", nil, bearer(token))
	require.Equal(t, true, refreshed.value(t, "verification_required"))
	require.Empty(t, w.claims(refreshed.text(t, "token")).ActorID)

	require.Equal(t, 201, w.requested(token, object{"entity_id": "ada@example.com", "entity_type": "email"}).StatusCode)
	after := signIn()
	require.Equal(t, "ada@example.com", after.value(t, "verification.entity_id"))
	require.Equal(t, object{"id": claims.AuthIdentityID}, after.value(t, "verification.auth_identity"))
	require.Equal(t, 201, w.requested(token, object{"entity_id": "ada@example.com", "entity_type": "phone"}).StatusCode)
	require.Equal(t, 200, w.presents("code 2").StatusCode)
	require.Equal(t, true, signIn().value(t, "verification_required"), "the first rule of the provider decides")

	require.Empty(t, w.flows.kept, "an account that waits for its deletion is kept by a complete sign-in")

	require.Equal(t, 200, w.presents("code 1").StatusCode)
	require.NotEmpty(t, w.claims(signIn().text(t, "token")).ActorID)
	require.Len(t, w.flows.kept, 1)
	actorID := w.claims(w.do("POST", "/auth/token/refresh", nil, bearer(token)).text(t, "token")).ActorID
	require.NotEmpty(t, actorID)
	require.Len(t, w.flows.kept, 2, "so does the refresh that completes one")
	require.Equal(t, actorID, w.flows.kept[1].ActorID)
	asVendor := w.do("POST", "/auth/vendor/emailpass", object{"email": "ada@example.com", "password": "supersecret"})
	require.Nil(t, asVendor.value(t, "verification_required"), "another actor type has no rule")
}

// A proven address counts as verified, such as after the link of a password reset.
func TestAProvenAddressIsVerified(t *testing.T) {
	t.Parallel()
	w := setup(t, options(verifying))
	token := w.registered("customer", "ada@example.com")
	require.Equal(t, 201, w.requested(token, object{"entity_id": "ada@example.com", "entity_type": "other"}).StatusCode)
	require.NoError(t, w.store.ChangeCredential(t.Context(), store.CredentialChange{
		IdentityID: w.claims(token).AuthIdentityID, ProviderIdentityID: w.credentialOf(token), SeenVersion: 1, Proves: true,
		ProviderMetadata: object{"password": "supersecret"},
	}))
	require.NotEmpty(t, w.login("customer", "ada@example.com"))
	r := w.do("POST", "/auth/customer/emailpass", object{"email": "ada@example.com", "password": "supersecret"})
	require.Nil(t, r.value(t, "verification_required"), r.body)
}

func (w *world) credentialOf(token string) string {
	w.t.Helper()
	identity, err := w.store.Identity(w.t.Context(), w.claims(token).AuthIdentityID)
	require.NoError(w.t, err)
	return identity.Providers[0].ID
}

// docs/weak-spots.md#w55: no account before the address is verified.
func TestAccountsWaitForTheVerification(t *testing.T) {
	t.Parallel()
	w := setup(t, options(verifying), options(func(o *api.Options) { o.RequireBeforeActor = true }))
	token := w.registered("customer", "ada@example.com")
	early := w.do("POST", "/store/customers", object{"email": "ada@example.com"}, bearer(token))
	require.Equal(t, 400, early.StatusCode)
	early.is(t, `{"type":"not_allowed","message":"Verify your address first. Then you can create an account."}`)
	oneCall := w.do("POST", "/auth/customer/emailpass/register", object{"email": "bob@example.com", "password": "supersecret", "actor": object{}})
	require.Equal(t, 400, oneCall.StatusCode, oneCall.body)

	require.Equal(t, 201, w.requested(token, object{"entity_id": "ada@example.com", "entity_type": "email"}).StatusCode)
	require.Equal(t, 200, w.presents("code 1").StatusCode)
	require.Equal(t, 200, w.do("POST", "/store/customers", object{"email": "ada@example.com"}, bearer(token)).StatusCode)
}

// A token that waits for a verification gets no actor by removing a sign-in method.
func TestNoActorByUnlinking(t *testing.T) {
	t.Parallel()
	w := setup(t, options(verifying))
	registration := w.registered("customer", "ada@example.com")
	require.Equal(t, 200, w.do("POST", "/store/customers", object{"email": "ada@example.com"}, bearer(registration)).StatusCode)
	require.NoError(t, w.store.AddCredential(t.Context(), store.NewCredential{
		ID: "pi_2", IdentityID: w.claims(registration).AuthIdentityID, Provider: "elsewhere", EntityID: "sub-1", EntityKey: "sub-1",
	}))
	waiting := w.login("customer", "ada@example.com")
	r := w.do("DELETE", "/auth/identities/pi_2", nil, bearer(waiting))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Empty(t, w.claims(r.text(t, "token")).ActorID)
}
