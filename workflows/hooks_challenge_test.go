package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// hooked answers with hooks.
func (s *challengeScene) hooked(at time.Duration, hooks *workflows.Hooks, method, code string) *asked[workflows.PassedChallenge] {
	s.hooks = hooks
	defer func() { s.hooks = nil }()
	return s.verify(at, method, code)
}

func TestHooksOfAChallenge(t *testing.T) {
	t.Parallel()
	const before, after = everlatch.HookBeforeAuthenticate, everlatch.HookAfterAuthenticate

	t.Run("they are told which factor", func(t *testing.T) {
		t.Parallel()
		s := newChallenge(t)
		log := s.hook(nil)
		s.own(s.env)
		s.begin()
		wrong := s.hooked(time.Second, at(before, after), "pin", wrongCode)
		right := s.hooked(time.Minute, at(before, after), "pin", rightCode)
		s.plays(workflows.ChallengePassed)
		wrong.refused(t, wrong.out.Refusal, everlatch.CodeNotAllowed, challengeWrong)
		requirePassed(t, right, "pin")
		require.Len(t, log.at(before), 2)
		require.Len(t, log.at(after), 1, "when the answer was right")
		for _, in := range log.told {
			require.Equal(t, "authid_1", in.AuthIdentityID)
			require.Equal(t, "cus_1", in.ActorID)
			require.Equal(t, "emailpass", in.Provider)
			require.Equal(t, "pin", in.FactorProvider)
			require.Equal(t, "192.0.2.1", in.Request.Address)
		}
		require.Empty(t, log.at(before)[0].FactorID)
		require.Equal(t, "authmfa_0", log.at(after)[0].FactorID)
	})

	for name, answer := range map[string]error{"refuse": errHook, "break down": errors.New("down")} {
		for _, point := range []everlatch.HookPoint{before, after} {
			t.Run(string(point)+" hooks "+name+", and the challenge stays open", func(t *testing.T) {
				t.Parallel()
				s := newChallenge(t)
				s.in.MaxAttempts = 1 // what hooks say is not counted
				down := true
				s.hook(func(everlatch.HookInput) error {
					if down {
						return answer
					}
					return nil
				})
				s.own(s.env)
				s.begin()
				first := s.hooked(time.Second, at(point), everlatch.MethodRecoveryCode, "code-a")
				s.env.RegisterDelayedCallback(func() {
					require.Empty(t, s.released(t, everlatch.EventLoginSucceeded))
					require.Empty(t, s.released(t, everlatch.EventMFAChallengePassed))
					left, err := s.store.RecoveryCodes(t.Context(), "authid_1")
					require.NoError(t, err)
					require.Equal(t, map[bool]int{true: 2, false: 1}[point == before], left, "a code is used up where it was checked")
					down = false
				}, time.Minute)
				second := s.hooked(2*time.Minute, at(point), everlatch.MethodRecoveryCode, "code-b")
				s.plays(workflows.ChallengePassed)
				if errors.Is(answer, errHook) {
					first.requireDone(t)
					requireRefusal(t, first.out.Refusal, everlatch.CodeForbidden, "Not here.")
				} else {
					require.Error(t, first.err)
				}
				requirePassed(t, second, everlatch.MethodRecoveryCode)
				require.Len(t, s.released(t, everlatch.EventLoginSucceeded), 1)
			})
		}
	}

	t.Run("a step-up has none", func(t *testing.T) {
		t.Parallel()
		s := newChallenge(t)
		log := s.hook(func(everlatch.HookInput) error { return errHook })
		s.own(s.env)
		s.in.StepUp = true
		s.begin()
		right := s.hooked(time.Second, at(before, after), "pin", rightCode)
		s.plays(workflows.ChallengePassed)
		requirePassed(t, right, "pin")
		require.Empty(t, log.told)
	})
}

