package api

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/tokens"
)

// Method is a way to authenticate a request.
type Method string

// The methods (docs/contract.md#s4-2).
const (
	// MethodBearer is a token in the Authorization header.
	MethodBearer Method = "bearer"
	// MethodSession is the session cookie.
	MethodSession Method = "session"
	// MethodAPIKey is a secret API key by HTTP Basic. It counts only where "user"
	// is the sole actor type.
	MethodAPIKey Method = "api-key"
)

// AuthOptions are the options of [Authenticate].
type AuthOptions struct {
	// AllowUnregistered accepts an identity that has no actor yet.
	AllowUnregistered bool
	// AllowUnauthenticated accepts every request; [AuthContext] says who sent it.
	AllowUnauthenticated bool
	// RequireMFA demands a completed second factor of an identity that has one;
	// nil means unless AllowUnauthenticated.
	RequireMFA *bool
	// MFAMaxAge limits the age of the completed second factor; 0 = no limit.
	MFAMaxAge time.Duration
	// MaxAge limits the age of the last sign-in or second factor; 0 = no limit. API
	// keys pass regardless.
	MaxAge time.Duration
}

// Authenticate returns a middleware that accepts requests of the given actor types
// ("*" = any) by the given methods, and answers others with 401 (docs/contract.md#s4-2). It
// works on every route that a [Server] serves, including custom ones; elsewhere it
// answers 500.
//
// It differs from Medusa where that is unsafe: a valid bearer token takes
// precedence over a session (docs/weak-spots.md#w34), a token or session of a removed identity or
// actor does not count (docs/weak-spots.md#w14, #w31), and a request that changes something with a
// cookie must come from this host or a trusted origin (docs/weak-spots.md#w40).
func Authenticate(actorTypes []string, methods []Method, opts AuthOptions) echo.MiddlewareFunc {
	p := httpauth.Policy{
		ActorTypes: actorTypes, AllowUnregistered: opts.AllowUnregistered, AllowUnauthenticated: opts.AllowUnauthenticated,
		RequireMFA: opts.RequireMFA, MFAMaxAge: opts.MFAMaxAge, MaxAge: opts.MaxAge,
	}
	for method, bit := range map[Method]httpauth.Methods{
		MethodBearer: httpauth.Bearer, MethodSession: httpauth.Session, MethodAPIKey: httpauth.APIKey,
	} {
		if slices.Contains(methods, method) {
			p.Methods |= bit
		}
	}
	return require(p)
}

// require returns the middleware that checks requests against a policy.
func require(p httpauth.Policy) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			k := callOf(c)
			if k == nil {
				return errors.New("api.Authenticate: the route is not served by an api.Server")
			}
			if err := k.server.auth.Check(k.lookups(c), c, &k.auth, p); err != nil {
				return err
			}
			if k.auth.Claims() != nil {
				keepPrivate(c, false)
			}
			return next(c)
		}
	}
}

// AuthContext returns the caller that [Authenticate] identified. ok is false for a
// request that is not authenticated.
func AuthContext(c echo.Context) (claims tokens.Claims, ok bool) {
	k := callOf(c)
	if k == nil || k.auth.Claims() == nil {
		return tokens.Claims{}, false
	}
	return *k.auth.Claims(), true
}

// caller returns the caller of a handler behind [Authenticate].
func caller(c echo.Context) (*tokens.Claims, error) {
	if k := callOf(c); k != nil && k.auth.Claims() != nil {
		return k.auth.Claims(), nil
	}
	return nil, fmt.Errorf("route %s is not authenticated", c.Path())
}
