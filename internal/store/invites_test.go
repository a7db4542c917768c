package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

func newInvite(email string) everlatch.Invite {
	return everlatch.Invite{ID: id(ids.Invite), InviteOffer: everlatch.InviteOffer{Email: email}, ExpiresAt: start.Add(24 * time.Hour), WorkflowID: "invitation/1"}
}

// invite keeps an invite whose token is called "jti".
func (f fixture) invite(tb testing.TB, email string) everlatch.Invite {
	tb.Helper()
	i, err := f.CreateInvite(tb.Context(), newInvite(email), "jti", everlatch.Event{})
	require.NoError(tb, err)
	return i
}

func inviteEvent(name string) everlatch.Event {
	return everlatch.Event{ID: "evt_" + name, Name: name, GroupID: "g"}
}

func requireInvalid(tb testing.TB, err error, name ...any) {
	tb.Helper()
	require.ErrorIs(tb, err, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: store.InviteTokenInvalid}, name...)
}

func TestCreateInvite(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture){
		"keeps every field, and of the token a hash": func(t *testing.T, f fixture) {
			in := newInvite("Ada@Example.com")
			in.Roles, in.Metadata = []string{"role_1", "role_2"}, everlatch.Metadata{"team": "a"}
			created, err := f.CreateInvite(t.Context(), in, "jti", inviteEvent("invite.created"))
			require.NoError(t, err)
			in.CreatedAt, in.UpdatedAt = start, start
			require.Equal(t, in, created)
			got, err := f.Invite(t.Context(), in.ID)
			require.NoError(t, err)
			require.Equal(t, in, got)
			require.Equal(t, []string{"invite.created"}, f.eventNames(t, store.EventFilter{Released: new(false)}))
			require.Equal(t, "5b1288bdb86ccf33cc0158da1a1f405c4095d9c00fe9dadd9c58af82ff2abae5", f.tokenHash(t, in.ID))
		},
		"without roles and metadata": func(t *testing.T, f fixture) {
			i := f.invite(t, "ada@example.com")
			require.Equal(t, []string{}, i.Roles)
			require.Nil(t, i.Metadata)
		},
		"same id again returns what is stored": func(t *testing.T, f fixture) {
			i := f.invite(t, "ada@example.com")
			f.user(t, "ada@example.com")
			again, err := f.CreateInvite(t.Context(), i, "another jti", inviteEvent("invite.created"))
			require.NoError(t, err)
			require.Equal(t, i, again)
			require.Zero(t, f.rows(t, "event"), "it was recorded the first time")
			_, err = f.ProvenInvite(t.Context(), everlatch.InviteProof{InviteID: i.ID, TokenID: "jti"})
			require.NoError(t, err, "and so is the token")
		},
		"an address that is invited is refused": func(t *testing.T, f fixture) {
			f.invite(t, "ada@example.com")
			f.clock.Advance(48 * time.Hour)
			_, err := f.CreateInvite(t.Context(), newInvite(" ADA@example.com"), "jti", inviteEvent("invite.created"))
			requireError(t, err, everlatch.CodeInvalidData, store.InviteTaken, "email", " ADA@example.com")
			require.Zero(t, f.rows(t, "event"))
		},
		"an address that a user has is refused": func(t *testing.T, f fixture) {
			f.user(t, "ada@example.com")
			_, err := f.CreateInvite(t.Context(), newInvite("Ada@example.com"), "jti", everlatch.Event{})
			requireError(t, err, everlatch.CodeInvalidData, store.InvitedUserExists, "email", "Ada@example.com")
			require.Zero(t, f.rows(t, "invite"))
		},
		"an address is free again when its invite ends": func(t *testing.T, f fixture) {
			first := f.invite(t, "ada@example.com")
			require.NoError(t, f.RevokeInvite(t.Context(), first.ID, everlatch.Event{}))
			second := f.invite(t, "ada@example.com")
			require.NoError(t, f.AcceptInvite(t.Context(), everlatch.InviteProof{InviteID: second.ID, TokenID: "jti"}, "user_1", everlatch.Event{}))
			f.invite(t, "ada@example.com")
		},
		"nothing is kept without a token or an address": func(t *testing.T, f fixture) {
			_, err := f.CreateInvite(t.Context(), newInvite("ada@example.com"), "", everlatch.Event{})
			require.Error(t, err)
			_, err = f.CreateInvite(t.Context(), newInvite(" "), "jti", everlatch.Event{})
			require.Error(t, err)
		},
		"discarded whole": func(t *testing.T, f fixture) {
			i := newInvite("ada@example.com")
			_, err := f.CreateInvite(t.Context(), i, "jti", inviteEvent("invite.created"))
			require.NoError(t, err)
			require.NoError(t, f.DiscardInvite(t.Context(), i.ID, "g"))
			require.NoError(t, f.DiscardInvite(t.Context(), i.ID, "g"), "twice")
			require.Zero(t, f.rows(t, "invite"))
			require.Zero(t, f.rows(t, "event"))
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}

func TestProvenInvite(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		i := f.invite(t, "Ada@example.com")
		other := f.invite(t, "bob@example.com")
		for name, proof := range map[string]everlatch.InviteProof{
			"by the token":                 {InviteID: i.ID, TokenID: "jti"},
			"by the address, as it may be": {InviteID: i.ID, Email: " ada@EXAMPLE.com "},
			"by both":                      {InviteID: i.ID, TokenID: "jti", Email: "ada@example.com"},
		} {
			got, err := f.ProvenInvite(t.Context(), proof)
			require.NoError(t, err, name)
			require.Equal(t, i, got, name)
		}
		for name, proof := range map[string]everlatch.InviteProof{
			"nothing":                         {InviteID: i.ID},
			"another token":                   {InviteID: i.ID, TokenID: "other"},
			"a hash in the place of a token":  {InviteID: i.ID, TokenID: f.tokenHash(t, i.ID)},
			"another address":                 {InviteID: i.ID, Email: "bob@example.com"},
			"a good token, another address":   {InviteID: i.ID, TokenID: "jti", Email: "bob@example.com"},
			"another token, the good address": {InviteID: i.ID, TokenID: "other", Email: "ada@example.com"},
			"an invite that is not there":     {InviteID: "invite_none", TokenID: "jti"},
		} {
			_, err := f.ProvenInvite(t.Context(), proof)
			requireInvalid(t, err, name)
			requireInvalid(t, f.AcceptInvite(t.Context(), proof, "user_1", inviteEvent("invite.accepted")), name)
		}
		require.Zero(t, f.rows(t, "event"))

		require.NoError(t, f.RevokeInvite(t.Context(), other.ID, everlatch.Event{}))
		_, err := f.ProvenInvite(t.Context(), everlatch.InviteProof{InviteID: other.ID, TokenID: "jti"})
		requireInvalid(t, err, "revoked")

		f.clock.Advance(24 * time.Hour)
		late := &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: store.InviteExpired}
		good := everlatch.InviteProof{InviteID: i.ID, TokenID: "jti"}
		_, err = f.ProvenInvite(t.Context(), good)
		require.ErrorIs(t, err, late, "who holds a good token may know why")
		require.ErrorIs(t, f.AcceptInvite(t.Context(), good, "user_1", everlatch.Event{}), late)
		_, err = f.ProvenInvite(t.Context(), everlatch.InviteProof{InviteID: i.ID, TokenID: "other"})
		requireInvalid(t, err, "who does not may not")
	})
}

