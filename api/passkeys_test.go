package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/store"
)

// setupPasskeys is a world whose customers may sign in with passkeys.
func setupPasskeys(t *testing.T) *world {
	t.Helper()
	w := setup(t, options(func(o *api.Options) {
		o.AuthMethodsPerActor["customer"] = append(o.AuthMethodsPerActor["customer"], "passkey")
	}))
	require.NoError(t, w.parts.Providers.Add("passkey", paperPasskeys{}))
	return w
}

func paper(id string) object { return object{"id": id, "challenge": "the challenge"} }

func TestRegisterWithPasskey(t *testing.T) {
	t.Parallel()
	w := setupPasskeys(t)
	r := w.do("POST", "/auth/customer/passkey/register", object{"name": "ada@example.com"})
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	require.Equal(t, "the challenge", r.text(t, "options.challenge"))
	require.Equal(t, "ada@example.com", r.text(t, "options.user.name"))
	require.Equal(t, "2026-11-23T13:52:46.000Z", r.text(t, "expires_at"))
	require.Equal(t, []flows.PasskeyRequest{{ActorType: "customer", Provider: "passkey", TTL: 5 * time.Minute}}, w.flows.passkeys.begun)

	r = w.do("POST", "/auth/customer/passkey/register", object{"credential": paper("key"), "label": "Phone", "actor": object{"email": "ada@example.com"}})
	require.Equal(t, 200, r.StatusCode, r.body)
	claims := w.claims(r.text(t, "token"))
	require.Equal(t, "passkey", claims.AuthProvider)
	require.Equal(t, everlatch.Metadata{"label": "Phone"}, claims.UserMetadata)
	answered := w.flows.passkeys.answered[0]
	require.Equal(t, "ada@example.com", *answered.Customer.Email)
	require.Empty(t, answered.SignedInAs)
	require.JSONEq(t, `{"id":"key","challenge":"the challenge"}`, string(answered.Answer))
}

func TestSignInWithPasskey(t *testing.T) {
	t.Parallel()
	w := setupPasskeys(t)
	require.Equal(t, 200, w.do("POST", "/auth/customer/passkey/register", object{"credential": paper("key")}).StatusCode)

	r := w.do("POST", "/auth/customer/passkey", object{})
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, "the challenge", r.text(t, "options.challenge"))
	r = w.do("POST", "/auth/customer/passkey/callback", object{"credential": paper("key")})
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, "passkey", w.claims(r.text(t, "token")).AuthProvider)

	unknown := w.do("POST", "/auth/customer/passkey/callback", object{"credential": paper("no one's")})
	stale := w.do("POST", "/auth/customer/passkey/callback", object{"credential": object{"id": "key", "challenge": "another"}})
	require.Equal(t, 401, unknown.StatusCode)
	require.Equal(t, unknown.body, stale.body, "no answer tells what was wrong")
	require.Contains(t, unknown.body, "This passkey was not accepted")
	for _, body := range []object{{"credential": object{}}, {"credential": object{"id": 7}}} {
		require.Equal(t, 401, w.do("POST", "/auth/customer/passkey/callback", body).StatusCode)
	}
	for _, body := range []object{{}, {"credential": "key"}, {"credential": paper("key"), "other": 1}} {
		require.Equal(t, 400, w.raw400(body))
	}
	require.Equal(t, 413, w.do("POST", "/auth/customer/passkey/callback", object{"credential": object{"id": strings.Repeat("x", 200<<10)}}).StatusCode)

	listed := w.do("GET", "/auth/customer/providers", nil)
	require.Contains(t, listed.body, `{"id":"passkey","identifier":"passkey","display_name":"Passkey","flow":"credentials"}`)
	for _, actorType := range []string{"vendor", "user"} { // docs/contract.md#s4-2: an allow-list
		for _, path := range []string{"", "/callback", "/register"} {
			r := w.do("POST", "/auth/"+actorType+"/passkey"+path, object{"credential": paper("key")})
			require.Equal(t, 400, r.StatusCode)
			require.Contains(t, r.body, "is not allowed to use the auth provider passkey")
		}
	}
}

// raw400 sends a body that openapi.yaml does not describe.
func (w *world) raw400(body object) int {
	w.t.Helper()
	checked := w.client
	w.client = w.raw
	defer func() { w.client = checked }()
	return w.do("POST", "/auth/customer/passkey/callback", body).StatusCode
}

