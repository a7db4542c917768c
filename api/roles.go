package api

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// roleTable is a role (contract 4.8). Its policies, the inherited ones too, are
// shown when somebody asks.
var roleTable = append(roleColumns,
	relationColumn("policies", nestedPolicyTable, func(r *everlatch.Role) []everlatch.Policy { return r.Policies }))

var roleShape = shapeOf(roleTable, "policies")

// assignableRoleTable is what whoever chooses roles needs to know.
var assignableRoleTable = pick(roleColumns, "id", "name", "description")

var roleColumns = table[everlatch.Role]{
	textColumn("id", func(r *everlatch.Role) string { return r.ID }),
	textColumn("name", func(r *everlatch.Role) string { return r.Name }),
	nullableColumn("parent_id", func(r *everlatch.Role) *string { return r.ParentID }),
	nullableColumn("description", func(r *everlatch.Role) *string { return r.Description }),
	metadataColumn("metadata", func(r *everlatch.Role) everlatch.Metadata { return r.Metadata }),
	timeColumn("created_at", func(r *everlatch.Role) time.Time { return r.CreatedAt }),
	timeColumn("updated_at", func(r *everlatch.Role) time.Time { return r.UpdatedAt }),
	nullableTimeColumn("deleted_at", func(r *everlatch.Role) *time.Time { return r.DeletedAt }),
}

var (
	roleFilters = schema{
		{name: "q", kind: kindText},
		{name: "id", kind: kindTexts},
		{name: "name", kind: kindTexts},
		{name: "parent_id", kind: kindTexts},
	}.dated().combined()
	createRoleFields = schema{
		{name: "name", kind: kindText, required: true},
		{name: "parent_id", kind: kindText, nullable: true},
		{name: "description", kind: kindText, nullable: true},
		{name: "metadata", kind: kindRecord, nullable: true},
		{name: "policy_ids", kind: kindList},
	}
	updateRoleFields = schema{
		{name: "name", kind: kindText},
		{name: "parent_id", kind: kindText, nullable: true},
		{name: "description", kind: kindText, nullable: true},
		{name: "metadata", kind: kindRecord, nullable: true},
	}
)

const rolePage = 50

func roleFilter(in input) store.RoleFilter {
	return store.RoleFilter{
		Q: in.plain("q"), IDs: in.texts("id"), Names: in.texts("name"), Parents: in.texts("parent_id"),
		CreatedAt: in.times("created_at"), UpdatedAt: in.times("updated_at"), DeletedAt: in.times("deleted_at"),
		And: filters(in, "$and", roleFilter), Or: filters(in, "$or", roleFilter),
	}
}

func (s *Server) listRoles(c echo.Context) error {
	p, err := s.listed(c, roleShape, roleFilters, rolePage)
	if err != nil {
		return err
	}
	return s.writeRoles(c, p, roleFilter(p.filters))
}

// writeRoles answers with a page of roles.
func (s *Server) writeRoles(c echo.Context, p page, f store.RoleFilter) error {
	roles, count, err := s.deps.Store.Roles(lookups(c), f, p.Page)
	if err != nil {
		return err
	}
	if roleShape.shows(p.selection, "policies") {
		if err := s.deps.Store.LoadPolicies(lookups(c), roles); err != nil {
			return err
		}
	}
	return writeList(c, "roles", roleTable, p, roles, count)
}

// listAssignableRoles lists the roles that give nothing that the caller lacks.
func (s *Server) listAssignableRoles(c echo.Context) error {
	p, err := s.listed(c, roleShape, roleFilters, rolePage)
	if err != nil {
		return err
	}
	all, _, err := s.deps.Store.Roles(lookups(c), roleFilter(p.filters), store.Page{Order: p.Order})
	if err != nil {
		return err
	}
	if err := s.deps.Store.LoadPolicies(lookups(c), all); err != nil {
		return err
	}
	mine := callOf(c).access
	var out []everlatch.Role
	for _, r := range all {
		if mine.Allows(permissionsOf(r.Policies)...) {
			out = append(out, r)
		}
	}
	return writeAssignable(c, "roles", assignableRoleTable, p, out)
}

func permissionsOf(policies []everlatch.Policy) []everlatch.Permission {
	out := make([]everlatch.Permission, len(policies))
	for i, p := range policies {
		out[i] = p.Permission()
	}
	return out
}

// writeAssignable renders {<name>: […], count}, with the count of all.
func writeAssignable[T any](c echo.Context, name string, t table[T], p page, all []T) error {
	from := min(p.Offset, len(all))
	shown := all[from:min(from+p.Limit, len(all))]
	b := appendInt(append(appendRecords(nil, name, t, shown), `,"count":`...), len(all))
	return writeJSON(c, append(b, '}'))
}

// appendRecords writes {<name>: […], all columns of each.
func appendRecords[T any](b []byte, name string, t table[T], records []T) []byte {
	b = append(b, `{"`+name+`":[`...)
	for i := range records {
		if i > 0 {
			b = append(b, ',')
		}
		b = t.append(b, &records[i], shapeOf(t).defaults)
	}
	return append(b, ']')
}

func (s *Server) readRole(c echo.Context) error {
	sel, err := s.chosen(c, roleShape)
	if err != nil {
		return err
	}
	role, err := s.deps.Store.Role(lookups(c), c.Param("id"))
	if err != nil {
		return err
	}
	return s.writeRole(c, role, sel)
}

func (s *Server) createRole(c echo.Context) error {
	in, err := createRoleFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	policyIDs, err := idsIn(in, "policy_ids", 0)
	if err != nil {
		return err
	}
	sel, err := s.chosen(c, roleShape)
	if err != nil {
		return err
	}
	role, err := s.accounts.CreateRole(lookups(c), authority(c), everlatch.Role{
		Name: in.plain("name"), ParentID: in.text("parent_id"),
		Description: in.text("description"), Metadata: in.record("metadata"),
	}, policyIDs)
	if err != nil {
		return err
	}
	return s.writeRole(c, role, sel)
}

func (s *Server) updateRole(c echo.Context) error {
	in, err := updateRoleFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	sel, err := s.chosen(c, roleShape)
	if err != nil {
		return err
	}
	role, err := s.deps.Store.UpdateRole(lookups(c), authority(c), c.Param("id"), store.RolePatch{
		Name:        store.Change[string]{Set: in.has("name"), Value: in.plain("name")},
		Description: in.change("description"), Parent: in.change("parent_id"), Metadata: in.metadataChange(),
	})
	if err != nil {
		return err
	}
	return s.writeRole(c, role, sel)
}

func (s *Server) writeRole(c echo.Context, role everlatch.Role, sel selection) error {
	shown := []everlatch.Role{role}
	if roleShape.shows(sel, "policies") {
		if err := s.deps.Store.LoadPolicies(lookups(c), shown); err != nil {
			return err
		}
	}
	return writeWrapped(c, "role", roleTable, &shown[0], sel)
}

// deleteRole takes what the role gave from everybody who had it.
func (s *Server) deleteRole(c echo.Context) error {
	if err := s.deps.Store.DeleteRole(lookups(c), authority(c), c.Param("id")); err != nil {
		return err
	}
	return writeDeleted(c, "rbac_role", c.Param("id"))
}
