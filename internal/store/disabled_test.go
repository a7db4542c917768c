package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

func controlEvent(name string) everlatch.Event {
	return everlatch.Event{ID: id("evt_"), Name: name, Data: everlatch.Metadata{"reason": "x"}}
}

func TestDisableIdentity(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		customer, identity := f.customer(t, "ada@example.com")
		secret := f.session(t, identity.ID, everlatch.ActorCustomer, customer.ID)
		f.record(t, signIn(identity, "s1", start))

		won := make([]bool, 50)
		errs := storetest.InParallel(t.Context(), len(won), func(ctx context.Context, i int) (err error) {
			won[i], err = f.DisableIdentity(ctx, identity.ID, controlEvent(everlatch.EventIdentityDisabled))
			return err
		})
		require.NoError(t, errors.Join(errs...))
		winners := 0
		for _, w := range won {
			if w {
				winners++
			}
		}
		require.Equal(t, 1, winners)
		require.Len(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventIdentityDisabled}), 1)
		standing := f.standing(t, identity.ID, everlatch.ActorCustomer)
		require.True(t, standing.Disabled)
		require.Equal(t, identity.CredentialVersion+1, standing.CredentialVersion)
		_, _, err := f.Session(t.Context(), secret)
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		require.Empty(t, f.live(t, identity))
		found, err := f.FindCredential(t.Context(), "emailpass", "ada@example.com")
		require.NoError(t, err)
		require.False(t, found.Identity.DisabledAt.IsZero())

		enabled, err := f.EnableIdentity(t.Context(), identity.ID, controlEvent(everlatch.EventIdentityEnabled))
		require.NoError(t, err)
		require.True(t, enabled)
		enabled, err = f.EnableIdentity(t.Context(), identity.ID, controlEvent(everlatch.EventIdentityEnabled))
		require.NoError(t, err)
		require.False(t, enabled)
		require.False(t, f.standing(t, identity.ID, everlatch.ActorCustomer).Disabled)
		require.Len(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventIdentityEnabled}), 1)

		_, err = f.DisableIdentity(t.Context(), "authid_gone", everlatch.Event{})
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		_, err = f.EnableIdentity(t.Context(), "authid_gone", everlatch.Event{})
		require.ErrorIs(t, err, everlatch.ErrNotFound)
	})
}

func TestEndSessions(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		customer, identity := f.customer(t, "ada@example.com")
		secret := f.session(t, identity.ID, everlatch.ActorCustomer, customer.ID)
		event := controlEvent(everlatch.EventSessionsEnded)
		for range 2 { // repeated by its flow
			require.NoError(t, f.EndSessions(t.Context(), identity.ID, event))
		}
		require.Equal(t, identity.CredentialVersion+1, f.standing(t, identity.ID, everlatch.ActorCustomer).CredentialVersion)
		_, _, err := f.Session(t.Context(), secret)
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		require.Len(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventSessionsEnded}), 1)
		require.ErrorIs(t, f.EndSessions(t.Context(), "authid_gone", controlEvent("x.y")), everlatch.ErrNotFound)
	})
}

func TestDeleteUnlinkedIdentity(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		_, linked := f.customer(t, "ada@example.com")
		free := f.identity(t, "bob@example.com")
		err := f.DeleteUnlinkedIdentity(t.Context(), linked.ID, controlEvent(everlatch.EventIdentityDeleted))
		require.Equal(t, everlatch.CodeNotAllowed, everlatch.ErrorCode(err))
		event := controlEvent(everlatch.EventIdentityDeleted)
		for range 2 {
			require.NoError(t, f.DeleteUnlinkedIdentity(t.Context(), free.ID, event))
		}
		_, err = f.Identity(t.Context(), free.ID)
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		err = f.DeleteUnlinkedIdentity(t.Context(), free.ID, controlEvent(everlatch.EventIdentityDeleted))
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		require.Len(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventIdentityDeleted}), 1)
		_, err = f.Identity(t.Context(), linked.ID)
		require.NoError(t, err)
	})
}

func TestSearchIdentities(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ada, adas := f.customer(t, "ada@example.com")
		bobs := f.identity(t, "bob@example.com")
		_, err := f.DisableIdentity(t.Context(), bobs.ID, everlatch.Event{})
		require.NoError(t, err)
		f.clock.Advance(time.Second)
		for name, tt := range map[string]struct {
			search store.IdentitySearch
			want   []string
		}{
			"all":               {store.IdentitySearch{}, []string{adas.ID, bobs.ID}},
			"a word":            {store.IdentitySearch{Q: "ADA"}, []string{adas.ID}},
			"two words":         {store.IdentitySearch{Q: "bob example"}, []string{bobs.ID}},
			"no pattern":        {store.IdentitySearch{Q: "%"}, nil},
			"a provider":        {store.IdentitySearch{Providers: []string{"emailpass"}, Q: "bob"}, []string{bobs.ID}},
			"another provider":  {store.IdentitySearch{Providers: []string{"google"}}, nil},
			"an actor":          {store.IdentitySearch{ActorTypes: []string{"customer"}, ActorIDs: []string{ada.ID}}, []string{adas.ID}},
			"of another type":   {store.IdentitySearch{ActorTypes: []string{"user"}, ActorIDs: []string{ada.ID}}, nil},
			"those disabled":    {store.IdentitySearch{Disabled: new(true)}, []string{bobs.ID}},
			"those not, by one": {store.IdentitySearch{Disabled: new(false), ActorIDs: []string{ada.ID}}, []string{adas.ID}},
		} {
			found, count, err := f.AuthIdentities(t.Context(), store.IdentityFilter{IdentitySearch: tt.search}, store.Page{Order: "-disabled_at"})
			require.NoError(t, err, name)
			var got []string
			for _, i := range found {
				got = append(got, i.ID)
			}
			require.ElementsMatch(t, tt.want, got, name)
			require.Equal(t, len(tt.want), count, name)
		}
	})
}
