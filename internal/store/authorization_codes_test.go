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

func newCode(identityID string) store.AuthorizationCode {
	return store.AuthorizationCode{
		Hash: "hash of the code", ReturnTo: "https://shop.example/", Challenge: "challenge", ExpiresAt: start.Add(time.Minute),
		Principal: everlatch.Principal{
			AuthIdentityID: identityID, AuthProvider: "emailpass", ActorType: everlatch.ActorCustomer, ActorID: "cus_1", CredentialVersion: 1,
			MFAEnabled: true, MFACompletedAt: start.Add(-time.Minute), AuthenticatedAt: start.Add(-time.Hour), SignInID: "sign_in_1",
			AMR: []string{"pwd", "otp", "mfa"},
		},
	}
}

func TestAuthorizationCode(t *testing.T) {
	t.Parallel()
	use := store.CodeUse{At: start, TokenID: "jti", RequestHash: "request"}
	tests := map[string]func(t *testing.T, f fixture, in store.AuthorizationCode){
		"keeps every field, and its use": func(t *testing.T, f fixture, in store.AuthorizationCode) {
			found, err := f.AuthorizationCode(t.Context(), in.Hash)
			require.NoError(t, err)
			require.Equal(t, in, found)

			used, err := f.UseAuthorizationCode(t.Context(), in.Hash, use)
			require.NoError(t, err)
			require.True(t, used)
			used, err = f.UseAuthorizationCode(t.Context(), in.Hash, store.CodeUse{At: start, TokenID: "another"})
			require.NoError(t, err)
			require.False(t, used)

			found, err = f.AuthorizationCode(t.Context(), in.Hash)
			require.NoError(t, err)
			in.Use = use
			require.Equal(t, in, found)
		},
		"of fifty exchanges at once one wins": func(t *testing.T, f fixture, in store.AuthorizationCode) {
			lost := errors.New("lost")
			errs := storetest.InParallel(t.Context(), 50, func(ctx context.Context, _ int) error {
				used, err := f.UseAuthorizationCode(ctx, in.Hash, use)
				if err == nil && !used {
					err = lost
				}
				return err
			})
			require.Equal(t, 1, succeeded(errs))
			for _, err := range errs {
				if err != nil {
					require.ErrorIs(t, err, lost)
				}
			}
		},
		"expires": func(t *testing.T, f fixture, in store.AuthorizationCode) {
			f.clock.Advance(time.Minute)
			_, err := f.AuthorizationCode(t.Context(), in.Hash)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			used, err := f.UseAuthorizationCode(t.Context(), in.Hash, store.CodeUse{At: f.clock.Now(), TokenID: "late"})
			require.NoError(t, err)
			require.False(t, used)
		},
		"is remembered for a while once it was used, and swept": func(t *testing.T, f fixture, in store.AuthorizationCode) {
			_, err := f.UseAuthorizationCode(t.Context(), in.Hash, use)
			require.NoError(t, err)
			f.clock.Advance(10 * time.Minute)
			_, err = f.Sweep(t.Context(), 10)
			require.NoError(t, err)
			_, err = f.AuthorizationCode(t.Context(), in.Hash)
			require.NoError(t, err)
			f.clock.Advance(time.Minute)
			swept, err := f.Sweep(t.Context(), 10)
			require.NoError(t, err)
			require.Equal(t, 1, swept.Sealed)
			require.Zero(t, f.rows(t, "authorization_code"))
		},
		"goes with its identity": func(t *testing.T, f fixture, in store.AuthorizationCode) {
			require.NoError(t, f.PurgeIdentity(t.Context(), in.Principal.AuthIdentityID, "flow"))
			require.Zero(t, f.rows(t, "authorization_code"))
			require.ErrorIs(t, f.CreateAuthorizationCode(t.Context(), in), everlatch.ErrNotFound)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, f fixture) {
				in := newCode(f.identity(t, "ada@example.com").ID)
				require.NoError(t, f.CreateAuthorizationCode(t.Context(), in))
				test(t, f, in)
			})
		})
	}
}
