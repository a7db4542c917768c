package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

// another is a way to sign in with github for an identity.
func another(identityID, entityID string) store.NewCredential {
	return store.NewCredential{
		ID: id(ids.ProviderIdentity), IdentityID: identityID, Provider: "github", EntityID: entityID, EntityKey: entityID,
		UserMetadata: everlatch.Metadata{"login": "ada"}, ProviderMetadata: everlatch.Metadata{"tokens": "sealed"},
		VerifiedEmail: "Ada@Example.com",
		Event: everlatch.Event{
			ID: id(ids.Event), Name: everlatch.EventIdentityLinked, GroupID: "link", AuthIdentityID: identityID,
		},
	}
}

func TestAddCredential(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture){
		"one person, two ways to sign in": func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			in := another(identity.ID, "583231")
			for range 2 { // a retry changes nothing
				require.NoError(t, f.AddCredential(t.Context(), in))
			}
			found, err := f.FindCredential(t.Context(), "github", "583231")
			require.NoError(t, err)
			require.Equal(t, identity.ID, found.Identity.ID)
			require.Equal(t, customer.ID, found.Identity.ActorID(everlatch.ActorCustomer))
			require.Equal(t, in.ID, found.Provider.ID)
			require.Equal(t, "ada@example.com", found.Provider.VerifiedEmail, "the canonical form")
			require.Equal(t, in.ProviderMetadata, found.Provider.ProviderMetadata)
			require.Equal(t, []string{everlatch.EventIdentityLinked}, f.eventNames(t, store.EventFilter{GroupID: "link", Released: new(false)}))
		},
		"a login of another identity is refused, and nothing is kept": func(t *testing.T, f fixture) {
			owner := f.identity(t, "owner@example.com")
			require.NoError(t, f.AddCredential(t.Context(), another(owner.ID, "583231")))
			thief := f.identity(t, "thief@example.com")
			in := another(thief.ID, "583231")
			in.Event.GroupID = "theft"

			require.ErrorIs(t, f.AddCredential(t.Context(), in), everlatch.ErrDuplicate)

			found, err := f.FindCredential(t.Context(), "github", "583231")
			require.NoError(t, err)
			require.Equal(t, owner.ID, found.Identity.ID)
			require.Empty(t, f.eventNames(t, store.EventFilter{GroupID: "theft"}))
		},
		"a second one of the same provider is refused": func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			require.NoError(t, f.AddCredential(t.Context(), another(identity.ID, "1")))
			requireError(t, f.AddCredential(t.Context(), another(identity.ID, "2")), everlatch.CodeNotAllowed,
				store.ProviderAlreadyUsed, "provider", "github")
		},
		"identity that is gone is not found": func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			require.NoError(t, f.RemoveIdentity(t.Context(), identity.ID, "flow"))
			require.ErrorIs(t, f.AddCredential(t.Context(), another(identity.ID, "1")), everlatch.ErrNotFound)
			require.ErrorIs(t, f.AddCredential(t.Context(), another("authid_none", "1")), everlatch.ErrNotFound)
		},
		"of 50 identities at once, one gets it": func(t *testing.T, f fixture) {
			candidates := make([]everlatch.AuthIdentity, 50)
			for i := range candidates {
				candidates[i] = f.identity(t, id("")+"@example.com")
			}
			errs := storetest.InParallel(t.Context(), len(candidates), func(ctx context.Context, i int) error {
				return f.AddCredential(ctx, another(candidates[i].ID, "583231"))
			})
			require.Equal(t, 1, succeeded(errs))
			require.Equal(t, len(candidates)+1, f.rows(t, "provider_identity"))
		},
		"of 50 accounts of one provider at once, an identity gets one": func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			errs := storetest.InParallel(t.Context(), 50, func(ctx context.Context, _ int) error {
				return f.AddCredential(ctx, another(identity.ID, id("")))
			})
			require.Equal(t, 1, succeeded(errs))
			require.Equal(t, 2, f.rows(t, "provider_identity"))
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}

// removal is the event of one removal.
func removal(identityID string) everlatch.Event {
	return everlatch.Event{ID: id(ids.Event), Name: everlatch.EventIdentityUnlinked, GroupID: "unlink", AuthIdentityID: identityID}
}

