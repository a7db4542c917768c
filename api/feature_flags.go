package api

import (
	"strconv"

	"github.com/labstack/echo/v4"
)

// featureFlags tells the Medusa admin dashboard, before anybody signs in, which
// of its parts there is something behind (contract 9.2). Those that it does not
// find are off.
func (s *Server) featureFlags(c echo.Context) error {
	b := strconv.AppendBool([]byte(`{"feature_flags":{"rbac":`), s.opts.RBAC)
	return writeJSON(c, append(b, `,"translation":false,"view_configurations":false}}`...))
}
