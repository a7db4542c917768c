package workflows_test

import (
	"encoding/json"
	"errors"
	"fmt"
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

const copied = "This passkey was not accepted, because a copy of it may be in use. Sign in another way and remove it."

// keyChallenge is a challenge whose identity has a passkey as a second factor, authmfa_key.
type keyChallenge struct {
	*challengeScene

	factor passkey.Factor
	device *passkeytest.Device
}

func newKeyChallenge(t *testing.T, verification string) *keyChallenge {
	t.Helper()
	h := newHouse(t)
	h.known(t, "authid_1", "emailpass", email, email)
	h.known(t, "authid_2", "emailpass", "other@example.com", "other@example.com")
	s := &keyChallenge{challengeScene: challengeIn(t, h), device: newDevice()}
	p, err := passkey.New(passkey.Options{RPID: "shop.example", Origins: []string{shop}, UserVerification: verification, Now: h.clock.Now})
	require.NoError(t, err)
	s.factor = p.Factor()
	h.withFactors(t, pinFactor{}, &pushFactor{}, s.factor)
	s.enrols("authid_1", "authmfa_key", s.device)
	return s
}

func newDevice() *passkeytest.Device {
	return &passkeytest.Device{Origin: shop, Verifies: true, Counts: true}
}

// enrols gives an identity a passkey as a second factor.
func (s *keyChallenge) enrols(identityID, id string, device *passkeytest.Device) {
	s.t.Helper()
	ctx := s.t.Context()
	prepared, err := s.factor.Enroll(ctx, providers.FactorEnrollment{AuthIdentityID: identityID, FactorID: id})
	require.NoError(s.t, err)
	answer, err := device.Create(optionsOf(s.t, prepared.Public))
	require.NoError(s.t, err)
	verdict, err := s.factor.Verify(ctx, providers.FactorAnswer{
		Factor: providers.FactorRecord{Factor: everlatch.Factor{ID: id, AuthIdentityID: identityID}, Secret: prepared.Secret},
		Code:   string(answer), Setup: true,
	})
	require.NoError(s.t, err)
	_, err = s.store.StartFactor(ctx, store.NewFactor{ID: id, IdentityID: identityID, Provider: passkey.Method, Several: true})
	require.NoError(s.t, err)
	enabled, err := s.store.EnableFactor(ctx, store.FactorUse{
		IdentityID: identityID, FactorID: id, Handle: verdict.Handle, Counter: verdict.Counter,
		Secret: new(s.vault.Wrap(vault.NewSecret(verdict.Secret), "second factor "+identityID+" "+id)),
	}, everlatch.Event{ID: "evt_" + id, Name: everlatch.EventMFAEnabled})
	require.NoError(s.t, err)
	require.True(s.t, enabled)
}

func optionsOf(t *testing.T, public everlatch.Metadata) []byte {
	t.Helper()
	raw, err := json.Marshal(public["options"])
	require.NoError(t, err)
	return raw
}

// signs is the answer of a device to a prompt.
func (s *keyChallenge) signs(device *passkeytest.Device, prompted *asked[workflows.PromptedChallenge]) string {
	s.t.Helper()
	prompted.requireDone(s.t)
	require.Nil(s.t, prompted.out.Refusal)
	answer, err := device.Get(optionsOf(s.t, prompted.out.Public))
	require.NoError(s.t, err)
	return string(answer)
}

// sends has an answer made and sent at a time.
func (s *keyChallenge) sends(at time.Duration, code func() string) *asked[workflows.PassedChallenge] {
	out := &asked[workflows.PassedChallenge]{}
	s.n++
	n, hooks := s.n, s.hooks
	s.env.RegisterDelayedCallback(func() {
		code := code()
		s.env.UpdateWorkflow(workflows.UpdateVerifyChallenge, "", out, workflows.VerifyChallenge{
			ChallengedSignIn: s.of, Method: passkey.Method, Code: s.sealed(code), Fingerprint: code,
			UseID: fmt.Sprint("evt_use_", n), EventID: fmt.Sprint("evt_answer_", n), SignInEventID: fmt.Sprint("evt_sign_in_", n), Hooks: hooks,
		})
	}, at)
	return out
}

func TestPasskeyPassesChallenge(t *testing.T) {
	t.Parallel()
	s := newKeyChallenge(t, "")
	second := newDevice()
	s.enrols("authid_1", "authmfa_key2", second)
	begun := s.begin()
	prompted := s.prompt(time.Second, passkey.Method)
	right := s.sends(2*time.Second, func() string { return s.signs(second, prompted) })
	s.plays(workflows.ChallengePassed)
	require.Contains(t, begun.out.Methods, passkey.Method)
	requirePassed(t, right, passkey.Method)
	allowed, _ := prompted.out.Public["options"].(map[string]any)["allowCredentials"].([]any)
	require.Len(t, allowed, 2, "any passkey of the identity, and no other")
	used, err := s.store.Factor(t.Context(), "authid_1", "authmfa_key2")
	require.NoError(t, err)
	require.EqualValues(t, 1, used.Counter)
	passed := s.released(t, everlatch.EventMFAChallengePassed)
	require.Equal(t, "authmfa_key2", passed[0]["mfa_id"])
}

// Whatever an attacker who knows the password can send is refused and counted.
func TestForgedPasskeyOfChallenge(t *testing.T) {
	t.Parallel()
	for name, forge := range map[string]func(t *testing.T, s *keyChallenge, first, latest *asked[workflows.PromptedChallenge]) string{
		"an answer to an earlier prompt": func(_ *testing.T, s *keyChallenge, first, _ *asked[workflows.PromptedChallenge]) string {
			return s.signs(s.device, first)
		},
		"the passkey of another identity": func(_ *testing.T, s *keyChallenge, _, latest *asked[workflows.PromptedChallenge]) string {
			other := newDevice()
			s.enrols("authid_2", "authmfa_other", other)
			delete(latest.out.Public["options"].(map[string]any), "allowCredentials") //nolint:forcetypeassert // the test fails
			return s.signs(other, latest)
		},
		"the prompt of another challenge": func(t *testing.T, s *keyChallenge, _, _ *asked[workflows.PromptedChallenge]) string {
			stored, err := s.store.Factor(t.Context(), "authid_1", "authmfa_key")
			require.NoError(t, err)
			secret, err := s.vault.Unwrap(stored.Secret, "second factor authid_1 authmfa_key")
			require.NoError(t, err)
			foreign, err := s.factor.Prompt(t.Context(), []providers.FactorRecord{{Factor: stored.Factor, Secret: secret.Reveal()}})
			require.NoError(t, err)
			answer, err := s.device.Get(optionsOf(t, foreign.Public))
			require.NoError(t, err)
			return string(answer)
		},
		"another site": func(_ *testing.T, s *keyChallenge, _, latest *asked[workflows.PromptedChallenge]) string {
			s.device.Origin = "https://evil.example"
			return s.signs(s.device, latest)
		},
		"another domain": func(_ *testing.T, s *keyChallenge, _, latest *asked[workflows.PromptedChallenge]) string {
			s.device.RPID = "evil.example"
			return s.signs(s.device, latest)
		},
		"another user handle": func(_ *testing.T, s *keyChallenge, _, latest *asked[workflows.PromptedChallenge]) string {
			s.device.Handle = string(providers.PasskeyHandle("authid_2"))
			return s.signs(s.device, latest)
		},
		"no PIN where one is required": func(_ *testing.T, s *keyChallenge, _, latest *asked[workflows.PromptedChallenge]) string {
			s.device.Verifies = false
			return s.signs(s.device, latest)
		},
		"six digits": func(*testing.T, *keyChallenge, *asked[workflows.PromptedChallenge], *asked[workflows.PromptedChallenge]) string {
			return "123456"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newKeyChallenge(t, "required")
			s.in.MaxAttempts = 2
			s.begin()
			first, latest := s.prompt(time.Second, passkey.Method), s.prompt(2*time.Second, passkey.Method)
			bad := s.sends(3*time.Second, func() string { return forge(t, s, first, latest) })
			right := s.sends(4*time.Second, func() string {
				s.device.Origin, s.device.RPID, s.device.Handle, s.device.Verifies = shop, "", "", true
				return s.signs(s.device, latest)
			})
			s.plays(workflows.ChallengePassed)
			bad.refused(t, bad.out.Refusal, everlatch.CodeNotAllowed, challengeWrong)
			require.Len(t, s.released(t, everlatch.EventMFAChallengeFailed), 1)
			requirePassed(t, right, passkey.Method)
			require.Empty(t, s.released(t, everlatch.EventPasskeyCloned))
		})
	}
}

