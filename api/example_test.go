package api_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
)

// A custom route for a custom actor type: only vendors who are signed in get in,
// by bearer token or by session.
func ExampleAuthenticate() {
	addRoutes := func(s *api.Server) {
		vendorsOnly := api.Authenticate([]string{"vendor"}, []api.Method{api.MethodBearer, api.MethodSession}, api.AuthOptions{})
		s.Echo().GET("/vendors/me", func(c echo.Context) error {
			vendor, _ := api.AuthContext(c)
			return c.JSON(http.StatusOK, map[string]string{"hello": vendor.ActorID})
		}, vendorsOnly)
	}
	fmt.Println(answer(addRoutes, "GET /vendors/me"))
	// Output: 401 {"message":"Unauthorized"}
}

// A custom route for all callers, which recognizes those who are signed in.
func ExampleAuthOptions() {
	addRoutes := func(s *api.Server) {
		anyone := api.Authenticate([]string{"vendor"}, []api.Method{api.MethodBearer}, api.AuthOptions{AllowUnauthenticated: true})
		s.Echo().GET("/catalog", func(c echo.Context) error {
			_, isVendor := api.AuthContext(c)
			return c.JSON(http.StatusOK, map[string]bool{"with_purchase_prices": isVendor})
		}, anyone)
	}
	fmt.Println(answer(addRoutes, "GET /catalog"))
	// Output: 200 {"with_purchase_prices":false}
}

// answer serves routes and returns what a request without a token is answered.
func answer(addRoutes func(*api.Server), request string) string {
	cfg, err := config.Load(config.Sources{Flags: map[string]any{
		"database.url": "sqlite://:memory:", "temporal.address": "127.0.0.1:7233",
	}})
	if err != nil {
		return err.Error()
	}
	if err := cfg.Generate(""); err != nil {
		return err.Error()
	}
	var handler http.Handler
	a, err := app.New(context.Background(), cfg, app.WithMigrations(), app.WithParts(app.API),
		app.WithActorType(everlatch.ActorType{Name: "vendor", Fields: []everlatch.Field{{Name: "name", Kind: everlatch.FieldString}}}),
		app.WithRoutes(func(s *api.Server) {
			addRoutes(s)
			handler = s.Handler()
		}))
	if err != nil {
		return err.Error()
	}
	defer func() { _ = a.Close() }()
	method, path, _ := strings.Cut(request, " ")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(method, path, http.NoBody))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(w.Code, " ", string(body))
}
