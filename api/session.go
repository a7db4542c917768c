package api

import (
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
)

// createSession turns a bearer token into a session. The session gets a new id
// each time, and the one that the browser had before ends, so that an id that
// somebody planted is worth nothing (W33).
func (s *Server) createSession(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	now, secret := s.deps.Now(), newSessionID()
	session := everlatch.Session{
		ID:            ids.New(ids.Session, now),
		Principal:     claims.Principal(),
		CreatedAt:     now,
		ExpiresAt:     now.Add(s.opts.SessionAbsolute),
		IdleExpiresAt: now.Add(s.opts.SessionIdle),
	}
	err = s.deps.Store.CreateSession(lookups(c), session, secretHash(secret))
	if errors.Is(err, everlatch.ErrNotFound) {
		return errUnauthorized // the identity was removed in this very moment
	}
	if err != nil {
		return err
	}
	if former := s.cookies.sessionID(c.Request()); former != "" {
		if _, err := s.deps.Store.EndSession(lookups(c), secretHash(former), store.EndedByReplacement); err != nil {
			return err
		}
	}
	s.cookies.set(c, secret, session.IdleExpiresAt.Truncate(time.Second))
	keepPrivate(c, true)
	return writeJSON(c, append(appendClaims([]byte(`{"user":`), claims), '}'))
}

// endSession signs a browser out.
func (s *Server) endSession(c echo.Context) error {
	if _, err := s.deps.Store.EndSession(lookups(c), secretHash(s.cookies.sessionID(c.Request())), store.EndedBySignOut); err != nil {
		return err
	}
	s.cookies.clear(c)
	return writeJSON(c, []byte(`{"success":true}`))
}

// appendClaims shows a token's payload as the contract does. What Everlatch
// adds to it is for the server alone.
func appendClaims(b []byte, claims *tokens.Claims) []byte {
	b = appendText(append(b, `{"actor_id":`...), claims.ActorID)
	b = appendText(append(b, `,"actor_type":`...), claims.ActorType)
	b = appendText(append(b, `,"auth_identity_id":`...), claims.AuthIdentityID)
	if claims.AuthProvider != "" {
		b = appendText(append(b, `,"auth_provider":`...), claims.AuthProvider)
	}
	b = appendJSON(append(b, `,"mfa_enabled":`...), claims.MFAEnabled)
	b = appendJSON(append(b, `,"mfa_challenge_completed_at":`...), claims.MFACompletedAt)
	b = appendMetadata(append(b, `,"app_metadata":`...), claims.AppMetadata)
	b = appendMetadata(append(b, `,"user_metadata":`...), claims.UserMetadata)
	b = appendInt(append(b, `,"iat":`...), int(claims.IssuedAt))
	b = appendInt(append(b, `,"exp":`...), int(claims.ExpiresAt))
	if len(claims.Audience) > 0 {
		b = appendJSON(append(b, `,"aud":`...), claims.Audience)
	}
	if claims.Issuer != "" {
		b = appendText(append(b, `,"iss":`...), claims.Issuer)
	}
	return append(b, '}')
}
