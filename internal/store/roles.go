package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
)

// RoleFilter selects roles; zero fields select all.
type RoleFilter struct {
	// Q are words, each of them part of the name.
	Q string

	IDs, Names []string
	// Parents selects roles that inherit from one of these.
	Parents []string
	// Holders selects roles that one of these administrators has.
	Holders []string
	// Policies selects roles that have one of these themselves.
	Policies []string

	CreatedAt, UpdatedAt, DeletedAt []TimeTest
	// All of And must match, and at least one of Or.
	And, Or []RoleFilter
}

// RolePatch is an update of a role; zero fields keep what is stored.
type RolePatch struct {
	Name        Change[string]
	Description Change[*string]
	// Parent is the role that this one inherits from; nil for none.
	Parent Change[*string]
	// Metadata is merged into the stored metadata; a key set to "" is removed.
	Metadata Change[everlatch.Metadata]
}

const (
	// An imported role may have several parents; one is shown.
	roleColumns = `r.id, r.name, (SELECT MIN(i.parent_id) FROM rbac_role_parent i WHERE i.role_id = r.id),
		r.description, r.metadata, r.created_at, r.updated_at, r.deleted_at`

	selectRole = `SELECT ` + roleColumns + ` FROM rbac_role r WHERE r.id = $1`

	insertRole = `INSERT INTO rbac_role (id, name, description, metadata, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $5)
		ON CONFLICT (id) DO NOTHING`
	updateRole = `UPDATE rbac_role SET name = $2, description = $3, metadata = $4, updated_at = $5 WHERE id = $1`
	deleteRole = `DELETE FROM rbac_role WHERE id = $1`

	deleteParents = `DELETE FROM rbac_role_parent WHERE role_id = $1`
	insertParent  = `INSERT INTO rbac_role_parent (role_id, parent_id, created_at) VALUES ($1, $2, $3)
		ON CONFLICT DO NOTHING`

	// Whether $1 is $2 or inherits from it.
	inheritsFrom = `WITH RECURSIVE up (id) AS (
			SELECT $1
			UNION
			SELECT i.parent_id FROM up JOIN rbac_role_parent i ON i.role_id = up.id
		)
		SELECT EXISTS (SELECT 1 FROM up WHERE id = $2)`
)

// roleKind are roles without their policies.
var roleKind = kind[everlatch.Role]{
	name: "Role", one: "role", many: "roles", byID: selectRole,
	listing: listing[everlatch.Role]{
		table: "rbac_role r", columns: roleColumns, scan: scanRole, defaultOrder: "id",
		orders:   []string{"id", "name", "description", "created_at", "updated_at"},
		nullable: []string{"description"},
	},
}

// test appends the filter for the role r.
func (f RoleFilter) test(c *conditions) {
	c.contains(f.Q, "r.name")
	c.in("r.id", f.IDs)
	c.in("r.name", f.Names)
	for _, related := range []struct {
		ids           []string
		query, column string
	}{
		{f.Parents, `SELECT 1 FROM rbac_role_parent i WHERE i.role_id = r.id AND %s`, "i.parent_id"},
		{f.Holders, `SELECT 1 FROM user_rbac_role ur WHERE ur.rbac_role_id = r.id AND %s`, "ur.user_id"},
		{f.Policies, `SELECT 1 FROM rbac_role_policy rp WHERE rp.role_id = r.id AND %s`, "rp.policy_id"},
	} {
		if len(related.ids) > 0 {
			c.exists(related.query, func(c *conditions) { c.in(related.column, related.ids) })
		}
	}
	c.dates("r.", f.CreatedAt, f.UpdatedAt, f.DeletedAt)
	combine(c, f.And, f.Or, RoleFilter.test)
}

// Role returns a role without its policies, or [everlatch.ErrNotFound].
func (s *Store) Role(ctx context.Context, id string) (everlatch.Role, error) {
	return roleKind.read(ctx, s, id)
}

// Roles lists roles without their policies, and counts them. They are ordered by
// id, or by name, description, created_at or updated_at.
func (s *Store) Roles(ctx context.Context, f RoleFilter, page Page) ([]everlatch.Role, int, error) {
	return roleKind.list(ctx, s, page, f.test)
}

// CreateRole creates a role with the given id and policies. The same id again
// returns the stored role. A name that another role has is
// [everlatch.CodeInvalidData], a missing policy or parent [everlatch.ErrNotFound],
// and a policy or parent that the authority does not hold is
// [everlatch.CodeForbidden].
func (s *Store) CreateRole(
	ctx context.Context, by Authority, r everlatch.Role, policyIDs []string,
) (stored everlatch.Role, err error) {
	now := s.now()
	err = s.changeRBAC(ctx, "create role", by, func(tx *tx, access everlatch.Access) error {
		if err := demandPolicies(ctx, tx, access, policyIDs); err != nil {
			return err
		}
		n, err := tx.exec(ctx, insertRole, r.ID, r.Name, r.Description, r.Metadata, now)
		if err != nil {
			return err
		}
		if n > 0 {
			if err := s.fill(ctx, tx, access, r, policyIDs); err != nil {
				return err
			}
			if err := recordEvents(ctx, tx, now, rbacEvent(now, everlatch.EventRoleCreated, r.ID, by)); err != nil {
				return err
			}
		}
		stored, err = roleKind.find(ctx, tx, r.ID, notFound("Role", r.ID))
		return err
	})
	return stored, roleTaken(err, r.Name)
}

// fill sets the parent and the policies of a new role.
func (s *Store) fill(ctx context.Context, tx *tx, access everlatch.Access, r everlatch.Role, policyIDs []string) error {
	if err := s.setParent(ctx, tx, access, r.ID, r.ParentID); err != nil {
		return err
	}
	return addPolicies(ctx, tx, s.now(), r.ID, policyIDs)
}