func TestRemoveCredential(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture){
		"ends what was issued for it, and nothing else": func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			in := another(identity.ID, "583231")
			require.NoError(t, f.AddCredential(t.Context(), in))
			password := f.session(t, identity.ID, everlatch.ActorCustomer, customer.ID)
			byGithub := newSession(start, everlatch.Principal{
				AuthIdentityID: identity.ID, AuthProvider: "github", ActorType: everlatch.ActorCustomer, ActorID: customer.ID, CredentialVersion: 1,
			})
			require.NoError(t, f.CreateSession(t.Context(), byGithub, "github"))
			ev := removal(identity.ID)
			for range 2 { // a retry changes nothing
				require.NoError(t, f.RemoveCredential(t.Context(), identity.ID, in.ID, ev))
			}
			_, err := f.FindCredential(t.Context(), "github", "583231")
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			_, _, err = f.Session(t.Context(), "github")
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			session, standing, err := f.Session(t.Context(), password)
			require.NoError(t, err)
			require.Equal(t, int64(2), standing.CredentialVersion, "tokens end, once")
			require.Equal(t, standing.CredentialVersion, session.Principal.CredentialVersion)
			require.ElementsMatch(t, []string{everlatch.EventIdentityUnlinked, everlatch.EventSessionEnded},
				f.eventNames(t, store.EventFilter{GroupID: "unlink", Released: new(false)}))
			require.NoError(t, f.AddCredential(t.Context(), another(f.identity(t, "b@example.com").ID, "583231")), "it is free again")
		},
		"never the last one": func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			requireError(t, f.RemoveCredential(t.Context(), identity.ID, identity.Providers[0].ID, removal(identity.ID)),
				everlatch.CodeNotAllowed, store.LastCredential)
			require.Equal(t, int64(1), f.standing(t, identity.ID, "customer").CredentialVersion)
		},
		"a provider identity of another identity is not found": func(t *testing.T, f fixture) {
			identity, other := f.identity(t, "ada@example.com"), f.identity(t, "b@example.com")
			require.NoError(t, f.AddCredential(t.Context(), another(identity.ID, "1")))
			err := f.RemoveCredential(t.Context(), identity.ID, other.Providers[0].ID, removal(identity.ID))
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			require.ErrorIs(t, f.RemoveCredential(t.Context(), "authid_none", other.Providers[0].ID, removal("")), everlatch.ErrNotFound)
		},
		"of 50 removals of all there are, one stays": func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			credentials := []string{identity.Providers[0].ID}
			for _, provider := range []string{"github", "google", "oidc"} {
				in := another(identity.ID, "1")
				in.Provider = provider
				require.NoError(t, f.AddCredential(t.Context(), in))
				credentials = append(credentials, in.ID)
			}
			errs := storetest.InParallel(t.Context(), 52, func(ctx context.Context, i int) error {
				err := f.RemoveCredential(ctx, identity.ID, credentials[i%len(credentials)], removal(identity.ID))
				if errors.Is(err, everlatch.ErrNotFound) || everlatch.ErrorCode(err) == everlatch.CodeNotAllowed {
					return everlatch.ErrNotFound
				}
				return err
			})
			require.Equal(t, 3, succeeded(errs))
			for _, err := range errs {
				require.True(t, err == nil || errors.Is(err, everlatch.ErrNotFound), "%v", err)
			}
			require.Equal(t, 1, f.rows(t, "provider_identity"))
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}

func TestIdentitiesByEmail(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity, other := f.identity(t, "ada@example.com"), f.identity(t, "ada@example.org")
		require.NoError(t, f.AddCredential(t.Context(), another(identity.ID, "1")))
		find := func(email string, providers ...string) []string {
			found, err := f.IdentitiesByEmail(t.Context(), email, providers)
			require.NoError(t, err)
			return found
		}
		require.Equal(t, []string{identity.ID}, find(" ADA@example.com", "github", "google"))
		require.Empty(t, find("ada@example.com", "google"), "another provider's word")
		require.Empty(t, find("ada@example.com"), "the address is not verified")
		require.Empty(t, find("", "github"))
		require.Empty(t, find("ada@example.org", "github", "emailpass"), "typed, and not proven")

		cred, err := f.FindCredential(t.Context(), "github", "1")
		require.NoError(t, err)
		use := store.Use{
			IdentityID: identity.ID, ProviderIdentityID: cred.Provider.ID, SeenAt: cred.Provider.UpdatedAt,
			ProviderMetadata: everlatch.Metadata{"tokens": "new"},
		}
		require.NoError(t, f.RecordUse(t.Context(), use))
		require.Equal(t, []string{identity.ID}, find("ada@example.com", "github"), "nothing was said about it")
		use.UserMetadata, use.VerifiedEmail = everlatch.Metadata{}, "new@example.com"
		require.NoError(t, f.RecordUse(t.Context(), use))
		require.Empty(t, find("ada@example.com", "github"), "it is what it was at the last sign-in")
		require.Equal(t, []string{identity.ID}, find("new@example.com", "github"))
		require.NoError(t, f.RemoveIdentity(t.Context(), identity.ID, "flow"))
		require.Empty(t, find("new@example.com", "github"))
		require.NotEmpty(t, other.ID)
	})
}
