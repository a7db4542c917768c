package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

// codeRequest is the n-th request of an identity to verify an address.
func codeRequest(identityID string, n int) store.NewVerification {
	return store.NewVerification{
		Verification: everlatch.Verification{
			ID: fmt.Sprint("authver_", n), AuthIdentityID: identityID, EntityID: "Ada@example.com", EntityType: everlatch.EntityEmail,
			CodeProvider: "token", RequestedAt: start, ExpiresAt: start.Add(time.Minute), Metadata: everlatch.Metadata{"n": float64(n)},
		},
		RequestID: fmt.Sprint("evt_", n), CodeHash: fmt.Sprint("hash ", n),
		Event: everlatch.Event{ID: fmt.Sprint("evt_", n), Name: everlatch.EventVerificationRequested, ReleasedAt: &start},
	}
}

func confirmed(identityID string, n int) store.Confirmation {
	return store.Confirmation{
		IdentityID: identityID, VerificationID: "authver_1", RequestID: fmt.Sprint("evt_", n),
		Event: everlatch.Event{ID: fmt.Sprint("evt_confirmed_", n), Name: everlatch.EventVerificationConfirmed, ReleasedAt: &start},
	}
}

func TestVerificationLife(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx, identity := t.Context(), f.identity(t, address)
		first, err := f.RequestVerification(ctx, codeRequest(identity.ID, 1))
		require.NoError(t, err)
		require.Equal(t, "authver_1", first.ID)
		require.False(t, first.Verified())
		again, err := f.RequestVerification(ctx, codeRequest(identity.ID, 1))
		require.NoError(t, err)
		require.Equal(t, first, again, "the same request again")

		newer := codeRequest(identity.ID, 2)
		newer.EntityID = " ADA@Example.com"
		second, err := f.RequestVerification(ctx, newer)
		require.NoError(t, err)
		require.Equal(t, "authver_1", second.ID, "one record for an address")
		require.Equal(t, "Ada@example.com", second.EntityID)
		require.Equal(t, everlatch.Metadata{"n": 1.0}, second.Metadata, "that of the first request")
		_, err = f.VerificationByCode(ctx, "hash 1")
		require.ErrorIs(t, err, everlatch.ErrNotFound, "replaced")
		found, err := f.VerificationByCode(ctx, "hash 2")
		require.NoError(t, err)
		require.Equal(t, second, found)

		_, err = f.ConfirmVerification(ctx, confirmed(identity.ID, 1))
		require.ErrorIs(t, err, everlatch.ErrNotFound, "the code of the earlier request")
		_, err = f.ConfirmVerification(ctx, confirmed("authid_none", 2))
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		done, err := f.ConfirmVerification(ctx, confirmed(identity.ID, 2))
		require.NoError(t, err)
		require.Equal(t, start, done.VerifiedAt)
		again, err = f.ConfirmVerification(ctx, confirmed(identity.ID, 2))
		require.NoError(t, err)
		require.Equal(t, done, again, "a repeated step")

		after, err := f.RequestVerification(ctx, codeRequest(identity.ID, 3))
		require.NoError(t, err)
		require.Equal(t, done, after, "a verified address stays verified")
		all, err := f.Verifications(ctx, identity.ID)
		require.NoError(t, err)
		require.Equal(t, []everlatch.Verification{done}, all)
		require.ElementsMatch(t, []string{
			everlatch.EventVerificationRequested, everlatch.EventVerificationRequested, everlatch.EventVerificationConfirmed,
		}, f.eventNames(t, store.EventFilter{}))

		other, err := f.RequestVerification(ctx, func() store.NewVerification {
			v := codeRequest(identity.ID, 4)
			v.EntityType, v.CodeHash = "phone_number", ""
			return v
		}())
		require.NoError(t, err)
		require.Equal(t, "authver_4", other.ID, "another type is another address")
		_, err = f.RequestVerification(ctx, codeRequest("authid_none", 5))
		require.ErrorIs(t, err, everlatch.ErrNotFound)
	})
}

// Only the identity itself proves an address: a code that is presented without a
// sign-in says that its user reads it, not whose identity it is.
func TestProofByVerification(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		for email, proves := range map[string]bool{"own@example.com": true, "link@example.com": false} {
			identity := f.identity(t, email)
			r := codeRequest(identity.ID, 1)
			r.ID, r.RequestID, r.CodeHash, r.EntityID, r.Event.ID = email, email, email, email, email
			_, err := f.RequestVerification(t.Context(), r)
			require.NoError(t, err)
			_, err = f.ConfirmVerification(t.Context(), store.Confirmation{IdentityID: identity.ID, VerificationID: email, RequestID: email, Proves: proves})
			require.NoError(t, err)

			found, err := f.Identity(t.Context(), identity.ID)
			require.NoError(t, err)
			require.Equal(t, proves, found.Providers[0].VerifiedEmail == email)
		}
	})
}

func TestVerificationsGoWithTheirIdentity(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, address)
		_, err := f.RequestVerification(t.Context(), codeRequest(identity.ID, 1))
		require.NoError(t, err)
		require.NoError(t, f.RemoveIdentity(t.Context(), identity.ID, "group"))
		_, err = f.VerificationByCode(t.Context(), "hash 1")
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		all, err := f.Verifications(t.Context(), identity.ID)
		require.NoError(t, err)
		require.Empty(t, all)
	})
}

func TestVerificationsInParallel(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, address)
		for _, err := range storetest.InParallel(t.Context(), 50, func(ctx context.Context, i int) error {
			_, err := f.RequestVerification(ctx, codeRequest(identity.ID, i+1))
			return err
		}) {
			require.NoError(t, err)
		}
		all, err := f.Verifications(t.Context(), identity.ID)
		require.NoError(t, err)
		require.Len(t, all, 1)
		open := 0
		for i := range 50 {
			if _, err := f.VerificationByCode(t.Context(), fmt.Sprint("hash ", i+1)); err == nil {
				open++
			}
		}
		require.Equal(t, 1, open, "the latest code")
	})
}