func (f fixture) tokenHash(tb testing.TB, id string) (hash string) {
	tb.Helper()
	require.NoError(tb, f.DB().QueryRowContext(tb.Context(), `SELECT token_hash FROM invite WHERE id = $1`, id).Scan(&hash))
	return hash
}

func TestPendingInvite(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		absent := func(email string) {
			t.Helper()
			_, err := f.PendingInvite(t.Context(), email)
			requireError(t, err, everlatch.CodeNotFound, store.InviteForEmailUnknown)
		}
		absent("ada@example.com")
		i := f.invite(t, "Ada@example.com")
		got, err := f.PendingInvite(t.Context(), "ADA@example.com ")
		require.NoError(t, err)
		require.Equal(t, i, got)
		absent("bob@example.com")

		f.clock.Advance(24 * time.Hour)
		absent("ada@example.com") // it has expired
		_, err = f.ResendInvite(t.Context(), i.ID, "jti 2", f.clock.Now().Add(time.Hour), everlatch.Event{})
		require.NoError(t, err)
		_, err = f.PendingInvite(t.Context(), "ada@example.com")
		require.NoError(t, err)
		require.NoError(t, f.AcceptInvite(t.Context(), everlatch.InviteProof{InviteID: i.ID, Email: "ada@example.com"}, "user_1", everlatch.Event{}))
		absent("ada@example.com")
	})
}

