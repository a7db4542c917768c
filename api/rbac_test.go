package api_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
)

const (
	forbidden   = `{"type":"forbidden","message":"Forbidden"}`
	mayNotGrant = `{"type":"forbidden","message":"You do not have permission to assign these roles"}`
	superAdmin  = everlatch.RoleSuperAdmin
)

var operator = store.Operator("tests")

// withRBAC is a world with roles, whose administrators have none.
func withRBAC(tb testing.TB, settings ...setting) *world {
	tb.Helper()
	w := setup(tb, append(settings, options(func(o *api.Options) { o.RBAC = true }))...)
	_, err := w.store.SetUpRBAC(tb.Context(), accounts.BuiltInPolicies())
	require.NoError(tb, err)
	return w
}

// insufficient is the answer to who lacks one of these.
func insufficient(keys ...string) string {
	return `{"type":"forbidden","message":"Insufficient permissions. Required policies: ` + strings.Join(keys, ", ") + `"}`
}

// role creates a role with policies, named by their keys.
func (w *world) role(name string, keys ...string) string {
	w.t.Helper()
	r, err := w.store.CreateRole(w.t.Context(), operator, everlatch.Role{ID: "role_" + name, Name: name}, w.policyIDs(keys...))
	require.NoError(w.t, err)
	return r.ID
}

func (w *world) policyIDs(keys ...string) []string {
	w.t.Helper()
	var out []string
	for _, key := range keys {
		found, _, err := w.store.Policies(w.t.Context(), store.PolicyFilter{Keys: []string{key}}, store.Page{})
		require.NoError(w.t, err)
		require.Len(w.t, found, 1, key)
		out = append(out, found[0].ID)
	}
	return out
}

// adminWith returns a token of a new administrator with roles, and their id.
func (w *world) adminWith(email string, roles ...string) (token, id string) {
	w.t.Helper()
	token = w.admin(email)
	id = w.claims(token).ActorID
	if len(roles) > 0 {
		w.grant(id, roles...)
	}
	return token, id
}

func (w *world) grant(userID string, roles ...string) {
	w.t.Helper()
	require.NoError(w.t, w.store.GrantRoles(w.t.Context(), operator, []string{userID}, roles))
}

func (w *world) revoke(userID string, roles ...string) {
	w.t.Helper()
	require.NoError(w.t, w.store.RevokeRoles(w.t.Context(), operator, []string{userID}, roles))
}

// keyOf returns the header of a new secret API key of a creator.
func (w *world) keyOf(createdBy string) header {
	w.t.Helper()
	rules := accounts.Accounts{Store: w.store, Now: w.clock.Now}
	key := everlatch.APIKey{Title: "k", Type: everlatch.KeySecret, CreatedBy: createdBy}
	if strings.HasPrefix(createdBy, "user_") {
		key.OwnerID = createdBy
	}
	key, err := rules.CreateAPIKey(w.t.Context(), key)
	require.NoError(w.t, err)
	return with("Authorization", "Basic "+key.Token)
}

// TestEveryAdminRouteSaysWhatItNeeds: a route that forgets to is a hole.
func TestEveryAdminRouteSaysWhatItNeeds(t *testing.T) {
	t.Parallel()

	var known []everlatch.Permission
	for _, p := range accounts.BuiltInPolicies() {
		known = append(known, p.Permission())
	}
	open := []string{}
	server := withRBAC(t).server
	for _, r := range server.AdminRoutes() {
		if len(r.Needs) == 0 {
			require.NotEqual(t, r.Free, r.Public, "%s %s needs policies, or says that it is free", r.Method, r.Path)
			open = append(open, r.Method+" "+r.Path)
		}
		for _, need := range r.Needs {
			require.Contains(t, known, need, "%s %s: no role can have it", r.Method, r.Path)
		}
	}
	require.ElementsMatch(t, append(server.DashboardPaths(),
		"GET /admin/users/me", "POST /admin/users/me/email", "POST /admin/users/me/email/confirm", "POST /admin/users/me/email/undo",
		"GET /admin/people", // each kind has its own, see TestPeopleWithRoles
		"GET /admin/rbac/me/permissions", "POST /admin/invites/accept",
		"POST /admin/auth/:method", // each method has its own, see TestAuthServiceWithRoles
	), open)
}

