package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

var operator = store.Operator("tests")

// builtIn are built-in policies "resource:operation".
func builtIn(keys ...string) []everlatch.Policy {
	var out []everlatch.Policy
	for _, key := range keys {
		p := everlatch.ParsePermission(key)
		out = append(out, everlatch.Policy{Resource: p.Resource, Operation: p.Operation, Name: new("Name of " + key), Description: new(key)})
	}
	return out
}

// withRBAC sets up roles with a few policies.
func (f fixture) withRBAC(tb testing.TB) fixture {
	tb.Helper()
	_, err := f.SetUpRBAC(tb.Context(), builtIn("user:read", "user:update", "invite:read", "rbac_role:update"))
	require.NoError(tb, err)
	return f
}

// policyID finds the id of a policy by its key.
func (f fixture) policyID(tb testing.TB, key string) string {
	tb.Helper()
	found, _, err := f.Policies(tb.Context(), store.PolicyFilter{Keys: []string{key}}, store.Page{})
	require.NoError(tb, err)
	require.Len(tb, found, 1, key)
	return found[0].ID
}

// role creates a role with policies.
func (f fixture) role(tb testing.TB, name string, keys ...string) string {
	tb.Helper()
	var ids []string
	for _, key := range keys {
		ids = append(ids, f.policyID(tb, key))
	}
	r, err := f.CreateRole(tb.Context(), operator, everlatch.Role{ID: "role_" + name, Name: name}, ids)
	require.NoError(tb, err)
	return r.ID
}

// heir creates a role that inherits from another one.
func (f fixture) heir(tb testing.TB, name, parent string) string {
	tb.Helper()
	r, err := f.CreateRole(tb.Context(), operator, everlatch.Role{ID: "role_" + name, Name: name, ParentID: &parent}, nil)
	require.NoError(tb, err)
	return r.ID
}

// holder creates an administrator with roles.
func (f fixture) holder(tb testing.TB, id string, roles ...string) string {
	tb.Helper()
	_, err := f.CreateUser(tb.Context(), everlatch.User{ID: id, Email: id + "@example.com"}, everlatch.Event{}, roles...)
	require.NoError(tb, err)
	return id
}

// may returns the permissions of an administrator as strings.
func (f fixture) may(tb testing.TB, userID string) []string {
	tb.Helper()
	access, err := f.Access(tb.Context(), userID)
	require.NoError(tb, err)
	return keysOf(access)
}

func keysOf(access everlatch.Access) []string {
	out := []string{}
	for _, p := range access.Permissions {
		out = append(out, p.String())
	}
	return out
}

func TestSetUpRBAC(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		require.NoError(t, f.RemoveUser(t.Context(), f.holder(t, "user_gone"), everlatch.Event{ID: "evt_gone", GroupID: "g"}),
			"without roles there is no last super admin")
		f.holder(t, "user_1")
		f.holder(t, "user_2")

		state, err := f.SetUpRBAC(t.Context(), builtIn("user:read"))
		require.NoError(t, err)
		require.Equal(t, store.RBACState{Granted: 2, SuperAdmin: true}, state)
		require.Equal(t, []string{"*:*"}, f.may(t, "user_1"))
		require.Empty(t, f.may(t, "user_gone"))

		f.holder(t, "user_3")
		for id, creator := range map[string]string{"apk_1": "user_1", "apk_2": "user_gone", "apk_3": "everlatch-cli", "apk_4": "apk_1"} {
			_, err := f.CreateAPIKey(t.Context(), everlatch.APIKey{ID: id, Title: id, Type: everlatch.KeySecret, CreatedBy: creator, OwnerID: creator}, id)
			require.NoError(t, err)
		}
		_, err = f.RevokeAPIKey(t.Context(), "apk_4", "user_1", start)
		require.NoError(t, err)
		policy := f.policyID(t, "user:read")
		f.clock.Advance(time.Hour)
		changed := builtIn("user:read", "user:update")
		changed[0].Name = new("Another name")
		state, err = f.SetUpRBAC(t.Context(), changed)
		require.NoError(t, err)
		require.Equal(t, store.RBACState{SuperAdmin: true, IdleKeys: 2}, state, "no administrator is promoted later")
		require.Empty(t, f.may(t, "user_3"))
		got, err := f.Policy(t.Context(), policy)
		require.NoError(t, err)
		require.Equal(t, "Another name", *got.Name)
		require.Equal(t, f.clock.Now(), got.UpdatedAt)
		require.Equal(t, 3, f.rows(t, "rbac_policy"), "two, and the super admin's")

		_, err = f.SetUpRBAC(t.Context(), builtIn("user:read", "user:update"))
		require.NoError(t, err)
	})
}

