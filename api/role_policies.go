package api

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// rolePolicyTable says that a role has a policy.
var rolePolicyTable = table[everlatch.RolePolicy]{
	textColumn("id", func(rp *everlatch.RolePolicy) string { return rp.ID }),
	textColumn("role_id", func(rp *everlatch.RolePolicy) string { return rp.RoleID }),
	textColumn("policy_id", func(rp *everlatch.RolePolicy) string { return rp.PolicyID }),
	{name: "policy", write: func(b []byte, rp *everlatch.RolePolicy) []byte {
		return policyTable.append(b, &rp.Policy, policyShape.defaults)
	}},
	metadataColumn("metadata", func(rp *everlatch.RolePolicy) everlatch.Metadata { return rp.Metadata }),
	timeColumn("created_at", func(rp *everlatch.RolePolicy) time.Time { return rp.CreatedAt }),
	timeColumn("updated_at", func(rp *everlatch.RolePolicy) time.Time { return rp.UpdatedAt }),
	nullableTimeColumn("deleted_at", func(rp *everlatch.RolePolicy) *time.Time { return rp.DeletedAt }),
}

var rolePolicyShape = shapeOf(rolePolicyTable)

// idsIn returns the ids of a list, of which there must be at least so many.
func idsIn(in input, name string, atLeast int) ([]string, error) {
	list := in.texts(name)
	switch empty := slices.Index(list, ""); {
	case len(list) < atLeast:
		return nil, invalid([]string{tooFew(name, atLeast)})
	case len(list) > maxValues:
		return nil, invalid([]string{field{name: name}.tooBig(maxValues)})
	case empty >= 0:
		return nil, invalid([]string{tooFew(name+", "+strconv.Itoa(empty), 1)})
	}
	return list, nil
}

func tooFew(name string, atLeast int) string {
	return fmt.Sprintf("Value for field '%s' too small, expected at least: '%d'", name, atLeast)
}

// bodyIDs reads a body that is one list of ids.
func bodyIDs(c echo.Context, name string) ([]string, error) {
	in, err := schema{{name: name, kind: kindList, required: true}}.checkBody(callOf(c).body)
	if err != nil {
		return nil, err
	}
	return idsIn(in, name, 1)
}

// listPoliciesOfRole lists what a role has itself; what it inherits is shown by
// the role's policies.
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
	if _, err := s.chosen(c, rolePolicyShape); err != nil {
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

// listRolesWithPolicy lists the roles that have a policy themselves.
func (s *Server) listRolesWithPolicy(c echo.Context) error {
	p, err := s.listed(c, roleShape, nil, policyRolesPage)
	if err != nil {
		return err
	}
	policy, err := s.deps.Store.Policy(lookups(c), c.Param("id"))
	if err != nil {
		return err
	}
	return s.writeRoles(c, p, store.RoleFilter{Policies: []string{policy.ID}})
}
