package api

import (
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/workflows"
)

// refreshToken mints a new token from the current state, not from the existing
// one: an actor linked since then appears, profile data is current, and a
// removed identity gets nothing (docs/weak-spots.md#w43, #w56).
func (s *Server) refreshToken(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	if claims.AuthProvider == "" {
		return errRefreshProvider
	}
	identity, standing, err := s.current(c, claims)
	if err != nil {
		return refreshError(err, claims)
	}
	if !s.deps.Now().Before(s.deps.Tokens.AbsoluteEnd(claims.SignedInAt())) {
		return httpauth.ErrUnauthorized // only a new sign-in goes on
	}
	if !httpauth.Agrees(standing, max(claims.CredentialVersion, 1), claims.ActorID) {
		return httpauth.ErrUnauthorized
	}
	principal, err := s.reissued(c, identity, standing, claims)
	if err != nil {
		return refreshError(err, claims)
	}
	var missing due
	if claims.ActorID == "" {
		if missing, err = s.verificationDue(c, principal); err != nil {
			return err
		}
	}
	if missing.required {
		principal.ActorID = ""
	} else if principal.NeedsFactor() { // also of a sign-in that was complete before
		now := s.deps.Now()
		return s.challengeFirst(c, workflows.Login{Principal: principal, At: now, TokenID: ids.New("", now)})
	}
	if claims.ActorID == "" && !missing.required { // which completes the sign-in
		if err := s.deps.Flows.KeepAccount(c.Request().Context(), principal); err != nil {
			return err
		}
	}
	token, err := s.mint(c, principal)
	switch {
	case err != nil:
		return err
	case missing.required:
		return s.answerUnverified(c, missing, token)
	}
	return answerToken(c, token)
}

// current returns the current state of the caller's identity.
func (s *Server) current(
	c echo.Context, claims *tokens.Claims,
) (identity everlatch.AuthIdentity, standing everlatch.Standing, err error) {
	if identity, err = s.deps.Store.Identity(lookups(c), claims.AuthIdentityID); err != nil {
		return identity, standing, err
	}
	standing, err = s.deps.Store.Standing(lookups(c), identity.ID, claims.ActorType, claims.SignInID)
	return identity, standing, err
}

// mint makes a token that is valid from now on.
func (s *Server) mint(c echo.Context, p everlatch.Principal) (string, error) {
	p, err := s.withRoles(c, s.withMethods(p))
	if err != nil {
		return "", err
	}
	now := s.deps.Now()
	token, claims, err := s.deps.Tokens.Issue(p, now, ids.New("", now))
	if err != nil {
		return "", err
	}
	s.touchSignIn(lookups(c), c, &claims, time.Unix(claims.ExpiresAt, 0))
	return token, nil
}

// reissued returns the current principal of the caller. It is [everlatch.ErrNotFound]
// when the identity no longer has the provider of the sign-in.
func (s *Server) reissued(
	c echo.Context, identity everlatch.AuthIdentity, now everlatch.Standing, claims *tokens.Claims,
) (everlatch.Principal, error) {
	principal := claims.Principal()
	principal.AuthenticatedAt = claims.SignedInAt()
	principal.ActorID = now.ActorID
	principal.Links = identity.Links
	principal.CredentialVersion = now.CredentialVersion
	principal.MFAEnabled = !now.MFAEnabledAt.IsZero()
	if claims.ActorType == everlatch.ActorCustomer {
		principal.DeletionAt = identity.DeletionAt
	}
	for _, p := range identity.Providers {
		if p.Provider == claims.AuthProvider {
			principal.UserMetadata = p.UserMetadata
			return principal, nil
		}
	}
	if claims.AuthProvider == passkeyProvider && principal.MFAEnabled {
		// A passkey that is a second factor signs in without being a credential.
		has, err := s.deps.Store.HasPasskey(lookups(c), identity.ID, passkeyProvider, passkeyMethod)
		if err != nil || has {
			return principal, err
		}
	}
	return principal, everlatch.ErrNotFound
}

// refreshError words a missing identity as the contract does (docs/contract.md#s4-3): it matters
// whether the token had an actor.
func refreshError(err error, claims *tokens.Claims) error {
	switch {
	case !errors.Is(err, everlatch.ErrNotFound):
		return err
	case claims.ActorID == "":
		return errRefreshIdentity
	default:
		return errNoIdentity(claims.AuthIdentityID)
	}
}
