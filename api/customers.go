package api

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/store"
)

// customerTable is a customer as /store shows it (docs/contract.md#s4-4).
var customerTable = append(render.Pick(customerColumns,
	"id", "email", "company_name", "first_name", "last_name", "phone", "metadata", "has_account", "deleted_at",
	"created_at", "updated_at"),
	render.Relation("addresses", nestedAddressTable, func(c *everlatch.Customer) []everlatch.Address { return c.Addresses }))

// customerColumns are all columns of a customer except relations.
var customerColumns = render.Table[everlatch.Customer]{
	render.Text("id", func(c *everlatch.Customer) string { return c.ID }),
	render.NullableText("email", func(c *everlatch.Customer) *string { return c.Email }),
	render.NullableText("company_name", func(c *everlatch.Customer) *string { return c.CompanyName }),
	render.NullableText("first_name", func(c *everlatch.Customer) *string { return c.FirstName }),
	render.NullableText("last_name", func(c *everlatch.Customer) *string { return c.LastName }),
	render.NullableText("phone", func(c *everlatch.Customer) *string { return c.Phone }),
	render.Metadata("metadata", func(c *everlatch.Customer) everlatch.Metadata { return c.Metadata }),
	render.Bool("has_account", func(c *everlatch.Customer) bool { return c.HasAccount }),
	render.NullableText("created_by", func(c *everlatch.Customer) *string { return c.CreatedBy }),
	render.Time("created_at", func(c *everlatch.Customer) time.Time { return c.CreatedAt }),
	render.Time("updated_at", func(c *everlatch.Customer) time.Time { return c.UpdatedAt }),
	render.NullableTime("deleted_at", func(c *everlatch.Customer) *time.Time { return c.DeletedAt }),
}

var customerShape = render.ShapeOf(customerTable)

// profileFields are what customers may change about themselves.
var profileFields = query.Schema{
	{Name: "company_name", Kind: query.Text, Nullable: true},
	{Name: "first_name", Kind: query.Text, Nullable: true},
	{Name: "last_name", Kind: query.Text, Nullable: true},
	{Name: "phone", Kind: query.Text, Nullable: true},
	{Name: "metadata", Kind: query.Record, Nullable: true},
}

var createCustomerFields = append(query.Schema{{Name: "email", Kind: query.Email, Nullable: true}}, profileFields...)

// createCustomer gives the signed-in identity a customer account. The flow
// chooses its e-mail, because it knows the address of the identity (docs/weak-spots.md#w5).
func (s *Server) createCustomer(c echo.Context) error {
	in, sel, err := s.changed(c, createCustomerFields.With(additionalData), customerShape)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	if claims.ActorID != "" {
		return errHasActor(everlatch.ActorCustomer)
	}
	if err := s.requireVerified(c, claims.Principal()); err != nil {
		return err
	}
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	customer, err := s.deps.Flows.CreateCustomerAccount(c.Request().Context(), flows.CustomerAccountRequest{
		AuthIdentityID: claims.AuthIdentityID,
		Customer:       customerOf(in),
		IdempotencyKey: key,
	})
	if err != nil {
		return err
	}
	return writeWrapped(c, "customer", customerTable, &customer, sel)
}

// customerOf returns the profile in a body.
func customerOf(in query.Input) everlatch.Customer {
	return everlatch.Customer{
		Email: in.Text("email"), CompanyName: in.Text("company_name"), FirstName: in.Text("first_name"),
		LastName: in.Text("last_name"), Phone: in.Text("phone"), Metadata: in.Record("metadata"),
	}
}

// readCustomer is the hot path: one query for the standing of a token and its customer,
// two for a session.
func (s *Server) readCustomer(c echo.Context) error {
	sel, err := s.selected(c, customerShape)
	if err != nil {
		return err
	}
	if customer := callOf(c).auth.Customer(); customer != nil {
		return writeWrapped(c, "customer", customerTable, customer, sel)
	}
	return s.writeCustomer(c, sel)
}

// writeCustomer shows the caller's customer.
func (s *Server) writeCustomer(c echo.Context, sel query.Selection) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	customer, err := s.customerReader(customerShape, sel)(lookups(c), claims.ActorID)
	if err != nil {
		return err
	}
	return writeWrapped(c, "customer", customerTable, &customer, sel)
}

// customerReader reads the addresses of a customer only to show them.
func (s *Server) customerReader(shape query.Shape, sel query.Selection) func(context.Context, string) (everlatch.Customer, error) {
	if shape.Shows(sel, "addresses") {
		return s.deps.Store.Customer
	}
	return s.deps.Store.PlainCustomer
}

func (s *Server) updateCustomer(c echo.Context) error {
	in, sel, err := s.changed(c, profileFields, customerShape)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	customer, err := s.deps.Store.UpdateCustomer(lookups(c), claims.ActorID, store.CustomerPatch{
		CompanyName: in.Change("company_name"), FirstName: in.Change("first_name"),
		LastName: in.Change("last_name"), Phone: in.Change("phone"), Metadata: in.MetadataChange(),
	})
	if err != nil {
		return err
	}
	customer, err = s.withRelations(c, customer, store.CustomerRelations{Addresses: customerShape.Shows(sel, "addresses")})
	if err != nil {
		return err
	}
	return writeWrapped(c, "customer", customerTable, &customer, sel)
}
