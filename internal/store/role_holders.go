package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

const (
	grantRole = `INSERT INTO user_rbac_role (user_id, rbac_role_id, created_at) VALUES ($1, $2, $3)
		ON CONFLICT DO NOTHING`

	// grantKnownRole is for a new administrator: a role that no longer exists
	// is skipped.
	grantKnownRole = `INSERT INTO user_rbac_role (user_id, rbac_role_id, created_at)
		SELECT $1, id, $3 FROM rbac_role WHERE id = $2
		ON CONFLICT DO NOTHING`

	// otherSuperAdmin reports whether there is a super admin besides $1.
	otherSuperAdmin = `EXISTS (SELECT 1 FROM user_rbac_role o JOIN "user" u ON u.id = o.user_id
		WHERE o.rbac_role_id = '` + everlatch.RoleSuperAdmin + `' AND o.user_id <> $1 AND u.deleted_at IS NULL)`

	revokeRole = `DELETE FROM user_rbac_role WHERE user_id = $1 AND rbac_role_id = $2
		AND ($2 <> '` + everlatch.RoleSuperAdmin + `' OR ` + otherSuperAdmin + `)`

	holdsRole = `SELECT EXISTS (SELECT 1 FROM user_rbac_role WHERE user_id = $1 AND rbac_role_id = $2)`

	liveUser = `SELECT EXISTS (SELECT 1 FROM "user" WHERE id = $1 AND deleted_at IS NULL)`

	// lastSuperAdmin reports whether $1 is the only super admin.
	lastSuperAdmin = `SELECT EXISTS (SELECT 1 FROM user_rbac_role h JOIN "user" u ON u.id = h.user_id
		WHERE h.user_id = $1 AND h.rbac_role_id = '` + everlatch.RoleSuperAdmin + `' AND u.deleted_at IS NULL)
		AND NOT ` + otherSuperAdmin
)

// GrantRoles gives roles to administrators, effective with their next request
// (docs/weak-spots.md#w38). Granting a role again is no error. A missing role is
// [everlatch.CodeInvalidData], a missing administrator [everlatch.ErrNotFound],
// and a role with permissions that the authority lacks
// [everlatch.CodeForbidden]; then nothing changes.
func (s *Store) GrantRoles(ctx context.Context, by Authority, userIDs, roleIDs []string) error {
	now := s.now()
	return s.changeHolders(ctx, "grant roles", by, userIDs, roleIDs, func(tx *tx, userID, roleID string) (int64, error) {
		if err := rolesExist(ctx, tx, roleIDs); err != nil {
			return 0, err
		}
		if err := lives(ctx, tx, liveUser, "user_id", userID); err != nil {
			return 0, err
		}
		return tx.exec(ctx, grantRole, userID, roleID, now)
	})
}

// RevokeRoles takes roles from administrators, effective with their next request
// (docs/weak-spots.md#w38). Revoking a role that they do not have is no error.
// Revoking requires the same permissions as granting. Revoking the last super
// admin is [everlatch.ErrNotAllowed], and nothing changes.
func (s *Store) RevokeRoles(ctx context.Context, by Authority, userIDs, roleIDs []string) error {
	return s.changeHolders(ctx, "revoke roles", by, userIDs, roleIDs, func(tx *tx, userID, roleID string) (int64, error) {
		n, err := tx.exec(ctx, revokeRole, userID, roleID)
		if err != nil || n > 0 {
			return n, err
		}
		kept, err := first(ctx, tx, scanned[bool], holdsRole, userID, roleID)
		if err == nil && kept {
			err = errLastSuperAdmin()
		}
		return 0, err
	})
}

func errLastSuperAdmin() error {
	return refuse(everlatch.CodeNotAllowed, LastSuperAdmin)
}

// changeHolders changes whether administrators have roles, and records an event
// for each whose roles changed.
func (s *Store) changeHolders(
	ctx context.Context, op string, by Authority, userIDs, roleIDs []string,
	change func(tx *tx, userID, roleID string) (int64, error),
) error {
	return s.changeRBAC(ctx, op, by, func(tx *tx, access everlatch.Access) error {
		if err := demand(ctx, tx, access, roleIDs, RoleAssignForbidden); err != nil {
			return err
		}
		for _, userID := range userIDs {
			var changed int64
			for _, roleID := range roleIDs {
				n, err := change(tx, userID, roleID)
				if err != nil {
					return err
				}
				changed += n
			}
			if changed == 0 {
				continue
			}
			if err := s.recordRoles(ctx, tx, by, userID); err != nil {
				return err
			}
		}
		return nil
	})
}

// recordRoles records the current roles of a user.
func (s *Store) recordRoles(ctx context.Context, q querier, by Authority, userID string) error {
	access, err := accessOf(ctx, q, userID)
	if err != nil {
		return err
	}
	event := rbacEvent(s.now(), everlatch.EventUserRolesChanged, userID, by)
	event.Data["roles"] = access.Roles
	return recordEvents(ctx, q, s.now(), event)
}

// grantKnown gives a new administrator those of the roles that exist.
func grantKnown(ctx context.Context, tx *tx, now time.Time, userID string, roleIDs []string) error {
	for _, roleID := range roleIDs {
		if _, err := tx.exec(ctx, grantKnownRole, userID, roleID, now); err != nil {
			return err
		}
	}
	return nil
}

// keepSuperAdmin refuses the removal of the last super admin, whether roles are
// enabled or not. It is the first statement of the transaction.
func keepSuperAdmin(ctx context.Context, tx *tx, userID string) error {
	n, err := tx.exec(ctx, lockRBAC)
	if err != nil || n == 0 { // roles were never set up
		return err
	}
	last, err := first(ctx, tx, scanned[bool], lastSuperAdmin, userID)
	if err == nil && last {
		err = errLastSuperAdmin()
	}
	return err
}

// UsersWithRole lists the administrators who have a role themselves, and counts
// them; only those of userIDs, if any are given.
func (s *Store) UsersWithRole(ctx context.Context, roleID string, userIDs []string, page Page) ([]everlatch.User, int, error) {
	var where conditions
	where.is("deleted_at IS NULL")
	where.in("id", userIDs)
	where.exists(`SELECT 1 FROM user_rbac_role ur WHERE ur.user_id = "user".id AND %s`,
		func(c *conditions) { c.add("ur.rbac_role_id = %s", roleID) })
	return list(ctx, s, "list users with a role", listing[everlatch.User]{
		table: `"user"`, columns: userColumns, scan: scanUser, where: where, page: page, defaultOrder: "id",
		orders:   []string{"id", "email", "first_name", "last_name", "created_at", "updated_at"},
		nullable: []string{"first_name", "last_name"},
	})
}
