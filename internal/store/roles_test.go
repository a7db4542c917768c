package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

func TestRole(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture){
		"created once": func(t *testing.T, f fixture) {
			policy := f.policyID(t, "user:read")
			in := everlatch.Role{ID: "role_1", Name: "Support", Description: new("d"), Metadata: everlatch.Metadata{"a": 1.0}, ParentID: new(everlatch.RoleSuperAdmin)}
			created, err := f.CreateRole(t.Context(), operator, in, []string{policy, policy})
			require.NoError(t, err)
			in.CreatedAt, in.UpdatedAt = start, start
			require.Equal(t, in, created)
			again, err := f.CreateRole(t.Context(), operator, in, []string{policy})
			require.NoError(t, err)
			require.Equal(t, created, again, "same id again")
			require.Equal(t, []string{everlatch.EventRoleCreated}, f.eventNames(t, store.EventFilter{}))
			in.ID = "role_2"
			_, err = f.CreateRole(t.Context(), operator, in, nil)
			requireError(t, err, everlatch.CodeInvalidData, store.RoleNameTaken, "name", "Support")
			_, err = f.CreateRole(t.Context(), operator, everlatch.Role{ID: "role_3", Name: "x"}, []string{"rpol_y", policy, "rpol_x", "rpol_y"})
			requireError(t, err, everlatch.CodeNotFound, store.PoliciesUnknown, "ids", "rpol_y, rpol_x")
			_, err = f.CreateRole(t.Context(), operator, everlatch.Role{ID: "role_3", Name: "x", ParentID: new("role_x")}, nil)
			requireError(t, err, everlatch.CodeNotFound, store.ReferenceNotFound, "column", "parent_id", "id", "role_x")
			_, err = f.Role(t.Context(), "role_3")
			requireError(t, err, everlatch.CodeNotFound, store.RecordNotFound, "model", "Role", "id", "role_3")
		},
		"update changes what it names": func(t *testing.T, f fixture) {
			parent, id := f.role(t, "parent", "user:read"), f.role(t, "child")
			f.clock.Advance(time.Minute)
			got, err := f.UpdateRole(t.Context(), operator, id, store.RolePatch{Parent: store.To(&parent), Description: store.To(new("d"))})
			require.NoError(t, err)
			want := everlatch.Role{ID: id, Name: "child", ParentID: &parent, Description: new("d"), CreatedAt: start, UpdatedAt: f.clock.Now()}
			require.Equal(t, want, got)
			got, err = f.UpdateRole(t.Context(), operator, id, store.RolePatch{Parent: store.To[*string](nil), Metadata: store.To(everlatch.Metadata{"a": "b"})})
			require.NoError(t, err)
			want.ParentID, want.Metadata = nil, everlatch.Metadata{"a": "b"}
			require.Equal(t, want, got)
			_, err = f.UpdateRole(t.Context(), operator, id, store.RolePatch{Name: store.To("parent")})
			requireError(t, err, everlatch.CodeInvalidData, store.RoleNameTaken, "name", "parent")
			_, err = f.UpdateRole(t.Context(), operator, "role_x", store.RolePatch{Name: store.To("x")})
			requireError(t, err, everlatch.CodeNotFound, store.UpdateNotFound, "model", "Role", "id", "role_x")
		},
		"the super admin's stays as it is": func(t *testing.T, f fixture) {
			super, before := everlatch.RoleSuperAdmin, f.dumpRBAC(t)
			_, err := f.UpdateRole(t.Context(), operator, super, store.RolePatch{Name: store.To("x")})
			requireError(t, err, everlatch.CodeNotAllowed, store.RoleBuiltIn)
			_, addErr := f.AddRolePolicies(t.Context(), operator, super, []string{f.policyID(t, "user:read")})
			_, removeErr := f.RemoveRolePolicy(t.Context(), operator, super, everlatch.PolicySuperAdmin)
			deletePolicyErr := f.DeletePolicy(t.Context(), operator, everlatch.PolicySuperAdmin)
			_, policyErr := f.UpdatePolicy(t.Context(), operator, everlatch.PolicySuperAdmin, store.PolicyPatch{Name: store.To(new("x"))})
			for _, err := range []error{addErr, removeErr, f.DeleteRole(t.Context(), operator, super), deletePolicyErr, policyErr} {
				require.ErrorIs(t, err, everlatch.ErrNotAllowed)
			}
			require.Equal(t, before, f.dumpRBAC(t))
		},
		"deleted, it gives nothing any more": func(t *testing.T, f fixture) {
			parent := f.role(t, "parent", "user:read")
			child := f.heir(t, "child", parent)
			f.holder(t, "user_1", child, parent)
			require.NoError(t, f.DeleteRole(t.Context(), operator, parent))
			require.NoError(t, f.DeleteRole(t.Context(), operator, parent), "once more")
			require.Empty(t, f.may(t, "user_1"))
			access, err := f.Access(t.Context(), "user_1")
			require.NoError(t, err)
			require.Equal(t, []string{child}, access.Roles)
			require.Equal(t, 1, f.count(t, everlatch.EventRoleDeleted))
		},
		"policies of a role": func(t *testing.T, f fixture) {
			id, read, update := f.role(t, "r", "user:read"), f.policyID(t, "user:read"), f.policyID(t, "user:update")
			added, err := f.AddRolePolicies(t.Context(), operator, id, []string{update, read})
			require.NoError(t, err)
			require.Len(t, added, 2)
			require.Equal(t, "user:update", added[0].Policy.Key)
			list, count, err := f.RolePolicies(t.Context(), id, store.Page{Limit: 1, Order: "-created_at"})
			require.NoError(t, err)
			require.Equal(t, 2, count)
			require.Len(t, list, 1)
			_, _, err = f.RolePolicies(t.Context(), id, store.Page{Order: "metadata"})
			require.ErrorIs(t, err, everlatch.ErrInvalidData)
			_, err = f.AddRolePolicies(t.Context(), operator, "role_x", []string{read})
			requireError(t, err, everlatch.CodeNotFound, store.ReferenceNotFound, "column", "role_id", "id", "role_x")
			removed, err := f.RemoveRolePolicy(t.Context(), operator, id, update)
			require.NoError(t, err)
			require.Equal(t, added[0].ID, removed)
			removed, err = f.RemoveRolePolicy(t.Context(), operator, id, update)
			require.NoError(t, err)
			require.Empty(t, removed)
			require.Equal(t, 2, f.count(t, everlatch.EventRoleUpdated))
			roles, _, err := f.Roles(t.Context(), store.RoleFilter{Policies: []string{read}}, store.Page{})
			require.NoError(t, err)
			require.Equal(t, id, roles[0].ID)
		},
		"lists": func(t *testing.T, f fixture) {
			parent := f.role(t, "first-one")
			f.heir(t, "second_one", parent)
			for want, filter := range map[string]store.RoleFilter{
				"role_second_one":        {Parents: []string{parent}},
				"role_first-one":         {Q: "FIRST", Names: []string{"first-one"}},
				everlatch.RoleSuperAdmin: {Or: []store.RoleFilter{{IDs: []string{everlatch.RoleSuperAdmin}}, {Q: "nothing"}}},
			} {
				roles, count, err := f.Roles(t.Context(), filter, store.Page{Order: "-name"})
				require.NoError(t, err)
				require.Equal(t, 1, count, want)
				require.Equal(t, want, roles[0].ID)
			}
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, f fixture) { test(t, f.withRBAC(t)) })
		})
	}
	t.Run("not before they were set up", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, f fixture) {
			_, err := f.CreateRole(t.Context(), operator, everlatch.Role{ID: "role_1", Name: "x"}, nil)
			require.ErrorContains(t, err, "never set up")
		})
	})
}

