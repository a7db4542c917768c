package api

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

// adminCustomerTable is a customer as administrators see it (docs/contract.md#s4-7).
// Inside a group it has another order, and no relations.
var adminCustomerTable = append(render.Pick(customerColumns,
	"id", "company_name", "first_name", "last_name", "email", "phone", "metadata", "has_account", "created_by",
	"created_at", "updated_at", "deleted_at"),
	render.Relation("addresses", nestedAddressTable, func(c *everlatch.Customer) []everlatch.Address { return c.Addresses }),
	render.Relation("groups", nestedGroupTable, func(c *everlatch.Customer) []everlatch.CustomerGroup { return c.Groups }))

var nestedCustomerTable = render.Pick(customerColumns,
	"id", "company_name", "first_name", "last_name", "email", "phone", "has_account", "metadata", "created_by",
	"created_at", "updated_at", "deleted_at")

var adminCustomerShape = render.ShapeOf(adminCustomerTable, "addresses", "groups")

// customerFields are what a filter can ask of a customer.
var customerFields = query.Schema{
	query.Search,
	{Name: "id", Kind: query.Tests},
	{Name: "email", Kind: query.Texts},
	{Name: "company_name", Kind: query.Texts},
	{Name: "first_name", Kind: query.Texts},
	{Name: "last_name", Kind: query.Texts},
	{Name: "has_account", Kind: query.Flag},
	{Name: "created_by", Kind: query.Texts},
}.Dated()

var customerFilters = customerFields.With(query.Field{
	Name: "groups", Kind: query.Related, Of: query.Schema{{Name: "id", Kind: query.Texts}, {Name: "name", Kind: query.Texts}}.Dated(),
}).Combined()

// additionalData is for hooks, and ignored where there are none.
var additionalData = query.Field{Name: hookField, Kind: query.Record, Nullable: true}

// adminCustomerFields are what an administrator may set.
var adminCustomerFields = createCustomerFields.With(additionalData)

const customerPage = 50

func customerFilter(in query.Input) store.CustomerFilter {
	return store.CustomerFilter{
		Q: in.Plain("q"), ID: in.Tests("id"), Emails: in.Texts("email"), CompanyNames: in.Texts("company_name"),
		FirstNames: in.Texts("first_name"), LastNames: in.Texts("last_name"), CreatedBy: in.Texts("created_by"),
		HasAccount: in.Flag("has_account"), Group: query.One(in, "groups", groupFilter),
		CreatedAt: in.Times("created_at"), UpdatedAt: in.Times("updated_at"), DeletedAt: in.Times("deleted_at"),
		And: query.All(in, "$and", customerFilter), Or: query.All(in, "$or", customerFilter),
	}
}

func (s *Server) listCustomers(c echo.Context) error {
	p, err := s.listed(c, adminCustomerShape, customerFilters, customerPage)
	if err != nil {
		return err
	}
	customers, count, err := s.deps.Store.Customers(lookups(c), customerFilter(p.Filters), p.Page)
	if err != nil {
		return err
	}
	if err := s.deps.Store.LoadCustomers(lookups(c), customers, relationsOf(p.Selection)); err != nil {
		return err
	}
	return writeList(c, "customers", adminCustomerTable, p, customers, count)
}

// relationsOf are the relations that a selection shows.
func relationsOf(sel query.Selection) store.CustomerRelations {
	return store.CustomerRelations{
		Addresses: adminCustomerShape.Shows(sel, "addresses"), Groups: adminCustomerShape.Shows(sel, "groups"),
	}
}

// createGuest creates a customer without an account: an account belongs to an
// identity, which only the customer can register.
func (s *Server) createGuest(c echo.Context) error {
	in, sel, err := s.customerChange(c)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	customer, err := s.accounts.CreateGuest(lookups(c), everlatch.Customer{
		Email: in.Text("email"), CompanyName: in.Text("company_name"),
		FirstName: in.Text("first_name"), LastName: in.Text("last_name"), Phone: in.Text("phone"),
		Metadata: in.Record("metadata"), CreatedBy: &claims.ActorID,
	})
	if err != nil {
		return err
	}
	return s.writeAdminCustomer(c, customer, sel)
}

