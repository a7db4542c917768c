package api

import "github.com/labstack/echo/v4"

// featureFlags tells the Medusa admin dashboard, before anybody signs in, which
// of its parts there is something behind (contract 9.2). Those that it does not
// find are off.
func (s *Server) featureFlags(c echo.Context) error {
	return writeJSON(c, []byte(`{"feature_flags":{"rbac":false,"translation":false,"view_configurations":false}}`))
}
