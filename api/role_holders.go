package api

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

// Roles are granted and revoked from either side: the path names a user and the body
// roles, or the path a role and the body users.

var (
	rolesOfUserFilters   = query.Schema{{Name: "role_id", Kind: query.Texts}}
	usersWithRoleFilters = query.Schema{{Name: "user_id", Kind: query.Texts}}
)

// holding is one of the sides.
type holding struct {
	// model is the record of the path, list the field of the body, and object what a
	// revocation is called in its answer.
	model, list, object string
	find                func(s *Server, ctx context.Context, id string) error
	// pair sorts the id of the path and the ids of the body.
	pair func(id string, listed []string) (userIDs, roleIDs []string)
	// write answers with all that the record of the path has.
	write func(s *Server, c echo.Context, id string) error
}

var (
	ofUser = holding{
		model: "User", list: "roles", object: "user_role",
		find: func(s *Server, ctx context.Context, id string) error {
			_, err := s.deps.Store.User(ctx, id)
			return err
		},
		pair: func(id string, listed []string) (userIDs, roleIDs []string) { return []string{id}, listed },
		write: func(s *Server, c echo.Context, id string) error {
			held, _, err := s.deps.Store.Roles(lookups(c), store.RoleFilter{Holders: []string{id}}, store.Page{})
			if err != nil {
				return err
			}
			return writeJSON(c, append(appendRecords(nil, "roles", roleColumns, held), '}'))
		},
	}
	ofRole = holding{
		model: "Role", list: "users", object: "role_user",
		find: func(s *Server, ctx context.Context, id string) error {
			_, err := s.deps.Store.Role(ctx, id)
			return err
		},
		pair: func(id string, listed []string) (userIDs, roleIDs []string) { return listed, []string{id} },
		write: func(s *Server, c echo.Context, id string) error {
			holders, _, err := s.deps.Store.UsersWithRole(lookups(c), id, nil, store.Page{})
			if err != nil {
				return err
			}
			return writeJSON(c, append(appendRecords(nil, "users", userTable, holders), '}'))
		},
	}
)

// read reads the ids in a body about the record of the path, which must exist.
func (h holding) read(s *Server, c echo.Context) (id string, listed []string, err error) {
	if listed, err = bodyIDs(c, h.list); err != nil {
		return "", nil, err
	}
	id = c.Param("id")
	if err = h.find(s, lookups(c), id); errors.Is(err, everlatch.ErrNotFound) {
		err = errNoRecord(h.model, id)
	}
	return id, listed, err
}

// grant grants roles and answers with all that the record of the path has then.
func (s *Server) grant(h holding) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, listed, err := h.read(s, c)
		if err != nil {
			return err
		}
		userIDs, roleIDs := h.pair(id, listed)
		if err := s.deps.Store.GrantRoles(lookups(c), authority(c), userIDs, roleIDs); err != nil {
			return err
		}
		return h.write(s, c, id)
	}
}

// revoke revokes roles and answers with the ids of the body.
func (s *Server) revoke(h holding) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, listed, err := h.read(s, c)
		if err != nil {
			return err
		}
		userIDs, roleIDs := h.pair(id, listed)
		if err := s.deps.Store.RevokeRoles(lookups(c), authority(c), userIDs, roleIDs); err != nil {
			return err
		}
		b := wire.AppendJSON([]byte(`{"ids":`), listed)
		b = wire.AppendText(append(b, `,"object":`...), h.object)
		return writeJSON(c, append(b, `,"deleted":true}`...))
	}
}

func (s *Server) revokeRole(c echo.Context) error {
	roleID := c.Param("role_id")
	if err := s.deps.Store.RevokeRoles(lookups(c), authority(c), []string{c.Param("id")}, []string{roleID}); err != nil {
		return err
	}
	return writeDeleted(c, ofUser.object, roleID)
}

// listRolesOfUser lists the roles that a user has directly. An unknown user has
// none.
func (s *Server) listRolesOfUser(c echo.Context) error {
	return roleRecords.list(s, c, rolesOfUserFilters, rolePage, func(ctx context.Context, p query.Page) ([]everlatch.Role, int, error) {
		return s.deps.Store.Roles(ctx, store.RoleFilter{Holders: []string{c.Param("id")}, IDs: p.Filters.Texts("role_id")}, p.Page)
	})
}

func (s *Server) listUsersWithRole(c echo.Context) error {
	return userRecords.list(s, c, usersWithRoleFilters, userPage, func(ctx context.Context, p query.Page) ([]everlatch.User, int, error) {
		return s.deps.Store.UsersWithRole(ctx, c.Param("id"), p.Filters.Texts("user_id"), p.Page)
	})
}