func (f fixture) count(tb testing.TB, name string) int {
	tb.Helper()
	return len(f.eventNames(tb, store.EventFilter{Name: name}))
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.withRBAC(t)
		in := everlatch.Policy{ID: "rpol_1", Key: "brand:read", Resource: "Brand", Operation: "READ", Name: new("n"), Metadata: everlatch.Metadata{"a": 1.0}}
		created, err := f.CreatePolicy(t.Context(), in)
		require.NoError(t, err)
		in.Resource, in.Operation, in.CreatedAt, in.UpdatedAt = "brand", "read", start, start
		require.Equal(t, in, created)
		in.ID = "rpol_2"
		_, err = f.CreatePolicy(t.Context(), in)
		requireError(t, err, everlatch.CodeInvalidData, store.PolicyKeyTaken, "key", "brand:read")
		for _, bad := range []everlatch.Policy{
			{Key: "a b:c", Resource: "a b", Operation: "c"}, // would be two permissions
			{Key: "a:b *:*:c", Resource: "a:b *:*", Operation: "c"},
			{Key: "a:b", Resource: "a", Operation: "*"}, // not what it says
			{Key: "**:b", Resource: "**", Operation: "b"},
			{Key: ":", Resource: "", Operation: ""},
		} {
			bad.ID = "rpol_bad"
			_, err = f.CreatePolicy(t.Context(), bad)
			require.ErrorIs(t, err, everlatch.ErrInvalidData, bad.Key)
			_, err = f.DB().ExecContext(t.Context(), `INSERT INTO rbac_policy (id, key, resource, operation, created_at, updated_at)
				VALUES ('x', 'x', 'a *:*', 'b', '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00')`)
			require.Error(t, err, "nor from elsewhere")
		}

		_, err = f.DB().ExecContext(t.Context(), "INSERT INTO rbac_policy (id, key, resource, operation, created_at, updated_at)"+
			" VALUES ('rpol_tab', 'tab', 'a\t*', '*', '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00')")
		require.NoError(t, err)
		f.holder(t, "user_tab", f.role(t, "tab", "tab"))
		access, err := f.Access(t.Context(), "user_tab")
		require.NoError(t, err)
		require.False(t, access.Allows(everlatch.Permission{Resource: "user", Operation: "read"}), "another blank divides nothing")

		role := f.role(t, "brands", "brand:read")
		f.holder(t, "user_1", role)
		f.clock.Advance(time.Minute)
		changed, err := f.UpdatePolicy(t.Context(), operator, "rpol_1", store.PolicyPatch{Key: store.To("brand:*"), Operation: store.To("*")})
		require.NoError(t, err)
		require.Equal(t, f.clock.Now(), changed.UpdatedAt)
		require.Equal(t, []string{"brand:*"}, f.may(t, "user_1"))
		_, err = f.UpdatePolicy(t.Context(), operator, "rpol_1", store.PolicyPatch{Key: store.To("user:read"), Resource: store.To("user"), Operation: store.To("read")})
		requireError(t, err, everlatch.CodeInvalidData, store.PolicyKeyTaken, "key", "user:read")
		_, err = f.UpdatePolicy(t.Context(), operator, "rpol_x", store.PolicyPatch{})
		requireError(t, err, everlatch.CodeNotFound, store.UpdateNotFound, "model", "Policy", "id", "rpol_x")
		_, err = f.UpdatePolicy(t.Context(), operator, f.policyID(t, "user:read"), store.PolicyPatch{Name: store.To(new("x"))})
		requireError(t, err, everlatch.CodeNotAllowed, store.PolicyBuiltIn)

		list, count, err := f.Policies(t.Context(), store.PolicyFilter{Q: "NAME user", Operations: []string{"read"}, Resources: []string{"user"}}, store.Page{})
		require.NoError(t, err)
		require.Equal(t, 1, count)
		require.Equal(t, "user:read", list[0].Key)

		require.NoError(t, f.DeletePolicy(t.Context(), operator, "rpol_1"))
		require.NoError(t, f.DeletePolicy(t.Context(), operator, "rpol_1"), "once more")
		require.Empty(t, f.may(t, "user_1"))
		_, err = f.Policy(t.Context(), "rpol_1")
		requireError(t, err, everlatch.CodeNotFound, store.RecordNotFound, "model", "Policy", "id", "rpol_1")
	})
}

// TestParentsInParallel: of two roles that concurrently inherit from each other, one succeeds.
func TestParentsInParallel(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.withRBAC(t)
		const roles = 10
		for i := range roles {
			f.role(t, fmt.Sprint(i))
		}
		errs := storetest.InParallel(t.Context(), 50, func(ctx context.Context, i int) error {
			parent := fmt.Sprintf("role_%d", (i+1)%roles)
			_, err := f.UpdateRole(ctx, operator, fmt.Sprintf("role_%d", i%roles), store.RolePatch{Parent: store.To(&parent)})
			if errors.Is(err, everlatch.ErrInvalidData) {
				return nil
			}
			return err
		})
		require.NoError(t, errors.Join(errs...))
		require.Equal(t, roles-1, f.rows(t, "rbac_role_parent"), "a chain and no circle")
	})
}
