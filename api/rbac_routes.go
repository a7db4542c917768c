package api

import "net/http"

// rbacRoutes exist when roles are switched on (docs/contract.md#s4-8).
func (s *Server) rbacRoutes() []route {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	readBoth := can("user:read", "rbac_role:read")
	updateBoth := can("user:update", "rbac_role:update")
	return []route{
		{method: get, path: "/admin/users/:id/roles", handle: s.listRolesOfUser, needs: readBoth},
		{method: post, path: "/admin/users/:id/roles", handle: s.grant(ofUser), needs: updateBoth},
		{method: del, path: "/admin/users/:id/roles", handle: s.revoke(ofUser), needs: updateBoth},
		{method: del, path: "/admin/users/:id/roles/:role_id", handle: s.revokeRole, needs: updateBoth},

		{method: get, path: "/admin/rbac/me/permissions", handle: s.listOwnPermissions, free: true},
		{method: get, path: "/admin/rbac/roles", handle: s.listRoles, needs: can("rbac_role:read")},
		{method: post, path: "/admin/rbac/roles", handle: s.createRole, needs: can("rbac_role:create")},
		{method: get, path: "/admin/rbac/roles/assignable", handle: s.listAssignableRoles, needs: can("rbac_role:read")},
		{method: get, path: "/admin/rbac/roles/:id", handle: s.readRole, needs: can("rbac_role:read")},
		{method: post, path: "/admin/rbac/roles/:id", handle: s.updateRole, needs: can("rbac_role:update")},
		{method: del, path: "/admin/rbac/roles/:id", handle: s.deleteRole, needs: can("rbac_role:delete")},
		{method: get, path: "/admin/rbac/roles/:id/policies", handle: s.listPoliciesOfRole, needs: can("rbac_role:read")},
		{method: post, path: "/admin/rbac/roles/:id/policies", handle: s.addRolePolicies, needs: can("rbac_role:update")},
		{method: del, path: "/admin/rbac/roles/:id/policies/:policy_id", handle: s.removeRolePolicy, needs: can("rbac_role:update")},
		{method: get, path: "/admin/rbac/roles/:id/users", handle: s.listUsersWithRole, needs: readBoth},
		{method: post, path: "/admin/rbac/roles/:id/users", handle: s.grant(ofRole), needs: updateBoth},
		{method: del, path: "/admin/rbac/roles/:id/users", handle: s.revoke(ofRole), needs: updateBoth},
		{method: get, path: "/admin/rbac/policies", handle: s.listPolicies, needs: can("rbac_policy:read")},
		{method: post, path: "/admin/rbac/policies", handle: s.createPolicy, needs: can("rbac_policy:create")},
		{method: get, path: "/admin/rbac/policies/assignable", handle: s.listAssignablePolicies, needs: can("rbac_policy:read")},
		{method: get, path: "/admin/rbac/policies/:id", handle: s.readPolicy, needs: can("rbac_policy:read")},
		{method: post, path: "/admin/rbac/policies/:id", handle: s.updatePolicy, needs: can("rbac_policy:update")},
		{method: del, path: "/admin/rbac/policies/:id", handle: s.deletePolicy, needs: can("rbac_policy:delete")},
		{method: get, path: "/admin/rbac/policies/:id/roles", handle: s.listRolesWithPolicy, needs: can("rbac_policy:read", "rbac_role:read")},
	}
}
