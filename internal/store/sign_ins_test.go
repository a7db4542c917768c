package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
)

func TestEndSignIn(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, "ada@example.com")
		caller := everlatch.Principal{AuthIdentityID: identity.ID, ActorType: everlatch.ActorCustomer, SignInID: "sign_in_1"}
		another := caller
		another.SignInID = "sign_in_2"
		require.NoError(t, f.CreateSession(t.Context(), newSession(start, caller), "of this sign-in"))
		require.NoError(t, f.CreateSession(t.Context(), newSession(start, another), "of another sign-in"))

		ended, err := f.EndSignIn(t.Context(), caller, start.Add(time.Hour))
		require.NoError(t, err)
		require.True(t, ended)

		_, _, err = f.Session(t.Context(), "of this sign-in")
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		session, standing, err := f.Session(t.Context(), "of another sign-in")
		require.NoError(t, err)
		require.Equal(t, "sign_in_2", session.Principal.SignInID)
		require.False(t, standing.SignInEnded)

		// A session whose creation overlapped the end is told apart when it is read.
		require.NoError(t, f.CreateSession(t.Context(), newSession(start, caller), "late"))
		_, standing, err = f.Session(t.Context(), "late")
		require.NoError(t, err)
		require.True(t, standing.SignInEnded)

		for signIn, want := range map[string]bool{"sign_in_1": true, "sign_in_2": false, "": false} {
			standing, err := f.Standing(t.Context(), identity.ID, everlatch.ActorCustomer, signIn)
			require.NoError(t, err)
			require.Equal(t, want, standing.SignInEnded, signIn)
			standing, err = f.StandingWithAccess(t.Context(), identity.ID, everlatch.ActorCustomer, signIn)
			require.NoError(t, err)
			require.Equal(t, want, standing.SignInEnded, signIn)
		}

		f.clock.Advance(time.Hour)
		_, err = f.Sweep(t.Context(), 10)
		require.NoError(t, err)
		standing, err = f.Standing(t.Context(), identity.ID, everlatch.ActorCustomer, "sign_in_1")
		require.NoError(t, err)
		require.False(t, standing.SignInEnded, "swept once no token can be valid")
	})
}
