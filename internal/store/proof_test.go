package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

const address = "ada@example.com"

// vouched is the credential of the owner of an address, elsewhere.
func vouched(identityID string, n int) store.NewCredential {
	return store.NewCredential{
		ID: fmt.Sprint("pi_owner_", n), IdentityID: identityID, Provider: "google", EntityID: fmt.Sprint("sub-", n), EntityKey: fmt.Sprint("sub-", n),
		VerifiedEmail: address,
		Event:         everlatch.Event{ID: fmt.Sprint("evt_linked_", n), Name: everlatch.EventIdentityLinked, GroupID: "callback", AuthIdentityID: identityID},
	}
}

func TestTakeOver(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, address)
		session := f.session(t, identity.ID, "customer", "")
		unproven, err := f.UnprovenCredentials(t.Context(), " ADA@example.com")
		require.NoError(t, err)
		require.Len(t, unproven, 1)
		require.Equal(t, identity.ID, unproven[0].AuthIdentityID)

		require.NoError(t, f.TakeOver(t.Context(), vouched(identity.ID, 1), "customer"))
		require.NoError(t, f.TakeOver(t.Context(), vouched(identity.ID, 1), "customer"), "the same again")
		require.ErrorIs(t, f.TakeOver(t.Context(), vouched(identity.ID, 2), "customer"), everlatch.ErrConflict, "it is proven now")
		require.ErrorIs(t, f.TakeOver(t.Context(), vouched("authid_none", 3), "customer"), everlatch.ErrNotFound)

		taken, err := f.Identity(t.Context(), identity.ID)
		require.NoError(t, err)
		require.Len(t, taken.Providers, 1)
		require.Equal(t, address, taken.Providers[0].VerifiedEmail)
		require.Greater(t, taken.CredentialVersion, identity.CredentialVersion, "tokens end")
		_, _, err = f.Session(t.Context(), session)
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		require.ElementsMatch(t, []string{everlatch.EventIdentityUnlinked, everlatch.EventSessionEnded, everlatch.EventIdentityLinked},
			f.eventNames(t, store.EventFilter{GroupID: "callback", Released: new(false)}))
		unproven, err = f.UnprovenCredentials(t.Context(), address)
		require.NoError(t, err)
		require.Empty(t, unproven)
		other := f.identity(t, "bob@example.com")
		in := vouched(other.ID, 1)
		in.ID = "pi_other"
		require.ErrorIs(t, f.TakeOver(t.Context(), in, "customer"), everlatch.ErrDuplicate)
	})
}

// Of 50 who prove an address at once, 25 by a provider and 25 by a reset, the first
// gets the identity, and no other way into it is left.
func TestOneProverGetsTheAddress(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, address)
		errs := storetest.InParallel(t.Context(), 50, func(ctx context.Context, i int) error {
			if i%2 == 0 {
				return f.TakeOver(ctx, vouched(identity.ID, i), "customer")
			}
			c := change(identity, fmt.Sprint("evt_reset_", i), fmt.Sprint("hash ", i))
			c.Proves = true
			return f.ChangeCredential(ctx, c)
		})
		require.Equal(t, 1, succeeded(errs))
		after, err := f.Identity(t.Context(), identity.ID)
		require.NoError(t, err)
		require.Len(t, after.Providers, 1)
		require.Equal(t, address, after.Providers[0].VerifiedEmail)
		require.EqualValues(t, 2, after.CredentialVersion)
	})
}

func TestAddressNeedsProof(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, "grace@example.com")
		typed := store.NewCredential{
			ID: "pi_typed", IdentityID: identity.ID, Provider: "another", EntityID: "Ada@example.com", EntityKey: address, Typed: true, Address: true,
			Event: everlatch.Event{ID: "evt_typed", Name: everlatch.EventIdentityLinked},
		}
		requireError(t, f.AddCredential(t.Context(), typed), everlatch.CodeNotAllowed, store.AddressUnproven)
		require.NoError(t, f.AddCredential(t.Context(), vouched(identity.ID, 1)))
		require.NoError(t, f.AddCredential(t.Context(), typed))
		cred, err := f.FindCredential(t.Context(), "another", address)
		require.NoError(t, err)
		require.Equal(t, address, cred.Provider.VerifiedEmail, "the proof stays when the provider is removed")
	})
}

// The token of an invite was mailed to its address, and to no other.
func TestProofByInvite(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		for invited, signsInWith := range map[string]string{"Ada@example.com": address, "grace@example.com": "other@example.com"} {
			identity := f.identity(t, signsInWith)
			invite := f.invite(t, invited)
			accepted := everlatch.Event{ID: id(ids.Event), Name: "invite.accepted", AuthIdentityID: identity.ID}
			require.NoError(t, f.AcceptInvite(t.Context(), everlatch.InviteProof{InviteID: invite.ID, TokenID: "jti"}, "user_1", accepted))
			after, err := f.Identity(t.Context(), identity.ID)
			require.NoError(t, err)
			require.Equal(t, signsInWith == address, store.HasProven(after.Providers, signsInWith))
		}
	})
}
