package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/wire"
)

// deleteCustomer removes the account of the signed-in customer, or schedules
// its removal. Either way all its sessions and tokens end, so a later request
// proves a new sign-in, which keeps the account.
func (s *Server) deleteCustomer(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	at, repeated, err := s.alreadyScheduled(c, claims)
	if err == nil && !repeated {
		at, err = s.deps.Flows.DeleteCustomer(c.Request().Context(), claims.ActorID)
	}
	if errors.Is(err, everlatch.ErrNotFound) {
		return httpauth.ErrUnauthorized // removed in this very moment
	}
	if err != nil {
		return err
	}
	if callOf(c).auth.BySession() {
		s.cookies.Clear(c.Response(), c.Request())
	}
	keepPrivate(c, true)
	return writeDeletion(c, claims.ActorID, at)
}

// writeDeletion says when a customer will be removed; the zero time means that they are.
func writeDeletion(c echo.Context, id string, at time.Time) error {
	if at.IsZero() {
		return writeDeleted(c, "customer", id)
	}
	b := wire.AppendText([]byte(`{"id":`), id)
	b = append(b, `,"object":"customer","deleted":false,"deletion_at":`...)
	b = wire.AppendText(b, at.UTC().Format(wire.ISOMillis))
	return writeStatus(c, http.StatusAccepted, append(b, '}'))
}

// alreadyScheduled gives a repeated request the first answer, although the
// first request has ended its token. Such a token is accepted for nothing else.
func (s *Server) alreadyScheduled(c echo.Context, claims *tokens.Claims) (at time.Time, repeated bool, err error) {
	if !callOf(c).auth.Ended() {
		return at, false, nil
	}
	noted, err := s.deps.Store.Deletion(lookups(c), claims.ActorID)
	if errors.Is(err, everlatch.ErrNotFound) || err == nil && time.Unix(claims.IssuedAt, 0).After(noted.RequestedAt) {
		return at, false, httpauth.ErrUnauthorized // it has ended for another reason
	}
	return noted.At, true, err
}
