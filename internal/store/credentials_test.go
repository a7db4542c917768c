package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

func TestFindCredential(t *testing.T) {
	t.Parallel()

	t.Run("returns the credential with the links of its identity", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			f.link(t, identity.ID, "manager", "manager_1")

			got, err := f.FindCredential(t.Context(), "emailpass", "ada@example.com")

			require.NoError(t, err)
			require.Equal(t, identity.ID, got.Identity.ID)
			require.Equal(t, int64(1), got.Identity.CredentialVersion)
			require.Equal(t, map[string]string{"customer": customer.ID, "manager": "manager_1"}, got.Identity.Links)
			require.Equal(t, identity.Providers[0], got.Provider)
		})
	})
	t.Run("unlinked identity has no links", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, f fixture) {
			f.identity(t, "ada@example.com")
			got, err := f.FindCredential(t.Context(), "emailpass", "ada@example.com")
			require.NoError(t, err)
			require.Empty(t, got.Identity.Links)
		})
	})
	t.Run("unknown, removed, or of another provider is not found", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			_, err := f.FindCredential(t.Context(), "emailpass", "grace@example.com")
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			_, err = f.FindCredential(t.Context(), "staff", "ada@example.com")
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			require.NoError(t, f.RemoveIdentity(t.Context(), identity.ID, "flow"))
			_, err = f.FindCredential(t.Context(), "emailpass", "ada@example.com")
			require.ErrorIs(t, err, everlatch.ErrNotFound)
		})
	})
}

func TestRecordUse(t *testing.T) {
	t.Parallel()

	// use names an identity that a test has registered.
	use := func(identity everlatch.AuthIdentity) store.Use {
		p := identity.Providers[0]
		return store.Use{IdentityID: identity.ID, ProviderIdentityID: p.ID, SeenAt: p.UpdatedAt}
	}
	tests := map[string]func(t *testing.T, f fixture){
		"replaces what is given and keeps the rest": func(t *testing.T, f fixture) {
			in := use(f.identity(t, "ada@example.com"))
			in.ProviderMetadata = everlatch.Metadata{"password": "better hash"}

			require.NoError(t, f.RecordUse(t.Context(), in))

			got, err := f.FindCredential(t.Context(), "emailpass", "ada@example.com")
			require.NoError(t, err)
			require.Equal(t, everlatch.Metadata{"password": "better hash"}, got.Provider.ProviderMetadata)
			require.Equal(t, everlatch.Metadata{"name": "Ada"}, got.Provider.UserMetadata)
		},
		"a credential that was changed meanwhile is not overwritten": func(t *testing.T, f fixture) {
			in := use(f.identity(t, "ada@example.com"))
			f.clock.Advance(time.Second)
			in.ProviderMetadata = everlatch.Metadata{"password": "hash of the new password"}
			require.NoError(t, f.RecordUse(t.Context(), in))
			in.ProviderMetadata = everlatch.Metadata{"password": "better hash of the old password"}

			require.NoError(t, f.RecordUse(t.Context(), in))

			got, err := f.FindCredential(t.Context(), "emailpass", "ada@example.com")
			require.NoError(t, err)
			require.Equal(t, "hash of the new password", got.Provider.ProviderMetadata["password"])
		},
		"time of use is written once an hour": func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			lastUse := func() time.Time {
				got, err := f.Identity(t.Context(), identity.ID)
				require.NoError(t, err)
				return got.LastUsedAt
			}
			f.clock.Advance(59 * time.Minute)
			require.NoError(t, f.RecordUse(t.Context(), use(identity)))
			require.Equal(t, start, lastUse())
			f.clock.Advance(2 * time.Minute)
			require.NoError(t, f.RecordUse(t.Context(), use(identity)))
			require.Equal(t, start.Add(61*time.Minute), lastUse())
		},
		"a sign-in that lacks its second factor is no use": func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			in := use(identity)
			in.Incomplete = true
			f.clock.Advance(2 * time.Hour)
			require.NoError(t, f.RecordUse(t.Context(), in))
			in.ProviderMetadata = everlatch.Metadata{"password": "better hash"}
			require.NoError(t, f.RecordUse(t.Context(), in))
			got, err := f.FindCredential(t.Context(), "emailpass", "ada@example.com")
			require.NoError(t, err)
			require.Equal(t, start, got.Identity.LastUsedAt)
			require.Equal(t, "better hash", got.Provider.ProviderMetadata["password"])
		},
		"identity that is gone is not found": func(t *testing.T, f fixture) {
			in := use(f.identity(t, "ada@example.com"))
			require.NoError(t, f.RemoveIdentity(t.Context(), in.IdentityID, "flow"))
			require.ErrorIs(t, f.RecordUse(t.Context(), in), everlatch.ErrNotFound)
		},
		"credential of another identity is not touched": func(t *testing.T, f fixture) {
			in, other := use(f.identity(t, "ada@example.com")), f.identity(t, "grace@example.com")
			in.ProviderIdentityID = other.Providers[0].ID
			in.ProviderMetadata = everlatch.Metadata{"password": "stolen"}

			require.NoError(t, f.RecordUse(t.Context(), in))

			got, err := f.Identity(t.Context(), other.ID)
			require.NoError(t, err)
			require.Equal(t, everlatch.Metadata{"password": "hash"}, got.Providers[0].ProviderMetadata)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}

// docs/weak-spots.md#w25: previously issued tokens and sessions end.
func TestEndCredentials(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		customer, identity := f.customer(t, "ada@example.com")
		secret := f.session(t, identity.ID, everlatch.ActorCustomer, customer.ID)
		before := f.standing(t, identity.ID, everlatch.ActorCustomer)

		require.NoError(t, f.EndCredentials(t.Context(), identity.ID))

		require.Greater(t, f.standing(t, identity.ID, everlatch.ActorCustomer).CredentialVersion, before.CredentialVersion)
		_, _, err := f.Session(t.Context(), secret)
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		require.ErrorIs(t, f.EndCredentials(t.Context(), "authid_none"), everlatch.ErrNotFound)
	})
}
