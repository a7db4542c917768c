package main

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/app"
)

// addRoutes adds GET /manager/customers: the customers, for approved managers.
func addRoutes(a *app.App, s *api.Server) error {
	desk := &desk{app: a}
	managersOnly := api.Authenticate([]string{"manager"}, []api.Method{api.MethodBearer, api.MethodSession}, api.AuthOptions{})
	s.Echo().GET("/manager/customers", desk.customers, managersOnly)
	return nil
}

// desk answers managers.
type desk struct{ app *app.App }

func (d *desk) customers(c echo.Context) error {
	ctx := c.Request().Context()
	caller, _ := api.AuthContext(c) // the middleware let only managers through
	manager, err := d.app.Actors("manager").Find(ctx, caller.ActorID)
	if err != nil {
		return err
	}
	if manager.Data["approved"] != true {
		return &everlatch.Error{Code: everlatch.CodeForbidden, Message: "An administrator must approve you first."}
	}
	customers, count, err := d.app.Customers(ctx, app.Page{Limit: 10, Order: "-created_at"})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"customers": customers, "count": count})
}
