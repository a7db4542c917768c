package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
)

// Authority is the caller on whose behalf roles and policies are changed. The
// zero value has no permissions.
type Authority struct {
	by       string
	operator bool
}

// Operator is the authority of an operator with database access, under a name
// for the events. It has all permissions.
func Operator(name string) Authority { return Authority{by: name, operator: true} }

// OnBehalfOf is the authority of an administrator, who can only grant, revoke or
// change permissions they hold.
func OnBehalfOf(userID string) Authority { return Authority{by: userID} }

func (a Authority) access(ctx context.Context, q querier) (everlatch.Access, error) {
	if a.operator {
		return everlatch.Access{Permissions: []everlatch.Permission{{Resource: everlatch.Wildcard, Operation: everlatch.Wildcard}}}, nil
	}
	return accessOf(ctx, q, a.by)
}

// Changes of roles and policies are rare and depend on each other: permissions,
// inheritance and the last super admin. They are serialized by locking the row
// of the super admin's role, so each sees the results of the previous ones.
const lockRBAC = `UPDATE rbac_role SET updated_at = updated_at WHERE id = '` + everlatch.RoleSuperAdmin + `'`

// changeRBAC runs a serialized change. fn receives the authority's permissions.
func (s *Store) changeRBAC(
	ctx context.Context, op string, by Authority, fn func(tx *tx, access everlatch.Access) error,
) error {
	err := s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, lockRBAC)
		if err == nil && n == 0 {
			err = errors.New("roles were never set up")
		}
		if err != nil {
			return err
		}
		access, err := by.access(ctx, tx)
		if err != nil {
			return err
		}
		return fn(tx, access)
	})
	return s.fail(ctx, op, err)
}

// demand refuses a caller who lacks any permission of the roles.
func demand(ctx context.Context, q querier, access everlatch.Access, roleIDs []string, lacking everlatch.Reason) error {
	given, err := permissionsIn(ctx, q, roleIDs)
	if err == nil && !access.Allows(given...) {
		err = refuse(everlatch.CodeForbidden, lacking)
	}
	return err
}

