package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/accounts"
)

// TestRoleRoutes: the shapes of docs/contract.md#s4-8, field by field.
func TestRoleRoutes(t *testing.T) {
	t.Parallel()

	w := withRBAC(t)
	root, rootID := w.adminWith("root@example.com", superAdmin)
	w.role("reader", "user:read")
	do := func(method, path string, body any) reply { return w.do(method, path, body, bearer(root)) }
	const at = `"created_at":"2026-11-23T13:47:46.000Z","updated_at":"2026-11-23T13:47:46.000Z"`

	made := do("POST", "/admin/rbac/roles", object{"name": "Support", "description": "d", "metadata": object{"a": 1}, "parent_id": "role_reader", "policy_ids": w.policyIDs("invite:read")})
	require.Equal(t, 200, made.StatusCode, made.body)
	id := made.text(t, "role.id")
	require.Regexp(t, `^role_[0-9A-Z]{26}$`, id)
	made.is(t, `{"role":{"id":"`+id+`","name":"Support","parent_id":"role_reader","description":"d","metadata":{"a":1},`+at+`,"deleted_at":null}}`)
	shown := do("GET", "/admin/rbac/roles/"+id+"?fields=name,policies.key,policies.inherited_from_role_id", nil)
	shown.is(t, `{"role":{"id":"`+id+`","name":"Support","policies":[{"key":"invite:read","inherited_from_role_id":null},{"key":"user:read","inherited_from_role_id":"role_reader"}]}}`)
	changed := do("POST", "/admin/rbac/roles/"+id+"?fields=id,name,parent_id,description", object{"name": "Help", "parent_id": nil, "description": nil})
	changed.is(t, `{"role":{"id":"`+id+`","name":"Help","parent_id":null,"description":null}}`)
	list := do("GET", "/admin/rbac/roles?fields=name&order=-name&limit=2&q=e", nil)
	list.is(t, `{"roles":[{"id":"role_reader","name":"reader"},{"id":"role_super_admin","name":"Super Admin"}],"count":3,"offset":0,"limit":2}`)
	do("GET", "/admin/rbac/roles?parent_id=role_reader", nil).is(t, `{"roles":[],"count":0,"offset":0,"limit":50}`)
	do("GET", "/admin/rbac/roles/assignable?name=Help", nil).is(t, `{"roles":[{"id":"`+id+`","name":"Help","description":null}],"count":1}`)
	do("GET", "/admin/rbac/roles/assignable?offset=9", nil).is(t, `{"roles":[],"count":3}`)

	policy := w.policyIDs("user:update")[0]
	added := do("POST", "/admin/rbac/roles/"+id+"/policies", object{"policies": []string{policy}})
	require.Equal(t, 200, added.StatusCode, added.body)
	require.Contains(t, added.body, `"role_id":"`+id+`","policy_id":"`+policy+`","policy":{"id":"`+policy+`","key":"user:update","resource":"user","operation":"update","name":"UpdateUser","description":"Update User","metadata":null,`+at+`,"deleted_at":null},"metadata":null,`+at+`,"deleted_at":null}]}`)
	require.InDelta(t, 2, do("GET", "/admin/rbac/roles/"+id+"/policies?limit=1", nil).value(t, "count"), 0)
	removed := do("DELETE", "/admin/rbac/roles/"+id+"/policies/"+policy, nil)
	require.Regexp(t, `^\{"id":"rlpl_[0-9A-Z]{26}","object":"rbac_role_policy","deleted":true\}$`, removed.body)
	do("DELETE", "/admin/rbac/roles/"+id+"/policies/"+policy, nil).is(t, `{"object":"rbac_role_policy","deleted":true}`)

	_, adaID := w.adminWith("ada@example.com")
	granted := do("POST", "/admin/users/"+adaID+"/roles", object{"roles": []string{"role_reader"}})
	granted.is(t, `{"roles":[{"id":"role_reader","name":"reader","parent_id":null,"description":null,"metadata":null,`+at+`,"deleted_at":null}]}`)
	do("GET", "/admin/users/"+adaID+"/roles?fields=name&role_id=role_reader", nil).is(t, `{"roles":[{"id":"role_reader","name":"reader"}],"count":1,"offset":0,"limit":50}`)
	do("GET", "/admin/users/user_unknown/roles", nil).is(t, `{"roles":[],"count":0,"offset":0,"limit":50}`)
	do("DELETE", "/admin/users/"+adaID+"/roles", object{"roles": []string{"role_reader", "role_x"}}).is(t, `{"ids":["role_reader","role_x"],"object":"user_role","deleted":true}`)
	do("DELETE", "/admin/users/"+adaID+"/roles/role_reader", nil).is(t, `{"id":"role_reader","object":"user_role","deleted":true}`)
	users := do("POST", "/admin/rbac/roles/role_reader/users", object{"users": []string{adaID, rootID}})
	require.Len(t, users.value(t, "users"), 2)
	do("GET", "/admin/rbac/roles/role_reader/users?fields=email&user_id="+adaID, nil).is(t, `{"users":[{"id":"`+adaID+`","email":"ada@example.com"}],"count":1,"offset":0,"limit":50}`)
	do("DELETE", "/admin/rbac/roles/role_reader/users", object{"users": []string{adaID}}).is(t, `{"ids":["`+adaID+`"],"object":"role_user","deleted":true}`)

	do("DELETE", "/admin/rbac/roles/"+id, nil).is(t, `{"id":"`+id+`","object":"rbac_role","deleted":true}`)
	do("DELETE", "/admin/rbac/roles/"+id, nil).is(t, `{"id":"`+id+`","object":"rbac_role","deleted":true}`)
}

