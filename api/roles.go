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

// roleTable is a role (docs/contract.md#s4-8). Its policies, inherited ones included,
// are shown on request.
var roleTable = append(roleColumns,
	render.Relation("policies", nestedPolicyTable, func(r *everlatch.Role) []everlatch.Policy { return r.Policies }))

var (
	roleShape   = render.ShapeOf(roleTable, "policies")
	roleRecords = resource[everlatch.Role]{
		name: "role", plural: "roles", table: roleTable, shape: roleShape,
		load: func(s *Server, ctx context.Context, records []everlatch.Role, sel query.Selection) error {
			if !roleShape.Shows(sel, "policies") {
				return nil
			}
			return s.deps.Store.LoadPolicies(ctx, records)
		},
	}
)

// assignableRoleTable is what a list of roles to choose from shows.
var assignableRoleTable = render.Pick(roleColumns, "id", "name", "description")

var roleColumns = render.Table[everlatch.Role]{
	render.Text("id", func(r *everlatch.Role) string { return r.ID }),
	render.Text("name", func(r *everlatch.Role) string { return r.Name }),
	render.NullableText("parent_id", func(r *everlatch.Role) *string { return r.ParentID }),
	render.NullableText("description", func(r *everlatch.Role) *string { return r.Description }),
	render.Metadata("metadata", func(r *everlatch.Role) everlatch.Metadata { return r.Metadata }),
	render.Time("created_at", func(r *everlatch.Role) time.Time { return r.CreatedAt }),
	render.Time("updated_at", func(r *everlatch.Role) time.Time { return r.UpdatedAt }),
	render.NullableTime("deleted_at", func(r *everlatch.Role) *time.Time { return r.DeletedAt }),
}

var (
	roleFilters = query.Schema{
		query.Search,
		{Name: "id", Kind: query.Texts},
		{Name: "name", Kind: query.Texts},
		{Name: "parent_id", Kind: query.Texts},
	}.Dated().Combined()
	createRoleFields = query.Schema{
		{Name: "name", Kind: query.Text, Required: true},
		{Name: "parent_id", Kind: query.Text, Nullable: true},
		{Name: "description", Kind: query.Text, Nullable: true},
		{Name: "metadata", Kind: query.Record, Nullable: true},
		{Name: "policy_ids", Kind: query.List},
	}
	updateRoleFields = query.Schema{
		{Name: "name", Kind: query.Text},
		{Name: "parent_id", Kind: query.Text, Nullable: true},
		{Name: "description", Kind: query.Text, Nullable: true},
		{Name: "metadata", Kind: query.Record, Nullable: true},
	}
)

const rolePage = 50

func roleFilter(in query.Input) store.RoleFilter {
	return store.RoleFilter{
		Q: in.Plain("q"), IDs: in.Texts("id"), Names: in.Texts("name"), Parents: in.Texts("parent_id"),
		CreatedAt: in.Times("created_at"), UpdatedAt: in.Times("updated_at"), DeletedAt: in.Times("deleted_at"),
		And: query.All(in, "$and", roleFilter), Or: query.All(in, "$or", roleFilter),
	}
}

func (s *Server) listRoles(c echo.Context) error {
	return roleRecords.list(s, c, roleFilters, rolePage, func(ctx context.Context, p query.Page) ([]everlatch.Role, int, error) {
		return s.deps.Store.Roles(ctx, roleFilter(p.Filters), p.Page)
	})
}

// listAssignableRoles lists the roles that give nothing that the caller lacks.
func (s *Server) listAssignableRoles(c echo.Context) error {
	p, err := s.listed(c, roleShape, roleFilters, rolePage)
	if err != nil {
		return err
	}
	all, _, err := s.deps.Store.Roles(lookups(c), roleFilter(p.Filters), store.Page{Order: p.Order})
	if err != nil {
		return err
	}
	if err := s.deps.Store.LoadPolicies(lookups(c), all); err != nil {
		return err
	}
	mine := callOf(c).auth.Access()
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
func writeAssignable[T any](c echo.Context, name string, t render.Table[T], p query.Page, all []T) error {
	shown := all[min(p.Offset, len(all)):]
	shown = shown[:min(p.Limit, len(shown))]
	b := wire.AppendInt(append(appendRecords(nil, name, t, shown), `,"count":`...), len(all))
	return writeJSON(c, append(b, '}'))
}

// appendRecords writes {<name>: […], all columns of each.
func appendRecords[T any](b []byte, name string, t render.Table[T], records []T) []byte {
	return t.AppendAll(append(b, `{"`+name+`":`...), records, render.ShapeOf(t).Defaults())
}

func (s *Server) readRole(c echo.Context) error { return roleRecords.show(s, c, s.deps.Store.Role) }

func (s *Server) createRole(c echo.Context) error {
	in, err := createRoleFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	policyIDs, err := in.IDs("policy_ids", 0)
	if err != nil {
		return err
	}
	sel, err := s.selected(c, roleShape)
	if err != nil {
		return err
	}
	role, err := s.accounts.CreateRole(lookups(c), authority(c), everlatch.Role{
		Name: in.Plain("name"), ParentID: in.Text("parent_id"),
		Description: in.Text("description"), Metadata: in.Record("metadata"),
	}, policyIDs)
	if err != nil {
		return err
	}
	return roleRecords.write(s, c, role, sel)
}

func (s *Server) updateRole(c echo.Context) error {
	return roleRecords.change(s, c, updateRoleFields, func(in query.Input) (everlatch.Role, error) {
		return s.deps.Store.UpdateRole(lookups(c), authority(c), c.Param("id"), store.RolePatch{
			Name:        in.TextChange("name"),
			Description: in.Change("description"), Parent: in.Change("parent_id"), Metadata: in.MetadataChange(),
		})
	})
}

// deleteRole takes the role from every user who has it.
func (s *Server) deleteRole(c echo.Context) error {
	if err := s.deps.Store.DeleteRole(lookups(c), authority(c), c.Param("id")); err != nil {
		return err
	}
	return writeDeleted(c, "rbac_role", c.Param("id"))
}
