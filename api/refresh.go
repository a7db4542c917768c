package api

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/tokens"
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
	principal, ok := reissued(identity, standing, claims)
	if !ok {
		return refreshError(everlatch.ErrNotFound, claims)
	}
	token, err := s.mint(c, principal)
	if err != nil {
		return err
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
	p, err := s.withRoles(c, p)
	if err != nil {
		return "", err
	}
	now := s.deps.Now()
	token, _, err := s.deps.Tokens.Issue(p, now, ids.New("", now))
	return token, err
}

// reissued returns the current principal of the caller. ok is false when the
// identity no longer has the provider of the sign-in.
func reissued(identity everlatch.AuthIdentity, now everlatch.Standing, claims *tokens.Claims) (everlatch.Principal, bool) {
	principal := claims.Principal()
	principal.AuthenticatedAt = claims.SignedInAt()
	principal.ActorID = now.ActorID
	principal.Links = identity.Links
	principal.CredentialVersion = now.CredentialVersion
	for _, p := range identity.Providers {
		if p.Provider == claims.AuthProvider {
			principal.UserMetadata = p.UserMetadata
			return principal, true
		}
	}
	return everlatch.Principal{}, false
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