func TestLinkPasskey(t *testing.T) {
	t.Parallel()
	w := setupPasskeys(t)
	token := w.customer("ada@example.com")
	begun := w.do("POST", "/auth/identities/link/passkey", object{}, bearer(token))
	require.Equal(t, 200, begun.StatusCode, begun.body)
	require.Equal(t, "ada@example.com", begun.text(t, "options.user.name"))
	require.Equal(t, w.claims(token).AuthIdentityID, w.flows.passkeys.begun[0].LinkTo)

	linked := w.do("POST", "/auth/identities/link/passkey", object{"credential": paper("key"), "label": "Phone"}, bearer(token))
	require.Equal(t, 200, linked.StatusCode, linked.body)
	require.Equal(t, "key", linked.text(t, "provider_identity.entity_id"))
	require.Equal(t, w.claims(token).AuthIdentityID, w.flows.passkeys.answered[0].SignedInAs)
	require.Equal(t, 200, w.do("POST", "/auth/identities/link/passkey", object{"credential": paper("key 2")}, bearer(token)).StatusCode, "several")
	begun = w.do("POST", "/auth/identities/link/passkey", object{}, bearer(token))
	require.ElementsMatch(t, []any{"key", "key 2"}, begun.value(t, "options.excludeCredentials"))
	require.Equal(t, 422, w.do("POST", "/auth/identities/link/passkey", object{"credential": paper("key")}, bearer(w.customer("bob@example.com"))).StatusCode)

	id := linked.text(t, "provider_identity.id")
	renamed := w.do("POST", "/auth/identities/"+id, object{"label": " Work phone "}, bearer(token))
	require.Equal(t, 200, renamed.StatusCode, renamed.body)
	require.Equal(t, "Work phone", renamed.text(t, "provider_identity.user_metadata.label"))
	require.Equal(t, 404, w.do("POST", "/auth/identities/"+id, object{"label": "Mine"}, bearer(w.customer("eve@example.com"))).StatusCode)
	require.Equal(t, 404, w.do("POST", "/auth/identities/"+w.comesFrom(token, "583231"), object{"label": "Mine"}, bearer(token)).StatusCode)
	require.Equal(t, 401, w.do("POST", "/auth/identities/"+id, object{"label": "Mine"}).StatusCode)

	w.clock.Advance(16 * time.Minute)
	require.Equal(t, 401, w.do("POST", "/auth/identities/link/passkey", object{}, bearer(token)).StatusCode, "only after a recent sign-in")
}

func TestRelatedOrigins(t *testing.T) {
	t.Parallel()
	require.JSONEq(t, `{"origins":[]}`, setup(t).do("GET", "/.well-known/webauthn", nil).body)
	w := setup(t, options(func(o *api.Options) { o.RelatedOrigins = []string{"https://shop.test"} }))
	r := w.do("GET", "/.well-known/webauthn", nil)
	require.Equal(t, 200, r.StatusCode)
	require.Contains(t, r.Header.Get("Content-Type"), "application/json")
	require.JSONEq(t, `{"origins":["https://shop.test"]}`, r.body)
}

// What began with a passkey goes on as long as the identity has one: as a credential, or
// as a second factor, which signs in too.
func TestRefreshAfterPasskeyIsRemoved(t *testing.T) {
	t.Parallel()
	w := setupPasskeys(t)
	of := w.claims(w.customer("ada@example.com")).Principal()
	enable := func(id, method string) {
		_, err := w.store.StartFactor(t.Context(), store.NewFactor{ID: id, IdentityID: of.AuthIdentityID, Provider: method, Several: true})
		require.NoError(t, err)
		_, err = w.store.EnableFactor(t.Context(), store.FactorUse{IdentityID: of.AuthIdentityID, FactorID: id, Handle: id},
			everlatch.Event{ID: "evt_" + id, Name: everlatch.EventMFAEnabled, AuthIdentityID: of.AuthIdentityID})
		require.NoError(t, err)
	}
	remove := func(id string) {
		_, err := w.store.DisablePasskey(t.Context(), store.PasskeyRemoval{
			IdentityID: of.AuthIdentityID, FactorID: id, Provider: "passkey", Event: everlatch.Event{ID: "evt_off_" + id, Name: everlatch.EventMFADisabled},
		})
		require.NoError(t, err)
	}
	signedIn := func(id string) header { // one whose sign-in is not recorded
		p := of
		p.AuthProvider, p.SignInID, p.MFAEnabled, p.MFACompletedAt = "passkey", "", true, w.clock.Now()
		token, _, err := w.tokens.Issue(p, w.clock.Now(), id)
		require.NoError(t, err)
		return bearer(token)
	}
	refresh := func(h header) int { return w.do("POST", "/auth/token/refresh", nil, h).StatusCode }
	enable("authmfa_totp", "totp")
	enable("authmfa_key", "webauthn")
	enable("authmfa_key2", "webauthn")

	first := signedIn("first")
	require.Equal(t, 200, refresh(first))
	require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, first).StatusCode)
	remove("authmfa_key")
	require.Equal(t, 401, refresh(first), "which passkey it was isn't known")
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, first).StatusCode, "nor is the token good any more")
	second := signedIn("second")
	require.Equal(t, 200, refresh(second), "by the other passkey")
	remove("authmfa_key2")
	late := signedIn("late") // a sign-in that was under way
	gone := w.do("POST", "/auth/token/refresh", nil, late)
	require.Equal(t, 404, gone.StatusCode, gone.body)
	require.Contains(t, gone.body, "was not found")
}

// What a stranger begins with a passkey is limited before a flow is.
func TestPasskeyCeremoniesAreLimited(t *testing.T) {
	t.Parallel()
	for path, tt := range map[string]struct {
		op   limits.Op
		body object
	}{
		"/auth/customer/passkey":          {limits.Redirect, object{}},
		"/auth/customer/passkey/register": {limits.Register, object{"name": "ada@example.com"}},
		"/auth/customer/passkey/callback": {limits.Callback, object{"credential": object{"id": "key", "challenge": "unknown"}}},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w := limited(t, limits.Options{Rates: map[limits.Op]limits.Rate{tt.op: {Count: 3, Per: time.Minute}}})
			require.NoError(t, w.parts.Providers.Add("passkey", paperPasskeys{}))
			ask := func(from header) int { return w.do("POST", path, tt.body, from).StatusCode }
			for range 3 {
				require.NotEqual(t, 429, ask(from("198.51.100.7")))
			}
			for range 5 {
				require.Equal(t, 429, ask(from("198.51.100.7")))
			}
			require.NotEqual(t, 429, ask(from("203.0.113.7")), "others go on")
			require.Equal(t, 4, len(w.flows.passkeys.begun)+len(w.flows.passkeys.answered), "no flow was asked")
		})
	}
}