func TestPolicyRoutes(t *testing.T) {
	t.Parallel()

	w := withRBAC(t)
	root, _ := w.adminWith("root@example.com", superAdmin)
	do := func(method, path string, body any) reply { return w.do(method, path, body, bearer(root)) }
	made := do("POST", "/admin/rbac/policies?fields=key,resource,operation,name,description,metadata,deleted_at", object{"key": "brand:read", "resource": "Brand", "operation": "read", "name": "ReadBrands"})
	require.Equal(t, 200, made.StatusCode, made.body)
	id := made.text(t, "policy.id")
	require.Regexp(t, `^rpol_[0-9A-Z]{26}$`, id)
	made.is(t, `{"policy":{"id":"`+id+`","key":"brand:read","resource":"brand","operation":"read","name":"ReadBrands","description":null,"metadata":null,"deleted_at":null}}`)
	do("GET", "/admin/rbac/policies?resource[]=brand&fields=key", nil).is(t, `{"policies":[{"id":"`+id+`","key":"brand:read"}],"count":1,"offset":0,"limit":20}`)
	do("POST", "/admin/rbac/policies/"+id+"?fields=key", object{"key": "brand:list", "operation": "LIST", "metadata": object{}}).is(t, `{"policy":{"id":"`+id+`","key":"brand:list"}}`)
	w.role("brands", "brand:list")
	do("GET", "/admin/rbac/policies/"+id+"/roles?fields=name", nil).is(t, `{"roles":[{"id":"role_brands","name":"brands"}],"count":1,"offset":0,"limit":10}`)

	ada, adaID := w.adminWith("ada@example.com")
	own := func() reply { return w.do("GET", "/admin/rbac/me/permissions", nil, bearer(ada)) }
	own().is(t, `{"permissions":[]}`)
	w.grant(adaID, "role_brands", w.role("policies", "rbac_policy:read"))
	own().is(t, `{"permissions":["brand:list","rbac_policy:read"]}`)
	w.do("GET", "/admin/rbac/me/permissions", nil, w.keyOf(adaID)).is(t, `{"permissions":["brand:list","rbac_policy:read"]}`)
	everything := do("GET", "/admin/rbac/me/permissions", nil)
	require.Len(t, everything.value(t, "permissions"), len(accounts.BuiltInPolicies())+1, "wildcards are written out, and are none themselves")
	w.do("GET", "/admin/rbac/policies/assignable?order=key", nil, bearer(ada)).is(t,
		`{"policies":[{"id":"`+id+`","key":"brand:list","resource":"brand","operation":"list","description":null},`+
			`{"id":"`+w.policyIDs("rbac_policy:read")[0]+`","key":"rbac_policy:read","resource":"rbac_policy","operation":"read","description":"Read RbacPolicy"}],"count":2}`)

	do("DELETE", "/admin/rbac/policies/"+id, nil).is(t, `{"id":"`+id+`","object":"rbac_policy","deleted":true}`)
	own().is(t, `{"permissions":["rbac_policy:read"]}`)
	require.Equal(t, 404, do("GET", "/admin/rbac/policies/"+id+"/roles", nil).StatusCode)
}

