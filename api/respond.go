package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/wire"
)

// writeJSON answers 200 with a rendered body.
func writeJSON(c echo.Context, body []byte) error {
	return wire.Respond(c, http.StatusOK, wire.ContentJSON, body)
}

// writeStatus answers JSON with another status than 200.
func writeStatus(c echo.Context, status int, body []byte) error {
	return wire.Respond(c, status, wire.ContentJSON, body)
}

// writeWrapped answers 200 with {<name>: <record>}.
func writeWrapped[T any](c echo.Context, name string, t render.Table[T], v *T, sel query.Selection) error {
	b := append(make([]byte, 0, 1024), `{"`...)
	b = append(b, name...)
	b = append(b, `":`...)
	b = t.Append(b, v, sel)
	callOf(c).noteCreated(name, b)
	return writeJSON(c, append(b, '}'))
}

// writeText answers with a short text, which Express sends as HTML.
func writeText(c echo.Context, body string) error {
	return wire.Respond(c, http.StatusOK, wire.ContentHTML, []byte(body))
}

const noStore = "no-store"

// keepPrivate marks an answer that is for one person only; with secret it holds a
// token and must not be stored.
func keepPrivate(c echo.Context, secret bool) {
	value := "private, no-cache"
	if secret {
		value = noStore
	}
	c.Response().Header().Set(echo.HeaderCacheControl, value)
}
