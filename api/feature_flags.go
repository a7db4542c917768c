package api

import (
	"strconv"

	"github.com/labstack/echo/v4"
)

// featureFlags tells the Medusa admin dashboard, before the sign-in, which of
// its parts work here (docs/contract.md#s9-2). A missing flag is off.
func (s *Server) featureFlags(c echo.Context) error {
	b := strconv.AppendBool([]byte(`{"feature_flags":{"rbac":`), s.opts.RBAC)
	return writeJSON(c, append(b, `,"translation":false,"view_configurations":false}}`...))
}
