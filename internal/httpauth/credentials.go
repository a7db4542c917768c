package httpauth

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/wire"
)

// credential is the outcome of one method. claims is nil when the request has no
// valid credential of that kind.
type credential struct {
	claims *tokens.Claims
	// removed says that the token is valid and its identity no longer exists.
	removed bool
	// ended says that the token is valid and that everything issued to its identity
	// at the time has been ended since.
	ended bool
	// access is what the caller may do; empty unless roles are looked up.
	access everlatch.Access
	// userID is the administrator on whose behalf the request is made, or "".
	userID string
	// usedAt is when use of its sign-in was last recorded, zero for never.
	usedAt time.Time
	// live is the session of a cookie.
	live *liveSession
	// customer is the account of the caller, nil unless it was read.
	customer *everlatch.Customer
	err      error // an outage
}

type liveSession struct {
	everlatch.Session

	secret string
}

// bearerPattern is a scheme and a token; what follows is ignored, as recorded.
var bearerPattern = regexp.MustCompile(`^(?i:bearer)\s+(\S+)`)

// BearerToken returns the token of the Authorization header, or "".
func BearerToken(r *http.Request) string {
	const scheme = "Bearer "
	header := r.Header.Get(echo.HeaderAuthorization)
	if rest, ok := strings.CutPrefix(header, scheme); ok && strings.IndexByte(rest, ' ') < 0 {
		return rest // nearly all are written like this
	}
	if m := bearerPattern.FindStringSubmatch(header); m != nil {
		return m[1]
	}
	return ""
}

// byBearer looks at the Authorization header. A token counts only while the store
// agrees with it: the identity exists, nothing has ended its credentials, and the
// actor that it names is still the linked one (docs/weak-spots.md#w14, #w25, #w31).
// readCustomer reads the account of a customer with it.
func (a *Authenticator) byBearer(ctx context.Context, r *http.Request, readCustomer bool) *credential {
	raw := BearerToken(r)
	if raw == "" || isSecretKey(raw) {
		return &credential{}
	}
	return a.byToken(ctx, raw, readCustomer)
}

// byToken looks at a token that came in a header, or that another service asks about.
func (a *Authenticator) byToken(ctx context.Context, raw string, readCustomer bool) *credential {
	claims, err := a.Tokens.Verify(raw, tokens.PurposeAccess)
	if err != nil {
		return &credential{} // whatever is wrong with it, it proves nothing
	}
	standing, customer, err := a.standing(ctx, &claims, readCustomer)
	switch {
	case errors.Is(err, everlatch.ErrNotFound):
		return &credential{claims: &claims, removed: true}
	case err != nil:
		return &credential{err: err}
	// A token of Medusa has no version: it counts until the first one ends.
	case !Agrees(standing, max(claims.CredentialVersion, 1), claims.ActorID):
		return &credential{claims: &claims, ended: true}
	}
	requireFactor(&claims, standing)
	found := a.found(&claims, standing)
	found.customer = customer
	return found
}

// found is a valid credential of these claims.
func (a *Authenticator) found(claims *tokens.Claims, now everlatch.Standing) *credential {
	a.showRoles(claims, now.Access)
	out := &credential{claims: claims, access: now.Access, usedAt: now.SignInUsedAt}
	if claims.ActorType == everlatch.ActorUser {
		out.userID = claims.ActorID
	}
	return out
}

// requireFactor brings claims up to date with the second factors of the identity:
// those that were issued before the first was enabled need it from now on, but for the
// sign-in that enabled it, which has just proven it (docs/weak-spots.md#w56). A credential
// that waits for its factor waits on when the factor is removed: a refresh ends that.
func requireFactor(claims *tokens.Claims, now everlatch.Standing) {
	if now.MFAEnabledAt.IsZero() {
		return
	}
	claims.MFAEnabled = true
	if claims.MFACompletedAt == nil && claims.SignInID != "" && claims.SignInID == now.MFAEnabledBy {
		at := now.MFAEnabledAt.UTC().Format(wire.ISOMillis)
		claims.MFACompletedAt = &at
		if len(claims.AMR) > 0 && !slices.Contains(claims.AMR, everlatch.AMRSeveral) {
			*claims = claims.WithMethods(append(slices.Clone(claims.AMR), everlatch.AMRSeveral))
		}
	}
}

