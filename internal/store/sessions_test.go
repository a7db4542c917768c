package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

func TestSession(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture){
		"keeps every field and tells what holds now": func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			f.link(t, identity.ID, "manager", "manager_1")
			in := newSession(start, everlatch.Principal{
				AuthIdentityID: identity.ID, AuthProvider: "emailpass", ActorType: everlatch.ActorCustomer, ActorID: customer.ID,
				CredentialVersion: 1, MFAEnabled: true, MFACompletedAt: start.Add(-time.Minute), AuthenticatedAt: start.Add(-time.Hour),
				UserMetadata: everlatch.Metadata{"name": "Ada"}, SignInID: "sign_in_1", AMR: []string{"pwd", "otp", "mfa"},
			})
			require.NoError(t, f.CreateSession(t.Context(), in, "hash"))
			require.NoError(t, f.CreateSession(t.Context(), in, "hash"), "twice")

			session, standing, err := f.Session(t.Context(), "hash")

			require.NoError(t, err)
			in.Principal.Links = map[string]string{"customer": customer.ID, "manager": "manager_1"}
			require.Equal(t, in, session)
			require.Equal(t, everlatch.Standing{CredentialVersion: 1, ActorID: customer.ID}, standing)
		},
		"steps up in place": func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			secret, other := f.session(t, identity.ID, "manager", "manager_1"), f.session(t, identity.ID, "manager", "manager_1")
			session, _, err := f.Session(t.Context(), secret)
			require.NoError(t, err)
			require.False(t, session.Principal.MFAEnabled)
			passed := everlatch.Principal{MFAEnabled: true, AMR: []string{"pwd", "mfa"}, MFACompletedAt: start.Add(time.Minute)}
			require.NoError(t, f.StepUpSession(t.Context(), session.ID, passed))
			require.NoError(t, f.StepUpSession(t.Context(), "ses_gone", passed))
			session, _, err = f.Session(t.Context(), secret)
			require.NoError(t, err)
			require.True(t, session.Principal.MFAEnabled)
			require.Equal(t, start.Add(time.Minute), session.Principal.MFACompletedAt)
			require.Equal(t, "manager_1", session.Principal.ActorID)
			require.Equal(t, []string{"pwd", "mfa"}, session.Principal.AMR)
			session, _, err = f.Session(t.Context(), other)
			require.NoError(t, err)
			require.False(t, session.Principal.MFAEnabled, "another one stays as it is")
		},
		"keeps the actor of its token when one is linked later": func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			secret := f.session(t, identity.ID, "manager", "")
			f.link(t, identity.ID, "manager", "manager_1")

			session, standing, err := f.Session(t.Context(), secret)

			require.NoError(t, err)
			require.Empty(t, session.Principal.ActorID)
			require.Equal(t, "manager_1", standing.ActorID)
		},
		"account that is gone has no actor": func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			require.NoError(t, f.RemoveCustomer(t.Context(), customer.ID, everlatch.Event{}))
			secret := f.session(t, identity.ID, everlatch.ActorCustomer, customer.ID)
			_, standing, err := f.Session(t.Context(), secret)
			require.NoError(t, err)
			require.Empty(t, standing.ActorID)
		},
		"ends when idle, and at its absolute end": func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			secret := f.session(t, identity.ID, "manager", "")
			session, _, err := f.Session(t.Context(), secret)
			require.NoError(t, err)
			for range 9 {
				f.clock.Advance(59 * time.Minute)
				require.NoError(t, f.TouchSession(t.Context(), session.ID, f.clock.Now().Add(time.Hour)))
			}
			session, _, err = f.Session(t.Context(), secret)
			require.NoError(t, err)
			require.Equal(t, f.clock.Now().Add(time.Hour), session.IdleExpiresAt)

			require.NoError(t, f.TouchSession(t.Context(), session.ID, f.clock.Now().Add(100*time.Hour)))
			session, _, err = f.Session(t.Context(), secret)
			require.NoError(t, err)
			require.Equal(t, session.ExpiresAt, session.IdleExpiresAt)
			require.NoError(t, f.TouchSession(t.Context(), session.ID, f.clock.Now()), "never shorter")

			f.clock.Advance(session.ExpiresAt.Sub(f.clock.Now()))
			_, _, err = f.Session(t.Context(), secret)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			require.NoError(t, f.TouchSession(t.Context(), session.ID, f.clock.Now().Add(time.Hour)))
			_, _, err = f.Session(t.Context(), secret)
			require.ErrorIs(t, err, everlatch.ErrNotFound, "what has ended stays ended")
		},
		"is ended once": func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			secret := f.session(t, identity.ID, "manager", "")
			require.NoError(t, f.ReplaceSession(t.Context(), secret))
			require.NoError(t, f.ReplaceSession(t.Context(), secret))
			require.Len(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventSessionEnded}), 1)
			_, _, err := f.Session(t.Context(), secret)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
		},
		"needs an identity": func(t *testing.T, f fixture) {
			session := newSession(start, everlatch.Principal{AuthIdentityID: "authid_none"})
			require.ErrorIs(t, f.CreateSession(t.Context(), session, "hash"), everlatch.ErrNotFound)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}

