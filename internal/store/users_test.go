package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

func (f fixture) user(tb testing.TB, email string) everlatch.User {
	tb.Helper()
	u, err := f.CreateUser(tb.Context(), everlatch.User{ID: id(ids.User), Email: email}, everlatch.Event{})
	require.NoError(tb, err)
	return u
}

func TestCreateUser(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture){
		"keeps every field": func(t *testing.T, f fixture) {
			in := everlatch.User{
				ID: id(ids.User), Email: "Admin@Example.com", FirstName: new("Ada"), LastName: new("Lovelace"),
				AvatarURL: new("https://example.com/a.png"), Metadata: everlatch.Metadata{"a": 1.0},
			}
			created, err := f.CreateUser(t.Context(), in, everlatch.Event{ID: "evt_1", Name: "user.created", GroupID: "g"})
			require.NoError(t, err)
			in.CreatedAt, in.UpdatedAt = start, start
			require.Equal(t, in, created)
			got, err := f.User(t.Context(), in.ID)
			require.NoError(t, err)
			require.Equal(t, in, got)
			require.Equal(t, []string{"user.created"}, f.eventNames(t, store.EventFilter{Released: new(false)}))
		},
		"same id again returns what is stored": func(t *testing.T, f fixture) {
			u := f.user(t, "admin@example.com")
			again, err := f.CreateUser(t.Context(), u, everlatch.Event{})
			require.NoError(t, err)
			require.Equal(t, u, again)
		},
		"e-mail of another user is refused": func(t *testing.T, f fixture) {
			f.user(t, "admin@example.com")
			_, err := f.CreateUser(t.Context(), everlatch.User{ID: id(ids.User), Email: "Admin@example.com"}, everlatch.Event{})
			requireError(t, err, everlatch.CodeInvalidData, store.UserEmailTaken, "email", "Admin@example.com")
		},
		"discarded whole": func(t *testing.T, f fixture) {
			u := everlatch.User{ID: id(ids.User), Email: "admin@example.com"}
			_, err := f.CreateUser(t.Context(), u, everlatch.Event{ID: "evt_1", Name: "user.created", GroupID: "g"})
			require.NoError(t, err)
			require.NoError(t, f.DiscardUser(t.Context(), u.ID, "g"))
			require.NoError(t, f.DiscardUser(t.Context(), u.ID, "g"), "twice")
			require.Zero(t, f.rows(t, `"user"`))
			require.Zero(t, f.rows(t, "event"))
		},
		"removed and restored": func(t *testing.T, f fixture) {
			u, identity := f.user(t, "admin@example.com"), f.identity(t, "admin@example.com")
			f.link(t, identity.ID, everlatch.ActorUser, u.ID)
			secret := f.session(t, identity.ID, everlatch.ActorUser, u.ID)

			require.NoError(t, f.RemoveUser(t.Context(), u.ID, everlatch.Event{ID: "evt_1", Name: "user.deleted", GroupID: "flow"}))
			require.Equal(t, everlatch.Standing{CredentialVersion: 2}, f.standing(t, identity.ID, everlatch.ActorUser))
			_, _, err := f.Session(t.Context(), secret)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			_, err = f.User(t.Context(), u.ID)
			requireError(t, err, everlatch.CodeNotFound, store.RecordNotFound, "model", "User", "id", u.ID)

			require.NoError(t, f.RestoreUser(t.Context(), u.ID, "flow"))
			require.Equal(t, u.ID, f.standing(t, identity.ID, everlatch.ActorUser).ActorID)

			require.NoError(t, f.RemoveUser(t.Context(), u.ID, everlatch.Event{GroupID: "flow"}))
			f.user(t, "admin@example.com")
			require.ErrorIs(t, f.RestoreUser(t.Context(), u.ID, "flow"), everlatch.ErrDuplicate)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		u := f.user(t, "admin@example.com")
		f.clock.Advance(time.Minute)

		got, err := f.UpdateUser(t.Context(), u.ID, store.UserPatch{
			FirstName: store.To(new("Root")), Metadata: store.To(everlatch.Metadata{"a": 1.0}),
		})

		require.NoError(t, err)
		u.FirstName, u.Metadata, u.UpdatedAt = new("Root"), everlatch.Metadata{"a": 1.0}, f.clock.Now()
		require.Equal(t, u, got)
		stored, err := f.User(t.Context(), u.ID)
		require.NoError(t, err)
		require.Equal(t, u, stored)
		require.Equal(t, []string{everlatch.EventUserUpdated}, f.eventNames(t, store.EventFilter{Released: new(true)}))
		_, err = f.UpdateUser(t.Context(), "user_none", store.UserPatch{})
		requireError(t, err, everlatch.CodeNotFound, store.UpdateNotFound, "model", "User", "id", "user_none")
	})
}

