package api

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

// userTable is an administrator (docs/contract.md#s4-5).
var userTable = render.Table[everlatch.User]{
	render.Text("id", func(u *everlatch.User) string { return u.ID }),
	render.NullableText("first_name", func(u *everlatch.User) *string { return u.FirstName }),
	render.NullableText("last_name", func(u *everlatch.User) *string { return u.LastName }),
	render.Text("email", func(u *everlatch.User) string { return u.Email }),
	render.NullableText("avatar_url", func(u *everlatch.User) *string { return u.AvatarURL }),
	render.Metadata("metadata", func(u *everlatch.User) everlatch.Metadata { return u.Metadata }),
	render.Time("created_at", func(u *everlatch.User) time.Time { return u.CreatedAt }),
	render.Time("updated_at", func(u *everlatch.User) time.Time { return u.UpdatedAt }),
	render.NullableTime("deleted_at", func(u *everlatch.User) *time.Time { return u.DeletedAt }),
}

var (
	userShape   = render.ShapeOf(userTable)
	userRecords = resource[everlatch.User]{name: "user", plural: "users", table: userTable, shape: userShape}
)

var userFilters = query.Schema{
	query.Search,
	{Name: "id", Kind: query.Texts},
	{Name: "email", Kind: query.Texts},
	{Name: "first_name", Kind: query.Text},
	{Name: "last_name", Kind: query.Text},
}.Dated().With(query.WithDeleted)

var userFields = query.Schema{
	{Name: "first_name", Kind: query.Text, Nullable: true},
	{Name: "last_name", Kind: query.Text, Nullable: true},
	{Name: "avatar_url", Kind: query.Text, Nullable: true},
	{Name: "metadata", Kind: query.Record, Nullable: true},
}

const userPage = 50

func (s *Server) listUsers(c echo.Context) error {
	return userRecords.list(s, c, userFilters, userPage, func(ctx context.Context, p query.Page) ([]everlatch.User, int, error) {
		return s.deps.Store.Users(ctx, store.UserFilter{
			Q: p.Filters.Plain("q"), IDs: p.Filters.Texts("id"), Emails: p.Filters.Texts("email"),
			FirstName: p.Filters.Plain("first_name"), LastName: p.Filters.Plain("last_name"),
			CreatedAt: p.Filters.Times("created_at"), UpdatedAt: p.Filters.Times("updated_at"),
			DeletedAt: p.Filters.Times("deleted_at"), Page: p.Page,
		})
	})
}

// readOwnUser is 404 for an API key, which is no user (docs/contract.md#s4-5).
func (s *Server) readOwnUser(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	return userRecords.show(s, c, func(ctx context.Context, _ string) (everlatch.User, error) {
		return s.deps.Store.User(ctx, claims.ActorID)
	})
}

func (s *Server) readUser(c echo.Context) error { return userRecords.show(s, c, s.deps.Store.User) }

func (s *Server) updateUser(c echo.Context) error {
	return userRecords.change(s, c, userFields, func(in query.Input) (everlatch.User, error) {
		return s.deps.Store.UpdateUser(lookups(c), c.Param("id"), store.UserPatch{
			FirstName: in.Change("first_name"), LastName: in.Change("last_name"),
			AvatarURL: in.Change("avatar_url"), Metadata: in.MetadataChange(),
		})
	})
}

// removeUser removes an administrator's account with everything issued to it.
// An unknown one counts as removed (recorded: delete-unknown).
func (s *Server) removeUser(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	id := c.Param("id")
	if id == claims.ActorID {
		return errSelfRemoval
	}
	if err := s.demandOver(c, everlatch.ActorUser, id); err != nil {
		return err
	}
	if err := s.deps.Flows.RemoveUserAccount(c.Request().Context(), id); err != nil {
		return err
	}
	return writeDeleted(c, "user", id)
}

func writeDeleted(c echo.Context, object, id string) error {
	b := wire.AppendText([]byte(`{"id":`), id)
	b = wire.AppendText(append(b, `,"object":`...), object)
	return writeJSON(c, append(b, `,"deleted":true}`...))
}

// listUserProviders names the providers of all identities of a user.
func (s *Server) listUserProviders(c echo.Context) error {
	names, err := s.deps.Store.ProvidersOf(lookups(c), everlatch.ActorUser, c.Param("id"))
	if err != nil {
		return err
	}
	return writeJSON(c, append(wire.AppendJSON([]byte(`{"providers":`), names), '}'))
}
