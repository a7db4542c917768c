package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

func change(identity everlatch.AuthIdentity, event, hash string) store.CredentialChange {
	return store.CredentialChange{
		IdentityID: identity.ID, ProviderIdentityID: identity.Providers[0].ID, SeenVersion: 1,
		ProviderMetadata: everlatch.Metadata{"password": hash},
		Event:            everlatch.Event{ID: event, Name: everlatch.EventPasswordChanged, GroupID: "reset", AuthIdentityID: identity.ID},
	}
}

// docs/weak-spots.md#w25: a new password ends the tokens and sessions of the old one.
func TestChangeCredential(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, "ada@example.com")
		session := f.session(t, identity.ID, "manager", "")

		require.NoError(t, f.ChangeCredential(t.Context(), change(identity, "evt_1", "new")))
		require.NoError(t, f.ChangeCredential(t.Context(), change(identity, "evt_1", "new")), "the same again")
		err := f.ChangeCredential(t.Context(), change(identity, "evt_2", "other"))
		require.ErrorIs(t, err, everlatch.ErrConflict)

		cred, err := f.FindCredential(t.Context(), "emailpass", "ada@example.com")
		require.NoError(t, err)
		require.Equal(t, "new", cred.Provider.ProviderMetadata["password"])
		require.EqualValues(t, 2, cred.Identity.CredentialVersion)
		_, _, err = f.Session(t.Context(), session)
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		require.ElementsMatch(t, []string{everlatch.EventSessionEnded, everlatch.EventPasswordChanged},
			f.eventNames(t, store.EventFilter{GroupID: "reset", Released: new(false)}))
	})
}

// Of several concurrent changes under one version, one succeeds.
func TestChangeCredentialInParallel(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, "ada@example.com")
		errs := storetest.InParallel(t.Context(), 50, func(ctx context.Context, i int) error {
			return f.ChangeCredential(ctx, change(identity, fmt.Sprint("evt_", i), fmt.Sprint("hash ", i)))
		})
		require.Equal(t, 1, succeeded(errs))
		require.Equal(t, 1, f.rows(t, "event"))
	})
}