func TestStanding(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		customer, identity := f.customer(t, "ada@example.com")
		f.link(t, identity.ID, "manager", "manager_1")
		u := f.user(t, "ada@example.com")
		f.link(t, identity.ID, everlatch.ActorUser, u.ID)

		require.Equal(t, everlatch.Standing{CredentialVersion: 1, ActorID: customer.ID}, f.standing(t, identity.ID, everlatch.ActorCustomer))
		require.Equal(t, everlatch.Standing{CredentialVersion: 1, ActorID: u.ID}, f.standing(t, identity.ID, everlatch.ActorUser))
		require.Equal(t, everlatch.Standing{CredentialVersion: 1, ActorID: "manager_1"}, f.standing(t, identity.ID, "manager"))
		require.Equal(t, everlatch.Standing{CredentialVersion: 1}, f.standing(t, identity.ID, "robot"))
		_, err := f.Standing(t.Context(), "authid_none", "manager", "")
		requireError(t, err, everlatch.CodeNotFound, store.RecordNotFound, "model", "AuthIdentity", "id", "authid_none")
	})
}

func TestSealed(t *testing.T) {
	t.Parallel()

	secret := func(id string) store.Sealed {
		return store.Sealed{ID: id, KeyID: "k1", Data: []byte{0, 1, 255, 'x'}, ExpiresAt: start.Add(time.Minute)}
	}
	tests := map[string]func(t *testing.T, f fixture){
		"is readable until it expires": func(t *testing.T, f fixture) {
			require.NoError(t, f.PutSealed(t.Context(), secret("sec_1")))
			require.NoError(t, f.PutSealed(t.Context(), secret("sec_1")), "twice")
			for range 2 {
				got, err := f.GetSealed(t.Context(), "sec_1")
				require.NoError(t, err)
				require.Equal(t, secret("sec_1"), got)
			}
			f.clock.Advance(time.Minute)
			_, err := f.GetSealed(t.Context(), "sec_1")
			require.ErrorIs(t, err, everlatch.ErrNotFound)
		},
		"is shredded alone or with others": func(t *testing.T, f fixture) {
			for _, id := range []string{"sec_1", "sec_2", "sec_3", "sec_4"} {
				require.NoError(t, f.PutSealed(t.Context(), secret(id)))
			}
			require.NoError(t, f.DeleteSealed(t.Context()))
			require.NoError(t, f.DeleteSealed(t.Context(), "sec_1"))
			require.NoError(t, f.DeleteSealed(t.Context(), "sec_1", "sec_2", "", "sec_3"))
			require.Equal(t, 1, f.rows(t, "sealed_secret"))
			_, err := f.GetSealed(t.Context(), "sec_4")
			require.NoError(t, err)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, "ada@example.com")
		for _, id := range []string{"sec_1", "sec_2", "sec_3"} {
			f.session(t, identity.ID, "manager", "")
			require.NoError(t, f.PutSealed(t.Context(), store.Sealed{ID: id, Data: []byte("x"), ExpiresAt: start.Add(time.Minute)}))
		}
		f.clock.Advance(time.Hour)
		kept := f.session(t, identity.ID, "manager", "")
		require.NoError(t, f.PutSealed(t.Context(), store.Sealed{ID: "sec_4", Data: []byte("x"), ExpiresAt: f.clock.Now().Add(time.Minute)}))
		for _, want := range []store.SweepResult{{Sessions: 2, Sealed: 2}, {Sessions: 1, Sealed: 1}, {}} {
			got, err := f.Sweep(t.Context(), 2)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		_, _, err := f.Session(t.Context(), kept)
		require.NoError(t, err)
		_, err = f.GetSealed(t.Context(), "sec_4")
		require.NoError(t, err)
	})
}
