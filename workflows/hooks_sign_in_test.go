package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/workflows"
)

func TestHooksOfASignIn(t *testing.T) {
	t.Parallel()
	signIn := func(t *testing.T, h *house, pass string, hooks *workflows.Hooks) (workflows.Login, error) {
		t.Helper()
		return perform[workflows.Login](t, h, "authenticate/1", workflows.Authenticate, workflows.AuthenticateInput{
			ActorType: "customer", Provider: "emailpass", Request: h.seal(t, email, pass), Hooks: hooks,
		})
	}
	both := func() *workflows.Hooks { return at(everlatch.HookBeforeAuthenticate, everlatch.HookAfterAuthenticate) }

	t.Run("they are told who signs in, and only afterwards", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		register(t, h, "authid_1")
		log := h.hook(nil)
		out, err := signIn(t, h, password, both())
		require.NoError(t, err)
		require.Nil(t, out.Refusal)
		require.Empty(t, log.at(everlatch.HookBeforeAuthenticate)[0].AuthIdentityID)
		require.Equal(t, "authid_1", log.at(everlatch.HookAfterAuthenticate)[0].AuthIdentityID)
	})

	t.Run("a wrong password has no after", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		register(t, h, "authid_1")
		log := h.hook(nil)
		out, err := signIn(t, h, "wrong horse", both())
		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeUnauthorized, "Invalid email or password")
		require.Empty(t, log.at(everlatch.HookAfterAuthenticate))
	})

	for _, point := range []everlatch.HookPoint{everlatch.HookBeforeAuthenticate, everlatch.HookAfterAuthenticate} {
		t.Run(string(point)+" refuses", func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			register(t, h, "authid_1")
			h.hook(func(everlatch.HookInput) error { return errHook })
			out, err := signIn(t, h, password, at(point))
			require.NoError(t, err)
			requireRefusal(t, out.Refusal, everlatch.CodeForbidden, "Not here.")
			require.Empty(t, out.Principal)
		})

		t.Run(string(point)+" waits too long", func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			register(t, h, "authid_1")
			h.hook(nil)
			_, err := signIn(t, h, password, hooksAt(hookWait, point))
			require.Error(t, err, "its caller has gone")
		})
	}
}

func TestHooksOfAPasswordReset(t *testing.T) {
	t.Parallel()
	change := func(t *testing.T, answer func(everlatch.HookInput) error, point everlatch.HookPoint) (*resetScene, *hookLog, *move) {
		t.Helper()
		s := newReset(t)
		log := s.hook(answer)
		s.own(s.env)
		s.ask(0, "customer")
		m := &move{}
		s.at(time.Minute, func() {
			token := s.mailed(0)()
			s.env.UpdateWorkflow(workflows.UpdateComplete, "", m, workflows.CompleteReset{
				TokenID: token.ID, ActorType: token.ActorType, Request: s.request(newPassword), EventID: "evt_changed", Hooks: at(point),
			})
		})
		s.play(workflows.PasswordResetInput{})
		return s, log, m
	}

	t.Run("before refuses, and the token stays good", func(t *testing.T) {
		t.Parallel()
		s, log, m := change(t, func(everlatch.HookInput) error { return errHook }, everlatch.HookBeforePasswordChanged)
		requireRefusal(t, m.out.Refusal, everlatch.CodeForbidden, "Not here.")
		require.Equal(t, "authid_1", log.told[0].AuthIdentityID)
		require.Equal(t, email, log.told[0].Email)
		require.Empty(t, s.events(everlatch.EventPasswordChanged))
	})

	t.Run("after can't undo", func(t *testing.T) {
		t.Parallel()
		s, log, m := change(t, func(everlatch.HookInput) error { return errors.New("down") }, everlatch.HookAfterPasswordChanged)
		m.requireChanged(t)
		require.NotEmpty(t, log.told)
		require.Len(t, s.events(everlatch.EventPasswordChanged), 1)
	})
}

func TestHooksOfASignInElsewhere(t *testing.T) {
	t.Parallel()
	all := []everlatch.HookPoint{
		everlatch.HookBeforeAuthenticate, everlatch.HookBeforeRegister, everlatch.HookAfterRegister, everlatch.HookAfterAuthenticate,
	}
	play := func(s *socialScene, hooks *workflows.Hooks) (*socialMove, string) {
		s.own(s.env)
		m := s.comes(time.Minute, func(c *workflows.LoginCallback) { c.Hooks = hooks })
		return m, s.play()
	}

	t.Run("they see a new user register and sign in", func(t *testing.T) {
		t.Parallel()
		s := newSocial(t)
		log := s.hook(nil)
		m, outcome := play(s, at(all...))
		require.Equal(t, workflows.LoginSignedIn, outcome)
		require.Equal(t, "authid_s", m.login.Principal.AuthIdentityID)
		require.Len(t, log.told, 4)
		for i, point := range all {
			require.Equal(t, point, log.told[i].Point)
		}
		require.Equal(t, "authid_s", log.told[3].AuthIdentityID)
		require.Equal(t, []string{"auth.identity_registered released"}, s.snapshot(t)["events"])
	})

	for _, point := range all {
		t.Run(string(point)+" refuses", func(t *testing.T) {
			t.Parallel()
			s := newSocial(t)
			s.hook(func(everlatch.HookInput) error { return errHook })
			m, outcome := play(s, at(point))
			require.Equal(t, workflows.LoginRefused, outcome)
			requireRefusal(t, m.login.Refusal, everlatch.CodeForbidden, "Not here.")
			// A sign-in that is refused does not take back the registration.
			if point == everlatch.HookAfterAuthenticate {
				require.Equal(t, []string{"auth.identity_registered released"}, s.snapshot(t)["events"])
			}
			require.Len(t, s.snapshot(t)["identities"], map[bool]int{true: 1, false: 0}[point == everlatch.HookAfterAuthenticate])
		})
	}

	t.Run("one who is known does not register", func(t *testing.T) {
		t.Parallel()
		s := newSocial(t)
		_, err := s.store.RegisterIdentity(t.Context(), store.NewIdentity{
			ID: "authid_known", ProviderIdentityID: "pi_known", Provider: "elsewhere", EntityID: "sub-1", EntityKey: "sub-1",
		})
		require.NoError(t, err)
		log := s.hook(nil)
		m, _ := play(s, at(all...))
		require.Equal(t, "authid_known", m.login.Principal.AuthIdentityID)
		require.Empty(t, log.at(everlatch.HookBeforeRegister))
		require.Len(t, log.told, 2)
	})
}

func TestHooksOfAnInvitation(t *testing.T) {
	t.Parallel()
	for _, point := range []everlatch.HookPoint{everlatch.HookBeforeAccountCreated, everlatch.HookAfterAccountCreated} {
		t.Run(string(point), func(t *testing.T) {
			t.Parallel()
			s := newInvitation(t)
			refuses := true
			s.hook(func(everlatch.HookInput) error {
				if refuses {
					return errHook
				}
				return nil
			})
			s.own(s.env)
			s.invite(0)
			accept := workflows.AcceptInvite{TokenID: "jti_1", AuthIdentityID: "authid_1", Hooks: at(point)}
			first := s.acceptAs(time.Hour, accept, 1)
			s.at(2*time.Hour, func() { refuses = false })
			second := s.acceptAs(3*time.Hour, accept, 2)
			s.plays(s.input(), workflows.InviteAccepted)

			requireNotAdmitted(t, first, everlatch.CodeForbidden, "Not here.")
			requireAdmitted(t, second, "user_2")
			require.Equal(t, []string{"user_2 live"}, s.snapshot(t)["users"])
		})
	}
}
