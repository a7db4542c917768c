package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
)

// TestRoleFlow introduces roles: an existing installation enables them, no
// administrator is locked out, a helper is invited with a role, and is promoted and
// demoted between two requests (docs/weak-spots.md#w38).
func TestRoleFlow(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{})
	before := p.root(t)
	require.Equal(t, 404, p.call(t, "GET", "/admin/rbac/roles", nil, bearer(before)...).status)
	p.command(t, "user", "create", "-e", "second@example.com", "-p", password)
	p.kill()

	p = startDev(t, devOptions{dir: p.dir, config: "rbac: {enabled: true}\n"})
	flags := p.call(t, "GET", "/admin/feature-flags", nil)
	require.JSONEq(t, `{"feature_flags":{"rbac":true,"translation":false,"view_configurations":false}}`, string(flags.raw))
	for _, email := range []string{"root@example.com", "second@example.com"} {
		token := p.loginUser(t, email)
		require.Equal(t, map[string]any{"user_id": claims(t, token)["actor_id"], "roles": []any{"role_super_admin"}},
			claims(t, token)["app_metadata"], "no administrator is locked out")
	}
	root := before
	require.Equal(t, 200, p.call(t, "GET", "/admin/users", nil, bearer(root)...).status, "an existing token stays valid")

	policies := p.call(t, "GET", "/admin/rbac/policies?key[]=user:read&key[]=invite:create", nil, bearer(root)...)
	var ids []string
	for _, policy := range policies.json(t)["policies"].([]any) { //nolint:forcetypeassert // a test
		ids = append(ids, policy.(map[string]any)["id"].(string)) //nolint:forcetypeassert // a test
	}
	require.Len(t, ids, 2)
	made := p.call(t, "POST", "/admin/rbac/roles", object{"name": "helper", "policy_ids": ids}, bearer(root)...)
	require.Equal(t, 200, made.status, "%s", made.raw)
	role := made.str(t, "role.id")

	unknown := p.call(t, "POST", "/admin/invites", object{"email": "ada@example.com", "roles": []string{"role_x"}}, bearer(root)...)
	require.Equal(t, 400, unknown.status)
	require.Equal(t, "The following role IDs do not exist: role_x", unknown.str(t, "message"))
	invited := p.call(t, "POST", "/admin/invites", object{"email": "ada@example.com", "roles": []string{role}}, bearer(root)...)
	require.Equal(t, 200, invited.status, "%s", invited.raw)
	accepted := p.accept(t, p.newcomer(t, "ada@example.com"), invited.str(t, "invite.token"), object{})
	require.Equal(t, 200, accepted.status, "%s", accepted.raw)
	ada, adaID := p.loginUser(t, "ada@example.com"), accepted.str(t, "user.id")
	require.Equal(t, []any{role}, claims(t, ada)["app_metadata"].(map[string]any)["roles"]) //nolint:forcetypeassert // a test

	get := func(path string) answer { return p.call(t, "GET", path, nil, bearer(ada)...) }
	require.Equal(t, 200, get("/admin/users").status)
	require.Equal(t, "Insufficient permissions. Required policies: customer:read", get("/admin/customers").str(t, "message"))
	require.JSONEq(t, `{"permissions":["invite:create","user:read"]}`, string(get("/admin/rbac/me/permissions").raw))
	stronger := p.call(t, "POST", "/admin/invites", object{"email": "x@example.com", "roles": []string{"role_super_admin"}}, bearer(ada)...)
	require.Equal(t, 403, stronger.status, "%s", stronger.raw)

	demoted := p.call(t, "DELETE", "/admin/users/"+adaID+"/roles/"+role, nil, bearer(root)...)
	require.Equal(t, 200, demoted.status, "%s", demoted.raw)
	require.Equal(t, "Forbidden", get("/admin/users").str(t, "message"), "the same token, the next request")
	p.command(t, "role", "grant", "helper", "ada@example.com")
	require.Equal(t, 200, get("/admin/users").status)
	require.Equal(t, 200, get("/admin/users/me").status)

	events := p.call(t, "GET", "/admin/events?name=user.roles_changed", nil, bearer(root)...)
	require.Equal(t, 200, events.status, "%s", events.raw)
	text, err := json.Marshal(events.json(t)["events"])
	require.NoError(t, err)
	require.Contains(t, string(text), `"changed_by":"everlatch-cli"`)
}

// TestSuperAdminsInParallel: of fifty who remove each other and themselves at
// once, through the API and its workflows, one is left (docs/contract.md#s4-8).
func TestSuperAdminsInParallel(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{env: []string{"EVERLATCH_RBAC_ENABLED=true"}})
	root := p.root(t)
	ids := []string{claims(t, root)["actor_id"].(string)} //nolint:forcetypeassert // a test
	for i := range 5 {
		email := fmt.Sprintf("admin%d@example.com", i)
		p.command(t, "user", "create", "-e", email, "-p", password, "--role", "role_super_admin")
		ids = append(ids, claims(t, p.loginUser(t, email))["actor_id"].(string)) //nolint:forcetypeassert // a test
	}
	key := regexp.MustCompile(`sk_[0-9a-f]{64}`).FindString(
		p.command(t, "key", "create", "--title", "k", "--type", "secret", "--user", "root@example.com"))
	require.NotEmpty(t, key)

	var all sync.WaitGroup
	statuses, errs := make([]int, 50), make([]error, 50)
	for i := range statuses {
		all.Go(func() {
			id := ids[i%len(ids)]
			path := "/admin/users/" + id
			if i%2 == 0 {
				path += "/roles/role_super_admin"
			}
			a, err := p.try(t.Context(), "DELETE", path, nil, "Authorization", "Basic "+key)
			errs[i], statuses[i] = err, a.status
		})
	}
	all.Wait()
	require.NoError(t, errors.Join(errs...))
	for _, status := range statuses {
		require.Contains(t, []int{200, 400, 401, 403}, status)
	}
	shown := p.command(t, "role", "show", "role_super_admin", "--json")
	var left struct {
		Users []everlatch.User `json:"users"`
	}
	require.NoError(t, json.Unmarshal([]byte(shown), &left))
	require.NotEmpty(t, left.Users, "a super admin is left")
}
