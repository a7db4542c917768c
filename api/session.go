package api

import (
	"errors"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/wire"
)

// createSession turns a bearer token into a session. It gets a new id each time
// and ends the previous session of the browser, so that a planted session id is
// worthless (docs/weak-spots.md#w33).
func (s *Server) createSession(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	now, secret, end := s.deps.Now(), wire.NewSessionID(), s.deps.Tokens.AbsoluteEnd(claims.SignedInAt())
	session := everlatch.Session{
		ID:            ids.New(ids.Session, now),
		Principal:     claims.Principal(),
		CreatedAt:     now,
		ExpiresAt:     earlier(now.Add(s.opts.SessionAbsolute), end),
		IdleExpiresAt: earlier(now.Add(s.opts.SessionIdle), end),
	}
	err = s.deps.Store.CreateSession(lookups(c), session, tokens.HashSecret(secret))
	if errors.Is(err, everlatch.ErrNotFound) {
		return httpauth.ErrUnauthorized // the identity was removed in this very moment
	}
	if err != nil {
		return err
	}
	s.touchSignIn(lookups(c), c, claims, session.IdleExpiresAt)
	if err := s.replaceSessions(c); err != nil {
		return err
	}
	s.cookies.Set(c.Response(), c.Request(), secret, session.IdleExpiresAt.Truncate(time.Second))
	keepPrivate(c, true)
	return writeJSON(c, append(appendClaims([]byte(`{"user":`), claims), '}'))
}

// readSession tells how the caller has signed in, so that a page knows what to ask for
// before it goes on. What counts as recent is decided here, by the settings that the
// routes go by.
func (s *Server) readSession(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	p, now := claims.Principal(), s.deps.Now()
	b := wire.AppendText([]byte(`{"session":{"actor_type":`), p.ActorType)
	b = wire.AppendText(append(b, `,"actor_id":`...), p.ActorID)
	b = wire.AppendText(append(b, `,"auth_identity_id":`...), p.AuthIdentityID)
	b = wire.AppendText(append(b, `,"auth_provider":`...), p.AuthProvider)
	b = appendNullableTime(append(b, `,"auth_time":`...), p.AuthenticatedAt)
	b = wire.AppendJSON(append(b, `,"amr":`...), append([]string{}, claims.AMR...))
	b = wire.AppendJSON(append(b, `,"mfa_enabled":`...), claims.MFAEnabled)
	b = appendNullableTime(append(b, `,"mfa_challenge_completed_at":`...), p.MFACompletedAt)
	b = wire.AppendJSON(append(b, `,"recent_sign_in":`...), within(s.opts.RecentWithin, now, p.AuthenticatedAt, p.MFACompletedAt))
	b = wire.AppendJSON(append(b, `,"recent_second_factor":`...), within(s.opts.MFA.StepUpWithin, now, p.MFACompletedAt))
	b = wire.AppendTime(append(b, `,"expires_at":`...), time.Unix(claims.ExpiresAt, 0).UTC())
	keepPrivate(c, true)
	return writeJSON(c, append(b, "}}"...))
}

// within reports whether one of the times is at most a span ago. A span of 0 is no limit.
func within(span time.Duration, now time.Time, times ...time.Time) bool {
	return slices.ContainsFunc(times, func(at time.Time) bool {
		return !at.IsZero() && (span <= 0 || !at.Before(now.Add(-span)))
	})
}

func appendNullableTime(b []byte, at time.Time) []byte {
	if at.IsZero() {
		return append(b, "null"...)
	}
	return wire.AppendTime(b, at)
}

// replaceSessions ends every session whose cookie a browser sent.
func (s *Server) replaceSessions(c echo.Context) error {
	for _, secret := range s.cookies.SessionIDs(c.Request()) {
		if err := s.deps.Store.ReplaceSession(lookups(c), tokens.HashSecret(secret)); err != nil {
			return err
		}
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// endSession signs a browser out. The token that the session was created from
// ends with it, because a browser has usually kept both. So do other sessions whose
// cookies it sent: one of them would take the place of the first.
func (s *Server) endSession(c echo.Context) error {
	if err := s.endSignIn(c); err != nil {
		return err
	}
	if err := s.replaceSessions(c); err != nil {
		return err
	}
	s.cookies.Clear(c.Response(), c.Request())
	return writeJSON(c, []byte(`{"success":true}`))
}

// endToken signs a client out that holds a token: it ends, and so does all that
// was renewed or created from the same sign-in.
func (s *Server) endToken(c echo.Context) error {
	if err := s.endSignIn(c); err != nil {
		return err
	}
	return writeJSON(c, []byte(`{"success":true}`))
}

func (s *Server) endSignIn(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	principal := claims.Principal()
	_, err = s.deps.Store.EndSignIn(lookups(c), principal, s.deps.Tokens.AbsoluteEnd(claims.SignedInAt()))
	return err
}

// appendClaims shows a token's payload as the contract does, without the claims
// that Everlatch adds for itself.
func appendClaims(b []byte, claims *tokens.Claims) []byte {
	b = wire.AppendText(append(b, `{"actor_id":`...), claims.ActorID)
	b = wire.AppendText(append(b, `,"actor_type":`...), claims.ActorType)
	b = wire.AppendText(append(b, `,"auth_identity_id":`...), claims.AuthIdentityID)
	if claims.AuthProvider != "" {
		b = wire.AppendText(append(b, `,"auth_provider":`...), claims.AuthProvider)
	}
	b = wire.AppendJSON(append(b, `,"mfa_enabled":`...), claims.MFAEnabled)
	b = wire.AppendJSON(append(b, `,"mfa_challenge_completed_at":`...), claims.MFACompletedAt)
	b = wire.AppendMetadata(append(b, `,"app_metadata":`...), claims.AppMetadata)
	b = wire.AppendMetadata(append(b, `,"user_metadata":`...), claims.UserMetadata)
	b = wire.AppendInt(append(b, `,"iat":`...), int(claims.IssuedAt))
	b = wire.AppendInt(append(b, `,"exp":`...), int(claims.ExpiresAt))
	if len(claims.Audience) > 0 {
		b = wire.AppendJSON(append(b, `,"aud":`...), claims.Audience)
	}
	if claims.Issuer != "" {
		b = wire.AppendText(append(b, `,"iss":`...), claims.Issuer)
	}
	return append(b, '}')
}
