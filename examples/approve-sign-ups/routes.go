package main

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/app"
)

// addRoutes adds the list of sign-ups that wait, and the decision about one of them.
// Under /admin, both are for administrators only.
func addRoutes(a *app.App, s *api.Server) error {
	form, err := api.NewForm([]everlatch.Field{
		{Name: "flow_id", Kind: everlatch.FieldString, Required: true},
		{Name: "approve", Kind: everlatch.FieldBoolean, Required: true},
		{Name: "reason", Kind: everlatch.FieldString},
	})
	if err != nil {
		return err
	}
	s.Echo().GET("/admin/sign-ups", func(c echo.Context) error { return list(c, a) })
	s.Echo().POST("/admin/sign-ups", func(c echo.Context) error { return decide(c, a, form) })
	return nil
}

// list shows the sign-ups that wait: those of which an event tells that they do, and
// none that they are decided.
func list(c echo.Context, a *app.App) error {
	waiting, err := eventsOf(c.Request().Context(), a, everlatch.EventApprovalRequested)
	if err != nil {
		return err
	}
	for _, name := range []string{everlatch.EventApprovalGranted, everlatch.EventApprovalRefused} {
		over, err := eventsOf(c.Request().Context(), a, name)
		if err != nil {
			return err
		}
		waiting = slices.DeleteFunc(waiting, func(w everlatch.Event) bool {
			return slices.ContainsFunc(over, func(o everlatch.Event) bool {
				return o.Data["flow_id"] == w.Data["flow_id"] && o.CreatedAt.After(w.CreatedAt)
			})
		})
	}
	out := make([]everlatch.Metadata, len(waiting))
	for i, e := range waiting {
		out[i] = everlatch.Metadata{"flow_id": e.Data["flow_id"], "email": e.Data["email"], "since": e.CreatedAt}
	}
	return c.JSON(http.StatusOK, map[string]any{"sign_ups": out})
}

func eventsOf(ctx context.Context, a *app.App, name string) ([]everlatch.Event, error) {
	now := time.Now()
	return a.EventsBetween(ctx, name, now.Add(-decideWithin-time.Hour), now.Add(time.Hour))
}

// decide tells the hook of a flow what an administrator has decided.
func decide(c echo.Context, a *app.App, form *api.Form) error {
	in, err := form.Read(c)
	if err != nil {
		return err
	}
	flow, _ := in["flow_id"].(string)
	approve, _ := in["approve"].(bool)
	reason, _ := in["reason"].(string)
	hook := a.Flows().Hook(c.Request().Context(), flow, everlatch.HookBeforeAccountCreated, "ApproveSignUp")
	if err := hook.Signal(c.Request().Context(), "decision", Decision{approve, reason}); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]bool{"decided": true})
}
