package main

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/internal/store"
)

// addRoutes adds GET /manager/customers: those who shop, for managers whom
// somebody has approved.
func addRoutes(a *app.App, s *api.Server) error {
	desk := &desk{managers: a.Actors("manager"), store: a.Store()}
	managersOnly := api.Authenticate([]string{"manager"}, []api.Method{api.MethodBearer, api.MethodSession}, api.AuthOptions{})
	s.Echo().GET("/manager/customers", desk.customers, managersOnly)
	return nil
}

// desk answers managers.
type desk struct {
	managers everlatch.ActorStore
	store    *store.Store
}

func (d *desk) customers(c echo.Context) error {
	ctx := c.Request().Context()
	caller, _ := api.AuthContext(c) // the middleware has let them through
	manager, err := d.managers.Find(ctx, caller.ActorID)
	if err != nil {
		return err
	}
	if manager.Data["approved"] != true {
		return &everlatch.Error{Code: everlatch.CodeForbidden, Message: "Wait until somebody has approved you."}
	}
	customers, count, err := d.store.Customers(ctx, store.CustomerFilter{}, store.Page{Limit: 10, Order: "-created_at"})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"customers": customers, "count": count})
}