func (s *Server) readCustomerByID(c echo.Context) error {
	sel, err := s.selected(c, adminCustomerShape)
	if err != nil {
		return err
	}
	customer, err := s.customerOfPath(c, s.customerReader(adminCustomerShape, sel))
	if err != nil {
		return err
	}
	return s.writeAdminCustomer(c, customer, sel)
}

// customerOfPath reads the customer of the path. The contract has its own
// message for one that does not exist.
func (s *Server) customerOfPath(
	c echo.Context, read func(context.Context, string) (everlatch.Customer, error),
) (everlatch.Customer, error) {
	customer, err := read(lookups(c), c.Param("id"))
	if errors.Is(err, everlatch.ErrNotFound) {
		err = errNoCustomer(c.Param("id"))
	}
	return customer, err
}

// writeAdminCustomer shows a customer whose addresses have been read.
func (s *Server) writeAdminCustomer(c echo.Context, customer everlatch.Customer, sel query.Selection) error {
	customer, err := s.withGroups(c, customer, sel)
	if err != nil {
		return err
	}
	return writeWrapped(c, "customer", adminCustomerTable, &customer, sel)
}

// withGroups adds the groups of a customer if the selection shows them.
func (s *Server) withGroups(c echo.Context, customer everlatch.Customer, sel query.Selection) (everlatch.Customer, error) {
	return s.withRelations(c, customer, store.CustomerRelations{Groups: relationsOf(sel).Groups})
}

// withRelations reads what belongs to a customer and is to be shown.
func (s *Server) withRelations(c echo.Context, customer everlatch.Customer, with store.CustomerRelations) (everlatch.Customer, error) {
	one := []everlatch.Customer{customer}
	err := s.deps.Store.LoadCustomers(lookups(c), one, with)
	return one[0], err
}

// updateCustomerByID may change the e-mail of an account, and with it the login
// that has the previous one (docs/weak-spots.md#w13).
func (s *Server) updateCustomerByID(c echo.Context) error {
	in, sel, err := s.customerChange(c)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	if in.Has("email") {
		if err := s.demandOver(c, everlatch.ActorCustomer, c.Param("id")); err != nil {
			return err
		}
	}
	customer, err := s.accounts.UpdateCustomer(lookups(c), c.Param("id"), store.CustomerPatch{
		Email: in.Change("email"), ChangedBy: store.Actor{Type: claims.ActorType, ID: claims.ActorID},
		CompanyName: in.Change("company_name"), FirstName: in.Change("first_name"),
		LastName: in.Change("last_name"), Phone: in.Change("phone"), Metadata: in.MetadataChange(),
	})
	if err != nil {
		return err
	}
	if customer, err = s.withRelations(c, customer, relationsOf(sel)); err != nil {
		return err
	}
	return writeWrapped(c, "customer", adminCustomerTable, &customer, sel)
}

// customerChange validates what creation and update share.
func (s *Server) customerChange(c echo.Context) (query.Input, query.Selection, error) {
	in, err := adminCustomerFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return nil, query.Selection{}, err
	}
	sel, err := s.selected(c, adminCustomerShape)
	return in, sel, err
}

// removeCustomer ends a customer's account with everything issued to it, or a
// guest. An unknown one counts as removed (recorded: admin-delete-customer-unknown).
func (s *Server) removeCustomer(c echo.Context) error {
	if err := s.demandOver(c, everlatch.ActorCustomer, c.Param("id")); err != nil {
		return err
	}
	if err := s.deps.Flows.RemoveCustomerAccount(c.Request().Context(), c.Param("id")); err != nil {
		return err
	}
	return writeDeleted(c, "customer", c.Param("id"))
}
