package main

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
)

type plans struct{ service auth.Service }

// set notes the plan of the customer who signs in with an address.
func (p *plans) set(c echo.Context) error {
	var order struct{ Email, Plan string }
	if err := c.Bind(&order); err != nil {
		return err
	}
	ctx := c.Request().Context()
	found, err := p.service.ListAuthIdentities(ctx, auth.AuthIdentityFilter{
		Links: map[string]auth.Condition[string]{"customer": {}}, // any customer
		ProviderIdentities: &auth.ProviderIdentityFilter{
			EntityKey: auth.Eq(strings.ToLower(order.Email)),
		},
	}, auth.FindConfig{Take: 1})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return &everlatch.Error{Code: everlatch.CodeNotFound, Message: "No customer signs in with this address."}
	}
	changed, err := p.service.UpdateAuthIdentities(ctx, auth.AuthIdentityUpdate{
		ID: found[0].ID, AppMetadata: everlatch.Metadata{"plan": order.Plan},
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, changed[0].AppMetadata)
}
