package api

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/wire"
)

// addressTable is an address by itself. Inside a customer it has another order
// and deleted_at: the contract's two renderings differ (recorded).
var addressTable = render.Pick(addressColumns,
	"id", "address_name", "company", "customer_id", "first_name", "last_name", "address_1", "address_2", "city",
	"province", "postal_code", "country_code", "phone", "metadata", "is_default_shipping", "is_default_billing",
	"created_at", "updated_at")

var nestedAddressTable = render.Pick(addressColumns,
	"id", "address_name", "is_default_shipping", "is_default_billing", "company", "first_name", "last_name",
	"address_1", "address_2", "city", "country_code", "province", "postal_code", "phone", "metadata",
	"customer_id", "created_at", "updated_at", "deleted_at")

var addressShape = render.ShapeOf(addressTable)

var addressColumns = render.Table[everlatch.Address]{
	render.Text("id", func(a *everlatch.Address) string { return a.ID }),
	render.Text("customer_id", func(a *everlatch.Address) string { return a.CustomerID }),
	render.NullableText("address_name", func(a *everlatch.Address) *string { return a.AddressName }),
	render.NullableText("company", func(a *everlatch.Address) *string { return a.Company }),
	render.NullableText("first_name", func(a *everlatch.Address) *string { return a.FirstName }),
	render.NullableText("last_name", func(a *everlatch.Address) *string { return a.LastName }),
	render.NullableText("address_1", func(a *everlatch.Address) *string { return a.Address1 }),
	render.NullableText("address_2", func(a *everlatch.Address) *string { return a.Address2 }),
	render.NullableText("city", func(a *everlatch.Address) *string { return a.City }),
	render.NullableText("country_code", func(a *everlatch.Address) *string { return a.CountryCode }),
	render.NullableText("province", func(a *everlatch.Address) *string { return a.Province }),
	render.NullableText("postal_code", func(a *everlatch.Address) *string { return a.PostalCode }),
	render.NullableText("phone", func(a *everlatch.Address) *string { return a.Phone }),
	render.Metadata("metadata", func(a *everlatch.Address) everlatch.Metadata { return a.Metadata }),
	render.Bool("is_default_shipping", func(a *everlatch.Address) bool { return a.IsDefaultShipping }),
	render.Bool("is_default_billing", func(a *everlatch.Address) bool { return a.IsDefaultBilling }),
	render.Time("created_at", func(a *everlatch.Address) time.Time { return a.CreatedAt }),
	render.Time("updated_at", func(a *everlatch.Address) time.Time { return a.UpdatedAt }),
	render.NullableTime("deleted_at", func(a *everlatch.Address) *time.Time { return a.DeletedAt }),
}

var addressFields = query.Schema{
	{Name: "metadata", Kind: query.Record, Nullable: true},
	{Name: "is_default_shipping", Kind: query.Boolean},
	{Name: "is_default_billing", Kind: query.Boolean},
	{Name: "company", Kind: query.Text, Nullable: true},
	{Name: "first_name", Kind: query.Text, Nullable: true},
	{Name: "last_name", Kind: query.Text, Nullable: true},
	{Name: "address_1", Kind: query.Text, Nullable: true},
	{Name: "address_2", Kind: query.Text, Nullable: true},
	{Name: "city", Kind: query.Text, Nullable: true},
	{Name: "country_code", Kind: query.Text, Nullable: true},
	{Name: "province", Kind: query.Text, Nullable: true},
	{Name: "postal_code", Kind: query.Text, Nullable: true},
	{Name: "phone", Kind: query.Text, Nullable: true},
	{Name: "address_name", Kind: query.Text, Nullable: true},
}

// addressFilters are those of /store; administrators have two more.
var addressFilters = query.Schema{
	query.Search,
	{Name: "city", Kind: query.Texts},
	{Name: "country_code", Kind: query.Texts},
	{Name: "postal_code", Kind: query.Texts},
	query.WithDeleted,
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

func (s *Server) writeAddresses(c echo.Context, customerID string, p query.Page) error {
	addresses, count, err := s.deps.Store.Addresses(lookups(c), customerID, store.AddressFilter{
		Q: p.Filters.Plain("q"), Companies: p.Filters.Texts("company"), Cities: p.Filters.Texts("city"),
		CountryCodes: p.Filters.Texts("country_code"), Provinces: p.Filters.Texts("province"),
		PostalCodes: p.Filters.Texts("postal_code"),
	}, p.Page)
	if err != nil {
		return err
	}
	return writeList(c, "addresses", addressTable, p, addresses, count)
}

func (s *Server) readAddress(c echo.Context) error {
	sel, err := s.selected(c, addressShape)
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

func newAddress(customerID string, in query.Input) everlatch.Address {
	return everlatch.Address{
		CustomerID:  customerID,
		AddressName: in.Text("address_name"), Company: in.Text("company"),
		FirstName: in.Text("first_name"), LastName: in.Text("last_name"),
		Address1: in.Text("address_1"), Address2: in.Text("address_2"), City: in.Text("city"),
		CountryCode: in.Text("country_code"), Province: in.Text("province"), PostalCode: in.Text("postal_code"),
		Phone: in.Text("phone"), Metadata: in.Record("metadata"),
		IsDefaultShipping: in.Bool("is_default_shipping"), IsDefaultBilling: in.Bool("is_default_billing"),
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

func addressPatch(in query.Input) store.AddressPatch {
	return store.AddressPatch{
		AddressName: in.Change("address_name"), Company: in.Change("company"),
		FirstName: in.Change("first_name"), LastName: in.Change("last_name"),
		Address1: in.Change("address_1"), Address2: in.Change("address_2"), City: in.Change("city"),
		CountryCode: in.Change("country_code"), Province: in.Change("province"), PostalCode: in.Change("postal_code"),
		Phone: in.Change("phone"), Metadata: in.MetadataChange(),
		IsDefaultShipping: in.BoolChange("is_default_shipping"), IsDefaultBilling: in.BoolChange("is_default_billing"),
	}
}

// deleteAddress answers with the id of the customer: Medusa does (recorded).
func (s *Server) deleteAddress(c echo.Context) error {
	sel, err := s.selected(c, customerShape)
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
	b := wire.AppendText([]byte(`{"id":`), claims.ActorID)
	b = append(b, `,"object":"address","deleted":true,"parent":`...)
	return writeJSON(c, append(customerTable.Append(b, &customer, sel), '}'))
}

// addressChange validates what both changes of an address share.
func (s *Server) addressChange(c echo.Context) (query.Input, query.Selection, *tokens.Claims, error) {
	in, err := addressFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return nil, query.Selection{}, nil, err
	}
	sel, err := s.selected(c, customerShape)
	if err != nil {
		return nil, query.Selection{}, nil, err
	}
	claims, err := caller(c)
	return in, sel, claims, err
}
