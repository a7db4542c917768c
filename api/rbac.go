package api

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
)

// can names the permissions that a route needs (contract 4.8).
func can(keys ...string) []everlatch.Permission {
	out := make([]everlatch.Permission, len(keys))
	for i, key := range keys {
		out[i] = everlatch.ParsePermission(key)
	}
	return out
}

// Permit returns a middleware that lets an administrator pass whose roles give
// all of the permissions, at this moment: what was taken counts from the next
// request on (W38). It is for people's own routes under /admin; the built-in ones
// have theirs. Everybody passes unless [Options].RBAC is on.
func Permit(needs ...everlatch.Permission) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			k := callOf(c)
			if k == nil || k.caller == nil {
				return fmt.Errorf("api.Permit: the route %s is not authenticated", c.Path())
			}
			if k.server.opts.RBAC {
				if err := k.access.demand(needs); err != nil {
					return err
				}
			}
			return next(c)
		}
	}
}

// access is what the caller of a request may do.
type access struct {
	everlatch.Access

	// userID is the administrator in whose name the request is: the caller, or
	// who created the secret API key that calls.
	userID string
}

func (a access) demand(needs []everlatch.Permission) error {
	switch {
	case len(needs) == 0 || len(a.Roles) > 0 && a.Allows(needs...):
		return nil
	case len(a.Roles) == 0:
		return forbidden("Forbidden")
	}
	keys := make([]string, len(needs))
	for i, need := range needs {
		keys[i] = need.String()
	}
	return forbidden("Insufficient permissions. Required policies: " + strings.Join(keys, ", "))
}

func forbidden(message string) error {
	return &everlatch.Error{Code: everlatch.CodeForbidden, Message: message}
}

// guards are the middlewares of a route.
func (s *Server) guards(r route) []echo.MiddlewareFunc {
	if s.opts.RBAC && len(r.needs) > 0 {
		return append(slices.Clip(r.middleware), Permit(r.needs...))
	}
	return r.middleware
}

// hasRoles says that an actor is one whose roles count.
func (s *Server) hasRoles(actorType string) bool {
	return s.opts.RBAC && actorType == everlatch.ActorUser
}

// standing is what is true now about an identity, and what it may do.
func (k *call) standing(c echo.Context, claims *tokens.Claims) (everlatch.Standing, error) {
	if k.server.hasRoles(claims.ActorType) {
		return k.server.deps.Store.StandingWithAccess(k.lookups(c), claims.AuthIdentityID, claims.ActorType)
	}
	return k.server.deps.Store.Standing(k.lookups(c), claims.AuthIdentityID, claims.ActorType)
}

// sessionOf is the session of a secret, with what is true now.
func (k *call) sessionOf(c echo.Context, secret string) (everlatch.Session, everlatch.Standing, error) {
	if k.server.opts.RBAC {
		return k.server.deps.Store.SessionWithAccess(k.lookups(c), secretHash(secret))
	}
	return k.server.deps.Store.Session(k.lookups(c), secretHash(secret))
}

// secretKey is the secret key of a token, and what it may do.
func (k *call) secretKey(c echo.Context, key string) (found everlatch.APIKey, a everlatch.Access, err error) {
	if k.server.opts.RBAC {
		return k.server.deps.Store.SecretKeyWithAccess(k.lookups(c), secretHash(key))
	}
	found, err = k.server.deps.Store.SecretKey(k.lookups(c), secretHash(key))
	return found, a, err
}

// rolesKey is where clients read the roles in app_metadata. Nothing here trusts
// what stands there.
const rolesKey = "roles"

// showRoles writes the roles of now into the claims of a caller.
func (s *Server) showRoles(claims *tokens.Claims, now everlatch.Access) {
	if !s.hasRoles(claims.ActorType) || claims.ActorID == "" {
		return
	}
	shown := maps.Clone(claims.AppMetadata)
	if shown == nil {
		shown = everlatch.Metadata{}
	}
	shown[rolesKey] = now.Roles
	claims.AppMetadata = shown
}

// withRoles adds the roles that a new token shows (contract 4.2).
func (s *Server) withRoles(c echo.Context, p everlatch.Principal) (everlatch.Principal, error) {
	if !s.hasRoles(p.ActorType) || p.ActorID == "" {
		return p, nil
	}
	now, err := s.deps.Store.Access(lookups(c), p.ActorID)
	p.Roles = now.Roles
	return p, err
}

// authority is on whose behalf a request changes roles.
func authority(c echo.Context) store.Authority { return store.OnBehalfOf(callOf(c).access.userID) }

// demandRoles refuses to give roles that do not exist, or that give more than
// the caller has. Without RBAC roles are not looked at.
func (s *Server) demandRoles(c echo.Context, roleIDs []string) error {
	if !s.opts.RBAC || len(roleIDs) == 0 {
		return nil
	}
	return s.deps.Store.CheckRoles(lookups(c), callOf(c).access.Access, roleIDs)
}

// demandInvite refuses a token of an invite that gives more than the caller has.
// A role that was deleted meanwhile gives nothing.
func (s *Server) demandInvite(c echo.Context, i everlatch.Invite) error {
	if !s.opts.RBAC {
		return nil
	}
	return s.deps.Store.CheckGrant(lookups(c), callOf(c).access.Access, i.Roles)
}

// createdBy is who a key is created by. One that a key creates has the creator of
// that key, so that it may what they may.
func (s *Server) createdBy(c echo.Context, claims *tokens.Claims) string {
	if s.opts.RBAC && claims.ActorType == everlatch.ActorAPIKey {
		return callOf(c).access.userID
	}
	return claims.ActorID
}

// demandOver refuses to end or take over the account of somebody who may do what
// the caller may not.
func (s *Server) demandOver(c echo.Context, userID string) error {
	if !s.opts.RBAC {
		return nil
	}
	theirs, err := s.deps.Store.Access(lookups(c), userID)
	if err == nil && !callOf(c).access.Allows(theirs.Permissions...) {
		err = forbidden("You do not have permission to do this to a user with these roles")
	}
	return err
}
