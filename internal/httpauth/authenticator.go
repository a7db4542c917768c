package httpauth

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/wire"
)

// RefusalError is the error for a request that is not authenticated. Its answer has no
// type (docs/contract.md#s4-1).
type RefusalError struct{ Reason everlatch.Reason }

// Error names the reason, for the log.
func (e *RefusalError) Error() string { return string(e.Reason) }

// ErrUnauthorized is the refusal that does not say what is wrong with a credential.
var ErrUnauthorized = &RefusalError{Unauthenticated}

// errKeyAsBearer tells apart a mistake that developers make.
var errKeyAsBearer = &RefusalError{KeyAsBearer}

// Authenticator checks requests. All fields but Rolling, Roles and Touch are required.
type Authenticator struct {
	Store   *store.Store
	Tokens  *tokens.Tokens
	Cookies wire.Cookies
	Origins wire.OriginCheck
	Log     *slog.Logger
	Now     func() time.Time
	// SessionIdle is how long a session lives without use.
	SessionIdle time.Duration
	// Rolling sends the cookie again with each answer to a request that used it.
	Rolling bool
	// Roles looks up the roles of administrators.
	Roles bool
	// Touch, if set, is told that a sign-in is in use, at most once per
	// [TouchEvery]. What was issued for it is valid until expiresAt.
	Touch func(ctx context.Context, c echo.Context, claims *tokens.Claims, expiresAt time.Time)

	keys accounts.SecretKeys
}

// TouchEvery is how exactly the last use of a sign-in is known.
const TouchEvery = time.Hour

// Request is what is known about the caller of a request. Its zero value is a request
// that has not been checked.
type Request struct {
	// bearer and session are looked up at most once, however many policies a
	// request is checked against.
	bearer, session *credential
	caller          *credential
}

// Claims identify the caller, nil when no policy has identified one.
func (r *Request) Claims() *tokens.Claims {
	if r.caller == nil {
		return nil
	}
	return r.caller.claims
}

// Access is what the caller may do; it is empty unless roles are looked up.
func (r *Request) Access() everlatch.Access {
	if r.caller == nil {
		return everlatch.Access{}
	}
	return r.caller.access
}

// UserID is the administrator on whose behalf the request is made: the caller, or the
// creator of the secret API key that calls. It is "" for other callers.
func (r *Request) UserID() string {
	if r.caller == nil {
		return ""
	}
	return r.caller.userID
}

// ByBearer reports whether a bearer token identified the caller.
func (r *Request) ByBearer() bool { return r.caller != nil && r.caller == r.bearer }

// BySession reports whether a session identified the caller.
func (r *Request) BySession() bool { return r.caller != nil && r.caller == r.session }

// SessionID is the id of the session that the caller was accepted by, or "".
func (r *Request) SessionID() string {
	if !r.BySession() || r.session.live == nil {
		return ""
	}
	return r.session.live.ID
}

// Customer is the caller's account as it was when the caller was checked, nil unless the
// policy has [Policy.ReadCustomer] and a token identified a customer.
func (r *Request) Customer() *everlatch.Customer {
	if r.caller == nil {
		return nil
	}
	return r.caller.customer
}

// Ended reports whether the caller's token has been ended (see Policy.AllowEnded).
func (r *Request) Ended() bool { return r.caller != nil && r.caller.ended }

// Check identifies the caller of a request by the steps of docs/contract.md#s4-2. Its error
// is a [*RefusalError], or an outage. ctx bounds the lookups.
func (a *Authenticator) Check(ctx context.Context, c echo.Context, r *Request, p Policy) error {
	r.caller = nil
	if p.apiKeys() {
		found, err := a.byAPIKey(ctx, c.Request())
		if found != nil || err != nil {
			r.caller = found
			return err
		}
	}
	found, err := a.choose(ctx, c, r, p)
	if err != nil {
		return err
	}
	if found != nil {
		if err := p.Admits(found.claims, a.Now()); err != nil {
			return err
		}
		if found.claims.ActorID != "" || p.AllowUnregistered {
			r.caller = found
			return a.use(ctx, c, found)
		}
	}
	switch {
	case p.AllowUnauthenticated:
		return nil
	case p.apiKeys() && isSecretKey(BearerToken(c.Request())):
		return errKeyAsBearer
	default:
		return ErrUnauthorized
	}
}

