package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

// sharedSignIn makes the super admin a customer as well: one identity signs in to both.
func (w *world) sharedSignIn(email string) (token, customerID, userID string) {
	w.t.Helper()
	token, userID = w.adminWith(email, superAdmin)
	customer, err := w.store.CreateCustomer(w.t.Context(), everlatch.Customer{ID: ids.New(ids.Customer, w.clock.Now()), Email: &email, HasAccount: true},
		everlatch.Event{ID: "evt_shared", Name: everlatch.EventCustomerCreated, GroupID: "g"})
	require.NoError(w.t, err)
	require.NoError(w.t, w.store.LinkActor(w.t.Context(), store.Link{
		IdentityID: w.claims(token).AuthIdentityID, ActorType: "customer", ActorID: customer.ID, GroupID: "g",
	}))
	return token, customer.ID, userID
}

// TestNoRouteReachesAStrongerIdentity sends hostile requests to every route under
// /admin, with every permission by itself, with those that the route needs, and with
// all but the super admin's. The ids are those of accounts whose identity is a super
// admin's as well, which has to stay as it is.
func TestNoRouteReachesAStrongerIdentity(t *testing.T) {
	t.Parallel()

	w := withRBAC(t, options(func(o *api.Options) { o.ResetTokens = api.ResetsAll }))
	root, customerID, rootID := w.sharedSignIn("root@example.com")
	key := w.do("POST", "/admin/api-keys", object{"title": "root's", "type": "secret"}, bearer(root))
	require.Equal(t, 200, key.StatusCode, key.body)
	keyID, rootsKey := key.text(t, "api_key.id"), with("Authorization", "Basic "+key.text(t, "api_key.token"))
	identity := w.claims(root).AuthIdentityID

	token, id := w.adminWith("helpdesk@example.com")
	role := w.role("tested")
	w.grant(id, role)
	state := func() any {
		is, err := w.store.Identity(t.Context(), identity)
		require.NoError(t, err)
		standing, err := w.store.StandingWithAccess(t.Context(), identity, everlatch.ActorUser, "")
		require.NoError(t, err)
		stored, err := w.store.APIKey(t.Context(), keyID)
		require.NoError(t, err)
		require.Empty(t, w.flows.by, "a password reset was issued")
		return []any{is.CredentialVersion, is.Links, is.Providers[0].EntityID, standing, stored}
	}
	want := state()

	var everything []string
	for _, p := range accounts.BuiltInPolicies() {
		everything = append(everything, p.Key)
	}
	hostile := object{
		"email": "thief@example.com", "roles": []string{superAdmin}, "users": []string{rootID}, "title": "mine",
		"policies": w.policyIDs("*:*"), "parent_id": superAdmin, "add": []string{customerID}, "remove": []string{customerID},
	}
	for _, r := range w.server.AdminRoutes() { //nolint:paralleltest // they share the role
		if r.Method == http.MethodGet || r.Public || !strings.Contains(r.Path, ":") {
			continue
		}
		target := rootID
		switch {
		case strings.HasPrefix(r.Path, "/admin/customers/"):
			target = customerID
		case strings.HasPrefix(r.Path, "/admin/api-keys/"):
			target = keyID
		case strings.HasPrefix(r.Path, "/admin/rbac/roles/"):
			target = superAdmin
		}
		path := strings.NewReplacer(":id", target, ":address_id", "x", ":role_id", superAdmin, ":policy_id", everlatch.PolicySuperAdmin).Replace(r.Path)
		sets := [][]string{everything, nil}
		for _, need := range r.Needs {
			sets[1] = append(sets[1], need.String())
		}
		for _, one := range everything {
			if !slices.Contains(sets[1], one) {
				sets = append(sets, append(slices.Clone(sets[1]), one))
			}
		}
		t.Run(r.Method+" "+r.Path, func(t *testing.T) {
			for _, keys := range sets {
				w.replacePolicies(t, role, keys)
				for name := range hostile { // one field may hide another's refusal
					got := w.send(w.raw, r.Method, path, object{name: hostile[name]}, bearer(token))
					require.Less(t, got.StatusCode, 500, got.body)
				}
				w.send(w.raw, r.Method, path, object{}, bearer(token))
				require.Equal(t, want, state(), "with %v", keys)
			}
		})
	}
	require.Equal(t, 200, w.do("GET", "/admin/users/me", nil, bearer(root)).StatusCode)
	require.Equal(t, 200, w.do("GET", "/admin/users", nil, rootsKey).StatusCode)
}

