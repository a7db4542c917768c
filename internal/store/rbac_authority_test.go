package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// TestAdministratorsOnlyGrantWhatTheyHold tries every operation that could grant more.
func TestAdministratorsOnlyGrantWhatTheyHold(t *testing.T) {
	t.Parallel()

	const assign, change, policies = store.RoleAssignForbidden, store.RoleForbidden, store.PolicyAssignForbidden
	super := everlatch.RoleSuperAdmin
	tests := map[string]struct {
		reason everlatch.Reason
		try    func(ctx context.Context, f fixture, by store.Authority) error
	}{
		"grant a role that gives more, to oneself": {assign, func(ctx context.Context, f fixture, by store.Authority) error {
			return f.GrantRoles(ctx, by, []string{"user_limited"}, []string{"role_strong"})
		}},
		"grant a role that inherits more": {assign, func(ctx context.Context, f fixture, by store.Authority) error {
			return f.GrantRoles(ctx, by, []string{"user_limited"}, []string{"role_heir"})
		}},
		"grant the super admin's, among others": {assign, func(ctx context.Context, f fixture, by store.Authority) error {
			return f.GrantRoles(ctx, by, []string{"user_limited"}, []string{"role_weak", super})
		}},
		"take a role that gives more": {assign, func(ctx context.Context, f fixture, by store.Authority) error {
			return f.RevokeRoles(ctx, by, []string{"user_strong"}, []string{"role_strong"})
		}},
		"add a policy to the caller's role": {policies, func(ctx context.Context, f fixture, by store.Authority) error {
			_, err := f.AddRolePolicies(ctx, by, "role_weak", []string{"rpol_super_admin"})
			return err
		}},
		"let the caller's role inherit more": {assign, func(ctx context.Context, f fixture, by store.Authority) error {
			_, err := f.UpdateRole(ctx, by, "role_weak", store.RolePatch{Parent: store.To(new("role_strong"))})
			return err
		}},
		"create a role with a policy that one lacks": {policies, func(ctx context.Context, f fixture, by store.Authority) error {
			_, err := f.CreateRole(ctx, by, everlatch.Role{ID: "role_new", Name: "New"}, []string{"rpol_super_admin"})
			return err
		}},
		"create a role with a parent that gives more": {assign, func(ctx context.Context, f fixture, by store.Authority) error {
			_, err := f.CreateRole(ctx, by, everlatch.Role{ID: "role_new", Name: "New", ParentID: &super}, nil)
			return err
		}},
		"weaken a stronger role": {change, func(ctx context.Context, f fixture, by store.Authority) error {
			_, err := f.RemoveRolePolicy(ctx, by, "role_strong", "rpol_x")
			return err
		}},
		"delete a stronger role": {change, func(ctx context.Context, f fixture, by store.Authority) error {
			return f.DeleteRole(ctx, by, "role_heir")
		}},
		"rename a stronger role": {change, func(ctx context.Context, f fixture, by store.Authority) error {
			_, err := f.UpdateRole(ctx, by, "role_strong", store.RolePatch{Name: store.To("Weak")})
			return err
		}},
		"let a policy that one has permit more": {
			store.PolicyForbidden,
			func(ctx context.Context, f fixture, by store.Authority) error {
				_, err := f.UpdatePolicy(ctx, by, "rpol_own", store.PolicyPatch{
					Key: store.To("*:*"), Resource: store.To("*"), Operation: store.To("*"),
				})
				return err
			},
		},
		"an invite with a stronger role": {assign, func(ctx context.Context, f fixture, _ store.Authority) error {
			access, err := f.Access(ctx, "user_limited")
			return errors.Join(err, f.CheckRoles(ctx, access, []string{"role_heir"}))
		}},
	}
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.withRBAC(t)
		_, err := f.CreatePolicy(t.Context(), everlatch.Policy{ID: "rpol_own", Key: "own:read", Resource: "Own", Operation: "READ"})
		require.NoError(t, err)
		f.role(t, "weak", "user:read", "rbac_role:update", "own:read")
		strong := f.role(t, "strong", "user:read", "user:update")
		f.heir(t, "heir", strong)
		f.holder(t, "user_limited", "role_weak")
		f.holder(t, "user_strong", strong)
		f.holder(t, "user_nothing")
		before := f.dumpRBAC(t)
		for name, tt := range tests {
			for _, by := range []string{"user_limited", "user_nothing", "user_unknown", ""} {
				if name == "an invite with a stronger role" && by != "user_limited" {
					continue
				}
				err := tt.try(t.Context(), f, store.OnBehalfOf(by))
				require.Equal(t, everlatch.CodeForbidden, everlatch.ErrorCode(err), "%s: %s", by, name)
				if by == "user_limited" {
					requireError(t, err, everlatch.CodeForbidden, tt.reason)
				}
			}
			err := tt.try(t.Context(), f, store.Authority{})
			require.Equal(t, everlatch.CodeForbidden, everlatch.ErrorCode(err), "zero authority: %s", name)
		}
		require.Equal(t, before, f.dumpRBAC(t), "nothing changed")

		limited := store.OnBehalfOf("user_limited")
		require.NoError(t, f.GrantRoles(t.Context(), limited, []string{"user_nothing"}, []string{"role_weak"}), "what one has, one can give")
		_, err = f.CreateRole(t.Context(), limited, everlatch.Role{ID: "role_new", Name: "New"}, []string{f.policyID(t, "user:read")})
		require.NoError(t, err)
		require.NoError(t, f.DeleteRole(t.Context(), limited, "role_new"))
	})
}

// dumpRBAC returns all rows about roles.
func (f fixture) dumpRBAC(tb testing.TB) string {
	tb.Helper()
	roles, _, err := f.Roles(tb.Context(), store.RoleFilter{}, store.Page{})
	require.NoError(tb, err)
	require.NoError(tb, f.LoadPolicies(tb.Context(), roles))
	policies, _, err := f.Policies(tb.Context(), store.PolicyFilter{}, store.Page{})
	require.NoError(tb, err)
	text, err := json.Marshal([]any{roles, policies, f.rows(tb, "user_rbac_role")})
	require.NoError(tb, err)
	return string(text)
}