func TestUsers(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		for _, u := range []everlatch.User{
			{ID: "user_1", Email: "ada@example.com", FirstName: new("Ada"), LastName: new("100%_\\")},
			{ID: "user_2", Email: "Grace@example.org", FirstName: new("Grace")},
			{ID: "user_3", Email: "alan@example.org", LastName: new("Graceland")},
			{ID: "user_4", Email: "gone@example.org"},
		} {
			_, err := f.CreateUser(t.Context(), u, everlatch.Event{})
			require.NoError(t, err)
		}
		require.NoError(t, f.RemoveUser(t.Context(), "user_4", everlatch.Event{}))
		for name, tt := range map[string]struct {
			filter store.UserFilter
			want   []string
			count  int
		}{
			"all that live":              {want: []string{"user_1", "user_2", "user_3"}, count: 3},
			"the removed too":            {filter: store.UserFilter{Page: store.Page{WithDeleted: true, Offset: 2}}, want: []string{"user_3", "user_4"}, count: 4},
			"removed since":              {filter: store.UserFilter{DeletedAt: at(store.AtLeast, start), Page: store.Page{WithDeleted: true}}, want: []string{"user_4"}, count: 1},
			"made in a millisecond":      {filter: store.UserFilter{CreatedAt: at(store.Is, start)}, want: []string{"user_1", "user_2", "user_3"}, count: 3},
			"made after":                 {filter: store.UserFilter{CreatedAt: at(store.More, start)}, want: []string{}},
			"changed before":             {filter: store.UserFilter{UpdatedAt: at(store.Less, start)}, want: []string{}},
			"nameless last":              {filter: store.UserFilter{Page: store.Page{Order: "first_name"}}, want: []string{"user_1", "user_2", "user_3"}, count: 3},
			"nameless first":             {filter: store.UserFilter{Page: store.Page{Order: "-first_name"}}, want: []string{"user_3", "user_2", "user_1"}, count: 3},
			"every word":                 {filter: store.UserFilter{Q: "ada 100"}, want: []string{"user_1"}, count: 1},
			"page":                       {filter: store.UserFilter{Page: store.Page{Limit: 1, Offset: 1}}, want: []string{"user_2"}, count: 3},
			"order":                      {filter: store.UserFilter{Page: store.Page{Order: "-created_at"}}, want: []string{"user_3", "user_2", "user_1"}, count: 3},
			"ids":                        {filter: store.UserFilter{IDs: []string{"user_3", "user_1", "x"}}, want: []string{"user_1", "user_3"}, count: 2},
			"e-mail in any case":         {filter: store.UserFilter{Emails: []string{"GRACE@example.org"}}, want: []string{"user_2"}, count: 1},
			"first name":                 {filter: store.UserFilter{FirstName: "Ada"}, want: []string{"user_1"}, count: 1},
			"last name":                  {filter: store.UserFilter{LastName: "Graceland"}, want: []string{"user_3"}, count: 1},
			"words anywhere":             {filter: store.UserFilter{Q: "gRACE"}, want: []string{"user_2", "user_3"}, count: 2},
			"words are no pattern":       {filter: store.UserFilter{Q: "%_\\"}, want: []string{"user_1"}, count: 1},
			"words and page":             {filter: store.UserFilter{Q: "example.org", Page: store.Page{Limit: 1}}, want: []string{"user_2"}, count: 2},
			"no match":                   {filter: store.UserFilter{Q: "nomatch"}, want: []string{}},
			"words and ids, all at once": {filter: store.UserFilter{Q: "grace", IDs: []string{"user_3"}}, want: []string{"user_3"}, count: 1},
		} {
			users, count, err := f.Users(t.Context(), tt.filter)
			require.NoError(t, err, name)
			found := []string{}
			for _, u := range users {
				found = append(found, u.ID)
			}
			require.Equal(t, tt.want, found, name)
			require.Equal(t, tt.count, count, name)
		}
	})
}
