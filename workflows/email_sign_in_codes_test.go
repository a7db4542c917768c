package workflows_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// A stranger who knows an address may ask for codes, so a request leaves the earlier ones good.
func TestSeveralOpenEmailCodes(t *testing.T) {
	t.Parallel()

	for name, asks := range map[string]string{"the same browser": "b", "another browser": "eve"} {
		t.Run(name+" asks again", func(t *testing.T) {
			t.Parallel()
			s := newEmailSignIn(t, true)
			s.ask(0, 1)
			s.askFrom(time.Minute, 2, asks)
			first := s.types(2*time.Minute, 1, "b")
			second := s.types(3*time.Minute, 2, asks)
			require.Equal(t, workflows.EmailSignedIn, s.plays())
			require.Equal(t, "authid_1", first.out.Principal.AuthIdentityID)
			require.Empty(t, second.out.Principal.AuthIdentityID, "one that is used ends all")
			require.Len(t, s.mails(), 2)
		})
	}

	t.Run("the link of an earlier mail", func(t *testing.T) {
		t.Parallel()
		s := newEmailSignIn(t, true)
		s.ask(0, 1)
		s.ask(time.Minute, 2)
		var token string
		s.env.RegisterDelayedCallback(func() { token = s.mailed(mailedNames(1).Token) }, 2*time.Minute)
		stranger := s.opens(3*time.Minute, "eve")
		owner := s.opens(4*time.Minute, "b")
		require.Equal(t, workflows.EmailSignedIn, s.plays())
		require.True(t, strings.HasPrefix(token, "the-flow-of-ada-0."))
		require.Error(t, stranger.rejected)
		require.Equal(t, "authid_1", owner.out.Principal.AuthIdentityID)
	})

	t.Run("the code of another browser is wrong, and its tries are not used up", func(t *testing.T) {
		t.Parallel()
		s := newEmailSignIn(t, true)
		s.ask(0, 1)
		s.askFrom(0, 2, "eve")
		var wrong []*asked[workflows.Login]
		for i := range 6 {
			wrong = append(wrong, s.types(time.Minute+time.Duration(i)*time.Second, 1, "eve"))
		}
		owner := s.types(2*time.Minute, 1, "b")
		require.Equal(t, workflows.EmailSignedIn, s.plays())
		for _, m := range wrong[:4] {
			requireRefusal(t, m.out.Refusal, everlatch.CodeUnauthorized, wrongEmailCode)
		}
		require.Equal(t, everlatch.ReasonSignInCodeExhausted, wrong[4].out.Refusal.Reason)
		require.Error(t, wrong[5].rejected, "nothing of this browser is open")
		require.Equal(t, "authid_1", owner.out.Principal.AuthIdentityID)
	})

	// Otherwise each request would come with more guesses at what is open already.
	t.Run("a wrong code counts against all of its browser", func(t *testing.T) {
		t.Parallel()
		s := newEmailSignIn(t, true)
		s.ask(0, 1)
		for i := range 3 {
			s.types(time.Minute+time.Duration(i)*time.Second, 1, "b", "wrong")
		}
		s.ask(2*time.Minute, 2)
		var more []*asked[workflows.Login]
		for i := range 2 {
			more = append(more, s.types(3*time.Minute+time.Duration(i)*time.Second, 1, "b", "wrong"))
		}
		usedUp := s.types(4*time.Minute, 1, "b")
		good := s.types(5*time.Minute, 2, "b")
		require.Equal(t, workflows.EmailSignedIn, s.plays())
		require.Equal(t, everlatch.ReasonSignInCode, more[1].out.Refusal.Reason, "the second code is open")
		requireRefusal(t, usedUp.out.Refusal, everlatch.CodeUnauthorized, wrongEmailCode)
		require.Equal(t, "authid_2", good.out.Principal.AuthIdentityID)
	})

	t.Run("each expires in its own time", func(t *testing.T) {
		t.Parallel()
		s := newEmailSignIn(t, true)
		began := s.env.Now()
		s.ask(0, 1)
		s.ask(9*time.Minute, 2)
		var former string
		s.env.RegisterDelayedCallback(func() { former = s.mailed(mailedNames(1).Code) }, time.Minute)
		late := s.brings(10*time.Minute+time.Second, func() string { return former }, workflows.EmailCodeAnswer{ActorType: "customer", Binding: "b"})
		require.Equal(t, workflows.EmailExpired, s.plays())
		requireRefusal(t, late.out.Refusal, everlatch.CodeUnauthorized, wrongEmailCode)
		require.WithinDuration(t, began.Add(19*time.Minute), s.env.Now(), 2*time.Second)
	})

	t.Run("too many are not mailed, and the earlier ones stay good", func(t *testing.T) {
		t.Parallel()
		s := newEmailSignIn(t, true)
		s.ask(0, 1)
		for n := 2; n <= 80; n++ {
			s.askFrom(time.Second, n, "eve")
		}
		owner := s.types(time.Minute, 1, "b")
		require.Equal(t, workflows.EmailSignedIn, s.plays())
		require.Equal(t, 64, s.faults.called("MakeEmailCode"))
		require.Len(t, s.mails(), 64)
		require.Equal(t, "authid_1", owner.out.Principal.AuthIdentityID)
	})
}

