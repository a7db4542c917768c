package api

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// adminCustomerTable is a customer as administrators see it (contract 4.7).
// Inside a group it has another order, and no relations.
var adminCustomerTable = append(pick(customerColumns,
	"id", "company_name", "first_name", "last_name", "email", "phone", "metadata", "has_account", "created_by",
	"created_at", "updated_at", "deleted_at"),
	relationColumn("addresses", nestedAddressTable, func(c *everlatch.Customer) []everlatch.Address { return c.Addresses }),
	relationColumn("groups", nestedGroupTable, func(c *everlatch.Customer) []everlatch.CustomerGroup { return c.Groups }))

var nestedCustomerTable = pick(customerColumns,
	"id", "company_name", "first_name", "last_name", "email", "phone", "has_account", "metadata", "created_by",
	"created_at", "updated_at", "deleted_at")

var adminCustomerShape = shapeOf(adminCustomerTable, "addresses", "groups")

// customerFields are what a filter can ask of a customer.
var customerFields = schema{
	{name: "q", kind: kindText},
	{name: "id", kind: kindTests},
	{name: "email", kind: kindTexts},
	{name: "company_name", kind: kindTexts},
	{name: "first_name", kind: kindTexts},
	{name: "last_name", kind: kindTexts},
	{name: "has_account", kind: kindFlag},
	{name: "created_by", kind: kindTexts},
}.dated()

var customerFilters = customerFields.with(field{
	name: "groups", kind: kindRelated, of: schema{{name: "id", kind: kindTexts}, {name: "name", kind: kindTexts}}.dated(),
}).combined()

// additionalData is for hooks, of which there are none; clients may send it.
var additionalData = field{name: "additional_data", kind: kindRecord, nullable: true}

// adminCustomerFields are what an administrator may say about a customer.
var adminCustomerFields = createCustomerFields.with(additionalData)

const customerPage = 50

func customerFilter(in input) store.CustomerFilter {
	return store.CustomerFilter{
		Q: in.plain("q"), ID: in.tests("id"), Emails: in.texts("email"), CompanyNames: in.texts("company_name"),
		FirstNames: in.texts("first_name"), LastNames: in.texts("last_name"), CreatedBy: in.texts("created_by"),
		HasAccount: in.flag("has_account"), Group: related(in, "groups", groupFilter),
		CreatedAt: in.times("created_at"), UpdatedAt: in.times("updated_at"), DeletedAt: in.times("deleted_at"),
		And: filters(in, "$and", customerFilter), Or: filters(in, "$or", customerFilter),
	}
}

func (s *Server) listCustomers(c echo.Context) error {
	p, err := s.listed(c, adminCustomerShape, customerFilters, customerPage)
	if err != nil {
		return err
	}
	customers, count, err := s.deps.Store.Customers(lookups(c), customerFilter(p.filters), p.Page)
	if err != nil {
		return err
	}
	if err := s.deps.Store.LoadCustomers(lookups(c), customers, relationsOf(p.selection)); err != nil {
		return err
	}
	return writeList(c, "customers", adminCustomerTable, p, customers, count)
}

// relationsOf are the relations that a selection shows.
func relationsOf(sel selection) store.CustomerRelations {
	return store.CustomerRelations{
		Addresses: adminCustomerShape.shows(sel, "addresses"), Groups: adminCustomerShape.shows(sel, "groups"),
	}
}

// createGuest creates a customer without an account: an account belongs to an
// identity, which only the person can register.
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
		Email: in.text("email"), CompanyName: in.text("company_name"),
		FirstName: in.text("first_name"), LastName: in.text("last_name"), Phone: in.text("phone"),
		Metadata: in.record("metadata"), CreatedBy: &claims.ActorID,
	})
	if err != nil {
		return err
	}
	return s.writeAdminCustomer(c, customer, sel)
}

func (s *Server) readCustomerByID(c echo.Context) error {
	sel, err := s.chosen(c, adminCustomerShape)
	if err != nil {
		return err
	}
	customer, err := s.customerOfPath(c)
	if err != nil {
		return err
	}
	return s.writeAdminCustomer(c, customer, sel)
}

// customerOfPath reads the customer of the path. The contract has words of its own
// for one that is not there.
func (s *Server) customerOfPath(c echo.Context) (everlatch.Customer, error) {
	customer, err := s.deps.Store.Customer(lookups(c), c.Param("id"))
	if errors.Is(err, everlatch.ErrNotFound) {
		err = &everlatch.Error{Code: everlatch.CodeNotFound, Message: "Customer with id: " + c.Param("id") + " not found"}
	}
	return customer, err
}

// writeAdminCustomer shows a customer that was read with its addresses.
func (s *Server) writeAdminCustomer(c echo.Context, customer everlatch.Customer, sel selection) error {
	customer, err := s.withGroups(c, customer, sel)
	if err != nil {
		return err
	}
	return writeWrapped(c, "customer", adminCustomerTable, &customer, sel)
}

// withGroups adds the groups of a customer where they are to be shown.
func (s *Server) withGroups(c echo.Context, customer everlatch.Customer, sel selection) (everlatch.Customer, error) {
	if !relationsOf(sel).Groups {
		return customer, nil
	}
	one := []everlatch.Customer{customer}
	err := s.deps.Store.LoadCustomers(lookups(c), one, store.CustomerRelations{Groups: true})
	return one[0], err
}

// updateCustomerByID may change the e-mail of an account, and what the person
// signs in with where it was the former one (W13).
func (s *Server) updateCustomerByID(c echo.Context) error {
	in, sel, err := s.customerChange(c)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	customer, err := s.accounts.UpdateCustomer(lookups(c), c.Param("id"), store.CustomerPatch{
		Email: in.change("email"), ChangedBy: store.Actor{Type: claims.ActorType, ID: claims.ActorID},
		CompanyName: in.change("company_name"), FirstName: in.change("first_name"),
		LastName: in.change("last_name"), Phone: in.change("phone"), Metadata: in.metadataChange(),
	})
	if err != nil {
		return err
	}
	return s.writeAdminCustomer(c, customer, sel)
}

// customerChange validates what creation and update share.
func (s *Server) customerChange(c echo.Context) (input, selection, error) {
	in, err := adminCustomerFields.checkBody(callOf(c).body)
	if err != nil {
		return nil, selection{}, err
	}
	sel, err := s.chosen(c, adminCustomerShape)
	return in, sel, err
}

// removeCustomer ends a customer's account with everything issued to it, or a
// guest. An unknown one counts as removed (recorded: admin-delete-customer-unknown).
func (s *Server) removeCustomer(c echo.Context) error {
	if err := s.deps.Flows.RemoveCustomerAccount(c.Request().Context(), c.Param("id")); err != nil {
		return err
	}
	return writeDeleted(c, "customer", c.Param("id"))
}
