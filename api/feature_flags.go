package api

import (
	"strconv"

	"github.com/labstack/echo/v4"
)

// showFeatureFlags tells a dashboard what is switched on, before anybody has
// signed in (contract 9.2).
func (s *Server) showFeatureFlags(c echo.Context) error {
	b := strconv.AppendBool([]byte(`{"feature_flags":{"rbac":`), s.opts.RBAC)
	return writeJSON(c, append(b, "}}"...))
}
