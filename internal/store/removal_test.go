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

func TestRemoveIdentity(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture){
		"ends sessions and tokens at once": func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			secret := f.session(t, identity.ID, everlatch.ActorCustomer, customer.ID)

			require.NoError(t, f.RemoveIdentity(t.Context(), identity.ID, "flow"))

			_, _, err := f.Session(t.Context(), secret)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			_, err = f.Standing(t.Context(), identity.ID, everlatch.ActorCustomer, "")
			require.ErrorIs(t, err, everlatch.ErrNotFound)
		},
		"restored whole, with links and credentials": func(t *testing.T, f fixture) {
			_, identity := f.customer(t, "ada@example.com")
			before, err := f.FindCredential(t.Context(), "emailpass", "ada@example.com")
			require.NoError(t, err)
			f.clock.Advance(time.Minute)
			require.NoError(t, f.RemoveIdentity(t.Context(), identity.ID, "flow"))
			require.NoError(t, f.RemoveIdentity(t.Context(), identity.ID, "flow"), "twice")

			require.NoError(t, f.RestoreIdentity(t.Context(), identity.ID, "another flow"))
			_, err = f.Identity(t.Context(), identity.ID)
			require.ErrorIs(t, err, everlatch.ErrNotFound, "another flow has not removed it")
			require.NoError(t, f.RestoreIdentity(t.Context(), identity.ID, "flow"))
			require.NoError(t, f.RestoreIdentity(t.Context(), identity.ID, "flow"), "twice")

			after, err := f.FindCredential(t.Context(), "emailpass", "ada@example.com")
			require.NoError(t, err)
			require.Equal(t, before.Identity.Links, after.Identity.Links)
			require.Equal(t, before.Provider.ProviderMetadata, after.Provider.ProviderMetadata)
			require.Equal(t, before.Identity.CredentialVersion+1, after.Identity.CredentialVersion,
				"tokens from before stay ended")
		},
		"cannot be restored when its address was registered again": func(t *testing.T, f fixture) {
			former := f.identity(t, "ada@example.com")
			require.NoError(t, f.RemoveIdentity(t.Context(), former.ID, "flow"))
			f.identity(t, "ada@example.com")

			require.ErrorIs(t, f.RestoreIdentity(t.Context(), former.ID, "flow"), everlatch.ErrDuplicate)

			_, err := f.Identity(t.Context(), former.ID)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
		},
		"purged with all that belongs to it": func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			f.session(t, identity.ID, everlatch.ActorCustomer, customer.ID)

			require.NoError(t, f.PurgeIdentity(t.Context(), identity.ID, "flow"))
			require.NoError(t, f.PurgeIdentity(t.Context(), identity.ID, "flow"), "twice")

			for _, table := range []string{"auth_identity", "provider_identity", "actor_link", "session"} {
				require.Zero(t, f.rows(t, table), table)
			}
			require.Equal(t, []string{everlatch.EventIdentityDeleted},
				f.eventNames(t, store.EventFilter{GroupID: "flow", Released: new(false)}))
		},
		"one that was never there is no error": func(t *testing.T, f fixture) {
			require.NoError(t, f.RemoveIdentity(t.Context(), "authid_none", "flow"))
			require.NoError(t, f.RestoreIdentity(t.Context(), "authid_none", "flow"))
			require.NoError(t, f.PurgeIdentity(t.Context(), "authid_none", "flow"))
			require.NoError(t, f.DiscardIdentity(t.Context(), "authid_none", "g"))
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}

func TestDiscardIdentity(t *testing.T) {
	t.Parallel()

	register := func(t *testing.T, f fixture) everlatch.AuthIdentity {
		t.Helper()
		in := newIdentity("ada@example.com")
		in.Events = []everlatch.Event{{
			ID: id(ids.Event), Name: everlatch.EventIdentityRegistered, GroupID: "g", AuthIdentityID: in.ID,
		}}
		identity, err := f.RegisterIdentity(t.Context(), in)
		require.NoError(t, err)
		return identity
	}
	t.Run("leaves nothing of a registration", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, f fixture) {
			identity := register(t, f)
			require.NoError(t, f.DiscardIdentity(t.Context(), identity.ID, "g"))
			require.Zero(t, f.rows(t, "auth_identity"))
			require.Zero(t, f.rows(t, "provider_identity"))
			require.Zero(t, f.rows(t, "event"))
		})
	})
	t.Run("keeps an identity that is linked", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, f fixture) {
			identity := register(t, f)
			f.link(t, identity.ID, "manager", "manager_1")
			require.NoError(t, f.DiscardIdentity(t.Context(), identity.ID, "g"))
			require.Equal(t, "manager_1", f.standing(t, identity.ID, "manager").ActorID)
			require.Contains(t, f.eventNames(t, store.EventFilter{}), everlatch.EventIdentityRegistered)
		})
	})
}

// docs/weak-spots.md#w4.
func TestRemoveOrphans(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture){
		"takes unlinked, unused, living identities and tells of each": func(t *testing.T, f fixture) {
			orphan := f.identity(t, "orphan@example.com")
			f.customer(t, "customer@example.com")
			hidden := f.identity(t, "hidden@example.com")
			require.NoError(t, f.RemoveIdentity(t.Context(), hidden.ID, "flow"))
			used := f.identity(t, "used@example.com")
			f.clock.Advance(100 * time.Hour)
			fresh := f.identity(t, "fresh@example.com")
			require.NoError(t, f.RecordUse(t.Context(), store.Use{IdentityID: used.ID}))

			removed, err := f.RemoveOrphans(t.Context(), f.clock.Now().Add(-72*time.Hour), 10)

			require.NoError(t, err)
			require.Equal(t, 1, removed)
			_, err = f.Identity(t.Context(), orphan.ID)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			_, err = f.Identity(t.Context(), fresh.ID)
			require.NoError(t, err)
			require.NoError(t, f.RestoreIdentity(t.Context(), hidden.ID, "flow"), "belongs to a running flow")
			require.Equal(t, []string{everlatch.EventOrphanRemoved},
				f.eventNames(t, store.EventFilter{AuthIdentityID: orphan.ID, Released: new(true)}))
		},
		"takes at most limit, the longest unused first": func(t *testing.T, f fixture) {
			for i := range 5 {
				f.identity(t, fmt.Sprintf("orphan-%d@example.com", i))
				f.clock.Advance(time.Minute)
			}
			removed, err := f.RemoveOrphans(t.Context(), f.clock.Now(), 3)
			require.NoError(t, err)
			require.Equal(t, 3, removed)
			_, err = f.FindCredential(t.Context(), "emailpass", "orphan-3@example.com")
			require.NoError(t, err)
			removed, err = f.RemoveOrphans(t.Context(), f.clock.Now(), 3)
			require.NoError(t, err)
			require.Equal(t, 2, removed)
			removed, err = f.RemoveOrphans(t.Context(), f.clock.Now(), 3)
			require.NoError(t, err)
			require.Zero(t, removed)
		},
		"frees the address": func(t *testing.T, f fixture) {
			f.identity(t, "ada@example.com")
			_, err := f.RemoveOrphans(t.Context(), start.Add(time.Second), 1)
			require.NoError(t, err)
			f.identity(t, "ada@example.com")
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}

// rows counts the rows of a table.
func (f fixture) rows(tb testing.TB, table string) (n int) {
	tb.Helper()
	require.NoError(tb, f.DB().QueryRowContext(tb.Context(), `SELECT COUNT(*) FROM `+table).Scan(&n))
	return n
}
