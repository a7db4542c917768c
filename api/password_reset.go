package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/wire"
	"github.com/everlatch/everlatch/providers"
)

var resetFields = query.Schema{
	{Name: "identifier", Kind: query.Text, Required: true},
	{Name: "metadata", Kind: query.Record},
}

// requestReset mails a link to the owner of an identifier, if there is one and
// the provider has passwords. The answer does not depend on that and is sent
// before the work is done (docs/weak-spots.md#w19, #w28).
func (s *Server) requestReset(c echo.Context) error {
	actorType, provider := c.Param("actor_type"), c.Param("auth_provider")
	if err := s.checkAllowed(actorType, provider); err != nil {
		return err
	}
	in, err := resetFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	if err := checkMetadata(Body(c), s.opts.MaxResetMetadata); err != nil {
		return err
	}
	updater, err := s.deps.Providers.Updater(provider)
	if err != nil {
		return created(c) // nothing there that could be reset
	}
	err = s.deps.Flows.RequestPasswordReset(c.Request().Context(), flows.ResetRequest{
		ActorType: actorType, Provider: provider, Metadata: in.Record("metadata"),
		EntityKey: updater.Subject(*in.Text("identifier")).EntityKey,
	})
	if err != nil {
		return err
	}
	return created(c)
}

// created is Express's sendStatus(201).
func created(c echo.Context) error {
	return wire.Respond(c, http.StatusCreated, wire.ContentText, []byte(http.StatusText(http.StatusCreated)))
}

// completeReset changes a password with the token of a reset. The token is for
// one provider and one actor type; the flow knows whether it is still valid.
func (s *Server) completeReset(c echo.Context) error {
	actorType, provider := c.Param("actor_type"), c.Param("auth_provider")
	if err := s.checkAllowed(actorType, provider); err != nil {
		return err
	}
	token, err := s.deps.Tokens.VerifyReset(httpauth.BearerToken(c.Request()))
	if err != nil || token.ActorType != actorType || token.Provider != provider {
		return errInvalidToken
	}
	updater, err := s.deps.Providers.Updater(provider)
	if err != nil {
		return err
	}
	key := updater.Subject(token.EntityID).EntityKey
	err = s.deps.Flows.CompletePasswordReset(c.Request().Context(), flows.NewPassword{
		ActorType: actorType, Provider: provider, TokenID: token.ID, EntityKey: key,
		Input: providers.Input{Body: Body(c), ActorType: actorType},
	})
	if err != nil {
		return err
	}
	s.liftLock(c, provider, key)
	s.liftFactorLock(c, provider, key)
	return writeJSON(c, []byte(`{"success":true}`))
}

// ResetPolicy says who may obtain the token of an administrator's password
// reset (docs/weak-spots.md#w30).
type ResetPolicy string

// The reset policies.
const (
	ResetsOff  ResetPolicy = "off"
	ResetsSelf ResetPolicy = "self"
	ResetsAll  ResetPolicy = "all"
)

func (p ResetPolicy) check(claims *tokens.Claims, userID string) error {
	switch {
	case p == ResetsAll, p == ResetsSelf && claims.ActorType == everlatch.ActorUser && claims.ActorID == userID:
		return nil
	case p == ResetsSelf:
		return errResetOfOther
	}
	return errResetsOff
}

// issueReset gives an administrator the token of a user's password reset to
// hand over. The policy must allow it, the event names both, and the owner is
// told by mail (docs/weak-spots.md#w30).
func (s *Server) issueReset(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	id := c.Param("id")
	if err := s.opts.ResetTokens.check(claims, id); err != nil {
		return err
	}
	if err := s.demandOver(c, everlatch.ActorUser, id); err != nil {
		return err
	}
	user, err := s.deps.Store.User(lookups(c), id)
	if err != nil {
		return err
	}
	credential, err := s.credentialOf(c, everlatch.ActorUser, id, user.Email)
	if err != nil {
		return err
	}
	issued, err := s.deps.Flows.IssuePasswordReset(c.Request().Context(), flows.ResetRequest{
		ActorType: everlatch.ActorUser, Provider: credential.Provider, EntityKey: credential.EntityKey,
	}, claims.Principal())
	if err != nil {
		return err
	}
	token, err := s.deps.Tokens.IssueReset(tokens.Reset{
		EntityID: issued.Grant.EntityID, Provider: credential.Provider, ActorType: issued.Grant.ActorType,
		ID: issued.Grant.TokenID, IssuedAt: issued.Grant.IssuedAt, ExpiresAt: issued.Grant.ExpiresAt,
	})
	if err != nil {
		return err
	}
	return answerToken(c, token)
}

// credentialOf returns the credential of an account that can be replaced. The error for one
// without any names the account.
func (s *Server) credentialOf(c echo.Context, actorType, id, name string) (everlatch.ProviderIdentity, error) {
	credential, found, err := s.accounts.PasswordOfAccount(lookups(c), everlatch.ActorRef{ActorType: actorType, ActorID: id})
	if err == nil && !found {
		err = errNoPassword(name)
	}
	return credential, err
}