// A copy of the key passes as long as the original rests; then one of the two is refused,
// and the owner is told, once.
func TestCopiedPasskeyOfChallenge(t *testing.T) {
	t.Parallel()
	s := newKeyChallenge(t, "")
	clone := &passkeytest.Device{Origin: shop, Verifies: true, Counts: true, Keys: []*passkeytest.Key{s.device.Keys[0].Clone()}}
	_, err := s.store.UseFactor(t.Context(), store.FactorUse{IdentityID: "authid_1", FactorID: "authmfa_key", ID: "evt_before", Counter: 7})
	require.NoError(t, err)
	s.device.Keys[0].Counter = 7
	other := newDevice() // asked after the copied one
	s.enrols("authid_1", "authmfa_key2", other)
	s.in.MaxAttempts = 3
	s.begin()
	prompted := s.prompt(time.Second, passkey.Method)
	first := s.sends(2*time.Second, func() string { return s.signs(clone, prompted) })
	again := s.sends(3*time.Second, func() string { return s.signs(clone, prompted) })
	right := s.sends(4*time.Second, func() string { return s.signs(s.device, prompted) })
	s.plays(workflows.ChallengePassed)
	for _, refused := range []*asked[workflows.PassedChallenge]{first, again} {
		refused.refused(t, refused.out.Refusal, everlatch.CodeNotAllowed, copied)
	}
	requirePassed(t, right, passkey.Method)
	require.Len(t, s.released(t, everlatch.EventMFAChallengeFailed), 2, "it counts as a wrong answer")
	require.Equal(t, []everlatch.Metadata{{
		"auth_identity_id": "authid_1", "mfa_id": "authmfa_key", "actor_type": "customer", "email": email,
	}}, s.released(t, everlatch.EventPasskeyCloned))
	marked, err := s.store.Factor(t.Context(), "authid_1", "authmfa_key")
	require.NoError(t, err)
	require.NotEmpty(t, marked.Metadata["cloned_at"])

	t.Run("the last attempt ends the challenge", func(t *testing.T) {
		t.Parallel()
		s := newKeyChallenge(t, "")
		_, err := s.store.UseFactor(t.Context(), store.FactorUse{IdentityID: "authid_1", FactorID: "authmfa_key", ID: "evt_before", Counter: 7})
		require.NoError(t, err)
		s.in.MaxAttempts = 1
		s.begin()
		prompted := s.prompt(time.Second, passkey.Method)
		last := s.sends(2*time.Second, func() string { return s.signs(s.device, prompted) })
		s.plays(workflows.ChallengeExhausted)
		last.refused(t, last.out.Refusal, everlatch.CodeNotAllowed, copied)
	})
}

