package api

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

// rolePolicyTable is the assignment of a policy to a role.
var rolePolicyTable = render.Table[everlatch.RolePolicy]{
	render.Text("id", func(rp *everlatch.RolePolicy) string { return rp.ID }),
	render.Text("role_id", func(rp *everlatch.RolePolicy) string { return rp.RoleID }),
	render.Text("policy_id", func(rp *everlatch.RolePolicy) string { return rp.PolicyID }),
	{Name: "policy", Write: func(b []byte, rp *everlatch.RolePolicy) []byte {
		return policyTable.Append(b, &rp.Policy, policyShape.Defaults())
	}},
	render.Metadata("metadata", func(rp *everlatch.RolePolicy) everlatch.Metadata { return rp.Metadata }),
	render.Time("created_at", func(rp *everlatch.RolePolicy) time.Time { return rp.CreatedAt }),
	render.Time("updated_at", func(rp *everlatch.RolePolicy) time.Time { return rp.UpdatedAt }),
	render.NullableTime("deleted_at", func(rp *everlatch.RolePolicy) *time.Time { return rp.DeletedAt }),
}

var rolePolicyShape = render.ShapeOf(rolePolicyTable)

// bodyIDs reads a body that is one list of ids.
func bodyIDs(c echo.Context, name string) ([]string, error) {
	in, err := query.Schema{{Name: name, Kind: query.List, Required: true}}.CheckBody(wire.Of(c).Body)
	if err != nil {
		return nil, err
	}
	return in.IDs(name, 1)
}

// listPoliciesOfRole lists the policies of a role without inherited ones, which
// the role itself shows.
func (s *Server) listPoliciesOfRole(c echo.Context) error {
	p, err := s.listed(c, rolePolicyShape, nil, rolePage)
	if err != nil {
		return err
	}
	list, count, err := s.deps.Store.RolePolicies(lookups(c), c.Param("id"), p.Page)
	if err != nil {
		return err
	}
	return writeList(c, "policies", rolePolicyTable, p, list, count)
}

func (s *Server) addRolePolicies(c echo.Context) error {
	policyIDs, err := bodyIDs(c, "policies")
	if err != nil {
		return err
	}
	if _, err := s.selected(c, rolePolicyShape); err != nil {
		return err
	}
	added, err := s.deps.Store.AddRolePolicies(lookups(c), authority(c), c.Param("id"), policyIDs)
	if err != nil {
		return err
	}
	return writeJSON(c, append(appendRecords(nil, "policies", rolePolicyTable, added), '}'))
}

// removeRolePolicy answers without an id when the role did not have the policy.
func (s *Server) removeRolePolicy(c echo.Context) error {
	id, err := s.deps.Store.RemoveRolePolicy(lookups(c), authority(c), c.Param("id"), c.Param("policy_id"))
	if err != nil {
		return err
	}
	if id == "" {
		return writeJSON(c, []byte(`{"object":"rbac_role_policy","deleted":true}`))
	}
	return writeDeleted(c, "rbac_role_policy", id)
}

// listRolesWithPolicy lists the roles that have a policy without inheriting it.
func (s *Server) listRolesWithPolicy(c echo.Context) error {
	return roleRecords.list(s, c, nil, policyRolesPage, func(ctx context.Context, p query.Page) ([]everlatch.Role, int, error) {
		policy, err := s.deps.Store.Policy(ctx, c.Param("id"))
		if err != nil {
			return nil, 0, err
		}
		return s.deps.Store.Roles(ctx, store.RoleFilter{Policies: []string{policy.ID}}, p.Page)
	})
}
