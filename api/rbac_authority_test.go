package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/api"
)

// TestNoEscalation: no route gives an administrator more than they have.
func TestNoEscalation(t *testing.T) {
	t.Parallel()

	w := withRBAC(t, options(func(o *api.Options) { o.ResetTokens = api.ResetsAll }))
	root, rootID := w.adminWith("root@example.com", superAdmin)
	w.role("helpdesk", "user:read", "user:update", "user:delete", "rbac_role:update", "rbac_role:create", "rbac_role:delete",
		"invite:create", "invite:update", "api_key:create", "rbac_policy:update", "rbac_policy:delete", "rbac_policy:create")
	weak, weakID := w.adminWith("weak@example.com", "role_helpdesk")
	w.role("auditor", "event:read")
	_, auditorID := w.adminWith("auditor@example.com", "role_auditor")
	pending := w.do("POST", "/admin/invites", object{"email": "new@example.com", "roles": []string{superAdmin}}, bearer(root))
	require.Equal(t, 200, pending.StatusCode, pending.body)
	mine := w.do("POST", "/admin/rbac/policies", object{"key": "own:read", "resource": "own", "operation": "read"}, bearer(weak))
	require.Equal(t, 200, mine.StatusCode, mine.body)

	const changeRole = `{"type":"forbidden","message":"You do not have permission to change this role"}`
	const over = `{"type":"forbidden","message":"You do not have permission to do this to a user with these roles"}`
	const lacks = `{"type":"forbidden","message":"You do not have access to some of the policies you are trying to assign."}`
	const notMine = `{"type":"forbidden","message":"You do not have permission to change this policy"}`
	const builtIn = `{"type":"not_allowed","message":"A built-in policy cannot be changed."}`
	event := w.policyIDs("event:read")
	tests := map[string]struct {
		method, path string
		body         any
		status       int
		want         string
	}{
		"a role of others, for oneself":            {"POST", "/admin/users/" + weakID + "/roles", object{"roles": []string{"role_auditor"}}, 403, mayNotGrant},
		"the super admin's":                        {"POST", "/admin/rbac/roles/" + superAdmin + "/users", object{"users": []string{weakID}}, 403, mayNotGrant},
		"take it from the super admin":             {"DELETE", "/admin/users/" + rootID + "/roles/" + superAdmin, nil, 403, mayNotGrant},
		"take it, as a list":                       {"DELETE", "/admin/users/" + rootID + "/roles", object{"roles": []string{superAdmin}}, 403, mayNotGrant},
		"take it from users of the role":           {"DELETE", "/admin/rbac/roles/" + superAdmin + "/users", object{"users": []string{rootID}}, 403, mayNotGrant},
		"a policy for the own role":                {"POST", "/admin/rbac/roles/role_helpdesk/policies", object{"policies": event}, 403, lacks},
		"a new role with it":                       {"POST", "/admin/rbac/roles", object{"name": "n", "policy_ids": event}, 403, lacks},
		"a new role below a stronger one":          {"POST", "/admin/rbac/roles", object{"name": "n", "parent_id": "role_auditor"}, 403, mayNotGrant},
		"the own role below a stronger one":        {"POST", "/admin/rbac/roles/role_helpdesk", object{"parent_id": superAdmin}, 403, mayNotGrant},
		"a role that one does not have":            {"POST", "/admin/rbac/roles/role_auditor", object{"name": "x"}, 403, changeRole},
		"delete it":                                {"DELETE", "/admin/rbac/roles/role_auditor", nil, 403, changeRole},
		"an invite with more":                      {"POST", "/admin/invites", object{"email": "x@example.com", "roles": []string{"role_auditor"}}, 403, mayNotGrant},
		"the token of a stronger invite":           {"POST", "/admin/invites/" + pending.text(t, "invite.id") + "/resend", nil, 403, mayNotGrant},
		"the password of a stronger administrator": {"POST", "/admin/users/" + rootID + "/reset-password", nil, 403, over},
		"the account of a stronger administrator":  {"DELETE", "/admin/users/" + auditorID, nil, 403, over},
		"what a built-in policy means": {
			"POST", "/admin/rbac/policies/" + event[0], object{"key": "*:*", "resource": "*", "operation": "*"}, 400, builtIn,
		},
		"what an own policy means": {
			"POST", "/admin/rbac/policies/" + mine.text(t, "policy.id"), object{"key": "*:*", "resource": "*", "operation": "*"}, 403, notMine,
		},
	}
	for name, tt := range tests {
		for who, h := range map[string]header{"with a token": bearer(weak), "with a key": w.keyOf(weakID)} {
			r := w.do(tt.method, tt.path, tt.body, h)
			require.Equal(t, tt.status, r.StatusCode, "%s %s: %s", name, who, r.body)
			require.Equal(t, tt.want, r.body, "%s %s", name, who)
		}
	}

	made := w.do("POST", "/admin/api-keys", object{"title": "k", "type": "secret"}, w.keyOf(weakID))
	require.Equal(t, 200, made.StatusCode, made.body)
	require.Equal(t, weakID, made.text(t, "api_key.created_by"), "a key that a key makes")
	key := with("Authorization", "Basic "+made.text(t, "api_key.token"))
	require.Equal(t, 200, w.do("GET", "/admin/users", nil, key).StatusCode)
	w.do("GET", "/admin/customers", nil, key).is(t, insufficient("customer:read"))
	w.do("GET", "/admin/users", nil, w.keyOf("everlatch-cli")).is(t, forbidden) // a key without a creator

	for _, path := range []string{"/admin/users/" + rootID + "/roles/" + superAdmin, "/admin/users/" + rootID} {
		r := w.do("DELETE", path, nil, w.keyOf(rootID))
		require.Equal(t, 400, r.StatusCode)
		r.is(t, `{"type":"not_allowed","message":"The last super admin has to stay one."}`)
	}
}
