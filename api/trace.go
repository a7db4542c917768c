package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/wire"
)

// trace gives each request an id, turns panics into errors, writes errors, logs the
// request and tells who measures it.
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
		method, route := methodOf(c.Request()), routeOf(q)
		ctx, end := flows.WithRequestID(c.Request().Context(), k.id), func(int) {}
		if s.deps.Begin != nil {
			ctx, end = s.deps.Begin(c.Request().WithContext(ctx), method, route)
		}
		ctx, k.notes = flows.WithNotes(ctx)
		c.SetRequest(c.Request().WithContext(ctx))
		err := recovering(next)(c)
		if err != nil {
			s.handleError(err, c)
		}
		end(c.Response().Status)
		s.endAudit(c, k)
		s.record(c, k, err, served{method, route, c.Response().Status, s.deps.Now().Sub(started)})
		return nil
	}
}

// served is a request that was answered. method and route are few, whatever callers
// send.
type served struct {
	method, route string
	status        int
	took          time.Duration
}

// routeOf is the template of the route that a request matches, "" when none does.
func routeOf(q *wire.Request) string {
	if q.Match == nil {
		return ""
	}
	return q.Match.Path
}

// otherMethod stands for a method that HTTP does not have.
const otherMethod = "other"

// methodOf is the method of a request.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
		http.MethodConnect, http.MethodTrace:
		return r.Method
	default:
		return otherMethod
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

// record logs a request and tells who counts it. The log names the route, never the
// path or the query, which may hold tokens and addresses. Failures are errors with
// their cause. That requests are refused for want of room has a line of its own.
func (s *Server) record(c echo.Context, k *call, err error, r served) {
	if s.deps.Served != nil {
		s.deps.Served(r.method, r.route, r.status, r.took)
	}
	ctx, level := c.Request().Context(), s.level(err, r)
	if !s.deps.Log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 12)
	attrs = append(attrs,
		slog.String("request_id", k.id), slog.String("method", r.method), slog.String("route", r.route),
		slog.Int("status", r.status), slog.Float64("ms", float64(r.took.Microseconds()/100)/10), slog.Int64("bytes", c.Response().Size),
	)
	if id := k.notes.WorkflowID(); id != "" {
		attrs = append(attrs, slog.String("workflow_id", id))
	}
	if k.direct != "" {
		attrs = append(attrs, slog.String("direct", k.direct))
	}
	if id := k.identityID(); id != "" {
		attrs = append(attrs, slog.String("identity_id", id))
	}
	attrs = append(attrs, s.outcome(ctx, err, level)...)
	s.deps.Log.LogAttrs(ctx, level, "request", attrs...)
}

// level is that of a request in the log. That a process is not ready is what a probe asks
// for, and normal while it starts.
func (s *Server) level(err error, r served) slog.Level {
	probe := r.route == "/health" || r.route == "/ready"
	switch {
	case probe && r.status == http.StatusServiceUnavailable:
		return slog.LevelWarn
	case r.status >= http.StatusInternalServerError && !limits.IsRefusal(err):
		return slog.LevelError
	case s.opts.LogRequests && !probe:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

// outcome says why a request was refused or has failed. The cause may quote what the
// caller has sent, so at the level of every day it is told for failures alone.
func (s *Server) outcome(ctx context.Context, err error, level slog.Level) []slog.Attr {
	if err == nil {
		return nil
	}
	var attrs []slog.Attr
	if e, ok := errors.AsType[*everlatch.Error](err); ok {
		attrs = append(attrs, slog.String("code", string(e.Code)))
		if e.Reason != "" {
			attrs = append(attrs, slog.String("reason", string(e.Reason)))
		}
	}
	if level == slog.LevelError || s.deps.Log.Enabled(ctx, slog.LevelDebug) {
		attrs = append(attrs, slog.String("cause", everlatch.Cause(err).Error()))
	}
	if p, ok := errors.AsType[*panicError](err); ok {
		attrs = append(attrs, slog.String("stack", string(p.stack)))
	}
	return attrs
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
