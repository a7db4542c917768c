package api

import (
	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/wire"
)

// The addresses of any customer (docs/contract.md#s4-7). What an address consists of is
// in addresses.go.

// adminAddressShape leaves out what Medusa does not show administrators by
// default.
var adminAddressShape = render.ShapeOf(addressTable, "is_default_shipping", "is_default_billing")

var (
	adminAddressFilters = addressFilters.With(query.Field{Name: "company", Kind: query.Texts}, query.Field{Name: "province", Kind: query.Texts})
	adminAddressFields  = addressFields.With(additionalData)
)

func (s *Server) listAddressesOf(c echo.Context) error {
	p, err := s.listed(c, adminAddressShape, adminAddressFilters, addressPage)
	if err != nil {
		return err
	}
	return s.writeAddresses(c, c.Param("id"), p)
}

func (s *Server) readAddressOf(c echo.Context) error {
	sel, err := s.selected(c, adminAddressShape)
	if err != nil {
		return err
	}
	address, err := s.deps.Store.Address(lookups(c), c.Param("id"), c.Param("address_id"))
	if err != nil {
		return err
	}
	return writeWrapped(c, "address", addressTable, &address, sel)
}

// createAddressOf answers with the customer, like every change of an address.
func (s *Server) createAddressOf(c echo.Context) error {
	in, sel, err := s.adminAddressChange(c)
	if err != nil {
		return err
	}
	if _, err = s.accounts.CreateAddress(lookups(c), newAddress(c.Param("id"), in)); err != nil {
		return err
	}
	return s.writeCustomerOfPath(c, sel)
}

func (s *Server) updateAddressOf(c echo.Context) error {
	in, sel, err := s.adminAddressChange(c)
	if err != nil {
		return err
	}
	_, err = s.deps.Store.UpdateAddress(lookups(c), c.Param("id"), c.Param("address_id"), addressPatch(in))
	if err != nil {
		return err
	}
	return s.writeCustomerOfPath(c, sel)
}

// deleteAddressOf deletes only what belongs to the customer of the path.
func (s *Server) deleteAddressOf(c echo.Context) error {
	sel, err := s.selected(c, adminCustomerShape)
	if err != nil {
		return err
	}
	id := c.Param("address_id")
	if err := s.deps.Store.DeleteAddress(lookups(c), c.Param("id"), id); err != nil {
		return err
	}
	customer, err := s.customerOfPath(c, s.customerReader(adminCustomerShape, sel))
	if err != nil {
		return err
	}
	if customer, err = s.withGroups(c, customer, sel); err != nil {
		return err
	}
	b := wire.AppendText([]byte(`{"id":`), id)
	b = append(b, `,"object":"customer_address","deleted":true,"parent":`...)
	return writeJSON(c, append(adminCustomerTable.Append(b, &customer, sel), '}'))
}

// adminAddressChange validates what creation and update share.
func (s *Server) adminAddressChange(c echo.Context) (query.Input, query.Selection, error) {
	in, err := adminAddressFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return nil, query.Selection{}, err
	}
	sel, err := s.selected(c, adminCustomerShape)
	return in, sel, err
}

// writeCustomerOfPath shows the customer of the path.
func (s *Server) writeCustomerOfPath(c echo.Context, sel query.Selection) error {
	customer, err := s.customerOfPath(c, s.customerReader(adminCustomerShape, sel))
	if err != nil {
		return err
	}
	return s.writeAdminCustomer(c, customer, sel)
}
