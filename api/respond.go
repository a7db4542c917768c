package api

import (
	"crypto/sha1" //nolint:gosec // an entity tag is no secret, and clients know this one
	"encoding/base64"
	"html"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

const (
	contentJSON = "application/json; charset=utf-8"
	contentHTML = "text/html; charset=utf-8"
	contentText = "text/plain; charset=utf-8"

	headerNoneMatch = "If-None-Match"
	headerETag      = "ETag"
)

// writeJSON answers 200 with a rendered body.
func writeJSON(c echo.Context, body []byte) error {
	return respond(c, http.StatusOK, contentJSON, body)
}

// writeStatus answers JSON with another status than 200.
func writeStatus(c echo.Context, status int, body []byte) error {
	return respond(c, status, contentJSON, body)
}

// writeWrapped answers 200 with {<name>: <record>}.
func writeWrapped[T any](c echo.Context, name string, t table[T], v *T, sel selection) error {
	b := append(make([]byte, 0, 1024), `{"`...)
	b = append(b, name...)
	b = append(b, `":`...)
	b = t.append(b, v, sel)
	return writeJSON(c, append(b, '}'))
}

// text answers with a short text, which Express calls HTML.
func text(c echo.Context, body string) error {
	return respond(c, http.StatusOK, contentHTML, []byte(body))
}

// respond writes a body. An answer to GET has a weak entity tag and is not
// repeated to a client that has it.
func respond(c echo.Context, status int, contentType string, body []byte) error {
	h := c.Response().Header()
	if method := c.Request().Method; method == http.MethodGet || method == http.MethodOptions {
		tag := entityTag(body)
		h.Set(headerETag, tag)
		if status == http.StatusOK && method == http.MethodGet && isFresh(c.Request(), tag) {
			return c.NoContent(http.StatusNotModified)
		}
	}
	if k := callOf(c); k != nil && k.head {
		h.Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	}
	return c.Blob(status, contentType, body)
}

// entityTag is Express's weak tag: the length in hex and 27 characters of
// SHA-1 in base64.
func entityTag(body []byte) string {
	sum := sha1.Sum(body) //nolint:gosec // see the import
	b := append(make([]byte, 0, 48), `W/"`...)
	b = strconv.AppendInt(b, int64(len(body)), 16)
	b = append(b, '-')
	b = base64.RawStdEncoding.AppendEncode(b, sum[:])
	return string(append(b, '"'))
}

// isFresh reports that the client has this answer and does not insist.
func isFresh(r *http.Request, tag string) bool {
	have := r.Header.Get(headerNoneMatch)
	if have == "" || strings.Contains(r.Header.Get(echo.HeaderCacheControl), "no-cache") {
		return false
	}
	if strings.TrimSpace(have) == "*" {
		return true
	}
	for candidate := range strings.SplitSeq(have, ",") {
		if weak(candidate) == weak(tag) {
			return true
		}
	}
	return false
}

func weak(tag string) string { return strings.TrimPrefix(strings.TrimSpace(tag), "W/") }

// keepPrivate marks an answer that is for one person; with secret it holds a
// token and must not be kept at all.
func keepPrivate(c echo.Context, secret bool) {
	value := "private, no-cache"
	if secret {
		value = "no-store"
	}
	c.Response().Header().Set(echo.HeaderCacheControl, value)
}

// writeNoRoute is Express's page for a path that nothing serves.
func writeNoRoute(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set(echo.HeaderXContentTypeOptions, "nosniff")
	path := c.Request().URL.Path
	if k := callOf(c); k != nil {
		path = k.path // as the client wrote it
	}
	body := "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot " +
		html.EscapeString(c.Request().Method+" "+path) + "</pre>\n</body>\n</html>\n"
	return c.Blob(http.StatusNotFound, contentHTML, []byte(body))
}