// Agrees compares what was issued with what is true now: the identity is not disabled,
// the user has not signed out, and the credentials and the actor are the same. A token or session without
// an actor stays one, even when an actor has been linked since (recorded:
// me-with-stale-cookie-after-refresh).
func Agrees(now everlatch.Standing, version int64, actorID string) bool {
	return !now.Disabled && !now.SignInEnded && now.CredentialVersion == version && (actorID == "" || actorID == now.ActorID)
}

// standing returns the current state of an identity and what it may do, and with
// readCustomer the account of a customer.
func (a *Authenticator) standing(ctx context.Context, claims *tokens.Claims, readCustomer bool) (
	now everlatch.Standing, customer *everlatch.Customer, err error,
) {
	switch {
	case a.HasRoles(claims.ActorType):
		now, err = a.Store.StandingWithAccess(ctx, claims.AuthIdentityID, claims.ActorType, claims.SignInID)
	case readCustomer && claims.ActorType == everlatch.ActorCustomer:
		return a.Store.StandingWithCustomer(ctx, claims.AuthIdentityID, claims.SignInID)
	default:
		now, err = a.Store.Standing(ctx, claims.AuthIdentityID, claims.ActorType, claims.SignInID)
	}
	return now, nil, err
}

// bySession looks at the session cookies; the first that names a live session
// counts.
func (a *Authenticator) bySession(ctx context.Context, r *http.Request) *credential {
	for _, secret := range a.Cookies.SessionIDs(r) {
		if found := a.bySecret(ctx, secret); found.claims != nil || found.err != nil {
			return found
		}
	}
	return &credential{}
}

// bySecret looks up the session of one cookie.
func (a *Authenticator) bySecret(ctx context.Context, secret string) *credential {
	lookUp := a.Store.Session
	if a.Roles {
		lookUp = a.Store.SessionWithAccess
	}
	session, standing, err := lookUp(ctx, tokens.HashSecret(secret))
	switch {
	case errors.Is(err, everlatch.ErrNotFound):
		return &credential{}
	case err != nil:
		return &credential{err: err}
	case !Agrees(standing, session.Principal.CredentialVersion, session.Principal.ActorID):
		return &credential{}
	}
	claims := sessionClaims(session)
	requireFactor(&claims, standing)
	out := a.found(&claims, standing)
	out.live = &liveSession{Session: session, secret: secret}
	return out
}

// sessionClaims shows a session as the token from which it was created, with the
// times of the session.
func sessionClaims(session everlatch.Session) tokens.Claims {
	p := session.Principal
	claims := tokens.Claims{
		ActorID: p.ActorID, ActorType: p.ActorType, AuthIdentityID: p.AuthIdentityID, AuthProvider: p.AuthProvider,
		MFAEnabled: p.MFAEnabled, AppMetadata: p.AppMetadata(true), UserMetadata: p.UserMetadata,
		Purpose: tokens.PurposeAccess, CredentialVersion: p.CredentialVersion, SignInID: p.SignInID,
		IssuedAt: session.CreatedAt.Unix(), ExpiresAt: session.ExpiresAt.Unix(),
	}
	if claims.UserMetadata == nil {
		claims.UserMetadata = everlatch.Metadata{}
	}
	if !p.AuthenticatedAt.IsZero() {
		claims.AuthTime = p.AuthenticatedAt.Unix()
	}
	if !p.MFACompletedAt.IsZero() {
		at := p.MFACompletedAt.UTC().Format(wire.ISOMillis)
		claims.MFACompletedAt = &at
	}
	return claims.WithMethods(p.AMR)
}

func isSecretKey(text string) bool { return strings.HasPrefix(text, accounts.SecretKeyPrefix) }

// byAPIKey looks at the Authorization header for a secret API key by Basic
// (docs/contract.md#s4-2, step 1). It returns nil when there is no valid one.
func (a *Authenticator) byAPIKey(ctx context.Context, r *http.Request) (*credential, error) {
	key := basicKey(r.Header.Get(echo.HeaderAuthorization))
	if key == "" {
		return nil, nil
	}
	found, access, err := a.keys.Find(ctx, a.Store, key, a.Roles)
	switch {
	case errors.Is(err, everlatch.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &credential{access: access, userID: found.OwnerID, claims: &tokens.Claims{
		ActorID: found.ID, ActorType: everlatch.ActorAPIKey,
		AppMetadata: everlatch.Metadata{}, UserMetadata: everlatch.Metadata{},
	}}, nil
}

// basicKey returns the secret key of a Basic header, in plain text or as base64 of "<key>:", or "".
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
