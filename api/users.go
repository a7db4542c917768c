package api

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// userTable is an administrator (contract 4.5).
var userTable = table[everlatch.User]{
	textColumn("id", func(u *everlatch.User) string { return u.ID }),
	nullableColumn("first_name", func(u *everlatch.User) *string { return u.FirstName }),
	nullableColumn("last_name", func(u *everlatch.User) *string { return u.LastName }),
	textColumn("email", func(u *everlatch.User) string { return u.Email }),
	nullableColumn("avatar_url", func(u *everlatch.User) *string { return u.AvatarURL }),
	metadataColumn("metadata", func(u *everlatch.User) everlatch.Metadata { return u.Metadata }),
	timeColumn("created_at", func(u *everlatch.User) time.Time { return u.CreatedAt }),
	timeColumn("updated_at", func(u *everlatch.User) time.Time { return u.UpdatedAt }),
	nullableTimeColumn("deleted_at", func(u *everlatch.User) *time.Time { return u.DeletedAt }),
}

var userShape = shapeOf(userTable)

var userFilters = schema{
	{name: "q", kind: kindText},
	{name: "id", kind: kindTexts},
	{name: "email", kind: kindTexts},
	{name: "first_name", kind: kindText},
	{name: "last_name", kind: kindText},
}.dated().with(withDeleted)

var userFields = schema{
	{name: "first_name", kind: kindText, nullable: true},
	{name: "last_name", kind: kindText, nullable: true},
	{name: "avatar_url", kind: kindText, nullable: true},
	{name: "metadata", kind: kindRecord, nullable: true},
}

const userPage = 50

func (s *Server) listUsers(c echo.Context) error {
	p, err := s.listed(c, userShape, userFilters, userPage)
	if err != nil {
		return err
	}
	users, count, err := s.deps.Store.Users(lookups(c), store.UserFilter{
		Q: p.filters.plain("q"), IDs: p.filters.texts("id"), Emails: p.filters.texts("email"),
		FirstName: p.filters.plain("first_name"), LastName: p.filters.plain("last_name"),
		CreatedAt: p.filters.times("created_at"), UpdatedAt: p.filters.times("updated_at"),
		DeletedAt: p.filters.times("deleted_at"), Page: p.Page,
	})
	if err != nil {
		return err
	}
	return writeList(c, "users", userTable, p, users, count)
}

// readOwnUser is 404 for an API key, which is no user (contract 4.5).
func (s *Server) readOwnUser(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	return s.writeUser(c, claims.ActorID)
}

func (s *Server) readUser(c echo.Context) error { return s.writeUser(c, c.Param("id")) }

func (s *Server) writeUser(c echo.Context, id string) error {
	sel, err := s.chosen(c, userShape)
	if err != nil {
		return err
	}
	user, err := s.deps.Store.User(lookups(c), id)
	if err != nil {
		return err
	}
	return writeWrapped(c, "user", userTable, &user, sel)
}

func (s *Server) updateUser(c echo.Context) error {
	in, err := userFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	sel, err := s.chosen(c, userShape)
	if err != nil {
		return err
	}
	user, err := s.deps.Store.UpdateUser(lookups(c), c.Param("id"), store.UserPatch{
		FirstName: in.change("first_name"), LastName: in.change("last_name"),
		AvatarURL: in.change("avatar_url"), Metadata: in.metadataChange(),
	})
	if err != nil {
		return err
	}
	return writeWrapped(c, "user", userTable, &user, sel)
}

// removeUser ends an administrator's account with everything issued to it. An
// unknown one counts as removed (recorded: delete-unknown).
func (s *Server) removeUser(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	id := c.Param("id")
	if id == claims.ActorID {
		return &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "A user cannot delete itself"}
	}
	if err := s.demandOver(c, id); err != nil {
		return err
	}
	if err := s.deps.Flows.RemoveUserAccount(c.Request().Context(), id); err != nil {
		return err
	}
	return writeDeleted(c, "user", id)
}

func writeDeleted(c echo.Context, object, id string) error {
	b := appendText([]byte(`{"id":`), id)
	b = appendText(append(b, `,"object":`...), object)
	return writeJSON(c, append(b, `,"deleted":true}`...))
}

// listUserProviders names the providers of all identities of a user.
func (s *Server) listUserProviders(c echo.Context) error {
	names, err := s.deps.Store.ProvidersOf(lookups(c), everlatch.ActorUser, c.Param("id"))
	if err != nil {
		return err
	}
	return writeJSON(c, append(appendJSON([]byte(`{"providers":`), names), '}'))
}
