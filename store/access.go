package store

import (
	"context"
	"slices"
	"strings"

	"github.com/everlatch/everlatch"
)

// What an administrator may do is worked out by the database whenever somebody
// asks, in the query that asks for their identity anyway: there is no copy that
// could be old (W38). It comes as two texts, the ids of the roles and
// the permissions, divided by blanks, which neither can contain.
const (
	// rolesOf is followed by whose roles they are. A removed administrator has
	// none.
	rolesOf = `SELECT ur.rbac_role_id AS id
		FROM user_rbac_role ur JOIN "user" u ON u.id = ur.user_id AND u.deleted_at IS NULL
		WHERE ur.user_id = `

	// permissionsFrom is followed by the roles that are held. UNION drops what
	// was seen, so that even a circle of parents ends.
	permissionsFrom = `WITH RECURSIVE held (id) AS (`
	permissionsTo   = `
			UNION
			SELECT i.parent_id FROM held JOIN rbac_role_parent i ON i.role_id = held.id
		)
		SELECT string_agg(granted.what, ' ') FROM (
			SELECT DISTINCT p.resource || ':' || p.operation AS what
			FROM held
			JOIN rbac_role_policy rp ON rp.role_id = held.id
			JOIN rbac_policy p ON p.id = rp.policy_id
		) granted`

	linkedUser   = `l.actor_id AND l.actor_type = 'user'`
	linkedAccess = `(SELECT string_agg(mine.id, ' ') FROM (` + rolesOf + linkedUser + `) mine),
		(` + permissionsFrom + rolesOf + linkedUser + permissionsTo + `)`

	creatorAccess = `(SELECT string_agg(mine.id, ' ') FROM (` + rolesOf + `api_key.created_by) mine),
		(` + permissionsFrom + rolesOf + `api_key.created_by` + permissionsTo + `)`

	selectAccess = `SELECT (SELECT string_agg(mine.id, ' ') FROM (` + rolesOf + `$1) mine),
		(` + permissionsFrom + rolesOf + `$1` + permissionsTo + `)`

	selectRolePermissions = permissionsFrom + `SELECT id FROM rbac_role WHERE id = $1` + permissionsTo
)

// Access returns what an administrator may do now; one that is gone or never was
// may nothing.
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

// permissionsIn returns what roles give together, inherited policies included.
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
	d.access.Roles = strings.Fields(text)
	slices.Sort(d.access.Roles)
	return err
}

// toPermissions scans permissions; NULL is none.
type toPermissions struct{ access *everlatch.Access }

// Scan implements [sql.Scanner].
func (d toPermissions) Scan(src any) error {
	var text string
	err := (toText{&text}).Scan(src)
	keys := strings.Fields(text)
	slices.Sort(keys)
	d.access.Permissions = make([]everlatch.Permission, len(keys))
	for i, key := range keys {
		d.access.Permissions[i] = everlatch.ParsePermission(key)
	}
	return err
}
