package api

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
)

// addressTable is an address by itself. Inside a customer it has another order
// and deleted_at: the contract's two renderings differ (recorded).
var addressTable = pick(addressColumns,
	"id", "address_name", "company", "customer_id", "first_name", "last_name", "address_1", "address_2", "city",
	"province", "postal_code", "country_code", "phone", "metadata", "is_default_shipping", "is_default_billing",
	"created_at", "updated_at")

var nestedAddressTable = pick(addressColumns,
	"id", "address_name", "is_default_shipping", "is_default_billing", "company", "first_name", "last_name",
	"address_1", "address_2", "city", "country_code", "province", "postal_code", "phone", "metadata",
	"customer_id", "created_at", "updated_at", "deleted_at")

var addressShape = shapeOf(addressTable)

var addressColumns = table[everlatch.Address]{
	textColumn("id", func(a *everlatch.Address) string { return a.ID }),
	textColumn("customer_id", func(a *everlatch.Address) string { return a.CustomerID }),
	nullableColumn("address_name", func(a *everlatch.Address) *string { return a.AddressName }),
	nullableColumn("company", func(a *everlatch.Address) *string { return a.Company }),
	nullableColumn("first_name", func(a *everlatch.Address) *string { return a.FirstName }),
	nullableColumn("last_name", func(a *everlatch.Address) *string { return a.LastName }),
	nullableColumn("address_1", func(a *everlatch.Address) *string { return a.Address1 }),
	nullableColumn("address_2", func(a *everlatch.Address) *string { return a.Address2 }),
	nullableColumn("city", func(a *everlatch.Address) *string { return a.City }),
	nullableColumn("country_code", func(a *everlatch.Address) *string { return a.CountryCode }),
	nullableColumn("province", func(a *everlatch.Address) *string { return a.Province }),
	nullableColumn("postal_code", func(a *everlatch.Address) *string { return a.PostalCode }),
	nullableColumn("phone", func(a *everlatch.Address) *string { return a.Phone }),
	metadataColumn("metadata", func(a *everlatch.Address) everlatch.Metadata { return a.Metadata }),
	boolColumn("is_default_shipping", func(a *everlatch.Address) bool { return a.IsDefaultShipping }),
	boolColumn("is_default_billing", func(a *everlatch.Address) bool { return a.IsDefaultBilling }),
	timeColumn("created_at", func(a *everlatch.Address) time.Time { return a.CreatedAt }),
	timeColumn("updated_at", func(a *everlatch.Address) time.Time { return a.UpdatedAt }),
	nullableTimeColumn("deleted_at", func(a *everlatch.Address) *time.Time { return a.DeletedAt }),
}

// pick orders columns by name.
func pick[T any](from table[T], names ...string) table[T] {
	out := make(table[T], 0, len(names))
	for _, name := range names {
		for _, c := range from {
			if c.name == name {
				out = append(out, c)
			}
		}
	}
	return out
}

var addressFields = schema{
	{name: "metadata", kind: kindRecord, nullable: true},
	{name: "is_default_shipping", kind: kindBoolean},
	{name: "is_default_billing", kind: kindBoolean},
	{name: "company", kind: kindText, nullable: true},
	{name: "first_name", kind: kindText, nullable: true},
	{name: "last_name", kind: kindText, nullable: true},
	{name: "address_1", kind: kindText, nullable: true},
	{name: "address_2", kind: kindText, nullable: true},
	{name: "city", kind: kindText, nullable: true},
	{name: "country_code", kind: kindText, nullable: true},
	{name: "province", kind: kindText, nullable: true},
	{name: "postal_code", kind: kindText, nullable: true},
	{name: "phone", kind: kindText, nullable: true},
	{name: "address_name", kind: kindText, nullable: true},
}

// addressFilters are those of /store; administrators have two more.
var addressFilters = schema{
	{name: "q", kind: kindText},
	{name: "city", kind: kindTexts},
	{name: "country_code", kind: kindTexts},
	{name: "postal_code", kind: kindTexts},
	withDeleted,
}

const addressPage = 50

func (s *Server) listAddresses(c echo.Context) error {
	p, err := s.listed(c, addressShape, addressFilters, addressPage)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	return s.writeAddresses(c, claims.ActorID, p)
}

