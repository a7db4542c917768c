package e2e_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// keepsKeys is what an administrator does with API keys.
func (m sdkMode) keepsKeys(t *testing.T) {
	t.Helper()
	root := m.root(t, "root with keys")
	made := at[object](t, root.gets(t, "admin.apiKey.create", object{"title": "Deployment", "type": "secret"}), "api_key")
	id := at[string](t, made, "id")
	require.Regexp(t, secretText, made["token"])
	kept := at[object](t, root.gets(t, "admin.apiKey.retrieve", id), "api_key")
	require.Empty(t, kept["token"], "shown once")
	require.Equal(t, made["redacted"], kept["redacted"])
	changed := root.gets(t, "admin.apiKey.update", id, object{"title": m.email("deployment")})
	require.Equal(t, m.email("deployment"), at[any](t, changed, "api_key.title"))
	list := root.gets(t, "admin.apiKey.list", object{"title": m.email("deployment"), "type": "secret"})
	require.Equal(t, id, at[string](t, list, "api_keys.0.id"))
	require.InDelta(t, 1, list["count"], 0)
	root.refused(t, 400, "Cannot delete api keys that are not revoked - "+id, "admin.apiKey.delete", id)
	revoked := at[object](t, root.gets(t, "admin.apiKey.revoke", id), "api_key")
	require.NotEmpty(t, revoked["revoked_at"])
	gone := root.gets(t, "admin.apiKey.delete", id)
	require.Equal(t, object{"id": id, "object": "api_key", "deleted": true}, gone)
	root.refused(t, 404, "API Key with id: "+id+" was not found", "admin.apiKey.retrieve", id)

	public := at[string](t, root.gets(t, "admin.apiKey.create", object{"title": "Shop", "type": "publishable"}), "api_key.id")
	same := root.gets(t, "admin.apiKey.batchSalesChannels", public, object{"remove": []string{"sc_1"}})
	require.Equal(t, public, at[string](t, same, "api_key.id"))
	root.must(t, "admin.apiKey.revoke", public)
	root.must(t, "admin.apiKey.delete", public)
}

// keepsCustomers is what an administrator does with the data of customers.
func (m sdkMode) keepsCustomers(t *testing.T) {
	t.Helper()
	root, email := m.root(t, "root with customers"), m.email("guest")
	made := at[object](t, root.gets(t, "admin.customer.create", object{"email": email, "first_name": "Gil"}), "customer")
	id := at[string](t, made, "id")
	require.Equal(t, false, made["has_account"])
	require.Equal(t, object{"id": id, "email": email}, root.gets(t, "admin.customer.retrieve", id, object{"fields": "id,email"})["customer"])
	require.Equal(t, "Scott", at[any](t, root.gets(t, "admin.customer.update", id, object{"last_name": "Scott"}), "customer.last_name"))
	list := root.gets(t, "admin.customer.list", object{"q": email})
	require.Equal(t, id, at[string](t, list, "customers.0.id"))

	home := root.gets(t, "admin.customer.createAddress", id, object{"address_name": "Home", "city": "London", "country_code": "gb"})
	require.Equal(t, id, at[string](t, home, "customer.id"))
	addresses := root.gets(t, "admin.customer.listAddresses", id)
	address := at[string](t, addresses, "addresses.0.id")
	require.Equal(t, "London", at[any](t, root.gets(t, "admin.customer.retrieveAddress", id, address), "address.city"))
	root.must(t, "admin.customer.updateAddress", id, address, object{"city": "Leeds"})
	require.Equal(t, "Leeds", at[any](t, root.gets(t, "admin.customer.retrieveAddress", id, address), "address.city"))
	gone := root.gets(t, "admin.customer.deleteAddress", id, address)
	require.Equal(t, []any{address, true}, []any{gone["id"], gone["deleted"]})
	require.Empty(t, at[[]any](t, root.gets(t, "admin.customer.listAddresses", id), "addresses"))

	m.groups(t, root, id)
	require.Equal(t, object{"id": id, "object": "customer", "deleted": true}, root.gets(t, "admin.customer.delete", id))
	root.refused(t, 404, "Customer with id: "+id+" not found", "admin.customer.retrieve", id)
}

