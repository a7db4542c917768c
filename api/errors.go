package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
)

// answer is how a kind of error is shown.
type answer struct {
	status int
	code   string // written before type when not empty
	// message replaces the error's own one when not empty.
	message string
}

// answers is the one place that knows which error becomes which status
// (contract 4.1). Whatever is not here is an internal error.
var answers = map[everlatch.Code]answer{
	everlatch.CodeInvalidData:  {status: http.StatusBadRequest},
	everlatch.CodeNotAllowed:   {status: http.StatusBadRequest},
	everlatch.CodeUnauthorized: {status: http.StatusUnauthorized},
	everlatch.CodeForbidden:    {status: http.StatusForbidden},
	everlatch.CodeNotFound:     {status: http.StatusNotFound},
	everlatch.CodeConflict:     {status: http.StatusConflict, code: "invalid_state_error", message: conflictMessage},
	everlatch.CodeDuplicate:    {status: http.StatusUnprocessableEntity, code: "invalid_request_error"},
	everlatch.CodeUnavailable:  {status: http.StatusServiceUnavailable, message: unavailableMessage},
	everlatch.CodeInternal:     internal,
}

// Callers need not know which part is away; the log and /ready say it.
const unavailableMessage = "The service is not available. Try again shortly."

const conflictMessage = "The request conflicted with another request. You may retry the request with the provided Idempotency-Key."

// internal tells nothing: the cause is in the log (W52).
var internal = answer{
	status: http.StatusInternalServerError, code: unknownError, message: "An unknown error occurred.",
}

const (
	// unknownError is both the type and the code of an internal error.
	unknownError = "unknown_error"
	// retryAfter is in seconds: outages of a second or two are the usual ones.
	retryAfter = "2"
	// clientGone is nginx's status for a client that left; nobody reads it.
	clientGone = 499
)

// errNoRoute is a path that nothing serves.
var errNoRoute = errors.New("no route")

// authError is a refusal by [Authenticate], which has no type (contract 4.1).
type authError struct{ message string }

func (e *authError) Error() string { return e.message }

var errUnauthorized = &authError{"Unauthorized"}

// handleError writes every error of the API; handlers only return them.
func (s *Server) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	if err := writeError(err, c); err != nil {
		s.deps.Log.DebugContext(c.Request().Context(), "answer not written", "cause", err.Error())
	}
}

func writeError(err error, c echo.Context) error {
	if errors.Is(err, errNoRoute) {
		return writeNoRoute(c)
	}
	if e, ok := errors.AsType[*authError](err); ok {
		return respond(c, http.StatusUnauthorized, contentJSON, append(appendText([]byte(`{"message":`), e.message), '}'))
	}
	if e, ok := errors.AsType[*bodyError](err); ok {
		return writeBodyError(e, c)
	}
	if e, ok := errors.AsType[*everlatch.Error](err); ok {
		return writeKnown(e, c)
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok && e.Code < http.StatusInternalServerError {
		return writeEchoError(e, c)
	}
	if errors.Is(err, context.Canceled) && c.Request().Context().Err() != nil {
		return c.NoContent(clientGone)
	}
	return writeTyped(c, internal, unknownError, "")
}

func writeKnown(e *everlatch.Error, c echo.Context) error {
	a, ok := answers[e.Code]
	if !ok || a.status == http.StatusInternalServerError {
		return writeTyped(c, internal, unknownError, "")
	}
	if a.status == http.StatusServiceUnavailable {
		c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter)
	}
	return writeTyped(c, a, string(e.Code), e.Error())
}

// writeTyped writes {code?, type, message}.
func writeTyped(c echo.Context, a answer, kind, message string) error {
	if a.message != "" {
		message = a.message
	}
	b := append(make([]byte, 0, 256), '{')
	if a.code != "" {
		b = append(b, `"code":`...)
		b = append(appendText(b, a.code), ',')
	}
	b = append(b, `"type":`...)
	b = appendText(b, kind)
	b = append(b, `,"message":`...)
	b = append(appendText(b, message), '}')
	return respond(c, a.status, contentJSON, b)
}

// writeBodyError writes what Express's body parser says, message first.
func writeBodyError(e *bodyError, c echo.Context) error {
	kind := unknownError
	if e.status == http.StatusBadRequest {
		kind = string(everlatch.CodeInvalidData)
	}
	b := appendText([]byte(`{"message":`), e.message)
	b = append(b, `,"type":`...)
	return respond(c, e.status, contentJSON, append(appendText(b, kind), '}'))
}

// writeEchoError writes an error that Echo, or a route of one's own, has made.
func writeEchoError(e *echo.HTTPError, c echo.Context) error {
	if e.Code == http.StatusNotFound || e.Code == http.StatusMethodNotAllowed {
		return writeNoRoute(c)
	}
	message, ok := e.Message.(string)
	if !ok {
		message = http.StatusText(e.Code)
	}
	kind := everlatch.CodeInvalidData
	switch e.Code {
	case http.StatusUnauthorized:
		kind = everlatch.CodeUnauthorized
	case http.StatusForbidden:
		kind = everlatch.CodeForbidden
	case http.StatusConflict:
		kind = everlatch.CodeConflict
	}
	return writeTyped(c, answer{status: e.Code}, string(kind), message)
}