// TestRoutesAndRoles goes through every route under /admin with every way to
// authenticate, and takes one needed permission after the other from a role: the
// same token, session and key are refused and pass from one request to the next
// (docs/weak-spots.md#w38).
func TestRoutesAndRoles(t *testing.T) {
	t.Parallel()

	w := withRBAC(t, options(func(o *api.Options) { o.ResetTokens = api.ResetsAll }))
	token, id := w.adminWith("ada@example.com")
	ways := map[string][]header{
		"bearer":  {bearer(token)},
		"session": {with("Cookie", w.session(token)), with("Origin", adminOrigin)},
		"key":     {w.keyOf(id)},
	}
	role := w.role("tested")
	root, _ := w.adminWith("root@example.com", superAdmin)
	var everything []string
	for _, p := range accounts.BuiltInPolicies() {
		everything = append(everything, p.Key)
	}
	for _, r := range w.server.AdminRoutes() { //nolint:paralleltest // they share the role
		if r.Public {
			continue
		}
		path := strings.NewReplacer(":id", "x_1", ":address_id", "x_2", ":role_id", "x_3", ":policy_id", "x_4").Replace(r.Path)
		var needs []string
		for _, need := range r.Needs {
			needs = append(needs, need.String())
		}
		answers := func(t *testing.T, want string, passes bool) {
			t.Helper()
			for name, headers := range ways {
				got := w.send(w.raw, r.Method, path, object{}, headers...)
				require.Less(t, got.StatusCode, 500, "%s %s", name, got.body)
				require.NotEqual(t, 401, got.StatusCode, "%s %s", name, got.body)
				require.Equal(t, !passes, got.StatusCode == http.StatusForbidden && got.body == want, "%s: %d %s", name, got.StatusCode, got.body)
				require.NotContains(t, strings.ReplaceAll(got.body, want, ""), "Insufficient", name)
			}
		}
		t.Run(r.Method+" "+r.Path, func(t *testing.T) {
			answers(t, forbidden, r.Free)
			w.grant(id, role)
			defer w.revoke(id, role)
			for _, without := range needs {
				w.replacePolicies(t, role, slices.DeleteFunc(slices.Clone(everything), func(key string) bool { return key == without }))
				answers(t, insufficient(needs...), false)
			}
			w.replacePolicies(t, role, needs)
			answers(t, insufficient(needs...), true)
			got := w.send(w.raw, r.Method, path, object{}, bearer(root))
			require.NotContains(t, []string{forbidden, insufficient(needs...)}, got.body, "the super admin")
		})
	}
}

// replacePolicies gives a role these policies alone.
func (w *world) replacePolicies(t *testing.T, role string, keys []string) {
	t.Helper()
	_, err := w.store.DB().ExecContext(t.Context(), `DELETE FROM rbac_role_policy WHERE role_id = $1`, role)
	require.NoError(t, err)
	for _, key := range keys {
		_, err := w.store.DB().ExecContext(t.Context(), `INSERT INTO rbac_role_policy (id, role_id, policy_id, created_at, updated_at)
			SELECT $1 || key, $1, id, created_at, created_at FROM rbac_policy WHERE key = $2`, role, key)
		require.NoError(t, err)
	}
}

// TestRolesAreOff: without rbac.enabled no role is needed, and there are no
// routes for them.
func TestRolesAreOff(t *testing.T) {
	t.Parallel()

	w := setup(t)
	root := w.admin("root@example.com")
	for _, path := range []string{"/admin/rbac/roles", "/admin/rbac/me/permissions", "/admin/users/" + w.claims(root).ActorID + "/roles"} {
		require.Equal(t, 404, w.do("GET", path, nil, bearer(root)).StatusCode, path)
	}
	require.Equal(t, 200, w.do("GET", "/admin/users", nil, bearer(root)).StatusCode)
	require.NotContains(t, w.claims(root).AppMetadata, "roles")
	w.do("GET", "/admin/feature-flags", nil).is(t, `{"feature_flags":{"rbac":false,"translation":false,"view_configurations":false}}`)
	created := w.do("POST", "/admin/invites", object{"email": "a@example.com", "roles": []string{"role_any"}}, bearer(root))
	require.Equal(t, 200, created.StatusCode, "roles of invites are not looked at: %s", created.body)
	require.Equal(t, 200, w.do("GET", "/admin/customers", nil, w.keyOf("unassigned")).StatusCode)
}

// TestRolesChangeAtOnce: existing tokens and sessions know nothing of what
// their owner may do now (docs/weak-spots.md#w38, #w32).
func TestRolesChangeAtOnce(t *testing.T) {
	t.Parallel()

	w := withRBAC(t)
	token, id := w.adminWith("ada@example.com")
	require.Equal(t, []any{}, w.claims(token).AppMetadata["roles"], "clients see that there are none")
	session := with("Cookie", w.session(token))
	key := w.keyOf(id)
	status := func(h header) int { return w.do("GET", "/admin/users", nil, h).StatusCode }
	all := func() []int { return []int{status(bearer(token)), status(session), status(key)} }

	require.Equal(t, []int{403, 403, 403}, all())
	reader := w.role("reader", "user:read")
	w.grant(id, reader)
	require.Equal(t, []int{200, 200, 200}, all(), "promoted, with what was issued before")
	old := token
	token = w.login("user", "ada@example.com")
	require.Equal(t, []any{reader}, w.claims(token).AppMetadata["roles"])
	w.revoke(id, reader)
	require.Equal(t, []int{403, 403, 403}, all(), "demoted, whatever the token says")

	shown := w.do("POST", "/auth/session", nil, bearer(token))
	require.Equal(t, []any{}, shown.value(t, "user.app_metadata.roles"), "the current ones")
	w.grant(id, reader)
	shown = w.do("POST", "/auth/session", nil, bearer(old))
	require.Equal(t, []any{reader}, shown.value(t, "user.app_metadata.roles"))
	refreshed := w.do("POST", "/auth/token/refresh", nil, bearer(old))
	require.Equal(t, []any{reader}, w.claims(refreshed.text(t, "token")).AppMetadata["roles"])
	require.NoError(t, w.store.DeleteRole(t.Context(), operator, reader))
	require.Equal(t, []int{403, 403, 403}, all(), "the role is gone")

	customer := w.customer("shopper@example.com")
	require.NotContains(t, w.claims(customer).AppMetadata, "roles")
	require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, bearer(customer)).StatusCode)
}