// An execution hands on what is open, also one of a version that kept one code.
func TestEmailSignInContinues(t *testing.T) {
	t.Parallel()
	s := newEmailSignIn(t, true)
	s.env.SetContinueAsNewSuggested(true)
	s.ask(0, 1)
	s.ask(0, 2)
	s.env.ExecuteWorkflow(workflows.EmailSignIn, adasMail)
	in := continued[workflows.EmailSignInInput](t, s.env.GetWorkflowError())
	require.NotEmpty(t, in.Open)

	s.renew(2)
	m := s.types(time.Minute, 1, "b")
	require.Equal(t, workflows.EmailSignedIn, s.playsFrom(in))
	require.Equal(t, "authid_1", m.out.Principal.AuthIdentityID)

	former := newEmailSignIn(t, true)
	former.env.SetContinueAsNewSuggested(true)
	former.ask(0, 1)
	former.env.ExecuteWorkflow(workflows.EmailSignIn, adasMail)
	in = continued[workflows.EmailSignInInput](t, former.env.GetWorkflowError())
	open, err := json.Marshal(in.Open[0])
	require.NoError(t, err)
	one := adasMail
	require.NoError(t, json.Unmarshal([]byte(`{"open":`+string(open)+`}`), &one))
	former.renew(2)
	m = former.types(time.Minute, 1, "b")
	require.Equal(t, workflows.EmailSignedIn, former.playsFrom(one))
	require.Equal(t, "authid_1", m.out.Principal.AuthIdentityID)
}

// hooked brings the code of the first mail to a flow that has hooks.
func (s *mailedScene) hooked(at time.Duration, hooks *workflows.Hooks) *asked[workflows.Login] {
	return s.brings(at, func() string { return s.mailed(mailedNames(1).Code) },
		workflows.EmailCodeAnswer{ActorType: "customer", Binding: "b", Hooks: hooks})
}

