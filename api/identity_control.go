package api

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/wire"
)

// identityControlFlows are the flows of the routes in this file.
type identityControlFlows interface {
	DisableIdentity(ctx context.Context, r flows.ControlRequest) error
	EnableIdentity(ctx context.Context, r flows.ControlRequest) error
	EndIdentitySessions(ctx context.Context, r flows.ControlRequest) error
	EndIdentitySession(ctx context.Context, r flows.ControlRequest, signIn everlatch.SignIn, until time.Time) error
	DeleteUnlinkedIdentity(ctx context.Context, r flows.ControlRequest) error
}

// maxReason bounds the reason that an administrator gives, in bytes.
const maxReason = 500

// reasonFields are the body of what has to be explained later.
var (
	reasonFields         = query.Schema{{Name: "reason", Kind: query.Text, Required: true}}
	optionalReasonFields = query.Schema{{Name: "reason", Kind: query.Text}}
)

// control reads what an administrator asks to do to the identity of the path. It
// refuses callers without authority over every account that the identity signs in to.
func (s *Server) control(c echo.Context, fields query.Schema) (r flows.ControlRequest, identity everlatch.AuthIdentity, err error) {
	in, err := fields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return r, identity, err
	}
	reason := strings.TrimSpace(in.Plain("reason"))
	if len(reason) > maxReason || reason == "" && fields[0].Required {
		return r, identity, errReason
	}
	claims, err := caller(c)
	if err != nil {
		return r, identity, err
	}
	identity, err = s.controlled(c)
	return flows.ControlRequest{
		AuthIdentityID: identity.ID, Reason: reason,
		By: everlatch.ActorRef{ActorType: claims.ActorType, ActorID: claims.ActorID},
	}, identity, err
}

// controlled returns the identity of the path, over which the caller has authority.
func (s *Server) controlled(c echo.Context) (everlatch.AuthIdentity, error) {
	identity, err := s.deps.Store.Identity(lookups(c), c.Param("id"))
	if err == nil {
		err = s.demandOverIdentity(c, identity)
	}
	return identity, err
}

// demandOverIdentity demands the authority over every actor of an identity.
func (s *Server) demandOverIdentity(c echo.Context, identity everlatch.AuthIdentity) error {
	for _, actorType := range slices.Sorted(maps.Keys(identity.Links)) {
		if err := s.demandUpdate(c, everlatch.ActorRef{ActorType: actorType, ActorID: identity.Links[actorType]}); err != nil {
			return err
		}
	}
	return nil
}

// disableIdentity refuses every way in to an identity. An administrator can't disable the
// identity that they use: so one who can enable others is left.
func (s *Server) disableIdentity(c echo.Context) error {
	r, identity, err := s.control(c, reasonFields)
	if err != nil {
		return err
	}
	if user := callOf(c).auth.UserID(); user != "" && identity.ActorID(everlatch.ActorUser) == user {
		return errOwnIdentity
	}
	if err := s.deps.Flows.DisableIdentity(c.Request().Context(), r); err != nil {
		return err
	}
	return s.readAuthIdentity(c)
}

func (s *Server) enableIdentity(c echo.Context) error {
	r, _, err := s.control(c, optionalReasonFields)
	if err != nil {
		return err
	}
	if err := s.deps.Flows.EnableIdentity(c.Request().Context(), r); err != nil {
		return err
	}
	return s.readAuthIdentity(c)
}

func (s *Server) endIdentitySessions(c echo.Context) error {
	r, _, err := s.control(c, optionalReasonFields)
	if err != nil {
		return err
	}
	if err := s.deps.Flows.EndIdentitySessions(c.Request().Context(), r); err != nil {
		return err
	}
	return writeJSON(c, []byte(`{"success":true}`))
}

func (s *Server) endIdentitySession(c echo.Context) error {
	r, identity, err := s.control(c, optionalReasonFields)
	if err != nil {
		return err
	}
	id := c.Param("session_id")
	signIn, err := s.deps.Store.SignIn(lookups(c), id)
	if err == nil && signIn.AuthIdentityID != identity.ID {
		err = errNoSession(id)
	}
	if err != nil {
		return err
	}
	if signIn.Live {
		until := s.deps.Tokens.AbsoluteEnd(s.deps.Now())
		if err := s.deps.Flows.EndIdentitySession(c.Request().Context(), r, signIn, until); err != nil {
			return err
		}
	}
	return writeDeleted(c, "session", id)
}

var resetIdentityFields = query.Schema{{Name: "actor_type", Kind: query.Text}}

// resetIdentity has a link for a new password mailed to the user of an identity, as if they
// had asked for it themselves.
func (s *Server) resetIdentity(c echo.Context) error {
	in, err := resetIdentityFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	identity, err := s.controlled(c)
	if err != nil {
		return err
	}
	reset, err := s.accounts.CheckReset(identity, in.Plain("actor_type"))
	if err != nil {
		return err
	}
	return s.mailReset(c, reset)
}

// removeIdentityFactor removes a factor for a user who has lost it. Its owner is told by
// the address of one of their accounts.
func (s *Server) removeIdentityFactor(c echo.Context) error {
	r, identity, err := s.control(c, reasonFields)
	if err != nil {
		return err
	}
	_, err = s.deps.Flows.RemoveFactor(c.Request().Context(), flows.FactorRemoval{
		AuthIdentityID: identity.ID, FactorID: c.Param("factor_id"), ActorType: accounts.ToldOf(identity), RemovedBy: &r.By, Reason: r.Reason,
	})
	if err != nil {
		return err
	}
	return writeDeleted(c, "mfa_factor", c.Param("factor_id"))
}

// deleteAuthIdentity deletes an identity without an actor.
func (s *Server) deleteAuthIdentity(c echo.Context) error {
	r, _, err := s.control(c, optionalReasonFields)
	if err != nil {
		return err
	}
	if err := s.deps.Flows.DeleteUnlinkedIdentity(c.Request().Context(), r); err != nil {
		return err
	}
	return writeDeleted(c, "auth_identity", r.AuthIdentityID)
}