// TestInvitesWithRoles: docs/contract.md#s4-6.
func TestInvitesWithRoles(t *testing.T) {
	t.Parallel()

	w := withRBAC(t)
	root, _ := w.adminWith("root@example.com", superAdmin)
	w.role("reader", "user:read")
	r := w.do("POST", "/admin/invites", object{"email": "a@example.com", "roles": []string{"role_x", "role_reader", "role_y"}}, bearer(root))
	require.Equal(t, 400, r.StatusCode)
	r.is(t, `{"type":"invalid_data","message":"The following role IDs do not exist: role_x, role_y"}`)
	require.Empty(t, w.flows.invited)

	made := w.do("POST", "/admin/invites?fields=%2Broles", object{"email": "a@example.com", "roles": []string{"role_reader"}}, bearer(root))
	require.Equal(t, 200, made.StatusCode, made.body)
	require.Equal(t, []any{"role_reader"}, made.value(t, "invite.roles"))
	accepted := w.do("POST", "/admin/invites/accept?token="+made.text(t, "invite.token"), object{}, bearer(w.registered("user", "a@example.com")))
	require.Equal(t, 200, accepted.StatusCode, accepted.body)
	token := w.login("user", "a@example.com")
	require.Equal(t, []any{"role_reader"}, w.claims(token).AppMetadata["roles"])
	require.Equal(t, 200, w.do("GET", "/admin/users", nil, bearer(token)).StatusCode)

	plain := w.do("POST", "/admin/invites", object{"email": "b@example.com", "roles": nil}, bearer(root))
	require.Equal(t, 200, plain.StatusCode, "none is none: %s", plain.body)
}

// TestPermit is for custom routes.
func TestPermit(t *testing.T) {
	t.Parallel()

	brands := everlatch.Permission{Resource: "brand", Operation: "read"}
	serve := func(w *world) {
		ok := func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }
		w.server.Echo().GET("/admin/brands", ok, api.Permit(brands))
		w.server.Echo().GET("/admin/anything", ok)
		w.server.Echo().GET("/brands", ok, api.Permit(brands))
	}
	w := withRBAC(t)
	serve(w)
	_, err := w.store.SetUpRBAC(t.Context(), accounts.BuiltInPolicies("brand"))
	require.NoError(t, err)
	token, id := w.adminWith("ada@example.com", w.role("reader", "user:read"))
	get := func(path string) reply { return w.send(w.raw, "GET", path, nil, bearer(token)) }
	get("/admin/brands").is(t, insufficient("brand:read"))
	require.Equal(t, 204, get("/admin/anything").StatusCode)
	w.grant(id, w.role("brands", "brand:read"))
	require.Equal(t, 204, get("/admin/brands").StatusCode)
	require.Equal(t, 500, get("/brands").StatusCode, "the request is not authenticated")

	off := setup(t)
	serve(off)
	require.Equal(t, 204, off.send(off.raw, "GET", "/admin/brands", nil, bearer(off.admin("root@example.com"))).StatusCode)
}

// TestRolesOfCustomActors: the resource of a custom actor type is its
// name.
func TestRolesOfCustomActors(t *testing.T) {
	t.Parallel()
	w := withRBAC(t, options(withManagers))
	_, err := w.store.SetUpRBAC(t.Context(), accounts.BuiltInPolicies("manager"))
	require.NoError(t, err)
	w.manager("ada@example.com", object{})
	reader, _ := w.adminWith("reader@example.com", w.role("reader", "manager:read"))
	r := w.ask("GET", "/admin/managers", nil, bearer(reader))
	require.Equal(t, 200, r.StatusCode, r.body)
	id := regexp.MustCompile(`mana_\w{26}`).FindString(r.body)
	for method, need := range map[string]string{"POST": "manager:update", "DELETE": "manager:delete"} {
		w.ask(method, "/admin/managers/"+id, object{}, bearer(reader)).is(t, insufficient(need))
	}
	unassigned, _ := w.adminWith("unassigned@example.com")
	w.ask("GET", "/admin/managers/"+id, nil, bearer(unassigned)).is(t, forbidden)
}