// The same answer again is no copy: its outcome was lost, or a hook has refused it.
func TestRepeatedPasskeyOfChallenge(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(s *keyChallenge) (over func()){
		"its outcome was lost": func(s *keyChallenge) func() {
			s.faults.set(fault{activities: []string{"VerifyFactor"}, times: -1, after: true})
			return func() { s.faults.set() }
		},
		"a hook refused it": func(s *keyChallenge) func() {
			refuses := errors.New("down")
			s.hook(func(everlatch.HookInput) error { return refuses })
			s.own(s.env)
			s.hooks = at(everlatch.HookAfterAuthenticate)
			return func() { refuses = nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newKeyChallenge(t, "")
			over := prepare(s)
			s.begin()
			prompted := s.prompt(time.Second, passkey.Method)
			var code string
			first := s.sends(2*time.Second, func() string {
				code = s.signs(s.device, prompted)
				return code
			})
			s.env.RegisterDelayedCallback(over, 2*time.Minute)
			again := s.sends(3*time.Minute, func() string { return code })
			s.plays(workflows.ChallengePassed)
			require.Error(t, first.err)
			requirePassed(t, again, passkey.Method)
			require.Empty(t, s.released(t, everlatch.EventPasskeyCloned))
			require.Empty(t, s.released(t, everlatch.EventMFAChallengeFailed))
		})
	}
}
