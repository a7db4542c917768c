package api_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

func (f *fakeFlows) LinkIdentity(ctx context.Context, r flows.LinkRequest) (everlatch.ProviderIdentity, error) {
	email, password, err := typed(flows.AuthRequest{Input: r.Input})
	if err != nil {
		return everlatch.ProviderIdentity{}, err
	}
	id := ids.New(ids.ProviderIdentity, f.now())
	err = f.store.AddCredential(ctx, store.NewCredential{
		ID: id, IdentityID: r.AuthIdentityID, Provider: r.Provider, EntityID: email, EntityKey: strings.ToLower(email),
		ProviderMetadata: everlatch.Metadata{"password": password}, Event: everlatch.Event{ID: "evt_" + id},
	})
	return everlatch.ProviderIdentity{ID: id, Provider: r.Provider, EntityID: email, CreatedAt: f.now(), UpdatedAt: f.now()}, err
}

func (f *fakeFlows) UnlinkIdentity(ctx context.Context, r flows.UnlinkRequest) error {
	return f.store.RemoveCredential(ctx, r.AuthIdentityID, r.ProviderIdentityID, everlatch.Event{ID: ids.New(ids.Event, f.now())})
}

// comesFrom gives the identity of a token an account elsewhere, and returns its id.
func (w *world) comesFrom(token, entityID string) string {
	w.t.Helper()
	id := ids.New(ids.ProviderIdentity, w.clock.Now())
	require.NoError(w.t, w.store.AddCredential(w.t.Context(), store.NewCredential{
		ID: id, IdentityID: w.claims(token).AuthIdentityID, Provider: "elsewhere", EntityID: entityID, EntityKey: entityID,
		UserMetadata: everlatch.Metadata{"name": "Ada"}, Event: everlatch.Event{ID: "evt_" + id},
	}))
	return id
}

// as is a token for the same identity that another provider has given.
func (w *world) as(token, provider string) string {
	w.t.Helper()
	claims := w.claims(token)
	claims.AuthProvider = provider
	return signed(w.t, claims)
}

func TestListIdentities(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.customer("a@example.com")
	w.comesFrom(token, "583231")
	w.comesFrom(w.customer("b@example.com"), "2")

	r := w.do("GET", "/auth/identities", nil, bearer(token))

	require.Equal(t, 200, r.StatusCode, r.body)
	list, _ := r.value(t, "provider_identities").([]any)
	require.Len(t, list, 2)
	ways := map[any]object{}
	for _, item := range list {
		way, _ := item.(object)
		ways[way["provider"]] = way
	}
	require.Equal(t, "a@example.com", ways["emailpass"]["entity_id"])
	require.Equal(t, "583231", ways["elsewhere"]["entity_id"])
	require.Equal(t, object{"name": "Ada"}, ways["elsewhere"]["user_metadata"])
	require.NotContains(t, r.body, "supersecret")
	require.NotContains(t, r.body, "password")
	require.Equal(t, 200, w.do("GET", "/auth/identities", nil, with("Cookie", w.session(token))).StatusCode)
	require.Equal(t, 200, w.do("GET", "/auth/identities", nil, bearer(w.registered("customer", "c@example.com"))).StatusCode, "without an actor, too")
	require.Equal(t, 401, w.do("GET", "/auth/identities", nil).StatusCode)
}

