package store

import (
	"context"
	"slices"
	"strings"

	"github.com/everlatch/everlatch"
)

// The database computes an administrator's permissions in the query that reads
// their identity, on every request, so no cached copy can be stale
// (docs/weak-spots.md#w38). The result is two strings, role ids and permissions,
// separated by spaces, which neither can contain.
const (
	// rolesOf and roleIDsOf are followed by the id of the administrator. A
	// removed administrator has none.
	rolesOf   = `SELECT ur.rbac_role_id` + fromRoles
	roleIDsOf = `SELECT string_agg(ur.rbac_role_id, ' ')` + fromRoles
	fromRoles = ` FROM user_rbac_role ur JOIN "user" u ON u.id = ur.user_id AND u.deleted_at IS NULL
		WHERE ur.user_id = `

	// permissionsFrom is followed by the roles held. UNION drops duplicates, so
	// that even a cycle of parents ends.
	permissionsFrom = `WITH RECURSIVE held (id) AS (`
	permissionsTo   = `
			UNION
			SELECT i.parent_id FROM held JOIN rbac_role_parent i ON i.role_id = held.id
		)
		SELECT string_agg(p.resource || ':' || p.operation, ' ')
		FROM held
		JOIN rbac_role_policy rp ON rp.role_id = held.id
		JOIN rbac_policy p ON p.id = rp.policy_id`

	linkedUser   = `l.actor_id AND l.actor_type = 'user'`
	linkedAccess = `(` + roleIDsOf + linkedUser + `),
		(` + permissionsFrom + rolesOf + linkedUser + permissionsTo + `)`

	ownerAccess = `(` + roleIDsOf + `api_key.owner_id),
		(` + permissionsFrom + rolesOf + `api_key.owner_id` + permissionsTo + `)`

	selectAccess = `SELECT (` + roleIDsOf + `$1),
		(` + permissionsFrom + rolesOf + `$1` + permissionsTo + `)`

	selectRolePermissions = permissionsFrom + `SELECT id FROM rbac_role WHERE id = $1` + permissionsTo
)

// Access returns the current roles and permissions of an administrator. A
// removed or unknown administrator has no permissions.
func (s *Store) Access(ctx context.Context, userID string) (everlatch.Access, error) {
	access, err := accessOf(ctx, s.reads, userID)
	return access, s.fail(ctx, "read access", err)
}

func accessOf(ctx context.Context, q querier, userID string) (everlatch.Access, error) {
	return first(ctx, q, scanAccess, selectAccess, userID)
}

func scanAccess(row scanner) (a everlatch.Access, err error) {
	err = row.Scan(toRoles{&a}, toPermissions{&a})
	return a, err
}

// permissionsIn returns the permissions of roles together, including inherited
// ones.
func permissionsIn(ctx context.Context, q querier, roleIDs []string) ([]everlatch.Permission, error) {
	var out []everlatch.Permission
	for _, id := range roleIDs {
		given, err := first(ctx, q, scanPermissions, selectRolePermissions, id)
		if err != nil {
			return nil, err
		}
		out = append(out, given.Permissions...)
	}
	return out, nil
}

func scanPermissions(row scanner) (a everlatch.Access, err error) {
	err = row.Scan(toPermissions{&a})
	return a, err
}

// toRoles scans the ids of roles; NULL is none.
type toRoles struct{ access *everlatch.Access }

// Scan implements [sql.Scanner].
func (d toRoles) Scan(src any) error {
	var text string
	err := (toText{&text}).Scan(src)
	d.access.Roles = divided(text)
	slices.Sort(d.access.Roles)
	return err
}

// toPermissions scans permissions; NULL is none.
type toPermissions struct{ access *everlatch.Access }

// Scan implements [sql.Scanner].
func (d toPermissions) Scan(src any) error {
	var text string
	err := (toText{&text}).Scan(src)
	keys := divided(text)
	slices.Sort(keys)
	keys = slices.Compact(keys) // several roles may have the same permission
	d.access.Permissions = make([]everlatch.Permission, len(keys))
	for i, key := range keys {
		d.access.Permissions[i] = everlatch.ParsePermission(key)
	}
	return err
}

// divided splits a string that the database joined. It splits only at the
// space, the one character that the schema forbids in the parts.
func divided(text string) []string {
	if text == "" {
		return []string{}
	}
	return strings.Split(text, " ")
}