func TestHooksOfAnEmailSignIn(t *testing.T) {
	t.Parallel()
	all := []everlatch.HookPoint{
		everlatch.HookBeforeAuthenticate, everlatch.HookBeforeRegister, everlatch.HookAfterRegister, everlatch.HookAfterAuthenticate,
	}

	t.Run("they see a new user register and sign in", func(t *testing.T) {
		t.Parallel()
		s := newEmailSignIn(t, true)
		log := s.hook(nil)
		s.own(s.env)
		s.ask(0, 1)
		m := s.hooked(time.Minute, at(all...))
		require.Equal(t, workflows.EmailSignedIn, s.plays())
		require.Equal(t, "authid_1", m.out.Principal.AuthIdentityID)
		require.Len(t, log.told, 4)
		for i, point := range all {
			require.Equal(t, point, log.told[i].Point)
			require.Equal(t, "emailcode", log.told[i].Provider)
			require.Equal(t, everlatch.Metadata{"plan": "pro"}, log.told[i].AdditionalData)
		}
		require.Equal(t, email, log.told[1].Email)
		require.Equal(t, "authid_1", log.told[3].AuthIdentityID)
	})

	t.Run("one who is known does not register", func(t *testing.T) {
		t.Parallel()
		s := newEmailSignIn(t, false)
		s.known(t, "authid_own", "emailcode", email, email)
		log := s.hook(nil)
		s.own(s.env)
		s.ask(0, 1)
		m := s.hooked(time.Minute, at(all...))
		require.Equal(t, workflows.EmailSignedIn, s.plays())
		require.Equal(t, "authid_own", m.out.Principal.AuthIdentityID)
		require.Empty(t, log.at(everlatch.HookBeforeRegister))
		require.Empty(t, log.at(everlatch.HookAfterRegister))
		require.Len(t, log.told, 2)
	})

	t.Run("a wrong code has no after", func(t *testing.T) {
		t.Parallel()
		s := newEmailSignIn(t, true)
		log := s.hook(nil)
		s.own(s.env)
		s.ask(0, 1)
		s.brings(time.Minute, func() string { return "wrong" }, workflows.EmailCodeAnswer{ActorType: "customer", Binding: "b", Hooks: at(all...)})
		require.Equal(t, workflows.EmailExpired, s.plays())
		require.Len(t, log.at(everlatch.HookBeforeAuthenticate), 1)
		require.Len(t, log.told, 1)
	})

	for _, point := range all {
		t.Run(string(point)+" refuses", func(t *testing.T) {
			t.Parallel()
			s := newEmailSignIn(t, true)
			s.hook(func(everlatch.HookInput) error { return errHook })
			s.own(s.env)
			s.ask(0, 1)
			m := s.hooked(time.Minute, at(point))
			again := s.types(2*time.Minute, 1, "b")
			outcome := s.plays()
			requireRefusal(t, m.out.Refusal, everlatch.CodeForbidden, "Not here.")
			require.Empty(t, m.out.Principal)
			switch point {
			case everlatch.HookBeforeAuthenticate: // nothing was looked at, so the code is not used up
				require.Equal(t, workflows.EmailSignedIn, outcome)
				require.Equal(t, "authid_1", again.out.Principal.AuthIdentityID)
			case everlatch.HookAfterAuthenticate: // it does not take back the registration
				require.Equal(t, workflows.EmailRefused, outcome)
				require.Len(t, s.snapshot(t)["identities"], 1)
			default:
				require.Equal(t, workflows.EmailRefused, outcome)
				require.Empty(t, s.snapshot(t)["identities"])
			}
		})

		t.Run(string(point)+" breaks down", func(t *testing.T) {
			t.Parallel()
			s := newEmailSignIn(t, true)
			down := true
			s.hook(func(everlatch.HookInput) error {
				if down {
					return errors.New("down")
				}
				return nil
			})
			s.own(s.env)
			s.ask(0, 1)
			failed := s.hooked(time.Minute, at(point))
			s.env.RegisterDelayedCallback(func() { down = false }, 3*time.Minute)
			again := s.hooked(4*time.Minute, at(point))
			require.Equal(t, workflows.EmailSignedIn, s.plays())
			require.Error(t, failed.err)
			require.Nil(t, again.out.Refusal, "the code is not used up")
			require.Len(t, s.snapshot(t)["identities"], 1)
		})
	}
}

// An identity that is disabled or removed after the mail was sent is not signed in.
func TestEmailSignInOfAnIdentityThatEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(s *mailedScene) error{
		"disabled": func(s *mailedScene) error {
			_, err := s.store.DisableIdentity(s.t.Context(), "authid_own", everlatch.Event{ID: "evt_off", Name: everlatch.EventIdentityDisabled})
			return err
		},
		"removed": func(s *mailedScene) error { return s.store.RemoveIdentity(s.t.Context(), "authid_own", "g") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmailSignIn(t, false)
			s.known(t, "authid_own", "emailcode", email, email)
			s.ask(0, 1)
			s.env.RegisterDelayedCallback(func() { require.NoError(t, end(s)) }, time.Minute)
			m := s.types(2*time.Minute, 1, "b")
			require.Equal(t, workflows.EmailRefused, s.plays())
			require.NotNil(t, m.out.Refusal)
			require.Equal(t, everlatch.CodeUnauthorized, m.out.Refusal.Code)
			require.Empty(t, m.out.Principal)
			require.Len(t, s.mails(), 1)
		})
	}
}
