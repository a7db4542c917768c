package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

func TestGrantAndRevokeRoles(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		root := f.holder(t, "user_root")
		f.withRBAC(t)
		reader := f.role(t, "reader", "user:read")
		user, other := f.holder(t, "user_1"), f.holder(t, "user_2")
		by := store.OnBehalfOf(root)

		require.NoError(t, f.GrantRoles(t.Context(), by, []string{user, other}, []string{reader}))
		require.NoError(t, f.GrantRoles(t.Context(), by, []string{user}, []string{reader}), "once more")
		require.Equal(t, []string{"user:read"}, f.may(t, user))
		users, count, err := f.UsersWithRole(t.Context(), reader, nil, store.Page{Limit: 1, Order: "-email"})
		require.NoError(t, err)
		require.Equal(t, 2, count)
		require.Equal(t, other, users[0].ID)
		users, _, err = f.UsersWithRole(t.Context(), reader, []string{user, root}, store.Page{})
		require.NoError(t, err)
		require.Len(t, users, 1)
		roles, _, err := f.Roles(t.Context(), store.RoleFilter{Holders: []string{user}}, store.Page{})
		require.NoError(t, err)
		require.Len(t, roles, 1)

		err = f.GrantRoles(t.Context(), by, []string{user}, []string{"role_x", reader, "role_y", "role_x"})
		requireError(t, err, everlatch.CodeInvalidData, store.RolesUnknown, "ids", "role_x, role_y")
		err = f.GrantRoles(t.Context(), by, []string{user, "user_gone"}, []string{everlatch.RoleSuperAdmin})
		requireError(t, err, everlatch.CodeNotFound, store.ReferenceNotFound, "column", "user_id", "id", "user_gone")
		require.Equal(t, []string{"user:read"}, f.may(t, user), "all or nothing")

		require.NoError(t, f.RevokeRoles(t.Context(), by, []string{user, "user_gone"}, []string{reader, "role_x"}))
		require.Empty(t, f.may(t, user))
		events, _, err := f.Events(t.Context(), store.EventFilter{Name: everlatch.EventUserRolesChanged, Released: new(true)}, store.Page{})
		require.NoError(t, err)
		require.Len(t, events, 3, "one for each whose roles did change")
		require.ElementsMatch(t, []everlatch.Metadata{
			{"id": user, "roles": []any{reader}, "changed_by": root},
			{"id": other, "roles": []any{reader}, "changed_by": root},
			{"id": user, "roles": []any{}, "changed_by": root},
		}, []everlatch.Metadata{events[0].Data, events[1].Data, events[2].Data})
	})
}

// TestOneSuperAdminStays: many super admins concurrently revoke the role from
// themselves or each other, or remove each other, and one stays.
func TestOneSuperAdminStays(t *testing.T) {
	t.Parallel()

	const admins = 50
	attempts := map[string]func(ctx context.Context, f fixture, i int) error{
		"all revoke their own": func(ctx context.Context, f fixture, i int) error {
			return f.RevokeRoles(ctx, store.OnBehalfOf(admin(i)), []string{admin(i)}, []string{everlatch.RoleSuperAdmin})
		},
		"all revoke the next one's": func(ctx context.Context, f fixture, i int) error {
			return f.RevokeRoles(ctx, store.OnBehalfOf(admin(i)), []string{admin((i + 1) % admins)}, []string{everlatch.RoleSuperAdmin})
		},
		"all remove the next or revoke their role": func(ctx context.Context, f fixture, i int) error {
			next := admin((i + 1) % admins)
			if i%2 == 0 {
				return f.RevokeRoles(ctx, operator, []string{next}, []string{everlatch.RoleSuperAdmin})
			}
			return f.RemoveUser(ctx, next, everlatch.Event{ID: "evt_" + next, GroupID: "g"})
		},
	}
	for name, attempt := range attempts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, f fixture) {
				for i := range admins {
					f.holder(t, admin(i))
				}
				f.withRBAC(t)

				errs := storetest.InParallel(t.Context(), admins, func(ctx context.Context, i int) error { return attempt(ctx, f, i) })

				refused := 0
				for _, err := range errs {
					code := everlatch.ErrorCode(err)
					if code == everlatch.CodeNotAllowed {
						require.ErrorIs(t, err, &everlatch.Error{Code: code, Reason: store.LastSuperAdmin})
						refused++
						continue
					}
					require.True(t, err == nil || code == everlatch.CodeForbidden, "they had lost it themselves: %v", err)
				}
				left, count, err := f.UsersWithRole(t.Context(), everlatch.RoleSuperAdmin, nil, store.Page{})
				require.NoError(t, err)
				require.GreaterOrEqual(t, count, 1)
				if name != "all revoke the next one's" {
					require.Equal(t, 1, count)
					require.Equal(t, 1, refused)
				}
				require.Equal(t, []string{"*:*"}, f.may(t, left[0].ID))
			})
		})
	}
}

func admin(i int) string { return fmt.Sprintf("user_%d", i) }

// TestPromotionAndDemotionInParallel: concurrent grants and revocations lose and
// invent nothing.
func TestPromotionAndDemotionInParallel(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.withRBAC(t)
		reader := f.role(t, "reader", "user:read")
		f.holder(t, "user_1")
		errs := storetest.InParallel(t.Context(), 50, func(ctx context.Context, i int) error {
			if i%2 == 0 {
				return f.GrantRoles(ctx, operator, []string{"user_1"}, []string{reader})
			}
			return f.RevokeRoles(ctx, operator, []string{"user_1"}, []string{reader})
		})
		require.NoError(t, errors.Join(errs...))
		events, _, err := f.Events(t.Context(), store.EventFilter{Name: everlatch.EventUserRolesChanged}, store.Page{})
		require.NoError(t, err)
		balance := 0
		for _, e := range events {
			roles, _ := e.Data["roles"].([]any)
			balance += 2*len(roles) - 1
		}
		require.Equal(t, len(f.may(t, "user_1")), balance, "each change was one, and is told of")
	})
}
