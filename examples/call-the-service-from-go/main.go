// Command call-the-service-from-go is the service with a route for administrators that
// notes what a customer has paid for. docs/guides/call-the-service-from-go.md walks
// through it; the program in its folder shop is another process.
package main

import (
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
)

func main() {
	cli.Main(app.WithOwnRoutes(addRoutes))
}

func addRoutes(a *app.App, s *api.Server) error {
	plans := &plans{service: a.Auth()}
	s.Echo().POST("/admin/plans", plans.set) // administrators and secret API keys
	s.Echo().POST("/admin/plans/ask", plans.ask)
	s.Echo().POST("/admin/plans/confirm", plans.confirm)
	return nil
}
