package api

import (
	"context"
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

// personFlows are the flows of the routes in this file.
type personFlows interface {
	CancelDeletion(ctx context.Context, customerID string, by everlatch.ActorRef) error
}

var identitySessionFilters = query.Schema{{Name: "live", Kind: query.Flag}}

// identitySessionsPage is as many as an identity may have.
const identitySessionsPage = 100

// listIdentitySessions shows the sign-ins of an identity, the latest used first: those that
// live are its sessions.
func (s *Server) listIdentitySessions(c echo.Context) error {
	p, err := s.listed(c, signInShape, identitySessionFilters, identitySessionsPage)
	if err != nil {
		return err
	}
	identity, err := s.deps.Store.Identity(lookups(c), c.Param("id"))
	if err != nil {
		return err
	}
	found, err := s.deps.Store.SignIns(lookups(c), identity.ID)
	if err != nil {
		return err
	}
	var wanted []everlatch.SignIn
	for _, signIn := range found {
		if live := p.Filters.Flag("live"); live == nil || *live == signIn.Live {
			wanted = append(wanted, signIn)
		}
	}
	count := len(wanted)
	wanted = wanted[min(p.Offset, count):]
	return writeList(c, "sessions", signInTable, p, wanted[:min(p.Limit, len(wanted))], count)
}

var (
	deletionTable = render.Table[store.Deletion]{
		render.Text("customer_id", func(d *store.Deletion) string { return d.CustomerID }),
		render.Time("deletion_at", func(d *store.Deletion) time.Time { return d.At }),
		render.Time("requested_at", func(d *store.Deletion) time.Time { return d.RequestedAt }),
	}
	deletionShape = render.ShapeOf(deletionTable)
)

// readDeletion shows when a customer whose removal waits will be removed; null for others.
func (s *Server) readDeletion(c echo.Context) error {
	if _, err := s.deps.Store.Customer(lookups(c), c.Param("id")); err != nil {
		return err
	}
	noted, err := s.deps.Store.Deletion(lookups(c), c.Param("id"))
	if errors.Is(err, everlatch.ErrNotFound) {
		return writeJSON(c, []byte(`{"deletion":null}`))
	}
	if err != nil {
		return err
	}
	return writeWrapped(c, "deletion", deletionTable, &noted, deletionShape.Defaults())
}

// scheduleDeletion has a customer removed after the grace that their own request has, and until
// then their sign-in or [Server.cancelDeletion] keeps the account. All sessions and tokens end
// now. Without a grace the account is removed at once.
func (s *Server) scheduleDeletion(c echo.Context) error {
	if _, err := (query.Schema{}).CheckBody(wire.Of(c).Body); err != nil {
		return err
	}
	id := c.Param("id")
	if _, err := s.deps.Store.Customer(lookups(c), id); err != nil {
		return err
	}
	if err := s.demandOver(c, everlatch.ActorCustomer, id); err != nil {
		return err
	}
	at, err := s.deps.Flows.DeleteCustomer(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return writeDeletion(c, id, at)
}

// cancelDeletion keeps the account of a customer whose removal waits, as their own sign-in
// would. The customer is told by mail. Sessions that the request has ended stay
// ended. One that isn't to be removed stays as it is, so that a repeated request is safe.
func (s *Server) cancelDeletion(c echo.Context) error {
	id := c.Param("id")
	if _, err := s.deps.Store.Customer(lookups(c), id); err != nil {
		return err
	}
	if err := s.demandOver(c, everlatch.ActorCustomer, id); err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	_, err = s.deps.Store.Deletion(lookups(c), id)
	switch {
	case errors.Is(err, everlatch.ErrNotFound):
	case err != nil:
		return err
	default:
		if err := s.deps.Flows.CancelDeletion(c.Request().Context(), id, everlatch.ActorRef{ActorType: claims.ActorType, ActorID: claims.ActorID}); err != nil {
			return err
		}
	}
	return writeDeleted(c, "account_deletion", id)
}

// resetCustomer has a link for a new password mailed to a customer, as if they had asked for
// it themselves. The administrator gets no token: only the mailbox does.
func (s *Server) resetCustomer(c echo.Context) error {
	if _, err := (query.Schema{}).CheckBody(wire.Of(c).Body); err != nil {
		return err
	}
	id := c.Param("id")
	customer, err := s.deps.Store.Customer(lookups(c), id)
	if err != nil {
		return err
	}
	if err := s.demandUpdate(c, everlatch.ActorRef{ActorType: everlatch.ActorCustomer, ActorID: id}); err != nil {
		return err
	}
	email := id
	if customer.Email != nil {
		email = *customer.Email
	}
	credential, err := s.credentialOf(c, everlatch.ActorCustomer, id, email)
	if err != nil {
		return err
	}
	return s.mailReset(c, accounts.Reset{Credential: credential, ActorType: everlatch.ActorCustomer})
}

// mailReset has a link mailed for an administrator. The language of the request is theirs,
// not that of the recipient.
func (s *Server) mailReset(c echo.Context, r accounts.Reset) error {
	ctx := everlatch.WithLanguage(c.Request().Context(), "")
	if err := s.deps.Flows.RequestPasswordReset(ctx, flows.ResetRequest{
		ActorType: r.ActorType, Provider: r.Credential.Provider, EntityKey: r.Credential.EntityKey,
	}); err != nil {
		return err
	}
	return writeJSON(c, []byte(`{"success":true}`))
}
