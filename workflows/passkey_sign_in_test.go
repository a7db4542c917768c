package workflows_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/passkeytest"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/passkey"
	"github.com/everlatch/everlatch/workflows"
)

func TestPasskeySignIn(t *testing.T) {
	t.Parallel()

	t.Run("signed in once, with two factors", func(t *testing.T) {
		t.Parallel()
		s := newPasskeys(t)
		s.joins()
		a := s.signs(otherChallenge)
		first, second := s.answer(time.Minute, a), s.answer(time.Minute, a)
		require.Equal(t, workflows.PasskeyAccepted, s.play(workflows.PasskeySignIn, signInWith(otherChallenge)))
		require.Nil(t, first.out.Refusal)
		require.Equal(t, "authid_p", first.out.Principal.AuthIdentityID)
		require.Equal(t, first.out.At, first.out.Principal.MFACompletedAt)
		requireRefusal(t, second.out.Refusal, everlatch.CodeUnauthorized, notAccepted)
		require.Contains(t, s.snapshot(t)["events"], "auth.login_succeeded released")
	})

	t.Run("without a PIN it is one factor", func(t *testing.T) {
		t.Parallel()
		s := newPasskeys(t)
		s.joins()
		s.device.Verifies = false
		m := s.answer(time.Minute, s.signs(otherChallenge))
		require.Equal(t, workflows.PasskeyAccepted, s.play(workflows.PasskeySignIn, signInWith(otherChallenge)))
		require.NotEmpty(t, m.out.Principal.AuthIdentityID)
		require.Zero(t, m.out.Principal.MFACompletedAt)
	})

	for name, change := range map[string]func(s *passkeyScene) workflows.PasskeyAnswer{
		"an answer to another challenge": func(s *passkeyScene) workflows.PasskeyAnswer { return s.signs(firstChallenge) },
		"an unknown passkey": func(s *passkeyScene) workflows.PasskeyAnswer {
			s.creates("authid_p", firstChallenge) // on the device alone
			return s.signs(otherChallenge)
		},
		"another's handle": func(s *passkeyScene) workflows.PasskeyAnswer {
			s.device.Handle = string(providers.PasskeyHandle("authid_other"))
			return s.signs(otherChallenge)
		},
		"another site": func(s *passkeyScene) workflows.PasskeyAnswer {
			s.device.Origin = "https://evil.example"
			return s.signs(otherChallenge)
		},
	} {
		t.Run(name+" is refused, and ends it", func(t *testing.T) {
			t.Parallel()
			s := newPasskeys(t)
			s.joins()
			bad := s.answer(time.Minute, change(s))
			s.device.Handle, s.device.Origin = "", shop
			late := s.answer(2*time.Minute, s.signs(otherChallenge))
			require.Equal(t, workflows.PasskeyRefused, s.play(workflows.PasskeySignIn, signInWith(otherChallenge)))
			requireRefusal(t, bad.out.Refusal, everlatch.CodeUnauthorized, notAccepted)
			require.Nil(t, late.out.Principal.Links, "a challenge is good for one answer")
			require.NotContains(t, s.snapshot(t)["events"], "auth.login_succeeded released")
		})
	}

	t.Run("an answer as another actor type changes nothing", func(t *testing.T) {
		t.Parallel()
		s := newPasskeys(t)
		s.joins()
		foreign := s.signs(otherChallenge)
		foreign.ActorType = "user"
		bad, good := s.answer(time.Minute, foreign), s.answer(2*time.Minute, s.signs(otherChallenge))
		require.Equal(t, workflows.PasskeyAccepted, s.play(workflows.PasskeySignIn, signInWith(otherChallenge)))
		require.Error(t, bad.rejected)
		require.Equal(t, "authid_p", good.out.Principal.AuthIdentityID)
	})

	t.Run("it expires", func(t *testing.T) {
		t.Parallel()
		s := newPasskeys(t)
		s.joins()
		late := s.answer(5*time.Minute, s.signs(otherChallenge))
		require.Equal(t, workflows.PasskeyExpired, s.play(workflows.PasskeySignIn, signInWith(otherChallenge)))
		require.Empty(t, late.out.Principal.AuthIdentityID)
	})

	for name, after := range map[string]bool{"fails": false, "succeeds unheard": true} {
		t.Run("CheckPasskey "+name, func(t *testing.T) {
			t.Parallel()
			s := newPasskeys(t)
			s.joins()
			s.faults.set(fault{activities: []string{"CheckPasskey"}, times: 1, after: after})
			m := s.answer(time.Minute, s.signs(otherChallenge))
			require.Equal(t, workflows.PasskeyAccepted, s.play(workflows.PasskeySignIn, signInWith(otherChallenge)))
			require.Equal(t, "authid_p", m.out.Principal.AuthIdentityID, "a step that repeats itself is no copy of the key")
			require.NotContains(t, s.snapshot(t)["events"], "auth.passkey_cloned released")
		})
	}

	t.Run("an outage leaves the challenge", func(t *testing.T) {
		t.Parallel()
		s := newPasskeys(t)
		s.joins()
		s.faults.set(fault{activities: []string{"CheckPasskey"}, times: -1, err: errors.New("the database is away")})
		a := s.signs(otherChallenge)
		failed := s.answer(time.Second, a)
		s.env.RegisterDelayedCallback(func() { s.faults.set() }, 2*time.Minute)
		again := s.answer(3*time.Minute, a)
		require.Equal(t, workflows.PasskeyAccepted, s.play(workflows.PasskeySignIn, signInWith(otherChallenge)))
		require.Error(t, failed.err)
		require.Equal(t, "authid_p", again.out.Principal.AuthIdentityID)
	})
}

