package api

import "github.com/labstack/echo/v4"

// The addresses of any customer (contract 4.7). What an address consists of is
// in addresses.go.

// adminAddressShape leaves out what Medusa does not show administrators by
// default.
var adminAddressShape = shapeOf(addressTable, "is_default_shipping", "is_default_billing")

var (
	adminAddressFilters = addressFilters.with(field{name: "company", kind: kindTexts}, field{name: "province", kind: kindTexts})
	adminAddressFields  = addressFields.with(additionalData)
)

func (s *Server) listAddressesOf(c echo.Context) error {
	p, err := s.listed(c, adminAddressShape, adminAddressFilters, addressPage)
	if err != nil {
		return err
	}
	return s.writeAddresses(c, c.Param("id"), p)
}

func (s *Server) readAddressOf(c echo.Context) error {
	sel, err := s.chosen(c, adminAddressShape)
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
	sel, err := s.chosen(c, adminCustomerShape)
	if err != nil {
		return err
	}
	id := c.Param("address_id")
	if err := s.deps.Store.DeleteAddress(lookups(c), c.Param("id"), id); err != nil {
		return err
	}
	customer, err := s.customerOfPath(c)
	if err != nil {
		return err
	}
	if customer, err = s.withGroups(c, customer, sel); err != nil {
		return err
	}
	b := appendText([]byte(`{"id":`), id)
	b = append(b, `,"object":"customer_address","deleted":true,"parent":`...)
	return writeJSON(c, append(adminCustomerTable.append(b, &customer, sel), '}'))
}

// adminAddressChange validates what creation and update share.
func (s *Server) adminAddressChange(c echo.Context) (input, selection, error) {
	in, err := adminAddressFields.checkBody(callOf(c).body)
	if err != nil {
		return nil, selection{}, err
	}
	sel, err := s.chosen(c, adminCustomerShape)
	return in, sel, err
}

// writeCustomerOfPath shows the customer of the path.
func (s *Server) writeCustomerOfPath(c echo.Context, sel selection) error {
	customer, err := s.customerOfPath(c)
	if err != nil {
		return err
	}
	return s.writeAdminCustomer(c, customer, sel)
}
