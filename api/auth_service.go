package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/internal/authservice"
	"github.com/everlatch/everlatch/internal/wire"
)

// callService is the service of package auth for programs in other processes: the path
// names the method, and the body has its arguments.
func (s *Server) callService(c echo.Context) error {
	name := c.Param("method")
	operation, known := auth.MethodOperation(name)
	if !known || s.deps.Auth == nil {
		return errNoMethod(name)
	}
	if s.opts.RBAC {
		if err := demand(callOf(c).auth.Access(), can("auth_identity:"+operation)); err != nil {
			return err
		}
	}
	body := wire.Of(c).Body
	if body.Other {
		return errArguments
	}
	arguments, err := json.Marshal(Body(c))
	if err != nil {
		return err
	}
	answer, err := auth.Call(c.Request().Context(), s.guarded(c), name, arguments)
	if err != nil {
		return writeServiceError(c, err)
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	keepPrivate(c, true)
	return writeJSON(c, text)
}

// guarded is the service for the API key of a request.
func (s *Server) guarded(c echo.Context) authservice.Guarded {
	g := authservice.Guarded{
		Service: s.deps.Auth, Store: s.deps.Store, Providers: s.deps.Providers,
		Authority: func(_ context.Context, account everlatch.ActorRef) error {
			return s.demandUpdate(c, account) //nolint:contextcheck // both are the request's
		},
	}
	if s.opts.ResetTokens != ResetsAll {
		g.Takes = errResetsOff
	}
	return g
}

// writeServiceError answers with the reason and its details too, so that the client has
// the same error as a caller in the process.
func writeServiceError(c echo.Context, err error) error {
	e, ok := errors.AsType[*everlatch.Error](err)
	if !ok {
		return err
	}
	a, ok := answers[e.Code]
	if !ok || a.status >= http.StatusInternalServerError {
		return err
	}
	text, failed := json.Marshal(struct {
		Code    string            `json:"code,omitempty"`
		Type    everlatch.Code    `json:"type"`
		Message string            `json:"message"`
		Reason  everlatch.Reason  `json:"reason,omitempty"`
		Details map[string]string `json:"details,omitempty"`
	}{a.code, e.Code, Message(e), e.Reason, e.Details})
	if failed != nil {
		return err
	}
	if e.Code == everlatch.CodeRateLimited {
		c.Response().Header().Set(echo.HeaderRetryAfter, e.Details["retry_after"])
	}
	return writeStatus(c, a.status, text)
}