func TestSetUpRBACInParallel(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.holder(t, "user_1")
		granted := make([]int, 50)
		errs := storetest.InParallel(t.Context(), len(granted), func(ctx context.Context, i int) error {
			state, err := f.SetUpRBAC(ctx, builtIn("user:read", "user:update"))
			granted[i] = state.Granted
			return err
		})
		require.NoError(t, errors.Join(errs...))
		slices.Sort(granted)
		require.Equal(t, 1, granted[len(granted)-1])
		require.Equal(t, 0, granted[len(granted)-2], "once")
		require.Equal(t, 3, f.rows(t, "rbac_policy"))
	})
}

// TestAccess: a user's permissions are those that their roles and the parents of these give now.
func TestAccess(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.withRBAC(t)
		reader := f.role(t, "reader", "user:read")
		editor := f.heir(t, "editor", reader)
		chief := f.heir(t, "chief", editor)
		_, err := f.AddRolePolicies(t.Context(), operator, editor, []string{f.policyID(t, "user:update")})
		require.NoError(t, err)
		user := f.holder(t, "user_1", chief, f.role(t, "inviter", "invite:read", "user:read"), "role_unknown")

		access, err := f.Access(t.Context(), user)
		require.NoError(t, err)
		require.Equal(t, []string{"role_chief", "role_inviter"}, access.Roles)
		require.Equal(t, []string{"invite:read", "user:read", "user:update"}, keysOf(access))

		identity := f.identity(t, "ada@example.com")
		require.NoError(t, f.LinkActor(t.Context(), link(identity.ID, "user", user)))
		require.NoError(t, f.LinkActor(t.Context(), link(identity.ID, "customer", "user_1")))
		standing, err := f.StandingWithAccess(t.Context(), identity.ID, "user", "")
		require.NoError(t, err)
		require.Equal(t, everlatch.Standing{CredentialVersion: 1, ActorID: user, Access: access}, standing)
		standing, err = f.StandingWithAccess(t.Context(), identity.ID, "customer", "")
		require.NoError(t, err)
		require.Empty(t, standing.Access.Permissions, "a customer who happens to have the id of an administrator")
		_, err = f.StandingWithAccess(t.Context(), "authid_unknown", "user", "")
		require.ErrorIs(t, err, everlatch.ErrNotFound)

		_, standing, err = f.SessionWithAccess(t.Context(), f.session(t, identity.ID, "user", user))
		require.NoError(t, err)
		require.Equal(t, access, standing.Access)

		_, err = f.CreateAPIKey(t.Context(), everlatch.APIKey{ID: "apk_1", Title: "k", Type: everlatch.KeySecret, CreatedBy: user, OwnerID: user}, "keyhash")
		require.NoError(t, err)
		key, keyAccess, err := f.SecretKeyWithAccess(t.Context(), "keyhash")
		require.NoError(t, err)
		require.Equal(t, "apk_1", key.ID)
		require.Equal(t, access, keyAccess, "as much as its creator")
		_, _, err = f.SecretKeyWithAccess(t.Context(), "unknown")
		require.ErrorIs(t, err, everlatch.ErrNotFound)

		require.NoError(t, f.RemoveUser(t.Context(), user, everlatch.Event{ID: "evt_1", GroupID: "g"}))
		require.Empty(t, f.may(t, user), "a removed administrator")
		_, _, err = f.SecretKeyWithAccess(t.Context(), "keyhash")
		require.ErrorIs(t, err, everlatch.ErrNotFound, "it ends with its owner")
		require.NoError(t, f.RestoreUser(t.Context(), user, "g"))
		_, keyAccess, err = f.SecretKeyWithAccess(t.Context(), "keyhash")
		require.NoError(t, err)
		require.Equal(t, access, keyAccess)
		require.Equal(t, keysOf(access), f.may(t, user), "restored with everything")
	})
}

// TestACircleOfParentsEnds: a cycle of parents in the database does no harm.
func TestACircleOfParentsEnds(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.withRBAC(t)
		a := f.role(t, "a", "user:read")
		b := f.heir(t, "b", a)
		_, err := f.UpdateRole(t.Context(), operator, a, store.RolePatch{Parent: store.To(&b)})
		requireError(t, err, everlatch.CodeInvalidData, store.RoleCircle, "id", "role_a", "parent", "role_b")
		_, err = f.UpdateRole(t.Context(), operator, a, store.RolePatch{Parent: store.To(&a)})
		requireError(t, err, everlatch.CodeInvalidData, store.RoleCircle, "id", "role_a", "parent", "role_a")

		_, err = f.DB().ExecContext(t.Context(),
			`INSERT INTO rbac_role_parent (role_id, parent_id, created_at) VALUES ('role_a', 'role_b', '2026-01-01 00:00:00+00:00')`)
		require.NoError(t, err)
		require.Equal(t, []string{"user:read"}, f.may(t, f.holder(t, "user_1", b)))
		roles := []everlatch.Role{{ID: a}, {ID: b}}
		require.NoError(t, f.LoadPolicies(t.Context(), roles))
		require.Len(t, roles[0].Policies, 1)
		require.Equal(t, &a, roles[1].Policies[0].InheritedFrom)
	})
}