func TestLinkElsewhere(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.customer("a@example.com")
	identity := w.claims(token).AuthIdentityID
	const path = "/auth/identities/link/elsewhere"

	r := w.do("POST", path, object{"callback_url": "https://shop.example/other"}, bearer(token))

	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, "https://elsewhere.example/authorize?state=s1", r.text(t, "location"))
	require.Equal(t, identity, w.flows.away[0].LinkTo)
	require.Equal(t, "customer", w.flows.away[0].ActorType)
	require.Equal(t, "https://shop.example/other", w.flows.away[0].CallbackURL)
	require.NotNil(t, browserCookie(r))
	require.Equal(t, 200, w.do("POST", path, object{}, with("Cookie", w.session(token)), with("Origin", shopOrigin)).StatusCode)
	require.Equal(t, 403, w.do("POST", path, object{}, with("Cookie", w.session(token)), with("Origin", "https://evil.example")).StatusCode)
	require.Equal(t, 401, w.do("POST", path, object{}).StatusCode)
	require.Equal(t, 400, w.do("POST", path, object{}, bearer(w.registered("vendor", "v@example.com"))).StatusCode, "not on the vendors' list")
	require.Equal(t, 401, w.do("POST", "/auth/identities/link/login-only", object{}, bearer(token)).StatusCode, "that provider has no registration")
	require.Len(t, w.flows.away, 2)

	// docs/weak-spots.md#w17: the answer counts for the identity that sends it.
	for name, h := range map[string]struct {
		headers []header
		want    string
	}{
		"by a token":      {[]header{bearer(token)}, identity},
		"by a session":    {[]header{with("Cookie", w.session(token))}, identity},
		"anonymous":       {nil, ""},
		"by a bad token":  {[]header{bearer("x")}, ""},
		"by an ended one": {[]header{with("Cookie", "connect.sid=s%3Anope.x")}, ""},
	} {
		require.Equal(t, 200, w.do("GET", awayPath+"/callback?code=c&state=good", nil, h.headers...).StatusCode, name)
		require.Equal(t, h.want, w.flows.back[len(w.flows.back)-1].SignedInAs, name)
	}

	w.clock.Advance(15*time.Minute + time.Second)
	late := w.do("POST", path, object{}, bearer(token))
	require.Equal(t, 401, late.StatusCode)
	require.Equal(t, "This request needs a recent sign-in. Sign in again and repeat it.", late.text(t, "message"))
	w.flows.failWith(&everlatch.Error{Code: everlatch.CodeDuplicate, Message: "Another account signs in with this elsewhere account."})
	others := w.do("GET", awayPath+"/callback?code=c&state=good", nil)
	require.Equal(t, 422, others.StatusCode, others.body)
	require.Equal(t, "Another account signs in with this elsewhere account.", others.text(t, "message"))
}

func TestLinkPassword(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.customer("a@example.com")
	w.comesFrom(token, "583231")
	_, err := w.store.DB().ExecContext(t.Context(), `DELETE FROM provider_identity WHERE provider = 'emailpass'`)
	require.NoError(t, err)

	r := w.do("POST", "/auth/identities/link/emailpass", object{"email": "a@example.com", "password": "supersecret"}, bearer(w.as(token, "elsewhere")))

	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, "a@example.com", r.text(t, "provider_identity.entity_id"))
	require.Equal(t, w.claims(token).ActorID, w.claims(w.login("customer", "a@example.com")).ActorID)
	taken := w.do("POST", "/auth/identities/link/emailpass", object{"email": "a@example.com", "password": "supersecret"}, bearer(w.customer("b@example.com")))
	require.Equal(t, 400, taken.StatusCode, taken.body)
}

func TestUnlink(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.customer("a@example.com")
	session := with("Cookie", w.session(token))
	id := w.comesFrom(token, "583231")

	r := w.do("DELETE", "/auth/identities/"+id, nil, bearer(token))

	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, id, r.text(t, "id"))
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, bearer(token)).StatusCode, "all tokens end")
	next := r.text(t, "token")
	require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, bearer(next)).StatusCode)
	require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, session).StatusCode, "a session by another provider goes on")
	require.Equal(t, w.claims(token).AuthTime, w.claims(next).AuthTime, "this was no sign-in")

	require.Equal(t, 404, w.do("DELETE", "/auth/identities/"+id, nil, bearer(next)).StatusCode)
	own, err := w.store.Identity(t.Context(), w.claims(next).AuthIdentityID)
	require.NoError(t, err)
	last := w.do("DELETE", "/auth/identities/"+own.Providers[0].ID, nil, bearer(next))
	require.Equal(t, 400, last.StatusCode)
	require.Equal(t, "The last way to sign in cannot be removed.", last.text(t, "message"))

	id = w.comesFrom(next, "583231")
	r = w.do("DELETE", "/auth/identities/"+id, nil, session)
	require.Equal(t, 200, r.StatusCode, r.body)
	require.NotContains(t, r.body, "token", "a session needs none")
	require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, session).StatusCode)
	require.Equal(t, 401, w.do("DELETE", "/auth/identities/"+id, nil).StatusCode)
	w.clock.Advance(15*time.Minute + time.Second)
	require.Equal(t, 401, w.do("DELETE", "/auth/identities/"+id, nil, session).StatusCode)
}
