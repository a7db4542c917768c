package wire

import (
	"crypto/sha1" //nolint:gosec // an entity tag is no secret, and clients know this one
	"encoding/base64"
	"html"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// The content types of answers.
const (
	ContentJSON = "application/json; charset=utf-8"
	ContentHTML = "text/html; charset=utf-8"
	ContentText = "text/plain; charset=utf-8"
)

const (
	headerNoneMatch = "If-None-Match"
	headerETag      = "ETag"
)

// Respond writes a body. An answer to GET has a weak entity tag and is not repeated
// to a client that has it.
func Respond(c echo.Context, status int, contentType string, body []byte) error {
	h := c.Response().Header()
	if method := c.Request().Method; method == http.MethodGet || method == http.MethodOptions {
		tag := entityTag(body)
		h.Set(headerETag, tag)
		if status == http.StatusOK && method == http.MethodGet && isFresh(c.Request(), tag) {
			return c.NoContent(http.StatusNotModified)
		}
	}
	if q := Of(c); q != nil && q.head {
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

// isFresh reports whether the client has this answer and accepts a 304.
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

// NotFound writes Express's page for a path without a route.
func NotFound(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set(echo.HeaderXContentTypeOptions, "nosniff")
	path := c.Request().URL.Path
	if q := Of(c); q != nil {
		path = q.Path // as the client wrote it
	}
	body := "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot " +
		html.EscapeString(c.Request().Method+" "+path) + "</pre>\n</body>\n</html>\n"
	return c.Blob(http.StatusNotFound, ContentHTML, []byte(body))
}
