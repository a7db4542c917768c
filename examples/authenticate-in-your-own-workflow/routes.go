package main

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/flows"
)

// addRoutes adds POST /apply, with which a person applies.
func addRoutes(a *app.App, s *api.Server) error {
	form, err := api.NewForm([]everlatch.Field{
		{Name: "email", Kind: everlatch.FieldEmail, Required: true},
		{Name: "password", Kind: everlatch.FieldString, Required: true},
		{Name: "name", Kind: everlatch.FieldString, Required: true},
		{Name: "size", Kind: everlatch.FieldString},
	})
	if err != nil {
		return err
	}
	s.Echo().POST("/apply", func(c echo.Context) error { return apply(c, form, a.Flows()) })
	return nil
}

// apply starts the workflow and waits for its result.
func apply(c echo.Context, form *api.Form, client *flows.Client) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), 15*time.Second)
	defer cancel()
	in, err := form.Read(c)
	if err != nil {
		return err
	}
	text := func(field string) string { value, _ := in[field].(string); return value }
	request, err := seal(ctx, client, text("email"), text("password"))
	if err != nil {
		return err
	}
	run, err := client.Start(ctx, flows.StartOptions{
		IdempotencyKey: c.Request().Header.Get("Idempotency-Key"), Request: in,
	}, "HireCourier", Application{Email: text("email"), Name: text("name"), Size: text("size"), Request: request})
	if err != nil {
		return err
	}
	var courier Courier
	if err := run.Get(ctx, &courier); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"courier": courier})
}
