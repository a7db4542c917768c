package api

import (
	"errors"
	"fmt"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

var (
	rolesOfUserFilters   = query.Schema{{Name: "role_id", Kind: query.Texts}}
	usersWithRoleFilters = query.Schema{{Name: "user_id", Kind: query.Texts}}
)

// listRolesOfUser lists the roles that a user has themselves; one who is not
// there has none.
func (s *Server) listRolesOfUser(c echo.Context) error {
	p, err := s.listed(c, roleShape, rolesOfUserFilters, rolePage)
	if err != nil {
		return err
	}
	return s.writeRoles(c, p, store.RoleFilter{Holders: []string{c.Param("id")}, IDs: p.Filters.Texts("role_id")})
}

// grantRoles gives roles to a user and answers with all that they have then.
func (s *Server) grantRoles(c echo.Context) error {
	roleIDs, err := bodyIDs(c, "roles")
	if err != nil {
		return err
	}
	id := c.Param("id")
	if err := s.demandUser(c, id); err != nil {
		return err
	}
	if err := s.deps.Store.GrantRoles(lookups(c), authority(c), []string{id}, roleIDs); err != nil {
		return err
	}
	roles, _, err := s.deps.Store.Roles(lookups(c), store.RoleFilter{Holders: []string{id}}, store.Page{})
	if err != nil {
		return err
	}
	return writeJSON(c, append(appendRecords(nil, "roles", roleColumns, roles), '}'))
}

func (s *Server) demandUser(c echo.Context, id string) error {
	_, err := s.deps.Store.User(lookups(c), id)
	return demanded(err, "User", id)
}

// demanded says in the contract's words that a record is not there.
func demanded(err error, kind, id string) error {
	if errors.Is(err, everlatch.ErrNotFound) {
		return &everlatch.Error{Code: everlatch.CodeNotFound, Message: fmt.Sprintf("%s with id %q not found", kind, id)}
	}
	return err
}

func (s *Server) revokeRoles(c echo.Context) error {
	roleIDs, err := bodyIDs(c, "roles")
	if err != nil {
		return err
	}
	id := c.Param("id")
	if err := s.demandUser(c, id); err != nil {
		return err
	}
	if err := s.deps.Store.RevokeRoles(lookups(c), authority(c), []string{id}, roleIDs); err != nil {
		return err
	}
	return writeRevoked(c, "user_role", roleIDs)
}

func (s *Server) revokeRole(c echo.Context) error {
	roleID := c.Param("role_id")
	if err := s.deps.Store.RevokeRoles(lookups(c), authority(c), []string{c.Param("id")}, []string{roleID}); err != nil {
		return err
	}
	return writeDeleted(c, "user_role", roleID)
}

func writeRevoked(c echo.Context, object string, revoked []string) error {
	b := wire.AppendJSON([]byte(`{"ids":`), revoked)
	b = wire.AppendText(append(b, `,"object":`...), object)
	return writeJSON(c, append(b, `,"deleted":true}`...))
}

func (s *Server) listUsersWithRole(c echo.Context) error {
	p, err := s.listed(c, userShape, usersWithRoleFilters, userPage)
	if err != nil {
		return err
	}
	users, count, err := s.deps.Store.UsersWithRole(lookups(c), c.Param("id"), p.Filters.Texts("user_id"), p.Page)
	if err != nil {
		return err
	}
	return writeList(c, "users", userTable, p, users, count)
}

// grantRole gives a role to users and answers with all who have it then.
func (s *Server) grantRole(c echo.Context) error {
	userIDs, err := bodyIDs(c, "users")
	if err != nil {
		return err
	}
	id := c.Param("id")
	if err := s.demandRole(c, id); err != nil {
		return err
	}
	if err := s.deps.Store.GrantRoles(lookups(c), authority(c), userIDs, []string{id}); err != nil {
		return err
	}
	users, _, err := s.deps.Store.UsersWithRole(lookups(c), id, nil, store.Page{})
	if err != nil {
		return err
	}
	return writeJSON(c, append(appendRecords(nil, "users", userTable, users), '}'))
}

func (s *Server) demandRole(c echo.Context, id string) error {
	_, err := s.deps.Store.Role(lookups(c), id)
	return demanded(err, "Role", id)
}

func (s *Server) revokeRoleOfUsers(c echo.Context) error {
	userIDs, err := bodyIDs(c, "users")
	if err != nil {
		return err
	}
	id := c.Param("id")
	if err := s.demandRole(c, id); err != nil {
		return err
	}
	if err := s.deps.Store.RevokeRoles(lookups(c), authority(c), userIDs, []string{id}); err != nil {
		return err
	}
	return writeRevoked(c, "role_user", userIDs)
}
