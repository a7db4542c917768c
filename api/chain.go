package api

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/wire"
)

// chain is what every request passes, in this order, whether a route matches or
// not (docs/contract.md#s4-1). So a malformed body is refused before a missing key, and an
// unknown path under /admin is unauthorized before it is unknown.
func (s *Server) chain() []echo.MiddlewareFunc {
	return []echo.MiddlewareFunc{
		keepFromCaches, s.speak, wire.DecodeParams, wire.ParseBody(s.opts.BodyLimit), s.router.CORS, s.checkSizes,
		s.describe, s.requireKey, s.requireAdmin, s.identifyCustomer, s.router.Unmatched,
	}
}

// keepFromCaches marks the answers of /auth, which hold tokens; an answer that may
// be kept says so itself.
func keepFromCaches(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if callOf(c).prefix == prefixAuth {
			keepPrivate(c, true)
		}
		return next(c)
	}
}

// requireKey refuses /store requests without a valid publishable key, whether the
// path is known or not (docs/contract.md#s4-1). With [KeysAuto] it does so only once a key
// exists, so that a new installation works without one.
func (s *Server) requireKey(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		k := callOf(c)
		if k.prefix != prefixStore || s.opts.PublishableKey == KeysOff {
			return next(c)
		}
		if err := s.checkKey(k.lookups(c), c.Request().Header.Get("x-publishable-api-key")); err != nil {
			return err
		}
		return next(c)
	}
}

func (s *Server) checkKey(ctx context.Context, token string) error {
	if token != "" {
		switch good, err := s.keys.Good(ctx, token); {
		case err != nil:
			return err
		case good:
			return nil
		}
	}
	if s.opts.PublishableKey == KeysAuto {
		switch exist, err := s.keys.Exist(ctx); {
		case err != nil:
			return err
		case !exist:
			return nil
		}
	}
	if token == "" {
		return errKeyMissing
	}
	return errKeyInvalid
}

// requireAdmin demands an administrator for everything under /admin, known or not,
// except routes that opted out.
func (s *Server) requireAdmin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		match := wire.Of(c).Match
		if callOf(c).prefix != prefixAdmin || match != nil && s.public[match.Path] {
			return next(c)
		}
		return requireUser(s.audited(next))(c)
	}
}

// identifyCustomer tells custom routes under /store who the customer is, if any.
// The built-in ones have policies of their own.
func (s *Server) identifyCustomer(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		match := wire.Of(c).Match
		if callOf(c).prefix != prefixStore || match == nil || s.builtIn[match.Path] {
			return next(c)
		}
		return knowCustomer(next)(c)
	}
}

// The checks of these two are made once: Echo puts the chain together for each request.
var (
	requireUser = require(httpauth.Policy{
		ActorTypes: []string{everlatch.ActorUser}, Methods: httpauth.Bearer | httpauth.Session | httpauth.APIKey,
	})
	knowCustomer = require(httpauth.Policy{
		ActorTypes: []string{everlatch.ActorCustomer}, Methods: httpauth.Bearer | httpauth.Session, AllowUnauthenticated: true,
	})
)