func TestInvites(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		for i, email := range []string{"ada@example.com", "Grace@example.org", "alan@example.org", "gone@example.org"} {
			invite := newInvite(email)
			invite.ID, invite.ExpiresAt = fmt.Sprint("invite_", i+1), start.Add(time.Duration(10-i)*time.Hour)
			_, err := f.CreateInvite(t.Context(), invite, "jti", everlatch.Event{})
			require.NoError(t, err)
			f.clock.Advance(time.Hour)
		}
		require.NoError(t, f.RevokeInvite(t.Context(), "invite_4", everlatch.Event{}))
		_, err := f.ResendInvite(t.Context(), "invite_1", "jti", start, everlatch.Event{})
		require.NoError(t, err)
		second := start.Add(time.Hour)
		for name, tt := range map[string]struct {
			filter store.InviteFilter
			page   store.Page
			want   []string
			count  int
		}{
			"all that live, expired or not": {want: []string{"invite_1", "invite_2", "invite_3"}, count: 3},
			"page":                          {page: store.Page{Limit: 1, Offset: 1}, want: []string{"invite_2"}, count: 3},
			"order":                         {page: store.Page{Order: "-expires_at"}, want: []string{"invite_2", "invite_3", "invite_1"}, count: 3},
			"ids":                           {filter: store.InviteFilter{IDs: []string{"invite_3", "invite_4", "x"}}, want: []string{"invite_3"}, count: 1},
			"e-mail in any case":            {filter: store.InviteFilter{Emails: []string{"GRACE@example.org"}}, want: []string{"invite_2"}, count: 1},
			"words anywhere":                {filter: store.InviteFilter{Q: "EXAMPLE.org"}, want: []string{"invite_2", "invite_3"}, count: 2},
			"created in a moment":           {filter: store.InviteFilter{CreatedAt: []store.TimeTest{{store.Is, []store.Period{within(second)}}}}, want: []string{"invite_2"}, count: 1},
			"changed since":                 {filter: store.InviteFilter{UpdatedAt: []store.TimeTest{{store.AtLeast, []store.Period{within(start.Add(3 * time.Hour))}}}}, want: []string{"invite_1"}, count: 1},
			"both":                          {filter: store.InviteFilter{And: []store.InviteFilter{{Q: "example.org"}, {Q: "grace"}}}, want: []string{"invite_2"}, count: 1},
			"either":                        {filter: store.InviteFilter{Or: []store.InviteFilter{{Q: "ada"}, {IDs: []string{"invite_3"}}}}, want: []string{"invite_1", "invite_3"}, count: 2},
		} {
			invites, count, err := f.Invites(t.Context(), tt.filter, tt.page)
			require.NoError(t, err, name)
			found := []string{}
			for _, i := range invites {
				found = append(found, i.ID)
			}
			require.Equal(t, tt.want, found, name)
			require.Equal(t, tt.count, count, name)
		}
		_, _, err = f.Invites(t.Context(), store.InviteFilter{}, store.Page{Order: "token_hash"})
		require.ErrorIs(t, err, everlatch.ErrInvalidData)
	})
}
