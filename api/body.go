package api

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// requestBody is a parsed body.
type requestBody struct {
	// object is nil unless the body was a JSON object or a form; nothing at all
	// counts as an empty object.
	object map[string]any
	// other says that the body was text or a JSON array: routes that validate
	// refuse it, the others see an empty object.
	other bool
}

// Body returns the parsed request body for people's own routes: a JSON object
// or a form, empty for anything else. It is not to be changed.
func Body(c echo.Context) map[string]any {
	if k := callOf(c); k != nil && k.body.object != nil {
		return k.body.object
	}
	return map[string]any{}
}

// bodyError is a body that could not be read. It is written with the message
// before the type, as recorded.
type bodyError struct {
	status  int
	message string
}

func (e *bodyError) Error() string { return e.message }

// parseBody reads the body of every request, before anything else looks at it.
// What it does not know stays unread and counts as empty (contract 4.1).
func (s *Server) parseBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		body, err := readBody(c.Request(), s.opts.BodyLimit)
		if err != nil {
			return err
		}
		callOf(c).body = body
		return next(c)
	}
}

func readBody(r *http.Request, limit int64) (requestBody, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return requestBody{}, nil
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if err != nil {
		return requestBody{}, nil //nolint:nilerr // an unreadable type is one that is not parsed
	}
	charset := strings.ToLower(params["charset"])
	switch kind {
	case "application/json":
		raw, err := rawBody(r, limit, charset)
		if err != nil {
			return requestBody{}, err
		}
		return parseJSON(raw)
	case "application/x-www-form-urlencoded":
		raw, err := rawBody(r, limit, charset)
		if err != nil {
			return requestBody{}, err
		}
		object, err := parseForm(string(raw))
		return requestBody{object: object}, err
	case "text/plain":
		raw, err := rawBody(r, limit, "")
		return requestBody{other: len(raw) > 0}, err
	default:
		return requestBody{}, nil
	}
}

// rawBody reads and decompresses at most limit bytes.
func rawBody(r *http.Request, limit int64, charset string) ([]byte, error) {
	if charset != "" && charset != "utf-8" {
		return nil, &bodyError{http.StatusUnsupportedMediaType, fmt.Sprintf("unsupported charset %q", strings.ToUpper(charset))}
	}
	encoding := strings.ToLower(r.Header.Get(echo.HeaderContentEncoding))
	if encoding == "" || encoding == "identity" {
		if r.ContentLength > limit {
			return nil, errTooLarge()
		}
		return readLimited(r.Body, limit)
	}
	var (
		inflated io.ReadCloser
		err      error
	)
	switch encoding {
	case "gzip":
		inflated, err = gzip.NewReader(r.Body)
	case "deflate":
		inflated, err = zlib.NewReader(r.Body)
	default:
		return nil, &bodyError{http.StatusUnsupportedMediaType, fmt.Sprintf("unsupported content encoding %q", encoding)}
	}
	if err != nil {
		return nil, errNotInflated(err)
	}
	defer inflated.Close() // reports nothing that reading has not
	return readLimited(inflated, limit)
}

func readLimited(from io.Reader, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(from, limit+1))
	switch {
	case int64(len(raw)) > limit:
		return nil, errTooLarge()
	case err != nil:
		return nil, errNotInflated(err)
	default:
		return raw, nil
	}
}

func errTooLarge() error {
	return &bodyError{http.StatusRequestEntityTooLarge, "request entity too large"}
}

// errNotInflated says what zlib says, and nothing about a broken connection,
// on which nobody listens any more.
func errNotInflated(err error) error {
	message := "request aborted"
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, zlib.ErrHeader):
		message = "incorrect header check"
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zlib.ErrChecksum):
		message = "incorrect data check"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		message = "unexpected end of file"
	}
	return &bodyError{http.StatusBadRequest, message}
}

var byteOrderMark = []byte("\ufeff")

// parseJSON accepts objects and arrays only, like Express's strict mode.
func parseJSON(raw []byte) (requestBody, error) {
	raw = bytes.TrimPrefix(raw, byteOrderMark)
	if len(raw) == 0 {
		return requestBody{}, nil
	}
	if first := bytes.TrimLeft(raw, jsonBlanks); len(first) > 0 && first[0] != '{' && first[0] != '[' {
		return requestBody{}, &bodyError{http.StatusBadRequest, strictSyntaxMessage(raw)}
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return requestBody{}, &bodyError{http.StatusBadRequest, jsonProblem(raw, err)}
	}
	object, ok := value.(map[string]any)
	return requestBody{object: object, other: !ok}, nil
}

// jsonProblem says why a text was not read: it is malformed, or beyond what Go
// reads although JavaScript would.
func jsonProblem(raw []byte, err error) string {
	if message := jsonSyntaxMessage(raw); message != "" {
		return message
	}
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return "JSON has a number that is too large"
	}
	return "JSON is nested too deeply"
}
