package api_test

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/api"
)

// A custom route for a custom actor type: only vendors who are
// signed in get in, by bearer token or by session.
func ExampleAuthenticate() {
	hello := func(c echo.Context) error {
		vendor, _ := api.AuthContext(c)
		return c.JSON(http.StatusOK, map[string]string{"hello": vendor.ActorID})
	}
	mount := func(s *api.Server) { // give it to app.WithRoutes
		s.Echo().GET("/vendors/me", hello,
			api.Authenticate([]string{"vendor"}, []api.Method{api.MethodBearer, api.MethodSession}, api.AuthOptions{}))
	}
	fmt.Println(mount != nil)
	// Output: true
}

// The first request of a vendor comes with a registration token, which has no
// actor yet; the route creates it.
func ExampleAuthOptions() {
	create := func(c echo.Context) error {
		vendor, _ := api.AuthContext(c)
		if vendor.ActorID != "" {
			return echo.NewHTTPError(http.StatusBadRequest, "You are a vendor already.")
		}
		return c.JSON(http.StatusOK, map[string]any{"identity": vendor.AuthIdentityID, "name": api.Body(c)["name"]})
	}
	mount := func(s *api.Server) {
		s.Echo().POST("/vendors", create,
			api.Authenticate([]string{"vendor"}, []api.Method{api.MethodBearer}, api.AuthOptions{AllowUnregistered: true}))
	}
	fmt.Println(mount != nil)
	// Output: true
}
