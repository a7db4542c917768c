package api

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/store"
)

// groupTable is a customer group (docs/contract.md#s1-2, #s4-7). Inside a customer it has
// another order, and no relations.
var groupTable = append(render.Pick(groupColumns,
	"id", "name", "created_by", "created_at", "updated_at", "deleted_at", "metadata"),
	render.Relation("customers", nestedCustomerTable, func(g *everlatch.CustomerGroup) []everlatch.Customer { return g.Customers }))

var nestedGroupTable = render.Pick(groupColumns,
	"id", "name", "metadata", "created_by", "created_at", "updated_at", "deleted_at")

var (
	groupShape   = render.ShapeOf(groupTable, "customers")
	groupRecords = resource[everlatch.CustomerGroup]{
		name: "customer_group", plural: "customer_groups", table: groupTable, shape: groupShape,
		load: func(s *Server, ctx context.Context, records []everlatch.CustomerGroup, sel query.Selection) error {
			if !groupShape.Shows(sel, "customers") {
				return nil
			}
			return s.deps.Store.LoadGroups(ctx, records)
		},
	}
)

var groupColumns = render.Table[everlatch.CustomerGroup]{
	render.Text("id", func(g *everlatch.CustomerGroup) string { return g.ID }),
	render.Text("name", func(g *everlatch.CustomerGroup) string { return g.Name }),
	render.Metadata("metadata", func(g *everlatch.CustomerGroup) everlatch.Metadata { return g.Metadata }),
	render.NullableText("created_by", func(g *everlatch.CustomerGroup) *string { return g.CreatedBy }),
	render.Time("created_at", func(g *everlatch.CustomerGroup) time.Time { return g.CreatedAt }),
	render.Time("updated_at", func(g *everlatch.CustomerGroup) time.Time { return g.UpdatedAt }),
	render.NullableTime("deleted_at", func(g *everlatch.CustomerGroup) *time.Time { return g.DeletedAt }),
}

var (
	groupFilters = query.Schema{
		query.Search,
		{Name: "id", Kind: query.Texts},
		{Name: "name", Kind: query.Texts},
		{Name: "created_by", Kind: query.Texts},
		{Name: "customers", Kind: query.Related, Of: customerFields},
	}.Dated().Combined()
	createGroupFields = query.Schema{
		{Name: "name", Kind: query.Text, Required: true},
		{Name: "metadata", Kind: query.Record, Nullable: true},
	}
	updateGroupFields = query.Schema{
		{Name: "name", Kind: query.Text},
		{Name: "metadata", Kind: query.Record, Nullable: true},
	}
)

const groupPage = 50

func groupFilter(in query.Input) store.GroupFilter {
	return store.GroupFilter{
		Q: in.Plain("q"), IDs: in.Texts("id"), Names: in.Texts("name"), CreatedBy: in.Texts("created_by"),
		Customer:  query.One(in, "customers", customerFilter),
		CreatedAt: in.Times("created_at"), UpdatedAt: in.Times("updated_at"), DeletedAt: in.Times("deleted_at"),
		And: query.All(in, "$and", groupFilter), Or: query.All(in, "$or", groupFilter),
	}
}

func (s *Server) listGroups(c echo.Context) error {
	return groupRecords.list(s, c, groupFilters, groupPage, func(ctx context.Context, p query.Page) ([]everlatch.CustomerGroup, int, error) {
		return s.deps.Store.Groups(ctx, groupFilter(p.Filters), p.Page)
	})
}

func (s *Server) createGroup(c echo.Context) error {
	return groupRecords.change(s, c, createGroupFields, func(in query.Input) (everlatch.CustomerGroup, error) {
		claims, err := caller(c)
		if err != nil {
			return everlatch.CustomerGroup{}, err
		}
		return s.accounts.CreateGroup(lookups(c), everlatch.CustomerGroup{
			Name: in.Plain("name"), Metadata: in.Record("metadata"), CreatedBy: &claims.ActorID,
		})
	})
}

func (s *Server) readGroup(c echo.Context) error { return groupRecords.show(s, c, s.deps.Store.Group) }

func (s *Server) updateGroup(c echo.Context) error {
	return groupRecords.change(s, c, updateGroupFields, func(in query.Input) (everlatch.CustomerGroup, error) {
		return s.deps.Store.UpdateGroup(lookups(c), c.Param("id"), store.GroupPatch{
			Name: in.TextChange("name"), Metadata: in.MetadataChange(),
		})
	})
}

// deleteGroup leaves the customers of the group as they are.
func (s *Server) deleteGroup(c echo.Context) error {
	if err := s.deps.Store.DeleteGroup(lookups(c), c.Param("id")); err != nil {
		return err
	}
	return writeDeleted(c, "customer_group", c.Param("id"))
}

// changeMembers adds customers to a group and removes others.
func (s *Server) changeMembers(c echo.Context) error {
	return groupRecords.change(s, c, linkFields, func(in query.Input) (everlatch.CustomerGroup, error) {
		id := c.Param("id")
		if err := s.deps.Store.ChangeCustomersOf(lookups(c), id, in.Texts("add"), in.Texts("remove")); err != nil {
			return everlatch.CustomerGroup{}, err
		}
		return s.deps.Store.Group(lookups(c), id)
	})
}

// changeGroups adds a customer to groups and removes it from others.
func (s *Server) changeGroups(c echo.Context) error {
	in, sel, err := s.changed(c, linkFields, adminCustomerShape)
	if err != nil {
		return err
	}
	if err := s.deps.Store.ChangeGroupsOf(lookups(c), c.Param("id"), in.Texts("add"), in.Texts("remove")); err != nil {
		return err
	}
	return s.writeCustomerOfPath(c, sel)
}
