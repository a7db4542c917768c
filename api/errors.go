package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/wire"
)

// answer is how a kind of error is shown.
type answer struct {
	status int
	code   string // written before type when not empty
	// message replaces the error's own one when not empty.
	message string
}

// answers maps error codes to statuses, and is the only place that does (
// docs/contract.md#s4-1). A code that is missing here is an internal error.
var answers = map[everlatch.Code]answer{
	everlatch.CodeInvalidData:  {status: http.StatusBadRequest},
	everlatch.CodeNotAllowed:   {status: http.StatusBadRequest},
	everlatch.CodeUnauthorized: {status: http.StatusUnauthorized},
	everlatch.CodeForbidden:    {status: http.StatusForbidden},
	everlatch.CodeNotFound:     {status: http.StatusNotFound},
	everlatch.CodeConflict:     {status: http.StatusConflict, code: "invalid_state_error", message: conflictMessage},
	everlatch.CodeDuplicate:    {status: http.StatusUnprocessableEntity, code: "invalid_request_error"},
	everlatch.CodeRateLimited:  {status: http.StatusTooManyRequests},
	everlatch.CodeUnavailable:  {status: http.StatusServiceUnavailable, message: unavailableMessage},
	everlatch.CodeInternal:     internal,
}

// internal reveals nothing: the cause is in the log (docs/weak-spots.md#w52).
var internal = answer{
	status: http.StatusInternalServerError, code: unknownError, message: internalMessage,
}

const (
	// unknownError is both the type and the code of an internal error.
	unknownError = "unknown_error"
	// retryAfter is in seconds: most outages last a second or two.
	retryAfter = "2"
	// clientGone is nginx's status for a client that has closed the connection.
	clientGone = 499
)

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
	if written, err := writePending(err, c); written {
		return err
	}
	if clientHasGone(err, c) {
		return c.NoContent(clientGone)
	}
	if e, ok := errors.AsType[*httpauth.RefusalError](err); ok {
		setReason(c.Response().Header(), e.Reason, nil)
		return wire.Respond(c, http.StatusUnauthorized, wire.ContentJSON, append(wire.AppendText([]byte(`{"message":`), sentences[e.Reason]), '}'))
	}
	if e, ok := errors.AsType[*wire.BodyError](err); ok {
		return writeBodyError(e, c)
	}
	if e, ok := errors.AsType[*everlatch.Error](worded(err)); ok {
		return writeKnown(e, c)
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok && e.Code < http.StatusInternalServerError {
		return writeEchoError(e, c)
	}
	return writeTyped(c, internal, unknownError, "")
}

// clientHasGone reports whether an error comes from a client that did not wait for its
// answer, and so is none of ours. What was called meanwhile may say so by
// [context.Canceled], or report that it was interrupted as an outage.
func clientHasGone(err error, c echo.Context) bool {
	if !errors.Is(c.Request().Context().Err(), context.Canceled) {
		return false
	}
	return errors.Is(err, context.Canceled) || everlatch.ErrorCode(err) == everlatch.CodeUnavailable
}

func writeKnown(e *everlatch.Error, c echo.Context) error {
	a, ok := answers[e.Code]
	if !ok || a.status == http.StatusInternalServerError {
		return writeTyped(c, internal, unknownError, "")
	}
	setRetryAfter(c.Response().Header(), e)
	setReasonOf(c.Response().Header(), e)
	return writeTyped(c, a, string(e.Code), Message(e))
}

func setRetryAfter(h http.Header, e *everlatch.Error) {
	if e.Code == everlatch.CodeUnavailable {
		h.Set(echo.HeaderRetryAfter, retryAfter)
	}
	if wait := e.Details[limits.RetryAfter]; wait != "" {
		h.Set(echo.HeaderRetryAfter, wait)
	}
}

// writeRefusal writes the answer to a request that never reached Echo.
func writeRefusal(w http.ResponseWriter, e *everlatch.Error) {
	body := typed(answers[e.Code], string(e.Code), Message(e))
	h := w.Header()
	setRetryAfter(h, e)
	setReasonOf(h, e)
	h.Set(echo.HeaderContentType, wire.ContentJSON)
	h.Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	w.WriteHeader(answers[e.Code].status)
	_, _ = w.Write(body) //nolint:gosec // JSON, and the client has gone or has it
}

// writeTyped writes {code?, type, message}.
func writeTyped(c echo.Context, a answer, kind, message string) error {
	return wire.Respond(c, a.status, wire.ContentJSON, typed(a, kind, message))
}

func typed(a answer, kind, message string) []byte {
	if a.message != "" {
		message = a.message
	}
	b := append(make([]byte, 0, 256), '{')
	if a.code != "" {
		b = append(b, `"code":`...)
		b = append(wire.AppendText(b, a.code), ',')
	}
	b = append(b, `"type":`...)
	b = wire.AppendText(b, kind)
	b = append(b, `,"message":`...)
	return append(wire.AppendText(b, message), '}')
}

// writeBodyError writes what Express's body parser says, message first.
func writeBodyError(e *wire.BodyError, c echo.Context) error {
	kind := unknownError
	if e.Status == http.StatusBadRequest {
		kind = string(everlatch.CodeInvalidData)
	}
	b := wire.AppendText([]byte(`{"message":`), e.Message)
	b = append(b, `,"type":`...)
	return wire.Respond(c, e.Status, wire.ContentJSON, append(wire.AppendText(b, kind), '}'))
}

// writeEchoError writes an error of Echo or of a custom route.
func writeEchoError(e *echo.HTTPError, c echo.Context) error {
	if e.Code == http.StatusNotFound || e.Code == http.StatusMethodNotAllowed {
		return wire.NotFound(c)
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
