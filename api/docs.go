package api

import (
	"net/http"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/apidocs"
	"github.com/everlatch/everlatch/internal/wire"
)

// readDescription publishes the OpenAPI description of the built-in routes.
func (s *Server) readDescription(c echo.Context) error {
	return wire.Respond(c, http.StatusOK, "application/yaml", []byte(everlatch.OpenAPI()))
}

// docsPage is rendered when it is first read. It is the same for every server.
var docsPage = sync.OnceValues(func() ([]byte, error) { return apidocs.Page(everlatch.OpenAPI()) })

// showDocs shows that description to a reader.
func (s *Server) showDocs(c echo.Context) error {
	page, err := docsPage()
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", apidocs.ContentSecurityPolicy)
	h.Set(echo.HeaderXContentTypeOptions, "nosniff")
	return wire.Respond(c, http.StatusOK, wire.ContentHTML, page)
}