func TestHooksOfAPasskey(t *testing.T) {
	t.Parallel()
	const before, after = everlatch.HookBeforeAuthenticate, everlatch.HookAfterAuthenticate

	t.Run("a sign-in has those of authenticate", func(t *testing.T) {
		t.Parallel()
		s := newPasskeys(t)
		s.joins()
		log := s.hook(nil)
		s.own(s.env)
		a := s.signs(otherChallenge)
		a.Hooks = at(before, after)
		m := s.answer(time.Minute, a)
		require.Equal(t, workflows.PasskeyAccepted, s.play(workflows.PasskeySignIn, signInWith(otherChallenge)))
		require.Nil(t, m.out.Refusal)
		require.Len(t, log.told, 2)
		require.Empty(t, log.at(before)[0].AuthIdentityID)
		require.Equal(t, "authid_p", log.at(after)[0].AuthIdentityID)
		require.Equal(t, "passkey", log.at(after)[0].Provider)
	})

	for _, point := range []everlatch.HookPoint{before, after} {
		t.Run(string(point)+" refuses a sign-in", func(t *testing.T) {
			t.Parallel()
			s := newPasskeys(t)
			s.joins()
			s.hook(func(everlatch.HookInput) error { return errHook })
			s.own(s.env)
			a := s.signs(otherChallenge)
			a.Hooks = at(point)
			m, again := s.answer(time.Minute, a), s.answer(2*time.Minute, a)
			require.Equal(t, workflows.PasskeyRefused, s.play(workflows.PasskeySignIn, signInWith(otherChallenge)))
			requireRefusal(t, m.out.Refusal, everlatch.CodeForbidden, "Not here.")
			require.Empty(t, m.out.Principal.AuthIdentityID)
			require.True(t, !again.done || again.rejected != nil || again.out.Refusal != nil, "one answer for each challenge")
		})
	}

	t.Run("a fault leaves the challenge", func(t *testing.T) {
		t.Parallel()
		s := newPasskeys(t)
		s.joins()
		down := true
		s.hook(func(everlatch.HookInput) error {
			if down {
				return errors.New("down")
			}
			return nil
		})
		s.own(s.env)
		a := s.signs(otherChallenge)
		a.Hooks = at(before)
		first := s.answer(0, a)
		s.env.RegisterDelayedCallback(func() { down = false }, time.Minute)
		second := s.answer(2*time.Minute, a)
		require.Equal(t, workflows.PasskeyAccepted, s.play(workflows.PasskeySignIn, signInWith(otherChallenge)))
		require.Error(t, first.err)
		require.Nil(t, second.out.Refusal)
	})

	all := []everlatch.HookPoint{
		everlatch.HookBeforeRegister, everlatch.HookAfterRegister, everlatch.HookBeforeAccountCreated, everlatch.HookAfterAccountCreated,
	}
	signsUp := func(s *passkeyScene) (*asked[workflows.RegisteredPasskey], string) {
		s.acts.Accounts.AnyEmail = true
		s.own(s.env)
		a := s.creates("authid_p", firstChallenge)
		a.Hooks, a.Customer = at(all...), &everlatch.Customer{ID: "cus_p", Email: new(email), HasAccount: true}
		m := s.register(time.Minute, a)
		return m, s.play(workflows.PasskeyRegistration, registrationOf(firstChallenge))
	}
	t.Run("a sign-up has those of register and of the account", func(t *testing.T) {
		t.Parallel()
		s := newPasskeys(t)
		log := s.hook(nil)
		m, outcome := signsUp(s)
		require.Equal(t, workflows.PasskeyAccepted, outcome)
		require.Nil(t, m.out.Refusal)
		require.Len(t, log.told, len(all))
		for i, in := range log.told {
			require.Equal(t, all[i], in.Point)
			require.Equal(t, "passkey", in.Provider)
			require.Equal(t, i > 0, in.AuthIdentityID != "")
		}
		require.Equal(t, "cus_p", log.told[3].ActorID)
	})
	for _, point := range all {
		t.Run(string(point)+" refuses a sign-up, and nothing remains", func(t *testing.T) {
			t.Parallel()
			s := newPasskeys(t)
			empty := s.snapshot(t)
			s.hook(func(in everlatch.HookInput) error {
				if in.Point == point {
					return errHook
				}
				return nil
			})
			m, outcome := signsUp(s)
			require.Equal(t, workflows.PasskeyRefused, outcome)
			requireRefusal(t, m.out.Refusal, everlatch.CodeForbidden, "Not here.")
			require.Equal(t, empty["identities"], s.snapshot(t)["identities"])
			require.Equal(t, empty["customers"], s.snapshot(t)["customers"])
		})
	}
}

func TestHooksOfAPasswordThatAProgramSets(t *testing.T) {
	t.Parallel()
	const before, after = everlatch.HookBeforePasswordChanged, everlatch.HookAfterPasswordChanged
	set := func(t *testing.T, answer error, points ...everlatch.HookPoint) (*house, *hookLog, workflows.Outcome, error) {
		t.Helper()
		h := newHouse(t)
		register(t, h, "authid_1")
		log := h.hook(func(everlatch.HookInput) error { return answer })
		identity, err := h.store.Identity(t.Context(), "authid_1")
		require.NoError(t, err)
		out, err := perform[workflows.Outcome](t, h, "update-provider/authid_1/1", workflows.UpdateProvider, workflows.UpdateProviderInput{
			Provider: "emailpass", Credential: identity.Providers[0], Version: 1, ActorType: "customer",
			Request: h.seal(t, email, newPassword), EventID: "evt_set", Hooks: at(points...),
		})
		return h, log, out, err
	}

	t.Run("they are told", func(t *testing.T) {
		t.Parallel()
		h, log, out, err := set(t, nil, before, after)
		require.NoError(t, err)
		require.Nil(t, out.Refusal)
		require.Len(t, log.told, 2)
		for _, in := range log.told {
			require.Equal(t, "authid_1", in.AuthIdentityID)
			require.Equal(t, email, in.Email)
			require.Equal(t, "emailpass", in.Provider)
		}
		require.True(t, h.signsIn(t, newPassword))
	})

	for name, answer := range map[string]error{"refuses": errHook, "breaks down": errors.New("down")} {
		t.Run("before "+name+", and nothing changes", func(t *testing.T) {
			t.Parallel()
			h, _, out, err := set(t, answer, before)
			require.Equal(t, errors.Is(answer, errHook), err == nil)
			if err == nil {
				requireRefusal(t, out.Refusal, everlatch.CodeForbidden, "Not here.")
			}
			require.True(t, h.signsIn(t, password))
			require.Empty(t, h.toldEvents(t, everlatch.EventPasswordChanged))
		})
		t.Run("after "+name+", and the change stays", func(t *testing.T) {
			t.Parallel()
			h, log, out, err := set(t, answer, after)
			require.NoError(t, err)
			require.Nil(t, out.Refusal)
			require.NotEmpty(t, log.told)
			require.True(t, h.signsIn(t, newPassword))
			require.Len(t, h.toldEvents(t, everlatch.EventPasswordChanged), 1)
		})
	}
}