func roleTaken(err error, name string) error {
	if !isUnique(err) {
		return err
	}
	return refuse(everlatch.CodeInvalidData, RoleNameTaken, "name", name)
}

// setParent replaces what a role inherits from.
func (s *Store) setParent(ctx context.Context, tx *tx, access everlatch.Access, id string, parent *string) error {
	if _, err := tx.exec(ctx, deleteParents, id); err != nil || parent == nil {
		return err
	}
	found, err := first(ctx, tx, scanned[bool], roleExists, *parent)
	if err == nil && !found {
		err = noSuch("parent_id", *parent)
	}
	if err != nil {
		return err
	}
	circle, err := first(ctx, tx, scanned[bool], inheritsFrom, *parent, id)
	if err == nil && circle {
		err = refuse(everlatch.CodeInvalidData, RoleCircle, "id", id, "parent", *parent)
	}
	if err != nil {
		return err
	}
	if err := demand(ctx, tx, access, []string{*parent}, RoleAssignForbidden); err != nil {
		return err
	}
	_, err = tx.exec(ctx, insertParent, id, *parent, s.now())
	return err
}

// UpdateRole changes a role and returns the result. A missing role is
// [everlatch.ErrNotFound]; a role whose previous or new permissions the authority
// lacks is [everlatch.CodeForbidden]. The super admin's role cannot be changed.
func (s *Store) UpdateRole(ctx context.Context, by Authority, id string, patch RolePatch) (r everlatch.Role, err error) {
	now := s.now()
	err = s.changeRole(ctx, "update role", by, id, func(tx *tx, access everlatch.Access) error {
		if r, err = roleKind.find(ctx, tx, id, notUpdatable("Role", id)); err != nil {
			return err
		}
		patch.Name.apply(&r.Name)
		patch.Description.apply(&r.Description)
		metadata := r.Metadata
		applyMetadata(patch.Metadata, &r.Metadata)
		if err := s.checkMetadata(patch.Metadata, metadata, r.Metadata); err != nil {
			return err
		}
		if patch.Parent.Set {
			if err := s.setParent(ctx, tx, access, id, patch.Parent.Value); err != nil {
				return err
			}
		}
		if _, err := tx.exec(ctx, updateRole, id, r.Name, r.Description, r.Metadata, now); err != nil {
			return err
		}
		if err := recordEvents(ctx, tx, now, rbacEvent(now, everlatch.EventRoleUpdated, id, by)); err != nil {
			return err
		}
		r, err = roleKind.find(ctx, tx, id, notUpdatable("Role", id))
		return err
	})
	if err != nil {
		return everlatch.Role{}, roleTaken(err, r.Name)
	}
	return r, nil
}

// DeleteRole permanently deletes a role; users who had it and roles that
// inherited from it lose its permissions. A missing role is no error
// (docs/contract.md#s2-1).
func (s *Store) DeleteRole(ctx context.Context, by Authority, id string) error {
	now := s.now()
	return s.changeRole(ctx, "delete role", by, id, func(tx *tx, _ everlatch.Access) error {
		n, err := tx.exec(ctx, deleteRole, id)
		if err != nil || n == 0 {
			return err
		}
		return recordEvents(ctx, tx, now, rbacEvent(now, everlatch.EventRoleDeleted, id, by))
	})
}

// changeRole is [Store.changeRBAC] for a change to a role's attributes or
// permissions. The super admin's role cannot be changed; for any other role the
// caller must hold all its permissions.
func (s *Store) changeRole(
	ctx context.Context, op string, by Authority, id string, fn func(tx *tx, access everlatch.Access) error,
) error {
	return s.changeRBAC(ctx, op, by, func(tx *tx, access everlatch.Access) error {
		if id == everlatch.RoleSuperAdmin {
			return refuse(everlatch.CodeNotAllowed, RoleBuiltIn)
		}
		if err := demand(ctx, tx, access, []string{id}, RoleForbidden); err != nil {
			return err
		}
		return fn(tx, access)
	})
}

// rbacEvent is the event that a role, or the roles of a user, changed. It is
// released with the change.
func rbacEvent(now time.Time, name, id string, by Authority) everlatch.Event {
	return newEvent(now, name, "", "", everlatch.Metadata{"id": id, "changed_by": by.by})
}

func scanRole(row scanner) (r everlatch.Role, err error) {
	err = row.Scan(&r.ID, &r.Name, &r.ParentID, &r.Description, toMetadata{&r.Metadata},
		toTime{&r.CreatedAt}, toTime{&r.UpdatedAt}, toOptionalTime{&r.DeletedAt})
	return r, err
}

// demandPolicies refuses policies that do not exist, and those that the access
// does not have.
func demandPolicies(ctx context.Context, q querier, access everlatch.Access, policyIDs []string) error {
	var absent []string
	allowed := true
	for _, id := range policyIDs {
		p, err := policyKind.find(ctx, q, id, errAbsent)
		switch {
		case errors.Is(err, errAbsent) && !slices.Contains(absent, id):
			absent = append(absent, id)
		case err != nil && !errors.Is(err, errAbsent):
			return err
		case err == nil:
			allowed = allowed && access.Allows(p.Permission())
		}
	}
	switch {
	case len(absent) > 0:
		return errNoPolicies(absent)
	case !allowed:
		return refuse(everlatch.CodeForbidden, PolicyAssignForbidden)
	}
	return nil
}

func addPolicies(ctx context.Context, tx *tx, now time.Time, roleID string, policyIDs []string) error {
	for _, id := range policyIDs {
		if _, err := tx.exec(ctx, insertRolePolicy, ids.New(ids.RolePolicy, now), roleID, id, now); err != nil {
			return err
		}
	}
	return nil
}
