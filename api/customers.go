package api

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/store"
)

// customerTable is a customer as /store shows it (contract 4.4).
var customerTable = append(pick(customerColumns,
	"id", "email", "company_name", "first_name", "last_name", "phone", "metadata", "has_account", "deleted_at",
	"created_at", "updated_at"),
	relationColumn("addresses", nestedAddressTable, func(c *everlatch.Customer) []everlatch.Address { return c.Addresses }))

// customerColumns are all that a customer has, but for relations.
var customerColumns = table[everlatch.Customer]{
	textColumn("id", func(c *everlatch.Customer) string { return c.ID }),
	nullableColumn("email", func(c *everlatch.Customer) *string { return c.Email }),
	nullableColumn("company_name", func(c *everlatch.Customer) *string { return c.CompanyName }),
	nullableColumn("first_name", func(c *everlatch.Customer) *string { return c.FirstName }),
	nullableColumn("last_name", func(c *everlatch.Customer) *string { return c.LastName }),
	nullableColumn("phone", func(c *everlatch.Customer) *string { return c.Phone }),
	metadataColumn("metadata", func(c *everlatch.Customer) everlatch.Metadata { return c.Metadata }),
	boolColumn("has_account", func(c *everlatch.Customer) bool { return c.HasAccount }),
	nullableColumn("created_by", func(c *everlatch.Customer) *string { return c.CreatedBy }),
	timeColumn("created_at", func(c *everlatch.Customer) time.Time { return c.CreatedAt }),
	timeColumn("updated_at", func(c *everlatch.Customer) time.Time { return c.UpdatedAt }),
	nullableTimeColumn("deleted_at", func(c *everlatch.Customer) *time.Time { return c.DeletedAt }),
}

var customerShape = shapeOf(customerTable)

// profileFields are what a customer may say about themselves.
var profileFields = schema{
	{name: "company_name", kind: kindText, nullable: true},
	{name: "first_name", kind: kindText, nullable: true},
	{name: "last_name", kind: kindText, nullable: true},
	{name: "phone", kind: kindText, nullable: true},
	{name: "metadata", kind: kindRecord, nullable: true},
}

var createCustomerFields = append(schema{{name: "email", kind: kindEmail, nullable: true}}, profileFields...)

// createCustomer gives the signed-in identity a customer account. Which e-mail
// that has is for the dance to say, which knows the identity's own (W5).
func (s *Server) createCustomer(c echo.Context) error {
	in, err := createCustomerFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	sel, err := s.chosen(c, customerShape)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	if claims.ActorID != "" {
		return invalidData("Request already authenticated as a customer.")
	}
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	customer, err := s.deps.Flows.CreateCustomerAccount(c.Request().Context(), flows.CustomerAccountRequest{
		AuthIdentityID: claims.AuthIdentityID,
		Customer:       in.customer(),
		IdempotencyKey: key,
	})
	if err != nil {
		return err
	}
	return writeWrapped(c, "customer", customerTable, &customer, sel)
}

// customer is what a person wrote about themselves.
func (in input) customer() everlatch.Customer {
	return everlatch.Customer{
		Email: in.text("email"), CompanyName: in.text("company_name"), FirstName: in.text("first_name"),
		LastName: in.text("last_name"), Phone: in.text("phone"), Metadata: in.record("metadata"),
	}
}

// readCustomer is the hot path: two queries, one for the token's standing.
func (s *Server) readCustomer(c echo.Context) error {
	sel, err := s.chosen(c, customerShape)
	if err != nil {
		return err
	}
	return s.writeCustomer(c, sel)
}

// writeCustomer shows the caller's customer.
func (s *Server) writeCustomer(c echo.Context, sel selection) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	customer, err := s.deps.Store.Customer(lookups(c), claims.ActorID)
	if err != nil {
		return err
	}
	return writeWrapped(c, "customer", customerTable, &customer, sel)
}

func (s *Server) updateCustomer(c echo.Context) error {
	in, err := profileFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	sel, err := s.chosen(c, customerShape)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	customer, err := s.deps.Store.UpdateCustomer(lookups(c), claims.ActorID, store.CustomerPatch{
		CompanyName: in.change("company_name"), FirstName: in.change("first_name"),
		LastName: in.change("last_name"), Phone: in.change("phone"), Metadata: in.metadataChange(),
	})
	if err != nil {
		return err
	}
	return writeWrapped(c, "customer", customerTable, &customer, sel)
}

// change is an update of a text column: null clears it.
func (in input) change(name string) store.Change[*string] {
	return store.Change[*string]{Set: in.has(name), Value: in.text(name)}
}

func (in input) metadataChange() store.Change[everlatch.Metadata] {
	return store.Change[everlatch.Metadata]{Set: in.has("metadata"), Value: in.record("metadata")}
}

func invalidData(message string) error {
	return &everlatch.Error{Code: everlatch.CodeInvalidData, Message: message}
}