// TestRoleRefusals: what is wrong is said as the contract says it.
func TestRoleRefusals(t *testing.T) {
	t.Parallel()

	w := withRBAC(t)
	root, rootID := w.adminWith("root@example.com", superAdmin)
	many := make([]string, 101)
	for i := range many {
		many[i] = "role_x"
	}
	roles := "/admin/users/" + rootID + "/roles"
	tests := map[string]struct {
		method, path string
		body         any
		status       int
		want         string
	}{
		"no role":            {"POST", roles, object{"roles": []string{}}, 400, `{"type":"invalid_data","message":"Invalid request: Value for field 'roles' too small, expected at least: '1'"}`},
		"an empty id":        {"POST", roles, object{"roles": []string{"a", ""}}, 400, `{"type":"invalid_data","message":"Invalid request: Value for field 'roles, 1' too small, expected at least: '1'"}`},
		"too many":           {"POST", roles, object{"roles": many}, 400, `{"type":"invalid_data","message":"Invalid request: Value for field 'roles' too big, expected at most: '100'"}`},
		"nothing":            {"DELETE", roles, object{}, 400, `{"type":"invalid_data","message":"Invalid request: Field 'roles' is required"}`},
		"no such user":       {"POST", "/admin/users/user_x/roles", object{"roles": []string{superAdmin}}, 404, `{"type":"not_found","message":"User with id \"user_x\" not found"}`},
		"no such user, take": {"DELETE", "/admin/users/user_x/roles", object{"roles": []string{superAdmin}}, 404, `{"type":"not_found","message":"User with id \"user_x\" not found"}`},
		"no such role":       {"POST", roles, object{"roles": []string{"role_x"}}, 400, `{"type":"invalid_data","message":"The following role IDs do not exist: role_x"}`},
		"users of no role":   {"POST", "/admin/rbac/roles/role_x/users", object{"users": []string{rootID}}, 404, `{"type":"not_found","message":"Role with id \"role_x\" not found"}`},
		"take from no role":  {"DELETE", "/admin/rbac/roles/role_x/users", object{"users": []string{rootID}}, 404, `{"type":"not_found","message":"Role with id \"role_x\" not found"}`},
		"read no role":       {"GET", "/admin/rbac/roles/role_x", nil, 404, `{"type":"not_found","message":"Role with id: role_x not found"}`},
		"change no role":     {"POST", "/admin/rbac/roles/role_x", object{"name": "x"}, 404, `{"type":"not_found","message":"Role with id \"role_x\" not found"}`},
		"policy of no role":  {"POST", "/admin/rbac/roles/role_x/policies", object{"policies": []string{"rpol_super_admin"}}, 404, `{"type":"not_found","message":"You tried to set relationship role_id: role_x, but such entity does not exist"}`},
		"no such policy":     {"POST", "/admin/rbac/roles", object{"name": "x", "policy_ids": []string{"rpol_x"}}, 404, `{"type":"not_found","message":"The following policies do not exist: rpol_x"}`},
		"no name":            {"POST", "/admin/rbac/roles", object{}, 400, `{"type":"invalid_data","message":"Invalid request: Field 'name' is required"}`},
		"super admin's name": {"POST", "/admin/rbac/roles/" + superAdmin, object{"name": "x"}, 400, `{"type":"not_allowed","message":"The role of the super admin cannot be changed."}`},
		"super admin's end":  {"DELETE", "/admin/rbac/roles/" + superAdmin, nil, 400, `{"type":"not_allowed","message":"The role of the super admin cannot be changed."}`},
		"policy: read none":  {"GET", "/admin/rbac/policies/rpol_x", nil, 404, `{"type":"not_found","message":"Policy with id: rpol_x not found"}`},
		"policy: two in one": {"POST", "/admin/rbac/policies", object{"key": "a *:*:b", "resource": "a *:*", "operation": "b"}, 400, `{"type":"invalid_data","message":"Resource and operation of a policy consist of letters, digits, _, . and -, or are *."}`},
		"policy: other key":  {"POST", "/admin/rbac/policies", object{"key": "a:b", "resource": "a", "operation": "*"}, 400, `{"type":"invalid_data","message":"The key of a policy is <resource>:<operation>, here a:*."}`},
		"policy: unknown":    {"POST", "/admin/rbac/policies/rpol_x", object{"x": 1}, 400, `{"type":"invalid_data","message":"Invalid request: Unrecognized fields: 'x'"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := w.send(w.raw, tt.method, tt.path, tt.body, bearer(root))
			require.Equal(t, tt.status, r.StatusCode, r.body)
			r.is(t, tt.want)
		})
	}
}
