package api

import (
	"fmt"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
)

// can names the permissions that a route needs (docs/contract.md#s4-8).
func can(keys ...string) []everlatch.Permission {
	out := make([]everlatch.Permission, len(keys))
	for i, key := range keys {
		out[i] = everlatch.ParsePermission(key)
	}
	return out
}

// Permit returns a middleware for custom routes under /admin, which accepts
// administrators whose roles give all of the permissions at this moment: a
// change of roles applies from the next request on (docs/weak-spots.md#w38). Built-in routes have
// their own. It accepts every administrator unless [Options].RBAC is on.
func Permit(needs ...everlatch.Permission) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			k := callOf(c)
			if k == nil || k.auth.Claims() == nil {
				return fmt.Errorf("api.Permit: the route %s is not authenticated", c.Path())
			}
			if k.server.opts.RBAC {
				if err := demand(k.auth.Access(), needs); err != nil {
					return err
				}
			}
			return next(c)
		}
	}
}

// demand refuses a caller who lacks a permission.
func demand(a everlatch.Access, needs []everlatch.Permission) error {
	switch {
	case len(needs) == 0 || len(a.Roles) > 0 && a.Allows(needs...):
		return nil
	case len(a.Roles) == 0:
		return errNoRoles
	}
	keys := make([]string, len(needs))
	for i, need := range needs {
		keys[i] = need.String()
	}
	return errPermissions(keys)
}

// guards are the middlewares of a route.
func (s *Server) guards(r route) []echo.MiddlewareFunc {
	if r.public && len(r.middleware) > 0 { // the others are audited where the chain authenticates
		return append(slices.Clip(r.middleware), s.audited)
	}
	if s.opts.RBAC && len(r.needs) > 0 {
		return append(slices.Clip(r.middleware), Permit(r.needs...))
	}
	return r.middleware
}

// withRoles adds the roles that a new token shows (docs/contract.md#s4-2).
func (s *Server) withRoles(c echo.Context, p everlatch.Principal) (everlatch.Principal, error) {
	if !s.auth.HasRoles(p.ActorType) || p.ActorID == "" {
		return p, nil
	}
	now, err := s.deps.Store.Access(lookups(c), p.ActorID)
	p.Roles = now.Roles
	return p, err
}

// authority returns the administrator on whose behalf a request changes roles.
func authority(c echo.Context) store.Authority { return store.OnBehalfOf(callOf(c).auth.UserID()) }

// demandRoles refuses to grant roles that do not exist, or that give more than
// the caller has. Without RBAC it checks nothing.
func (s *Server) demandRoles(c echo.Context, roleIDs []string) error {
	if !s.opts.RBAC || len(roleIDs) == 0 {
		return nil
	}
	return s.deps.Store.CheckRoles(lookups(c), callOf(c).auth.Access(), roleIDs)
}

// demandInvite refuses to issue the token of an invite that gives more than the
// caller has. A role that has been deleted gives nothing.
func (s *Server) demandInvite(c echo.Context, i everlatch.Invite) error {
	if !s.opts.RBAC {
		return nil
	}
	return s.deps.Store.CheckGrant(lookups(c), callOf(c).auth.Access(), i.Roles)
}

// createdBy returns the creator of a new key. For a key that another key
// creates it is the creator of that one, so that both have the same
// permissions.
func (s *Server) createdBy(c echo.Context, claims *tokens.Claims) string {
	if s.opts.RBAC && claims.ActorType == everlatch.ActorAPIKey {
		return callOf(c).auth.UserID()
	}
	return claims.ActorID
}

// demandOver refuses to change, end or take over an account without authority
// over everything that its identities can sign in to.
func (s *Server) demandOver(c echo.Context, actorType, id string) error {
	if !s.opts.RBAC {
		return nil
	}
	return s.accounts.CheckAuthority(lookups(c), callOf(c).auth.Access(), everlatch.ActorRef{ActorType: actorType, ActorID: id})
}

// demandUpdate is demandOver for a change of an identity that signs in to an account.
func (s *Server) demandUpdate(c echo.Context, account everlatch.ActorRef) error {
	if !s.opts.RBAC {
		return nil
	}
	return s.accounts.CheckUpdate(lookups(c), callOf(c).auth.Access(), account)
}

// demandKey refuses to change a secret key whose owner has permissions that the
// caller lacks.
func (s *Server) demandKey(c echo.Context) (everlatch.APIKey, error) {
	key, err := s.deps.Store.APIKey(lookups(c), c.Param("id"))
	if err == nil && key.OwnerID != "" {
		err = s.demandOver(c, everlatch.ActorUser, key.OwnerID)
	}
	return key, err
}