// TestSharedSignIn: who may change what depends on everything that the identity
// signs in to.
func TestSharedSignIn(t *testing.T) {
	t.Parallel()

	w := withRBAC(t)
	_, shared, _ := w.sharedSignIn("root@example.com")
	plain := w.claims(w.customer("plain@example.com")).ActorID
	w.role("support", "customer:read", "customer:update", "customer:delete")
	support, _ := w.adminWith("support@example.com", "role_support")
	const above = `{"type":"forbidden","message":"You do not have permission to do this: the same sign-in belongs to an account of actor type user that you may not change."}`

	w.do("POST", "/admin/customers/"+shared, object{"email": "x@example.com"}, bearer(support)).is(t, above)
	w.do("DELETE", "/admin/customers/"+shared, nil, bearer(support)).is(t, above)
	require.Equal(t, 200, w.do("POST", "/admin/customers/"+shared, object{"first_name": "Ada"}, bearer(support)).StatusCode, "no way to sign in changes")
	require.Equal(t, 200, w.do("POST", "/admin/customers/"+plain, object{"email": "y@example.com"}, bearer(support)).StatusCode)
	require.Equal(t, 200, w.do("DELETE", "/admin/customers/"+plain, nil, bearer(support)).StatusCode)

	other, _ := w.adminWith("second@example.com", superAdmin)
	require.Equal(t, 200, w.do("POST", "/admin/customers/"+shared, object{"email": "x@example.com"}, bearer(other)).StatusCode)
}

// TestKeysEndWithTheirOwner unless another administrator takes them over.
func TestKeysEndWithTheirOwner(t *testing.T) {
	t.Parallel()

	w := setup(t)
	first, second := w.admin("first@example.com"), w.admin("second@example.com")
	create := func(by header) (id string, key header) {
		r := w.do("POST", "/admin/api-keys", object{"title": "k", "type": "secret"}, by)
		require.Equal(t, 200, r.StatusCode, r.body)
		return r.text(t, "api_key.id"), with("Authorization", "Basic "+r.text(t, "api_key.token"))
	}
	takeOver := func(id string, by header) reply { return w.do("POST", "/admin/api-keys/"+id+"/take-over", nil, by) }
	works := func(key header) bool { return w.do("GET", "/admin/users", nil, key).StatusCode == http.StatusOK }
	_, direct := create(bearer(first))
	_, byKey := create(direct)
	kept, keptKey := create(bearer(first))
	late, lateKey := create(bearer(first))
	require.Equal(t, 200, takeOver(kept, bearer(second)).StatusCode)

	require.Equal(t, 200, w.do("DELETE", "/admin/users/"+w.claims(first).ActorID, nil, bearer(second)).StatusCode)
	require.False(t, works(direct))
	require.False(t, works(byKey), "made by a key of theirs")
	require.False(t, works(lateKey))
	require.True(t, works(keptKey))

	require.Equal(t, 400, takeOver(late, w.keyOf("everlatch-cli")).StatusCode, "an operator's key is no administrator")
	require.Equal(t, 200, takeOver(late, bearer(second)).StatusCode)
	require.True(t, works(lateKey))
	require.Equal(t, 404, takeOver("apk_x", bearer(second)).StatusCode)

	events, _, err := w.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventAPIKeyTakenOver}, store.Page{})
	require.NoError(t, err)
	require.Len(t, events, 2)
}

// TestTheLastPublishableKey: revoking it doesn't open /store again.
func TestTheLastPublishableKey(t *testing.T) {
	t.Parallel()

	w := setup(t, options(func(o *api.Options) { o.PublishableKey = api.KeysAuto }))
	admin, customer := w.admin("a@example.com"), w.customer("c@example.com")
	require.Equal(t, 200, w.send(w.raw, "GET", "/store/customers/me", nil, bearer(customer)).StatusCode)
	r := w.do("POST", "/admin/api-keys", object{"title": "shop", "type": "publishable"}, bearer(admin))
	require.Equal(t, 200, r.StatusCode, r.body)
	path := "/admin/api-keys/" + r.text(t, "api_key.id")
	require.Equal(t, 200, w.do("POST", path+"/revoke", object{}, bearer(admin)).StatusCode)
	require.Equal(t, 400, w.send(w.raw, "GET", "/store/customers/me", nil, bearer(customer)).StatusCode)
	require.Equal(t, 200, w.do("DELETE", path, nil, bearer(admin)).StatusCode)
	require.Equal(t, 404, w.do("GET", path, nil, bearer(admin)).StatusCode)
	w.clock.Advance(1 << 40)
	require.Equal(t, 400, w.send(w.raw, "GET", "/store/customers/me", nil, bearer(w.login("customer", "c@example.com"))).StatusCode)
}