// Peek identifies the caller without a decision about the request: it returns nil
// claims when no credential counts.
func (a *Authenticator) Peek(ctx context.Context, c echo.Context, r *Request, p Policy) (*tokens.Claims, error) {
	found, err := a.choose(ctx, c, r, p)
	if err != nil || found == nil {
		return nil, err
	}
	return found.claims, nil
}

// Introspect returns the claims of an access token that counts, as they are now, and nil
// for one that does not. Its error is an outage.
func (a *Authenticator) Introspect(ctx context.Context, token string) (*tokens.Claims, error) {
	found := a.byToken(ctx, token, false)
	if found.err != nil || found.removed || found.ended {
		return nil, found.err
	}
	return found.claims, nil
}

// choose picks the credential that counts: the header, which the client chose for
// this request, before the cookie, which the browser adds by itself (docs/weak-spots.md#w34).
func (a *Authenticator) choose(ctx context.Context, c echo.Context, r *Request, p Policy) (*credential, error) {
	if p.Methods&Bearer != 0 {
		if r.bearer == nil {
			r.bearer = a.byBearer(ctx, c.Request(), p.ReadCustomer)
		}
		if r.bearer.err != nil || p.accepts(r.bearer) {
			return r.bearer, r.bearer.err
		}
	}
	if p.Methods&Session != 0 {
		if r.session == nil {
			r.session = a.bySession(ctx, c.Request())
		}
		if r.session.err != nil || p.accepts(r.session) {
			return r.session, r.session.err
		}
	}
	return nil, nil
}

// use accepts a credential. A session is checked against cross-site requests here,
// so that a forged request is refused only where the session would count.
func (a *Authenticator) use(ctx context.Context, c echo.Context, found *credential) error {
	if found.live == nil {
		a.touchSignIn(ctx, c, found, time.Unix(found.claims.ExpiresAt, 0))
		return nil
	}
	if !a.Origins.Allow(c.Request(), wire.Of(c).Origins) {
		return &everlatch.Error{Code: everlatch.CodeForbidden, Reason: OriginForeign}
	}
	a.touch(ctx, c, found.live)
	a.touchSignIn(ctx, c, found, found.live.IdleExpiresAt)
	return nil
}

// touchSignIn tells that a sign-in is in use, unless that was told in the last hour.
func (a *Authenticator) touchSignIn(ctx context.Context, c echo.Context, found *credential, expiresAt time.Time) {
	if a.Touch != nil && !found.ended && !found.removed && a.Now().Sub(found.usedAt) >= TouchEvery {
		a.Touch(ctx, c, found.claims, expiresAt)
	}
}

// touchShare is the part of the idle time that must pass before use is recorded: a
// write for each request would cost more than the request.
const touchShare = 20

// touch extends a session in use. A failure to record that is no reason to refuse
// the request.
func (a *Authenticator) touch(ctx context.Context, c echo.Context, live *liveSession) {
	until := a.Now().Add(a.SessionIdle)
	if until.After(live.ExpiresAt) {
		until = live.ExpiresAt
	}
	if until.Sub(live.IdleExpiresAt) > a.SessionIdle/touchShare {
		if err := a.Store.TouchSession(ctx, live.ID, until); err != nil {
			a.Log.WarnContext(ctx, "session not extended", "session", live.ID, "cause", everlatch.Cause(err))
			return
		}
		live.IdleExpiresAt = until
	}
	if a.Rolling {
		a.Cookies.Set(c.Response(), c.Request(), live.secret, live.IdleExpiresAt.Truncate(time.Second))
	}
}

// HasRoles reports whether an actor type is one whose roles count.
func (a *Authenticator) HasRoles(actorType string) bool {
	return a.Roles && actorType == everlatch.ActorUser
}

// rolesKey is where clients read the roles in app_metadata. They are for display:
// no decision rests on them.
const rolesKey = "roles"

// showRoles writes the current roles into the claims of a caller.
func (a *Authenticator) showRoles(claims *tokens.Claims, now everlatch.Access) {
	if !a.HasRoles(claims.ActorType) || claims.ActorID == "" {
		return
	}
	shown := maps.Clone(claims.AppMetadata)
	if shown == nil {
		shown = everlatch.Metadata{}
	}
	shown[rolesKey] = now.Roles
	claims.AppMetadata = shown
}