func (s *Server) writeAddresses(c echo.Context, customerID string, p page) error {
	addresses, count, err := s.deps.Store.Addresses(lookups(c), customerID, store.AddressFilter{
		Q: p.filters.plain("q"), Companies: p.filters.texts("company"), Cities: p.filters.texts("city"),
		CountryCodes: p.filters.texts("country_code"), Provinces: p.filters.texts("province"),
		PostalCodes: p.filters.texts("postal_code"),
	}, p.Page)
	if err != nil {
		return err
	}
	return writeList(c, "addresses", addressTable, p, addresses, count)
}

func (s *Server) readAddress(c echo.Context) error {
	sel, err := s.chosen(c, addressShape)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	address, err := s.deps.Store.Address(lookups(c), claims.ActorID, c.Param("address_id"))
	if err != nil {
		return err
	}
	return writeWrapped(c, "address", addressTable, &address, sel)
}

// createAddress answers with the customer, like every change of an address.
func (s *Server) createAddress(c echo.Context) error {
	in, sel, claims, err := s.addressChange(c)
	if err != nil {
		return err
	}
	if _, err = s.accounts.CreateAddress(lookups(c), newAddress(claims.ActorID, in)); err != nil {
		return err
	}
	return s.writeCustomer(c, sel)
}

func newAddress(customerID string, in input) everlatch.Address {
	return everlatch.Address{
		CustomerID:  customerID,
		AddressName: in.text("address_name"), Company: in.text("company"),
		FirstName: in.text("first_name"), LastName: in.text("last_name"),
		Address1: in.text("address_1"), Address2: in.text("address_2"), City: in.text("city"),
		CountryCode: in.text("country_code"), Province: in.text("province"), PostalCode: in.text("postal_code"),
		Phone: in.text("phone"), Metadata: in.record("metadata"),
		IsDefaultShipping: in.boolean("is_default_shipping"), IsDefaultBilling: in.boolean("is_default_billing"),
	}
}

func (s *Server) updateAddress(c echo.Context) error {
	in, sel, claims, err := s.addressChange(c)
	if err != nil {
		return err
	}
	if _, err = s.deps.Store.UpdateAddress(lookups(c), claims.ActorID, c.Param("address_id"), addressPatch(in)); err != nil {
		return err
	}
	return s.writeCustomer(c, sel)
}

func addressPatch(in input) store.AddressPatch {
	return store.AddressPatch{
		AddressName: in.change("address_name"), Company: in.change("company"),
		FirstName: in.change("first_name"), LastName: in.change("last_name"),
		Address1: in.change("address_1"), Address2: in.change("address_2"), City: in.change("city"),
		CountryCode: in.change("country_code"), Province: in.change("province"), PostalCode: in.change("postal_code"),
		Phone: in.change("phone"), Metadata: in.metadataChange(),
		IsDefaultShipping: in.switchTo("is_default_shipping"), IsDefaultBilling: in.switchTo("is_default_billing"),
	}
}

// deleteAddress answers with the id of the customer: Medusa does (recorded).
func (s *Server) deleteAddress(c echo.Context) error {
	sel, err := s.chosen(c, customerShape)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	if err := s.deps.Store.DeleteAddress(lookups(c), claims.ActorID, c.Param("address_id")); err != nil {
		return err
	}
	customer, err := s.deps.Store.Customer(lookups(c), claims.ActorID)
	if err != nil {
		return err
	}
	b := appendText([]byte(`{"id":`), claims.ActorID)
	b = append(b, `,"object":"address","deleted":true,"parent":`...)
	return writeJSON(c, append(customerTable.append(b, &customer, sel), '}'))
}

func (in input) switchTo(name string) store.Change[bool] {
	return store.Change[bool]{Set: in.has(name), Value: in.boolean(name)}
}

// addressChange validates what both changes of an address share.
func (s *Server) addressChange(c echo.Context) (input, selection, *tokens.Claims, error) {
	in, err := addressFields.checkBody(callOf(c).body)
	if err != nil {
		return nil, selection{}, nil, err
	}
	sel, err := s.chosen(c, customerShape)
	if err != nil {
		return nil, selection{}, nil, err
	}
	claims, err := caller(c)
	return in, sel, claims, err
}
