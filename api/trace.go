package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/wire"
)

// trace gives each request an id, turns panics into errors, writes errors and logs
// the request. The log names the route, never the path or the query, which may
// hold tokens and addresses.
func (s *Server) trace(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		q := wire.Of(c)
		if q == nil {
			return errors.New("api: serve Server.Handler, not Server.Echo")
		}
		k := &call{server: s, prefix: prefixOf(q.Path), id: s.requestID(c.Request())}
		defer k.end()
		c.Set(callKey, k)
		c.Response().Header().Set(echo.HeaderXRequestID, k.id)
		started := s.deps.Now()
		err := recovering(next)(c)
		if err != nil {
			s.handleError(err, c)
		}
		s.record(c, k, err, s.deps.Now().Sub(started).Milliseconds())
		return nil
	}
}

// panicError is a panic of a handler, with its stack for the log.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

func recovering(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p) // net/http's way to abort
			default:
				err = &panicError{value: p, stack: debug.Stack()}
			}
		}()
		return next(c)
	}
}

// record logs a request: failures as errors with their cause, all others at debug
// level.
func (s *Server) record(c echo.Context, k *call, err error, ms int64) {
	ctx, status := c.Request().Context(), c.Response().Status
	level := slog.LevelDebug
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	if !s.deps.Log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", k.id), slog.String("method", c.Request().Method),
		slog.String("route", c.Path()), slog.Int("status", status), slog.Int64("ms", ms),
	}
	if err != nil {
		attrs = append(attrs, slog.String("cause", everlatch.Cause(err).Error()))
	}
	if p, ok := errors.AsType[*panicError](err); ok {
		attrs = append(attrs, slog.String("stack", string(p.stack)))
	}
	s.deps.Log.LogAttrs(ctx, level, "request", attrs...)
}

// maxRequestID bounds the length of an accepted X-Request-Id.
const maxRequestID = 128

// requestID returns the caller's X-Request-Id if it is safe in a log and a header,
// or a new id.
func (s *Server) requestID(r *http.Request) string {
	if given := r.Header.Get(echo.HeaderXRequestID); given != "" && len(given) <= maxRequestID && isToken(given) {
		return given
	}
	return ids.New("req_", s.deps.Now())
}

// isToken accepts letters, digits and - _ . : / + = only.
func isToken(text string) bool {
	for i := range len(text) {
		switch b := text[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		case b == '-', b == '_', b == '.', b == ':', b == '/', b == '+', b == '=':
		default:
			return false
		}
	}
	return true
}
