package api

import "github.com/labstack/echo/v4"

// readDoctor is the report of `everlatch doctor`, made by this process. What it depends on
// may be away, so it is no question of the database's time.
func (s *Server) readDoctor(c echo.Context) error {
	if s.deps.Examine == nil {
		return errNoDoctor
	}
	report, err := s.deps.Examine(c.Request().Context())
	if err != nil {
		return err
	}
	keepPrivate(c, true)
	return writeJSON(c, append(append([]byte(`{"report":`), report...), '}'))
}
