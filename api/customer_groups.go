package api

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// groupTable is a customer group (contract 1.2, 4.7). Inside a customer it has
// another order, and no relations.
var groupTable = append(pick(groupColumns,
	"id", "name", "created_by", "created_at", "updated_at", "deleted_at", "metadata"),
	relationColumn("customers", nestedCustomerTable, func(g *everlatch.CustomerGroup) []everlatch.Customer { return g.Customers }))

var nestedGroupTable = pick(groupColumns,
	"id", "name", "metadata", "created_by", "created_at", "updated_at", "deleted_at")

var groupShape = shapeOf(groupTable, "customers")

var groupColumns = table[everlatch.CustomerGroup]{
	textColumn("id", func(g *everlatch.CustomerGroup) string { return g.ID }),
	textColumn("name", func(g *everlatch.CustomerGroup) string { return g.Name }),
	metadataColumn("metadata", func(g *everlatch.CustomerGroup) everlatch.Metadata { return g.Metadata }),
	nullableColumn("created_by", func(g *everlatch.CustomerGroup) *string { return g.CreatedBy }),
	timeColumn("created_at", func(g *everlatch.CustomerGroup) time.Time { return g.CreatedAt }),
	timeColumn("updated_at", func(g *everlatch.CustomerGroup) time.Time { return g.UpdatedAt }),
	nullableTimeColumn("deleted_at", func(g *everlatch.CustomerGroup) *time.Time { return g.DeletedAt }),
}

var (
	groupFilters = schema{
		{name: "q", kind: kindText},
		{name: "id", kind: kindTexts},
		{name: "name", kind: kindTexts},
		{name: "created_by", kind: kindTexts},
		{name: "customers", kind: kindRelated, of: customerFields},
	}.dated().combined()
	createGroupFields = schema{
		{name: "name", kind: kindText, required: true},
		{name: "metadata", kind: kindRecord, nullable: true},
	}
	updateGroupFields = schema{
		{name: "name", kind: kindText},
		{name: "metadata", kind: kindRecord, nullable: true},
	}
)

const groupPage = 50

func groupFilter(in input) store.GroupFilter {
	return store.GroupFilter{
		Q: in.plain("q"), IDs: in.texts("id"), Names: in.texts("name"), CreatedBy: in.texts("created_by"),
		Customer:  related(in, "customers", customerFilter),
		CreatedAt: in.times("created_at"), UpdatedAt: in.times("updated_at"), DeletedAt: in.times("deleted_at"),
		And: filters(in, "$and", groupFilter), Or: filters(in, "$or", groupFilter),
	}
}

func (s *Server) listGroups(c echo.Context) error {
	p, err := s.listed(c, groupShape, groupFilters, groupPage)
	if err != nil {
		return err
	}
	groups, count, err := s.deps.Store.Groups(lookups(c), groupFilter(p.filters), p.Page)
	if err != nil {
		return err
	}
	if groupShape.shows(p.selection, "customers") {
		if err := s.deps.Store.LoadGroups(lookups(c), groups); err != nil {
			return err
		}
	}
	return writeList(c, "customer_groups", groupTable, p, groups, count)
}

func (s *Server) createGroup(c echo.Context) error {
	in, err := createGroupFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	sel, err := s.chosen(c, groupShape)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	group, err := s.accounts.CreateGroup(lookups(c), everlatch.CustomerGroup{
		Name: in.plain("name"), Metadata: in.record("metadata"),
		CreatedBy: &claims.ActorID,
	})
	if err != nil {
		return err
	}
	return s.writeGroup(c, group, sel)
}

func (s *Server) readGroup(c echo.Context) error {
	sel, err := s.chosen(c, groupShape)
	if err != nil {
		return err
	}
	group, err := s.deps.Store.Group(lookups(c), c.Param("id"))
	if err != nil {
		return err
	}
	return s.writeGroup(c, group, sel)
}

func (s *Server) updateGroup(c echo.Context) error {
	in, err := updateGroupFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	sel, err := s.chosen(c, groupShape)
	if err != nil {
		return err
	}
	group, err := s.deps.Store.UpdateGroup(lookups(c), c.Param("id"), store.GroupPatch{
		Name: store.Change[string]{Set: in.has("name"), Value: in.plain("name")}, Metadata: in.metadataChange(),
	})
	if err != nil {
		return err
	}
	return s.writeGroup(c, group, sel)
}

func (s *Server) writeGroup(c echo.Context, group everlatch.CustomerGroup, sel selection) error {
	shown := []everlatch.CustomerGroup{group}
	if groupShape.shows(sel, "customers") {
		if err := s.deps.Store.LoadGroups(lookups(c), shown); err != nil {
			return err
		}
	}
	return writeWrapped(c, "customer_group", groupTable, &shown[0], sel)
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
	in, err := linkFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	sel, err := s.chosen(c, groupShape)
	if err != nil {
		return err
	}
	id := c.Param("id")
	if err := s.deps.Store.ChangeCustomersOf(lookups(c), id, in.texts("add"), in.texts("remove")); err != nil {
		return err
	}
	group, err := s.deps.Store.Group(lookups(c), id)
	if err != nil {
		return err
	}
	return s.writeGroup(c, group, sel)
}

// changeGroups adds a customer to groups and removes it from others.
func (s *Server) changeGroups(c echo.Context) error {
	in, err := linkFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	sel, err := s.chosen(c, adminCustomerShape)
	if err != nil {
		return err
	}
	if err := s.deps.Store.ChangeGroupsOf(lookups(c), c.Param("id"), in.texts("add"), in.texts("remove")); err != nil {
		return err
	}
	return s.writeCustomerOfPath(c, sel)
}
