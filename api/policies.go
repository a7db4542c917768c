package api

import (
	"context"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

// policyTable is a policy (docs/contract.md#s4-8). Within a role it names the role
// that it is inherited from.
var (
	policyTable = render.Pick(policyColumns,
		"id", "key", "resource", "operation", "name", "description", "metadata", "created_at", "updated_at", "deleted_at")
	nestedPolicyTable = render.Pick(policyColumns,
		"id", "key", "resource", "operation", "name", "description", "metadata", "created_at", "updated_at",
		"inherited_from_role_id")
	assignablePolicyTable = render.Pick(policyColumns, "id", "key", "resource", "operation", "description")

	policyShape   = render.ShapeOf(policyTable)
	policyRecords = resource[everlatch.Policy]{name: "policy", plural: "policies", table: policyTable, shape: policyShape}
)

var policyColumns = render.Table[everlatch.Policy]{
	render.Text("id", func(p *everlatch.Policy) string { return p.ID }),
	render.Text("key", func(p *everlatch.Policy) string { return p.Key }),
	render.Text("resource", func(p *everlatch.Policy) string { return p.Resource }),
	render.Text("operation", func(p *everlatch.Policy) string { return p.Operation }),
	render.NullableText("name", func(p *everlatch.Policy) *string { return p.Name }),
	render.NullableText("description", func(p *everlatch.Policy) *string { return p.Description }),
	render.Metadata("metadata", func(p *everlatch.Policy) everlatch.Metadata { return p.Metadata }),
	render.Time("created_at", func(p *everlatch.Policy) time.Time { return p.CreatedAt }),
	render.Time("updated_at", func(p *everlatch.Policy) time.Time { return p.UpdatedAt }),
	render.NullableTime("deleted_at", func(p *everlatch.Policy) *time.Time { return p.DeletedAt }),
	render.NullableText("inherited_from_role_id", func(p *everlatch.Policy) *string { return p.InheritedFrom }),
}

var (
	policyFilters = query.Schema{
		query.Search,
		{Name: "id", Kind: query.Texts},
		{Name: "key", Kind: query.Texts},
		{Name: "resource", Kind: query.Texts},
		{Name: "operation", Kind: query.Texts},
	}.Dated().Combined()
	createPolicyFields = query.Schema{
		{Name: "key", Kind: query.Text, Required: true},
		{Name: "resource", Kind: query.Text, Required: true},
		{Name: "operation", Kind: query.Text, Required: true},
		{Name: "name", Kind: query.Text, Nullable: true},
		{Name: "description", Kind: query.Text, Nullable: true},
		{Name: "metadata", Kind: query.Record, Nullable: true},
	}
	updatePolicyFields = query.Schema{
		{Name: "key", Kind: query.Text},
		{Name: "resource", Kind: query.Text},
		{Name: "operation", Kind: query.Text},
		{Name: "name", Kind: query.Text, Nullable: true},
		{Name: "description", Kind: query.Text, Nullable: true},
		{Name: "metadata", Kind: query.Record, Nullable: true},
	}
)

const (
	policyPage = 20
	// policyRolesPage is for the roles that have a policy.
	policyRolesPage = 10
)

func policyFilter(in query.Input) store.PolicyFilter {
	return store.PolicyFilter{
		Q: in.Plain("q"), IDs: in.Texts("id"), Keys: in.Texts("key"),
		Resources: in.Texts("resource"), Operations: in.Texts("operation"),
		CreatedAt: in.Times("created_at"), UpdatedAt: in.Times("updated_at"), DeletedAt: in.Times("deleted_at"),
		And: query.All(in, "$and", policyFilter), Or: query.All(in, "$or", policyFilter),
	}
}

func (s *Server) listPolicies(c echo.Context) error {
	return policyRecords.list(s, c, policyFilters, policyPage, func(ctx context.Context, p query.Page) ([]everlatch.Policy, int, error) {
		return s.deps.Store.Policies(ctx, policyFilter(p.Filters), p.Page)
	})
}

// listAssignablePolicies lists the policies that the caller has.
func (s *Server) listAssignablePolicies(c echo.Context) error {
	p, err := s.listed(c, policyShape, policyFilters, policyPage)
	if err != nil {
		return err
	}
	all, _, err := s.deps.Store.Policies(lookups(c), policyFilter(p.Filters), store.Page{Order: p.Order})
	if err != nil {
		return err
	}
	mine := callOf(c).auth.Access()
	all = slices.DeleteFunc(all, func(p everlatch.Policy) bool { return !mine.Allows(p.Permission()) })
	return writeAssignable(c, "policies", assignablePolicyTable, p, all)
}

// listOwnPermissions lists what the caller may do, with wildcards expanded,
// because clients look up single permissions. Every administrator may read it.
func (s *Server) listOwnPermissions(c echo.Context) error {
	all, _, err := s.deps.Store.Policies(lookups(c), store.PolicyFilter{}, store.Page{})
	if err != nil {
		return err
	}
	mine, granted := callOf(c).auth.Access(), []string{}
	for _, p := range all {
		if p.Resource != everlatch.Wildcard && p.Operation != everlatch.Wildcard && mine.Allows(p.Permission()) {
			granted = append(granted, p.Permission().String())
		}
	}
	slices.Sort(granted)
	return writeJSON(c, append(wire.AppendJSON([]byte(`{"permissions":`), granted), '}'))
}

func (s *Server) readPolicy(c echo.Context) error {
	return policyRecords.show(s, c, s.deps.Store.Policy)
}

// createPolicy creates a policy for custom routes, see [Permit].
func (s *Server) createPolicy(c echo.Context) error {
	return policyRecords.change(s, c, createPolicyFields, func(in query.Input) (everlatch.Policy, error) {
		return s.accounts.CreatePolicy(lookups(c), everlatch.Policy{
			Key: in.Plain("key"), Resource: in.Plain("resource"), Operation: in.Plain("operation"),
			Name: in.Text("name"), Description: in.Text("description"), Metadata: in.Record("metadata"),
		})
	})
}

func (s *Server) updatePolicy(c echo.Context) error {
	return policyRecords.change(s, c, updatePolicyFields, func(in query.Input) (everlatch.Policy, error) {
		return s.deps.Store.UpdatePolicy(lookups(c), authority(c), c.Param("id"), store.PolicyPatch{
			Key: in.TextChange("key"), Resource: in.TextChange("resource"), Operation: in.TextChange("operation"),
			Name: in.Change("name"), Description: in.Change("description"), Metadata: in.MetadataChange(),
		})
	})
}

// deletePolicy removes the policy from every role.
func (s *Server) deletePolicy(c echo.Context) error {
	if err := s.deps.Store.DeletePolicy(lookups(c), authority(c), c.Param("id")); err != nil {
		return err
	}
	return writeDeleted(c, "rbac_policy", c.Param("id"))
}
