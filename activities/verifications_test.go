package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/codes"
)

// A code that can't be read back is not mailed: a record without it could never be
// confirmed.
func TestUnreadableCode(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	method, err := codes.NewToken(codes.Options{})
	require.NoError(t, err)
	methods := providers.NewCodes()
	require.NoError(t, methods.Add(codes.TokenID, method))
	late := vault.New(b.store, ring(t, "k1"), time.Hour, func() time.Time { return b.now.Add(-time.Hour) })
	acts := &activities.Verifications{Store: b.store, Vault: late, Codes: methods, Now: func() time.Time { return b.now }}

	out, err := acts.RequestVerificationCode(t.Context(), activities.RequestVerificationInput{
		IdentityID: identityID, ActorType: "customer", EntityID: email, EntityType: "email", CodeProvider: codes.TokenID, Recipient: email,
		Names: activities.VerificationNames{VerificationID: "verif_1", EventID: "evt_1", Kept: late.NewRef(), Code: late.NewRef()},
	})
	require.NoError(t, err)
	require.NotNil(t, out.Refusal)
	require.Equal(t, everlatch.ReasonSecretExpired, out.Refusal.Reason)
	known, err := b.store.Verifications(t.Context(), identityID)
	require.NoError(t, err)
	require.Empty(t, known)
}
