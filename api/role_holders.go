package api

import (
	"errors"

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

// listRolesOfUser lists the roles that a user has directly. An unknown user has
// none.
func (s *Server) listRolesOfUser(c echo.Context) error {
	p, err := s.listed(c, roleShape, rolesOfUserFilters, rolePage)
	if err != nil {
		return err
	}
	return s.writeRoles(c, p, store.RoleFilter{Holders: []string{c.Param("id")}, IDs: p.Filters.Texts("role_id")})
}

// grantRoles grants roles to a user and answers with all that the user has then.
func (s *Server) grantRoles(c echo.Context) error {
	id, roleIDs, err := holderChange(c, "roles", s.demandUser)
	if err != nil {
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

// holderChange reads the ids in a body that change the record of the path, which
// must exist.
func holderChange(c echo.Context, list string, exists func(echo.Context, string) error) (id string, listed []string, err error) {
	if listed, err = bodyIDs(c, list); err != nil {
		return "", nil, err
	}
	id = c.Param("id")
	return id, listed, exists(c, id)
}

func (s *Server) demandUser(c echo.Context, id string) error {
	_, err := s.deps.Store.User(lookups(c), id)
	return demanded(err, "User", id)
}

func (s *Server) demandRole(c echo.Context, id string) error {
	_, err := s.deps.Store.Role(lookups(c), id)
	return demanded(err, "Role", id)
}

// demanded words the error for a missing record of a path with a list in its body.
func demanded(err error, kind, id string) error {
	if errors.Is(err, everlatch.ErrNotFound) {
		return errNoRecord(kind, id)
	}
	return err
}

func (s *Server) revokeRoles(c echo.Context) error {
	id, roleIDs, err := holderChange(c, "roles", s.demandUser)
	if err != nil {
		return err
	}
	return s.revoke(c, "user_role", []string{id}, roleIDs, roleIDs)
}

func (s *Server) revokeRoleOfUsers(c echo.Context) error {
	id, userIDs, err := holderChange(c, "users", s.demandRole)
	if err != nil {
		return err
	}
	return s.revoke(c, "role_user", userIDs, []string{id}, userIDs)
}

// revoke takes roles from users and answers with the ids that the request listed.
func (s *Server) revoke(c echo.Context, object string, userIDs, roleIDs, listed []string) error {
	if err := s.deps.Store.RevokeRoles(lookups(c), authority(c), userIDs, roleIDs); err != nil {
		return err
	}
	b := wire.AppendJSON([]byte(`{"ids":`), listed)
	b = wire.AppendText(append(b, `,"object":`...), object)
	return writeJSON(c, append(b, `,"deleted":true}`...))
}

func (s *Server) revokeRole(c echo.Context) error {
	roleID := c.Param("role_id")
	if err := s.deps.Store.RevokeRoles(lookups(c), authority(c), []string{c.Param("id")}, []string{roleID}); err != nil {
		return err
	}
	return writeDeleted(c, "user_role", roleID)
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

// grantRole grants a role to users and answers with all users who have it then.
func (s *Server) grantRole(c echo.Context) error {
	id, userIDs, err := holderChange(c, "users", s.demandRole)
	if err != nil {
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