// A passkey that is a second factor signs in alone where the device verifies its user.
func TestPasskeyFactorSignsIn(t *testing.T) {
	t.Parallel()
	withFactor := func(t *testing.T) *passkeyScene {
		t.Helper()
		s := newPasskeys(t)
		s.known(t, "authid_own", "emailpass", "ada@example.com", "ada@example.com")
		options, err := s.provider.Create(firstChallenge, providers.PasskeyUser{Handle: providers.PasskeyHandle("authid_own")})
		require.NoError(t, err)
		raw, err := s.device.Create(options)
		require.NoError(t, err)
		rec, err := s.provider.Register(raw, firstChallenge, providers.PasskeyHandle("authid_own"))
		require.NoError(t, err)
		data, err := json.Marshal(rec.Data)
		require.NoError(t, err)
		_, err = s.store.StartFactor(t.Context(), store.NewFactor{ID: "authmfa_1", IdentityID: "authid_own", Provider: passkey.Method, Several: true})
		require.NoError(t, err)
		enabled, err := s.store.EnableFactor(t.Context(), store.FactorUse{
			IdentityID: "authid_own", FactorID: "authmfa_1", Handle: rec.ID,
			Secret: new(s.vault.Wrap(vault.NewSecret(data), "second factor authid_own authmfa_1")),
		}, everlatch.Event{ID: "evt_enabled", Name: everlatch.EventMFAEnabled})
		require.NoError(t, err)
		require.True(t, enabled)
		return s
	}

	for name, after := range map[string]bool{"": false, ", also when its step repeats itself": true} {
		t.Run("signed in"+name, func(t *testing.T) {
			t.Parallel()
			s := withFactor(t)
			if after {
				s.faults.set(fault{activities: []string{"CheckPasskey"}, times: 1, after: true})
			}
			m := s.answer(time.Minute, s.signs(otherChallenge))
			require.Equal(t, workflows.PasskeyAccepted, s.play(workflows.PasskeySignIn, signInWith(otherChallenge)))
			require.Equal(t, "authid_own", m.out.Principal.AuthIdentityID)
			require.True(t, m.out.Principal.MFAEnabled)
			require.False(t, m.out.Principal.NeedsFactor())
			used, err := s.store.Factor(t.Context(), "authid_own", "authmfa_1")
			require.NoError(t, err)
			require.EqualValues(t, 1, used.Counter)
		})
	}

	t.Run("not without a PIN", func(t *testing.T) {
		t.Parallel()
		s := withFactor(t)
		s.device.Verifies = false
		m := s.answer(time.Minute, s.signs(otherChallenge))
		require.Equal(t, workflows.PasskeyRefused, s.play(workflows.PasskeySignIn, signInWith(otherChallenge)))
		requireRefusal(t, m.out.Refusal, everlatch.CodeUnauthorized, "Unlock your device with its PIN, fingerprint or face to sign in with this passkey.")
	})

	t.Run("not as a copy", func(t *testing.T) {
		t.Parallel()
		s := withFactor(t)
		s.device.Keys[0].Counter = 0
		s.device.Counts = false
		_, err := s.store.UseFactor(t.Context(), store.FactorUse{IdentityID: "authid_own", FactorID: "authmfa_1", ID: "evt_before", Counter: 7})
		require.NoError(t, err)
		m := s.answer(time.Minute, s.signs(otherChallenge))
		require.Equal(t, workflows.PasskeyRefused, s.play(workflows.PasskeySignIn, signInWith(otherChallenge)))
		require.Equal(t, everlatch.ReasonPasskeyCloned, m.out.Refusal.Reason)
		marked, err := s.store.Factor(t.Context(), "authid_own", "authmfa_1")
		require.NoError(t, err)
		require.NotEmpty(t, marked.Metadata["cloned_at"])
	})
}

// A copy of the key signs in as long as the original rests; then one of the two is refused,
// and the owner is told.
func TestClonedPasskey(t *testing.T) {
	t.Parallel()
	s := newPasskeys(t)
	s.joins()
	original := s.device
	s.device = &passkeytest.Device{Origin: shop, Verifies: true, Counts: true, Keys: []*passkeytest.Key{original.Keys[0].Clone()}}
	copied := s.answer(time.Minute, s.signs(otherChallenge))
	require.Equal(t, workflows.PasskeyAccepted, s.play(workflows.PasskeySignIn, signInWith(otherChallenge)))
	require.Nil(t, copied.out.Refusal)

	s.renew("passkey/h:3")
	s.device = original
	refused := s.answer(time.Minute, s.signs(firstChallenge))
	require.Equal(t, workflows.PasskeyRefused, s.play(workflows.PasskeySignIn, signInWith(firstChallenge)))
	requireRefusal(t, refused.out.Refusal, everlatch.CodeUnauthorized,
		"This passkey was not accepted, because a copy of it may be in use. Sign in another way and remove it.")
	events, _, err := s.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventPasskeyCloned, Released: new(true)}, store.Page{})
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.Equal(t, everlatch.Metadata{"auth_identity_id": "authid_p", "provider_identity_id": "pi_p", "actor_type": "customer"}, events[0].Data)
	identity, err := s.store.Identity(t.Context(), "authid_p")
	require.NoError(t, err)
	require.NotEmpty(t, identity.Providers[0].UserMetadata["cloned_at"])
}
