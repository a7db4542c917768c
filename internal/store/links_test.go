package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

func TestLinkActor(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture){
		"its event waits for the end of the flow, with the others": func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			in := link(identity.ID, everlatch.ActorCustomer, "")
			in.GroupID = "create-customer-account/1"
			for i, group := range []string{in.GroupID, "create-customer-account/2"} {
				c := newCustomer([]string{"ada@example.com", "grace@example.com"}[i])
				_, err := f.CreateCustomer(t.Context(), c, everlatch.Event{
					ID: id(ids.Event), Name: everlatch.EventCustomerCreated, GroupID: group,
				})
				require.NoError(t, err)
				in.ActorID = c.ID
			}
			require.Empty(t, f.eventNames(t, store.EventFilter{Released: new(true)}))

			require.NoError(t, f.LinkActor(t.Context(), in))
			require.Empty(t, f.eventNames(t, store.EventFilter{Released: new(true)}), "the flow may still fail")
			require.NoError(t, f.ReleaseEvents(t.Context(), in.GroupID))

			require.ElementsMatch(t, []string{everlatch.EventCustomerCreated, everlatch.EventActorLinked},
				f.eventNames(t, store.EventFilter{Released: new(true), GroupID: in.GroupID}))
			require.Equal(t, []string{everlatch.EventCustomerCreated}, f.eventNames(t, store.EventFilter{Released: new(false)}))
		},
		"same actor again changes nothing": func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			in := link(identity.ID, "manager", "manager_1")
			in.GroupID = "g"
			for range 2 {
				require.NoError(t, f.LinkActor(t.Context(), in))
			}
			require.Equal(t, "manager_1", f.standing(t, identity.ID, "manager").ActorID)
			require.Equal(t, []string{everlatch.EventActorLinked}, f.eventNames(t, store.EventFilter{AuthIdentityID: identity.ID}))
		},
		"another actor of the type is refused, and its events wait": func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			other := newCustomer("other@example.com")
			_, err := f.CreateCustomer(t.Context(), other, everlatch.Event{ID: id(ids.Event), Name: "x", GroupID: "g"})
			require.NoError(t, err)
			in := link(identity.ID, everlatch.ActorCustomer, other.ID)
			in.GroupID = "g"

			err = f.LinkActor(t.Context(), in)

			requireError(t, err, everlatch.CodeNotAllowed, store.AlreadyLinked, "actor_type", "customer")
			require.Equal(t, customer.ID, f.standing(t, identity.ID, everlatch.ActorCustomer).ActorID)
			require.Equal(t, []string{"x"}, f.eventNames(t, store.EventFilter{GroupID: "g", Released: new(false)}))
		},
		"identity that is gone is not found": func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			require.NoError(t, f.RemoveIdentity(t.Context(), identity.ID, "flow"))
			require.ErrorIs(t, f.LinkActor(t.Context(), link(identity.ID, "customer", "cus_1")), everlatch.ErrNotFound)
			require.ErrorIs(t, f.LinkActor(t.Context(), link("authid_none", "customer", "cus_1")), everlatch.ErrNotFound)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}

func TestUnlinkActor(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture){
		"really removes the link": func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			in := link(identity.ID, everlatch.ActorCustomer, customer.ID)
			in.GroupID = "g"

			require.NoError(t, f.UnlinkActor(t.Context(), in))
			require.NoError(t, f.UnlinkActor(t.Context(), in), "twice")

			got, err := f.Identity(t.Context(), identity.ID)
			require.NoError(t, err)
			require.Empty(t, got.Links)
			require.Empty(t, f.standing(t, identity.ID, everlatch.ActorCustomer).ActorID)
			require.Equal(t, []string{everlatch.EventActorUnlinked}, f.eventNames(t, store.EventFilter{GroupID: "g"}))
		},
		"undo of a link says nothing": func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			f.link(t, identity.ID, "manager", "manager_1")
			require.NoError(t, f.DropEvents(t.Context(), "linking"))
			undo := link(identity.ID, "manager", "manager_1")
			undo.GroupID = ""
			require.NoError(t, f.UnlinkActor(t.Context(), undo))
			require.NoError(t, f.LinkActor(t.Context(), undo))
			require.Empty(t, f.eventNames(t, store.EventFilter{}))
		},
		"another actor can be linked afterwards": func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			require.NoError(t, f.UnlinkActor(t.Context(), link(identity.ID, everlatch.ActorCustomer, customer.ID)))
			other, err := f.CreateCustomer(t.Context(), newCustomer("other@example.com"), everlatch.Event{})
			require.NoError(t, err)

			f.link(t, identity.ID, everlatch.ActorCustomer, other.ID)

			require.Equal(t, other.ID, f.standing(t, identity.ID, everlatch.ActorCustomer).ActorID)
		},
		"ends tokens and the sessions of the actor type only": func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			f.link(t, identity.ID, "manager", "manager_1")
			asCustomer := f.session(t, identity.ID, everlatch.ActorCustomer, customer.ID)
			asManager := f.session(t, identity.ID, "manager", "manager_1")
			before := f.standing(t, identity.ID, everlatch.ActorCustomer).CredentialVersion

			require.NoError(t, f.UnlinkActor(t.Context(), link(identity.ID, everlatch.ActorCustomer, customer.ID)))

			require.Greater(t, f.standing(t, identity.ID, everlatch.ActorCustomer).CredentialVersion, before)
			_, _, err := f.Session(t.Context(), asCustomer)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			session, standing, err := f.Session(t.Context(), asManager)
			require.NoError(t, err)
			require.Equal(t, standing.CredentialVersion, session.Principal.CredentialVersion)
			require.Equal(t, "manager_1", standing.ActorID)
		},
		"link that is not there is no error and ends nothing": func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			before := f.standing(t, identity.ID, everlatch.ActorCustomer)

			require.NoError(t, f.UnlinkActor(t.Context(), link(identity.ID, everlatch.ActorCustomer, "cus_other")))
			require.NoError(t, f.UnlinkActor(t.Context(), link(identity.ID, "manager", customer.ID)))
			require.NoError(t, f.UnlinkActor(t.Context(), link("authid_none", "manager", customer.ID)))

			require.Equal(t, before, f.standing(t, identity.ID, everlatch.ActorCustomer))
		},
		"index of orphans follows the links": func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			for _, step := range []struct {
				do     func(context.Context, store.Link) error
				actor  string
				linked bool
			}{
				{do: f.LinkActor, actor: "manager", linked: true},
				{do: f.LinkActor, actor: "robot", linked: true},
				{do: f.UnlinkActor, actor: "manager", linked: true},
				{do: f.UnlinkActor, actor: "robot", linked: false},
			} {
				require.NoError(t, step.do(t.Context(), link(identity.ID, step.actor, "actor_1")))
				var linked bool
				require.NoError(t, f.DB().QueryRowContext(t.Context(), `SELECT linked FROM auth_identity`).Scan(&linked))
				require.Equal(t, step.linked, linked)
			}
		},
		"starts a new grace period": func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			f.clock.Advance(100 * time.Hour)
			require.NoError(t, f.UnlinkActor(t.Context(), link(identity.ID, everlatch.ActorCustomer, customer.ID)))

			removed, err := f.RemoveOrphans(t.Context(), f.clock.Now().Add(-72*time.Hour), 10)

			require.NoError(t, err)
			require.Zero(t, removed)
			f.clock.Advance(73 * time.Hour)
			removed, err = f.RemoveOrphans(t.Context(), f.clock.Now().Add(-72*time.Hour), 10)
			require.NoError(t, err)
			require.Equal(t, 1, removed)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}
