package api

import (
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// policyTable is a policy (contract 4.8). Within a role it says where it comes
// from.
var (
	policyTable = pick(policyColumns,
		"id", "key", "resource", "operation", "name", "description", "metadata", "created_at", "updated_at", "deleted_at")
	nestedPolicyTable = pick(policyColumns,
		"id", "key", "resource", "operation", "name", "description", "metadata", "created_at", "updated_at",
		"inherited_from_role_id")
	assignablePolicyTable = pick(policyColumns, "id", "key", "resource", "operation", "description")

	policyShape = shapeOf(policyTable)
)

var policyColumns = table[everlatch.Policy]{
	textColumn("id", func(p *everlatch.Policy) string { return p.ID }),
	textColumn("key", func(p *everlatch.Policy) string { return p.Key }),
	textColumn("resource", func(p *everlatch.Policy) string { return p.Resource }),
	textColumn("operation", func(p *everlatch.Policy) string { return p.Operation }),
	nullableColumn("name", func(p *everlatch.Policy) *string { return p.Name }),
	nullableColumn("description", func(p *everlatch.Policy) *string { return p.Description }),
	metadataColumn("metadata", func(p *everlatch.Policy) everlatch.Metadata { return p.Metadata }),
	timeColumn("created_at", func(p *everlatch.Policy) time.Time { return p.CreatedAt }),
	timeColumn("updated_at", func(p *everlatch.Policy) time.Time { return p.UpdatedAt }),
	nullableTimeColumn("deleted_at", func(p *everlatch.Policy) *time.Time { return p.DeletedAt }),
	nullableColumn("inherited_from_role_id", func(p *everlatch.Policy) *string { return p.InheritedFrom }),
}

var (
	policyFilters = schema{
		{name: "q", kind: kindText},
		{name: "id", kind: kindTexts},
		{name: "key", kind: kindTexts},
		{name: "resource", kind: kindTexts},
		{name: "operation", kind: kindTexts},
	}.dated().combined()
	createPolicyFields = schema{
		{name: "key", kind: kindText, required: true},
		{name: "resource", kind: kindText, required: true},
		{name: "operation", kind: kindText, required: true},
		{name: "name", kind: kindText, nullable: true},
		{name: "description", kind: kindText, nullable: true},
		{name: "metadata", kind: kindRecord, nullable: true},
	}
	updatePolicyFields = schema{
		{name: "key", kind: kindText},
		{name: "resource", kind: kindText},
		{name: "operation", kind: kindText},
		{name: "name", kind: kindText, nullable: true},
		{name: "description", kind: kindText, nullable: true},
		{name: "metadata", kind: kindRecord, nullable: true},
	}
)

const (
	policyPage = 20
	// policyRolesPage is for the roles that have a policy.
	policyRolesPage = 10
)

func policyFilter(in input) store.PolicyFilter {
	return store.PolicyFilter{
		Q: in.plain("q"), IDs: in.texts("id"), Keys: in.texts("key"),
		Resources: in.texts("resource"), Operations: in.texts("operation"),
		CreatedAt: in.times("created_at"), UpdatedAt: in.times("updated_at"), DeletedAt: in.times("deleted_at"),
		And: filters(in, "$and", policyFilter), Or: filters(in, "$or", policyFilter),
	}
}

func (s *Server) listPolicies(c echo.Context) error {
	p, err := s.listed(c, policyShape, policyFilters, policyPage)
	if err != nil {
		return err
	}
	policies, count, err := s.deps.Store.Policies(lookups(c), policyFilter(p.filters), p.Page)
	if err != nil {
		return err
	}
	return writeList(c, "policies", policyTable, p, policies, count)
}

// listAssignablePolicies lists the policies that the caller has.
func (s *Server) listAssignablePolicies(c echo.Context) error {
	p, err := s.listed(c, policyShape, policyFilters, policyPage)
	if err != nil {
		return err
	}
	all, _, err := s.deps.Store.Policies(lookups(c), policyFilter(p.filters), store.Page{Order: p.Order})
	if err != nil {
		return err
	}
	mine := callOf(c).access
	all = slices.DeleteFunc(all, func(p everlatch.Policy) bool { return !mine.Allows(p.Permission()) })
	return writeAssignable(c, "policies", assignablePolicyTable, p, all)
}

// listOwnPermissions lists what the caller may do, with wildcards written out:
// clients look up what they need. It is every administrator's.
func (s *Server) listOwnPermissions(c echo.Context) error {
	all, _, err := s.deps.Store.Policies(lookups(c), store.PolicyFilter{}, store.Page{})
	if err != nil {
		return err
	}
	mine, granted := callOf(c).access, []string{}
	for _, p := range all {
		if p.Resource != everlatch.Wildcard && p.Operation != everlatch.Wildcard && mine.Allows(p.Permission()) {
			granted = append(granted, p.Permission().String())
		}
	}
	slices.Sort(granted)
	return writeJSON(c, append(appendJSON([]byte(`{"permissions":`), granted), '}'))
}

func (s *Server) readPolicy(c echo.Context) error {
	sel, err := s.chosen(c, policyShape)
	if err != nil {
		return err
	}
	policy, err := s.deps.Store.Policy(lookups(c), c.Param("id"))
	if err != nil {
		return err
	}
	return writeWrapped(c, "policy", policyTable, &policy, sel)
}

// createPolicy is for routes of one's own, see [Permit].
func (s *Server) createPolicy(c echo.Context) error {
	in, err := createPolicyFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	sel, err := s.chosen(c, policyShape)
	if err != nil {
		return err
	}
	policy, err := s.accounts.CreatePolicy(lookups(c), everlatch.Policy{
		Key: in.plain("key"), Resource: in.plain("resource"),
		Operation: in.plain("operation"), Name: in.text("name"), Description: in.text("description"),
		Metadata: in.record("metadata"),
	})
	if err != nil {
		return err
	}
	return writeWrapped(c, "policy", policyTable, &policy, sel)
}

func (s *Server) updatePolicy(c echo.Context) error {
	in, err := updatePolicyFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	sel, err := s.chosen(c, policyShape)
	if err != nil {
		return err
	}
	text := func(name string) store.Change[string] {
		return store.Change[string]{Set: in.has(name), Value: in.plain(name)}
	}
	policy, err := s.deps.Store.UpdatePolicy(lookups(c), authority(c), c.Param("id"), store.PolicyPatch{
		Key: text("key"), Resource: text("resource"), Operation: text("operation"),
		Name: in.change("name"), Description: in.change("description"), Metadata: in.metadataChange(),
	})
	if err != nil {
		return err
	}
	return writeWrapped(c, "policy", policyTable, &policy, sel)
}

// deletePolicy takes the policy from every role.
func (s *Server) deletePolicy(c echo.Context) error {
	if err := s.deps.Store.DeletePolicy(lookups(c), authority(c), c.Param("id")); err != nil {
		return err
	}
	return writeDeleted(c, "rbac_policy", c.Param("id"))
}