// groups puts a customer into a group and takes them out, from both sides.
func (m sdkMode) groups(t *testing.T, root sdk, customer string) {
	t.Helper()
	group := at[string](t, root.gets(t, "admin.customerGroup.create", object{"name": m.email("vip")}), "customer_group.id")
	members := func() (ids []any) {
		shown := root.gets(t, "admin.customerGroup.retrieve", group, object{"fields": "id,customers.id"})
		for _, c := range at[[]any](t, shown, "customer_group.customers") {
			ids = append(ids, at[any](t, c, "id"))
		}
		return ids
	}
	both := object{"add": []string{group}}
	require.Equal(t, customer, at[string](t, root.gets(t, "admin.customer.batchCustomerGroups", customer, both), "customer.id"))
	require.Equal(t, []any{customer}, members())
	root.must(t, "admin.customerGroup.batchCustomers", group, object{"remove": []string{customer}})
	require.Empty(t, members())
	renamed := root.gets(t, "admin.customerGroup.update", group, object{"name": m.email("regulars")})
	require.Equal(t, m.email("regulars"), at[any](t, renamed, "customer_group.name"))
	list := root.gets(t, "admin.customerGroup.list", object{"q": m.email("regulars")})
	require.Equal(t, group, at[string](t, list, "customer_groups.0.id"))
	require.Equal(t, object{"id": group, "object": "customer_group", "deleted": true}, root.gets(t, "admin.customerGroup.delete", group))
}

// definesRoles is what a super admin does with roles and policies.
func (m sdkMode) definesRoles(t *testing.T) {
	t.Helper()
	root := m.root(t, "root with roles")
	name, _, _ := strings.Cut(m.email("brands"), "@")
	me := at[string](t, root.gets(t, "admin.user.me"), "user.id")
	require.Contains(t, at[[]any](t, root.gets(t, "admin.rbacRole.mePermissions"), "permissions"), "customer:read")

	policy := at[string](t, root.gets(t, "admin.rbacPolicy.create", object{"key": "brand:" + name, "resource": "brand", "operation": name}), "policy.id")
	require.Equal(t, "ReadBrands", at[any](t, root.gets(t, "admin.rbacPolicy.update", policy, object{"name": "ReadBrands"}), "policy.name"))
	require.Equal(t, policy, at[string](t, root.gets(t, "admin.rbacPolicy.retrieve", policy), "policy.id"))
	for _, call := range []string{"admin.rbacPolicy.list", "admin.rbacPolicy.listAssignable"} {
		require.Equal(t, policy, at[string](t, root.gets(t, call, object{"key": "brand:" + name}), "policies.0.id"), call)
	}

	role := at[string](t, root.gets(t, "admin.rbacRole.create", object{"name": name}), "role.id")
	require.Equal(t, "Brands", at[any](t, root.gets(t, "admin.rbacRole.update", role, object{"description": "Brands"}), "role.description"))
	require.Equal(t, name, at[any](t, root.gets(t, "admin.rbacRole.retrieve", role), "role.name"))
	for _, call := range []string{"admin.rbacRole.list", "admin.rbacRole.listAssignable"} {
		require.Equal(t, role, at[string](t, root.gets(t, call, object{"q": name}), "roles.0.id"), call)
	}
	root.must(t, "admin.rbacRole.addPolicies", role, object{"policies": []string{policy}})
	require.Equal(t, policy, at[string](t, root.gets(t, "admin.rbacRole.listPolicies", role), "policies.0.policy_id"))
	require.Equal(t, role, at[string](t, root.gets(t, "admin.rbacPolicy.listRoles", policy), "roles.0.id"))
	root.must(t, "admin.rbacRole.addUsers", role, object{"users": []string{me}})
	require.Equal(t, me, at[string](t, root.gets(t, "admin.rbacRole.listUsers", role), "users.0.id"))
	root.must(t, "admin.rbacRole.removeUsers", role, object{"users": []string{me}})
	require.Empty(t, at[[]any](t, root.gets(t, "admin.rbacRole.listUsers", role), "users"))
	root.must(t, "admin.rbacRole.removePolicy", role, policy)
	require.Empty(t, at[[]any](t, root.gets(t, "admin.rbacRole.listPolicies", role), "policies"))
	require.Equal(t, true, root.gets(t, "admin.rbacRole.delete", role)["deleted"])
	require.Equal(t, true, root.gets(t, "admin.rbacPolicy.delete", policy)["deleted"])
}
