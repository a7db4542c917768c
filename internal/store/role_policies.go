package store

import (
	"context"
	"errors"
	"strings"

	"github.com/everlatch/everlatch"
)

const (
	rolePolicyColumns = `rp.id, rp.role_id, rp.policy_id, rp.metadata, rp.created_at, rp.updated_at, rp.deleted_at, ` + policyColumns

	insertRolePolicy = `INSERT INTO rbac_role_policy (id, role_id, policy_id, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $4)
		ON CONFLICT (role_id, policy_id) DO NOTHING`
	selectRolePolicy = `SELECT ` + rolePolicyColumns + ` FROM rbac_role_policy rp JOIN rbac_policy p ON p.id = rp.policy_id
		WHERE rp.role_id = $1 AND rp.policy_id = $2`
	deleteRolePolicy = `DELETE FROM rbac_role_policy WHERE role_id = $1 AND policy_id = $2 RETURNING id`
)

// RolePolicies lists the policies that a role has itself, without the inherited
// ones, and counts them. They are ordered by id, or by created_at or updated_at.
func (s *Store) RolePolicies(ctx context.Context, roleID string, page Page) ([]everlatch.RolePolicy, int, error) {
	var where conditions
	where.add("rp.role_id = %s", roleID)
	return list(ctx, s, "list policies of a role", listing[everlatch.RolePolicy]{
		table: "rbac_role_policy rp JOIN rbac_policy p ON p.id = rp.policy_id", columns: rolePolicyColumns,
		scan: scanRolePolicy, where: where, page: rolePolicyPage(page), defaultOrder: "rp.id",
		orders: []string{"rp.id", "rp.created_at", "rp.updated_at"}, tieBreak: "rp.id",
	})
}

// rolePolicyPage qualifies the column of the order.
func rolePolicyPage(page Page) Page {
	if field, descending := strings.CutPrefix(page.Order, "-"); field != "" {
		page.Order = "rp." + field
		if descending {
			page.Order = "-" + page.Order
		}
	}
	return page
}

// AddRolePolicies adds policies to a role and returns the assignments; an
// existing assignment is no error. A missing role or policy is
// [everlatch.ErrNotFound], and a policy that the authority does not hold is
// [everlatch.CodeForbidden].
func (s *Store) AddRolePolicies(
	ctx context.Context, by Authority, roleID string, policyIDs []string,
) (out []everlatch.RolePolicy, err error) {
	now := s.now()
	err = s.changeRole(ctx, "add policies to a role", by, roleID, func(tx *tx, access everlatch.Access) error {
		if _, err := roleKind.find(ctx, tx, roleID, noSuch("role_id", roleID)); err != nil {
			return err
		}
		if err := demandPolicies(ctx, tx, access, policyIDs); err != nil {
			return err
		}
		if err := addPolicies(ctx, tx, now, roleID, policyIDs); err != nil {
			return err
		}
		for _, id := range policyIDs {
			rp, err := first(ctx, tx, scanRolePolicy, selectRolePolicy, roleID, id)
			if err != nil {
				return err
			}
			out = append(out, rp)
		}
		return recordEvents(ctx, tx, now, rbacEvent(now, everlatch.EventRoleUpdated, roleID, by))
	})
	return out, err
}

// RemoveRolePolicy removes a policy from a role and returns the id of the
// assignment, "" if there was none.
func (s *Store) RemoveRolePolicy(ctx context.Context, by Authority, roleID, policyID string) (id string, err error) {
	now := s.now()
	err = s.changeRole(ctx, "remove a policy from a role", by, roleID, func(tx *tx, _ everlatch.Access) error {
		removed, err := all(ctx, tx, scanned[string], deleteRolePolicy, roleID, policyID)
		if err != nil || len(removed) == 0 {
			return err
		}
		id = removed[0]
		return recordEvents(ctx, tx, now, rbacEvent(now, everlatch.EventRoleUpdated, roleID, by))
	})
	return id, err
}

// LoadPolicies adds the policies of roles that were read without, inherited ones
// included, in the order of their keys. It is one query.
func (s *Store) LoadPolicies(ctx context.Context, roles []everlatch.Role) error {
	return policiesOfRoles.load(ctx, s, roles)
}

var policiesOfRoles = related[everlatch.Role, everlatch.Policy]{
	op: "read policies of roles", column: "r.id",
	query: func(where string) string {
		return `WITH RECURSIVE held (role_id, id) AS (
			SELECT r.id, r.id FROM rbac_role r WHERE ` + where + `
			UNION
			SELECT held.role_id, i.parent_id FROM held JOIN rbac_role_parent i ON i.role_id = held.id
		)
		SELECT held.role_id, held.id, ` + policyColumns + ` FROM held
		JOIN rbac_role_policy rp ON rp.role_id = held.id JOIN rbac_policy p ON p.id = rp.policy_id
		ORDER BY held.role_id, p.key, held.id`
	},
	scan: func(row scanner) (p belonging[everlatch.Policy], err error) {
		var from string // the role that has the policy itself
		err = row.Scan(append([]any{&p.to, &from}, policyFields(&p.record)...)...)
		if from != p.to {
			p.record.InheritedFrom = &from
		}
		return p, err
	},
	id: func(r *everlatch.Role) string { return r.ID }, list: func(r *everlatch.Role) *[]everlatch.Policy { return &r.Policies },
}

func scanRolePolicy(row scanner) (rp everlatch.RolePolicy, err error) {
	err = row.Scan(append([]any{
		&rp.ID, &rp.RoleID, &rp.PolicyID,
		toMetadata{&rp.Metadata},
		toTime{&rp.CreatedAt},
		toTime{&rp.UpdatedAt},
		toOptionalTime{&rp.DeletedAt},
	}, policyFields(&rp.Policy)...)...)
	return rp, err
}

// errAbsent is a record that does not exist, for callers that have their own
// error.
var errAbsent = errors.New("absent")

func errNoPolicies(absent []string) error {
	return refuse(everlatch.CodeNotFound, PoliciesUnknown, "ids", strings.Join(absent, ", "))
}
