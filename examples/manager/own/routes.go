package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/flows"
)

// addRoutes adds what managers ask for. Each route says itself who may.
func (m *Managers) addRoutes(a *app.App, s *api.Server) error {
	form, err := api.NewForm([]everlatch.Field{
		{Name: "email", Kind: everlatch.FieldEmail, Required: true},
		{Name: "name", Kind: everlatch.FieldString, Required: true, MaxLength: 100},
	})
	if err != nil {
		return err
	}
	by := func(o api.AuthOptions) echo.MiddlewareFunc {
		return api.Authenticate([]string{"manager"}, []api.Method{api.MethodBearer, api.MethodSession}, o)
	}
	desk := &desk{managers: m, flows: a.Flows(), form: form}
	s.Echo().POST("/manager", desk.hire, by(api.AuthOptions{AllowUnregistered: true}))
	s.Echo().GET("/manager/me", desk.me, by(api.AuthOptions{}))
	s.Echo().DELETE("/manager/me", desk.dismiss, by(api.AuthOptions{MaxAge: 15 * time.Minute}))
	return s.TrustOrigins("manager", everlatch.OriginsAdmin)
}

// answerWithin is how long a request waits for its workflow, which goes on
// without it.
const answerWithin = 15 * time.Second

// desk answers managers.
type desk struct {
	managers *Managers
	flows    *flows.Client
	form     *api.Form
}

func (d *desk) hire(c echo.Context) error {
	in, err := d.form.Read(c)
	if err != nil {
		return err
	}
	caller, _ := api.AuthContext(c)
	if caller.ActorID != "" {
		return &everlatch.Error{Code: everlatch.CodeInvalidData, Message: "You are a manager already."}
	}
	email, _ := in["email"].(string)
	name, _ := in["name"].(string)
	ctx, cancel := context.WithTimeout(c.Request().Context(), answerWithin)
	defer cancel()
	wanted := HireManagerInput{
		AuthIdentityID: caller.AuthIdentityID,
		Manager:        Manager{ID: "mana_" + rand.Text(), Email: email, Name: name},
	}
	run, err := d.flows.Start(ctx, flows.StartOptions{Subject: caller.AuthIdentityID}, "HireManager", wanted)
	if err != nil {
		return err
	}
	var manager Manager
	if err := run.Get(ctx, &manager); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"manager": manager})
}

func (d *desk) me(c echo.Context) error {
	caller, _ := api.AuthContext(c)
	manager, err := d.managers.find(c.Request().Context(), caller.ActorID)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"manager": manager})
}

func (d *desk) dismiss(c echo.Context) error {
	caller, _ := api.AuthContext(c)
	ctx, cancel := context.WithTimeout(c.Request().Context(), answerWithin)
	defer cancel()
	run, err := d.flows.Start(ctx, flows.StartOptions{Subject: caller.ActorID}, "DismissManager", caller.ActorID)
	if err != nil {
		return err
	}
	if err := run.Get(ctx, nil); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"id": caller.ActorID, "object": "manager", "deleted": true})
}
