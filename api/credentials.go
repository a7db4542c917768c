package api

import (
	"encoding/base64"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/tokens"
)

// credential is the outcome of looking at one way to authenticate. claims is
// nil when the request does not have it or it does not hold.
type credential struct {
	claims *tokens.Claims
	// gone says that the token was good and its identity is not there any more.
	gone bool
	// ended says that the token was good, and that everything that was issued to
	// its identity has been ended since.
	ended bool
	// access is what the actor may do; empty unless RBAC is on.
	access everlatch.Access
	// session is set for a credential that came with a cookie.
	session *liveSession
	err     error // an outage
}

// counts says whether it may be used where these options hold.
func (f *credential) counts(o AuthOptions) bool {
	return f.claims != nil && (!f.gone || o.allowGone) && (!f.ended || o.allowEnded)
}

type liveSession struct {
	everlatch.Session

	secret string
}

// anyActor permits every actor type.
const anyActor = "*"

func permits(actorTypes []string, actorType string) bool {
	return actorType != "" && (slices.Contains(actorTypes, actorType) || slices.Contains(actorTypes, anyActor))
}

// bearerPattern is a scheme and a token; what follows is ignored, as recorded.
var bearerPattern = regexp.MustCompile(`^(?i:bearer)\s+(\S+)`)

// bearerToken returns the token of the Authorization header, or "".
func bearerToken(header string) string {
	const scheme = "Bearer "
	if rest, ok := strings.CutPrefix(header, scheme); ok && strings.IndexByte(rest, ' ') < 0 {
		return rest // nearly all are written like this
	}
	if m := bearerPattern.FindStringSubmatch(header); m != nil {
		return m[1]
	}
	return ""
}

// byBearer looks at the Authorization header. A token counts only while the
// store agrees with it: the identity lives, nothing has ended its credentials,
// and the actor that it names is still the linked one (W14, W25, W31).
func (k *call) byBearer(c echo.Context) *credential {
	if k.bearer == nil {
		k.bearer = k.readBearer(c)
	}
	return k.bearer
}

func (k *call) readBearer(c echo.Context) *credential {
	raw := bearerToken(c.Request().Header.Get(echo.HeaderAuthorization))
	if raw == "" || isSecretKey(raw) {
		return &credential{}
	}
	claims, err := k.server.deps.Tokens.Verify(raw, tokens.PurposeAccess)
	if err != nil {
		return &credential{} // whatever is wrong with it, it proves nothing
	}
	standing, err := k.standing(c, &claims)
	switch {
	case errors.Is(err, everlatch.ErrNotFound):
		return &credential{claims: &claims, gone: true}
	case err != nil:
		return &credential{err: err}
	// A token of Medusa has no version: it counts until the first one ends.
	case !agrees(standing, max(claims.CredentialVersion, 1), claims.ActorID):
		return &credential{claims: &claims, ended: true}
	}
	k.server.showRoles(&claims, standing.Access)
	return &credential{claims: &claims, access: standing.Access}
}

// agrees compares what was issued with what is true now. A token or session
// without an actor stays one, even when an actor was linked since (recorded:
// me-with-stale-cookie-after-refresh).
func agrees(now everlatch.Standing, version int64, actorID string) bool {
	return now.CredentialVersion == version && (actorID == "" || actorID == now.ActorID)
}

// bySession looks at the session cookie.
func (k *call) bySession(c echo.Context) *credential {
	if k.session == nil {
		k.session = k.readSession(c)
	}
	return k.session
}

func (k *call) readSession(c echo.Context) *credential {
	secret := k.server.cookies.sessionID(c.Request())
	if secret == "" {
		return &credential{}
	}
	session, standing, err := k.sessionOf(c, secret)
	switch {
	case errors.Is(err, everlatch.ErrNotFound):
		return &credential{}
	case err != nil:
		return &credential{err: err}
	case !agrees(standing, session.Principal.CredentialVersion, session.Principal.ActorID):
		return &credential{}
	}
	claims := k.server.sessionClaims(session)
	k.server.showRoles(&claims, standing.Access)
	return &credential{claims: &claims, access: standing.Access, session: &liveSession{Session: session, secret: secret}}
}

// sessionClaims shows a session as the token it was made from. Its times are
// those of the session.
func (s *Server) sessionClaims(session everlatch.Session) tokens.Claims {
	p := session.Principal
	claims := tokens.Claims{
		ActorID: p.ActorID, ActorType: p.ActorType, AuthIdentityID: p.AuthIdentityID, AuthProvider: p.AuthProvider,
		MFAEnabled: p.MFAEnabled, AppMetadata: p.AppMetadata(true), UserMetadata: p.UserMetadata,
		Purpose: tokens.PurposeAccess, CredentialVersion: p.CredentialVersion,
		IssuedAt: session.CreatedAt.Unix(), ExpiresAt: session.ExpiresAt.Unix(),
	}
	if claims.UserMetadata == nil {
		claims.UserMetadata = everlatch.Metadata{}
	}
	if !p.AuthenticatedAt.IsZero() {
		claims.AuthTime = p.AuthenticatedAt.Unix()
	}
	if !p.MFACompletedAt.IsZero() {
		at := p.MFACompletedAt.UTC().Format(isoMillis)
		claims.MFACompletedAt = &at
	}
	return claims
}

// touchShare of the idle time must pass before use is written down: a write
// for each request would cost more than the request.
const touchShare = 20

// touch keeps a session that is in use from falling idle. That it could not be
// written down is no reason to refuse the request.
func (s *Server) touch(c echo.Context, session *liveSession) {
	now := s.deps.Now()
	until := now.Add(s.opts.SessionIdle)
	if until.After(session.ExpiresAt) {
		until = session.ExpiresAt
	}
	if until.Sub(session.IdleExpiresAt) > s.opts.SessionIdle/touchShare {
		if err := s.deps.Store.TouchSession(lookups(c), session.ID, until); err != nil {
			s.deps.Log.WarnContext(c.Request().Context(), "session not prolonged", "session", session.ID, "cause", everlatch.Cause(err))
			return
		}
		session.IdleExpiresAt = until
	}
	if s.opts.Cookie.Rolling {
		s.cookies.set(c, session.secret, session.IdleExpiresAt.Truncate(time.Second))
	}
}

const secretKeyPrefix = "sk_"

func isSecretKey(text string) bool { return strings.HasPrefix(text, secretKeyPrefix) }

// byAPIKey looks at the Authorization header for a secret API key by Basic
// (contract 4.2, step 1).
func (k *call) byAPIKey(c echo.Context) (*tokens.Claims, error) {
	key := basicKey(c.Request().Header.Get(echo.HeaderAuthorization))
	if key == "" {
		return nil, nil
	}
	found, may, err := k.secretKey(c, key)
	switch {
	case errors.Is(err, everlatch.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	k.access = access{Access: may, userID: found.CreatedBy}
	return &tokens.Claims{
		ActorID: found.ID, ActorType: everlatch.ActorAPIKey,
		AppMetadata: everlatch.Metadata{}, UserMetadata: everlatch.Metadata{},
	}, nil
}

// basicKey returns the secret key of a Basic header, written plainly or as
// base64 of "<key>:", or "".
func basicKey(header string) string {
	scheme, value, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return ""
	}
	value = strings.TrimSpace(value)
	if !isSecretKey(value) {
		decoded, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return ""
		}
		value = string(decoded)
	}
	value = strings.TrimSuffix(value, ":")
	if !isSecretKey(value) {
		return ""
	}
	return value
}
