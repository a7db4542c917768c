package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

func TestRegisterIdentity(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture){
		"keeps identity, credential and events": func(t *testing.T, f fixture) {
			in := newIdentity("Ada@Example.com")
			in.Events = []everlatch.Event{{
				ID: id(ids.Event), Name: everlatch.EventIdentityRegistered, GroupID: "register/1", AuthIdentityID: in.ID,
			}}

			got, err := f.RegisterIdentity(t.Context(), in)

			require.NoError(t, err)
			require.Equal(t, everlatch.AuthIdentity{
				ID: in.ID, CredentialVersion: 1, Links: map[string]string{}, LastUsedAt: start, CreatedAt: start, UpdatedAt: start,
				Providers: []everlatch.ProviderIdentity{{
					ID: in.ProviderIdentityID, AuthIdentityID: in.ID, Provider: "emailpass",
					EntityID: "Ada@Example.com", EntityKey: "ada@example.com",
					UserMetadata: everlatch.Metadata{"name": "Ada"}, ProviderMetadata: everlatch.Metadata{"password": "hash"},
					CreatedAt: start, UpdatedAt: start,
				}},
			}, got)
			events, _, err := f.Events(t.Context(), store.EventFilter{Released: new(false)}, store.Page{})
			require.NoError(t, err)
			require.Len(t, events, 1)
			require.Nil(t, events[0].ReleasedAt, "the flow may still fail")
		},
		"same id again returns what is stored": func(t *testing.T, f fixture) {
			in := newIdentity("ada@example.com")
			in.Events = []everlatch.Event{{ID: id(ids.Event), Name: everlatch.EventIdentityRegistered}}
			stored, err := f.RegisterIdentity(t.Context(), in)
			require.NoError(t, err)
			f.clock.Advance(time.Minute)

			again, err := f.RegisterIdentity(t.Context(), in)

			require.NoError(t, err)
			require.Equal(t, stored, again)
			require.Len(t, f.eventNames(t, store.EventFilter{}), 1)
		},
		"key of another identity is a duplicate, and nothing is kept": func(t *testing.T, f fixture) {
			f.identity(t, "ada@example.com")
			other := newIdentity("ADA@example.com")
			other.Events = []everlatch.Event{{ID: id(ids.Event), Name: everlatch.EventIdentityRegistered}}

			_, err := f.RegisterIdentity(t.Context(), other)

			require.ErrorIs(t, err, everlatch.ErrDuplicate)
			_, err = f.Identity(t.Context(), other.ID)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			require.Empty(t, f.eventNames(t, store.EventFilter{}))
		},
		"same key under another provider is another identity": func(t *testing.T, f fixture) {
			f.identity(t, "ada@example.com")
			other := newIdentity("ada@example.com")
			other.Provider = "staff"

			_, err := f.RegisterIdentity(t.Context(), other)

			require.NoError(t, err)
		},
		"id of a credential that is in use is a duplicate": func(t *testing.T, f fixture) {
			first := newIdentity("ada@example.com")
			_, err := f.RegisterIdentity(t.Context(), first)
			require.NoError(t, err)
			other := newIdentity("grace@example.com")
			other.ProviderIdentityID = first.ProviderIdentityID

			_, err = f.RegisterIdentity(t.Context(), other)

			require.ErrorIs(t, err, everlatch.ErrDuplicate)
		},
		"address of a removed identity is free": func(t *testing.T, f fixture) {
			former := f.identity(t, "ada@example.com")
			require.NoError(t, f.RemoveIdentity(t.Context(), former.ID, "flow"))

			identity := f.identity(t, "ada@example.com")

			found, err := f.FindCredential(t.Context(), "emailpass", "ada@example.com")
			require.NoError(t, err)
			require.Equal(t, identity.ID, found.Identity.ID)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()

	t.Run("not found is the contract's sentence", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, f fixture) {
			_, err := f.Identity(t.Context(), "authid_none")
			requireError(t, err, everlatch.CodeNotFound, store.RecordNotFound, "model", "AuthIdentity", "id", "authid_none")
		})
	})
	t.Run("has all links", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			f.link(t, identity.ID, "manager", "manager_1")

			got, err := f.Identity(t.Context(), identity.ID)

			require.NoError(t, err)
			require.Equal(t, map[string]string{"customer": customer.ID, "manager": "manager_1"}, got.Links)
		})
	})
}

// docs/weak-spots.md#w9: one actor may have several identities.
func TestIdentitiesOf(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		none, err := f.IdentitiesOf(t.Context(), everlatch.ActorCustomer, "cus_none")
		require.NoError(t, err)
		require.Empty(t, none)

		customer, byMail := f.customer(t, "ada@example.com")
		byOther := f.identity(t, "other@example.com")
		f.link(t, byOther.ID, everlatch.ActorCustomer, customer.ID)
		f.link(t, byOther.ID, "manager", "manager_1")
		removed := f.identity(t, "removed@example.com")
		f.link(t, removed.ID, everlatch.ActorCustomer, customer.ID)
		require.NoError(t, f.RemoveIdentity(t.Context(), removed.ID, "flow"))

		got, err := f.IdentitiesOf(t.Context(), everlatch.ActorCustomer, customer.ID)

		require.NoError(t, err)
		links := map[string]map[string]string{}
		for _, identity := range got {
			links[identity.ID] = identity.Links
		}
		require.Equal(t, map[string]map[string]string{
			byMail.ID:  {"customer": customer.ID},
			byOther.ID: {"customer": customer.ID, "manager": "manager_1"},
		}, links)
	})
}