// missing returns those of the ids for which a query finds nothing, in the order
// given.
func missing(ctx context.Context, q querier, exists string, wanted []string) ([]string, error) {
	var out []string
	for _, id := range wanted {
		found, err := first(ctx, q, scanned[bool], exists, id)
		if err != nil {
			return nil, err
		}
		if !found && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out, nil
}

const (
	roleExists   = `SELECT EXISTS (SELECT 1 FROM rbac_role WHERE id = $1)`
	policyExists = `SELECT EXISTS (SELECT 1 FROM rbac_policy WHERE id = $1)`
)

// CheckRoles refuses roles that do not exist (docs/contract.md#s4-6) and roles
// with permissions that the granting access lacks, for example in an invite.
func (s *Store) CheckRoles(ctx context.Context, access everlatch.Access, roleIDs []string) error {
	if err := rolesExist(ctx, s.reads, roleIDs); err != nil {
		return s.fail(ctx, "check roles", err)
	}
	return s.CheckGrant(ctx, access, roleIDs)
}

// CheckGrant is [Store.CheckRoles], except that roles that no longer exist are
// no error.
func (s *Store) CheckGrant(ctx context.Context, access everlatch.Access, roleIDs []string) error {
	return s.fail(ctx, "check roles", demand(ctx, s.reads, access, roleIDs, RoleAssignForbidden))
}

// rolesExist names the roles that do not exist.
func rolesExist(ctx context.Context, q querier, roleIDs []string) error {
	absent, err := missing(ctx, q, roleExists, roleIDs)
	if err == nil && len(absent) > 0 {
		err = refuse(everlatch.CodeInvalidData, RolesUnknown, "ids", strings.Join(absent, ", "))
	}
	return err
}

const (
	insertSuperAdmin = `INSERT INTO rbac_role (id, name, description, created_at, updated_at)
		VALUES ('` + everlatch.RoleSuperAdmin + `', 'Super Admin',
			'Super admin role with full access to all resources and operations', $1, $1)
		ON CONFLICT DO NOTHING`
	insertSuperPolicy = `INSERT INTO rbac_policy (id, key, resource, operation, name, description, built_in, created_at, updated_at)
		VALUES ('` + everlatch.PolicySuperAdmin + `', '*:*', '*', '*', 'Super Admin',
			'Super admin policy with full access to all resources and operations', TRUE, $1, $1)
		ON CONFLICT DO NOTHING`
	insertSuperPair = `INSERT INTO rbac_role_policy (id, role_id, policy_id, created_at, updated_at)
		VALUES ('rlpl_super_admin', '` + everlatch.RoleSuperAdmin + `', '` + everlatch.PolicySuperAdmin + `', $1, $1)
		ON CONFLICT DO NOTHING`
	// Until roles were switched on, every administrator could do everything.
	grantSuperToAll = `INSERT INTO user_rbac_role (user_id, rbac_role_id, created_at)
		SELECT id, '` + everlatch.RoleSuperAdmin + `', $1 FROM "user" WHERE deleted_at IS NULL
		ON CONFLICT DO NOTHING`
	// The key of a built-in policy defines its meaning.
	putBuiltIn = `INSERT INTO rbac_policy (id, key, resource, operation, name, description, built_in, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, TRUE, $7, $7)
		ON CONFLICT (key) DO UPDATE SET resource = excluded.resource, operation = excluded.operation, name = excluded.name,
			description = excluded.description, built_in = TRUE, updated_at = excluded.updated_at
		WHERE rbac_policy.built_in = FALSE OR rbac_policy.name <> excluded.name`
	anySuperAdmin = `SELECT EXISTS (SELECT 1 FROM user_rbac_role ur JOIN "user" u ON u.id = ur.user_id
		WHERE ur.rbac_role_id = '` + everlatch.RoleSuperAdmin + `' AND u.deleted_at IS NULL)`
	countIdleKeys = `SELECT COUNT(*) FROM api_key k
		WHERE k.type = 'secret' AND k.deleted_at IS NULL AND (k.revoked_at IS NULL OR k.revoked_at > $1)
		AND NOT EXISTS (SELECT 1 FROM "user" u WHERE u.id = k.owner_id AND u.deleted_at IS NULL)`
)

// RBACState is what [Store.SetUpRBAC] found and did.
type RBACState struct {
	// Granted is the number of administrators whom this call made super admins.
	// It can be positive only the first time.
	Granted int
	// SuperAdmin reports whether there is a super admin who is not removed.
	SuperAdmin bool
	// IdleKeys is the number of secret API keys that have no permissions because
	// their creator is not an administrator.
	IdleKeys int
}

// SetUpRBAC creates the super admin's role and the built-in policies if they are
// missing. Many processes may call it concurrently and at every start.
//
// The call that creates the super admin's role assigns it to every existing
// administrator, who had all permissions until then. Later calls assign nothing.
// Policies that are no longer built in stay, because roles may have them.
func (s *Store) SetUpRBAC(ctx context.Context, builtIn []everlatch.Policy) (state RBACState, err error) {
	now := s.now()
	err = s.write(ctx, func(tx *tx) error {
		created, err := tx.exec(ctx, insertSuperAdmin, now)
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, lockRBAC); err != nil {
			return err
		}
		for _, text := range []string{insertSuperPolicy, insertSuperPair} {
			if _, err := tx.exec(ctx, text, now); err != nil {
				return err
			}
		}
		for _, p := range builtIn {
			_, err := tx.exec(ctx, putBuiltIn, ids.New(ids.Policy, now), p.Permission().String(), p.Resource, p.Operation,
				p.Name, p.Description, now)
			if err != nil {
				return fmt.Errorf("policy %s: %w", p.Permission(), err)
			}
		}
		if created > 0 {
			granted, err := tx.exec(ctx, grantSuperToAll, now)
			if err != nil {
				return err
			}
			state.Granted = int(granted)
		}
		if state.SuperAdmin, err = first(ctx, tx, scanned[bool], anySuperAdmin); err != nil {
			return err
		}
		state.IdleKeys, err = first(ctx, tx, scanned[int], countIdleKeys, now)
		return err
	})
	return state, s.fail(ctx, "set up roles", err)
}
