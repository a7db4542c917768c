package api

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/tokens"
)

// Method is a way to authenticate a request.
type Method string

// The methods (contract 4.2).
const (
	// MethodBearer is a token in the Authorization header.
	MethodBearer Method = "bearer"
	// MethodSession is the session cookie.
	MethodSession Method = "session"
	// MethodAPIKey is a secret API key by HTTP Basic. It counts only where
	// "user" is the sole actor type.
	MethodAPIKey Method = "api-key"
)

// AuthOptions are the options of [Authenticate].
type AuthOptions struct {
	// AllowUnregistered lets an identity through that has no actor yet.
	AllowUnregistered bool
	// AllowUnauthenticated lets everybody through; [AuthContext] tells who came.
	AllowUnauthenticated bool
	// RequireMFA demands a completed second factor of those who have one; nil
	// means unless AllowUnauthenticated.
	RequireMFA *bool
	// MFAMaxAge demands that it was completed that recently; 0 = ever.
	MFAMaxAge time.Duration
	// MaxAge demands that the person proved who they are that recently, by a
	// sign-in or a second factor; 0 = ever. It is no hurdle for API keys.
	MaxAge time.Duration

	// allowGone lets a good token through whose identity is not there any
	// more: the refresh route has an answer of its own for it.
	allowGone bool
	// allowEnded lets a good token through that was ended since: a request that
	// ends it is answered the same when it is repeated.
	allowEnded bool
}

// Authenticate returns a middleware that lets a request pass when it comes
// from one of the actor types ("*" = any) by one of the methods, and answers
// 401 otherwise (contract 4.2). It works on every route that a [Server]
// serves, people's own included; elsewhere it answers 500.
//
// It differs from Medusa where that is unsafe: a valid bearer token wins over
// a session (W34), a token or session of a removed identity or actor does not
// count (W14, W31), and a request that changes something with a cookie must
// come from this host or a trusted origin (W40).
func Authenticate(actorTypes []string, methods []Method, opts AuthOptions) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			k := callOf(c)
			if k == nil {
				return errors.New("api.Authenticate: the route is not served by an api.Server")
			}
			claims, err := k.authenticate(c, actorTypes, methods, opts)
			if err != nil {
				return err
			}
			k.caller = claims
			return next(c)
		}
	}
}

// Authenticate is the function [Authenticate]; it is here so that it is found
// next to the other methods of a server.
func (s *Server) Authenticate(actorTypes []string, methods []Method, opts AuthOptions) echo.MiddlewareFunc {
	return Authenticate(actorTypes, methods, opts)
}

// AuthContext returns who [Authenticate] let through. ok is false for a request
// that is not authenticated.
func AuthContext(c echo.Context) (claims tokens.Claims, ok bool) {
	k := callOf(c)
	if k == nil || k.caller == nil {
		return tokens.Claims{}, false
	}
	return *k.caller, true
}

// authenticate runs the steps of contract 4.2. It returns nil claims for a
// request that may pass without.
func (k *call) authenticate(c echo.Context, actorTypes []string, methods []Method, opts AuthOptions) (*tokens.Claims, error) {
	apiKeys := slices.Contains(methods, MethodAPIKey) && slices.Equal(actorTypes, []string{everlatch.ActorUser})
	if apiKeys {
		if claims, err := k.byAPIKey(c); claims != nil || err != nil {
			keepPrivate(c, false)
			return claims, err
		}
	}
	found, err := k.choose(c, actorTypes, methods, opts)
	if err != nil {
		return nil, err
	}
	if found != nil {
		if err := k.demandMFA(found.claims, opts); err != nil {
			return nil, err
		}
		if err := k.demandRecent(found.claims, opts); err != nil {
			return nil, err
		}
		if found.claims.ActorID != "" || opts.AllowUnregistered {
			return k.pass(c, found)
		}
	}
	switch {
	case opts.AllowUnauthenticated:
		return nil, nil
	case apiKeys && isSecretKey(bearerToken(c.Request().Header.Get(echo.HeaderAuthorization))):
		return nil, &authError{"A secret API key was passed as a Bearer token. Secret API keys must be sent using " +
			"HTTP Basic authentication instead (Authorization: Basic <secret-api-key>)."}
	default:
		return nil, errUnauthorized
	}
}

// choose picks the credential that counts: the header, because somebody chose
// it for this request, before the cookie, which the browser adds by itself (W34).
func (k *call) choose(c echo.Context, actorTypes []string, methods []Method, opts AuthOptions) (*credential, error) {
	for _, way := range []struct {
		method Method
		look   func(echo.Context) *credential
	}{{MethodBearer, k.byBearer}, {MethodSession, k.bySession}} {
		if !slices.Contains(methods, way.method) {
			continue
		}
		found := way.look(c)
		if found.err != nil {
			return nil, found.err
		}
		if found.counts(opts) && permits(actorTypes, found.claims.ActorType) {
			return found, nil
		}
	}
	return nil, nil
}

func (k *call) demandMFA(claims *tokens.Claims, opts AuthOptions) error {
	required := !opts.AllowUnauthenticated
	if opts.RequireMFA != nil {
		required = *opts.RequireMFA
	}
	if !required || !claims.MFAEnabled {
		return nil
	}
	if claims.MFACompletedAt == nil || *claims.MFACompletedAt == "" {
		return &authError{"MFA verification is required to complete this request"}
	}
	if opts.MFAMaxAge <= 0 {
		return nil
	}
	completed, err := time.Parse(time.RFC3339, *claims.MFACompletedAt)
	if err != nil || k.server.deps.Now().Sub(completed) > opts.MFAMaxAge {
		return &authError{"MFA was verified too long ago to complete this request"}
	}
	return nil
}

// demandRecent sends those to sign in again who did so too long ago, or nobody
// knows when: a token that was stolen or a browser that was left open shall not
// be enough for what cannot be taken back.
func (k *call) demandRecent(claims *tokens.Claims, opts AuthOptions) error {
	if opts.MaxAge <= 0 {
		return nil
	}
	p, since := claims.Principal(), k.server.deps.Now().Add(-opts.MaxAge)
	if p.AuthenticatedAt.Before(since) && p.MFACompletedAt.Before(since) {
		return &authError{"This request needs a recent sign-in. Sign in again and repeat it."}
	}
	return nil
}

// pass lets a credential through. A session is checked against cross-site
// requests here, so that a forged one is refused only where it would count.
func (k *call) pass(c echo.Context, found *credential) (*tokens.Claims, error) {
	if found.session != nil {
		if err := k.server.checkOrigin(c); err != nil {
			return nil, err
		}
		k.server.touch(c, found.session)
	}
	keepPrivate(c, false)
	k.access = access{Access: found.access}
	if found.claims.ActorType == everlatch.ActorUser {
		k.access.userID = found.claims.ActorID
	}
	return found.claims, nil
}

// caller returns who a handler behind [Authenticate] works for.
func caller(c echo.Context) (*tokens.Claims, error) {
	if k := callOf(c); k != nil && k.caller != nil {
		return k.caller, nil
	}
	return nil, fmt.Errorf("route %s is not authenticated", c.Path())
}
