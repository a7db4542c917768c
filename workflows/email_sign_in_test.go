package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers/emailcode"
	"github.com/everlatch/everlatch/workflows"
)

const (
	wrongEmailCode = "This code is wrong or has expired. Check it, or ask for a new one."
	wrongLink      = "This link works once, and only in the browser where you asked for it. Enter the code from the email there instead."
)

// mailedScene is an EmailSignIn under way.
type mailedScene struct {
	*house

	t   *testing.T
	env *testsuite.TestWorkflowEnvironment
}

func newEmailSignIn(t *testing.T, register bool) *mailedScene {
	t.Helper()
	s := &mailedScene{house: newHouse(t), t: t}
	provider, err := emailcode.New(emailcode.Options{Register: register})
	require.NoError(t, err)
	require.NoError(t, s.providers.Add(emailcode.Identifier, provider))
	s.acts.EmailSignIns.LoginEvents = true
	s.renew(1)
	return s
}

func (s *mailedScene) renew(n int) {
	s.env = s.house.env(s.t, fmt.Sprint("email-sign-in/emailcode/h:", n))
	s.clock.of(s.env)
}

func mailedNames(n int) workflows.EmailCodeNames {
	return workflows.EmailCodeNames{
		Kept: vault.Ref(fmt.Sprintf("sec_KEPT%022d", n)), Code: vault.Ref(fmt.Sprintf("sec_CODE%022d", n)),
		Token: vault.Ref(fmt.Sprintf("sec_TOKE%022d", n)), EventID: fmt.Sprint("evt_", n),
		IdentityID: fmt.Sprint("authid_", n), ProviderIdentityID: fmt.Sprint("pi_", n),
	}
}

// ask requests the n-th code, from the browser b.
func (s *mailedScene) ask(at time.Duration, n int) { s.askFrom(at, n, "b") }

func (s *mailedScene) askFrom(at time.Duration, n int, browser string) {
	s.env.RegisterDelayedCallback(func() {
		s.env.SignalWorkflow(workflows.SignalAskCode, workflows.EmailCodeRequest{ActorType: "customer", Binding: browser, Names: mailedNames(n)})
	}, at)
}

func (s *mailedScene) mailed(ref vault.Ref) string {
	secret, err := s.vault.Get(s.t.Context(), ref)
	if err != nil {
		return ""
	}
	return string(secret.Reveal())
}

// types brings the n-th code from a browser, or another text.
func (s *mailedScene) types(at time.Duration, n int, browser string, instead ...string) *asked[workflows.Login] {
	return s.brings(at, func() string { return append(instead, s.mailed(mailedNames(n).Code))[0] }, workflows.EmailCodeAnswer{ActorType: "customer", Binding: browser})
}

// opens brings the token of the first link.
func (s *mailedScene) opens(at time.Duration, browser string) *asked[workflows.Login] {
	return s.brings(at, func() string { return s.mailed(mailedNames(1).Token) }, workflows.EmailCodeAnswer{ActorType: "customer", Binding: browser, Link: true})
}

func (s *mailedScene) brings(at time.Duration, text func() string, in workflows.EmailCodeAnswer) *asked[workflows.Login] {
	a := &asked[workflows.Login]{}
	s.env.RegisterDelayedCallback(func() {
		ref, err := s.vault.PutFor(s.t.Context(), vault.NewSecret([]byte(text())), time.Hour)
		require.NoError(s.t, err)
		in.Typed, in.EventID = ref, "evt_login_"+string(ref)
		s.env.UpdateWorkflow(workflows.UpdateSignInCode, "", a, in)
	}, at)
	return a
}

var adasMail = workflows.EmailSignInInput{Provider: "emailcode", Email: email, Flow: "the-flow-of-ada-0"}

func (s *mailedScene) plays() (outcome string) {
	s.t.Helper()
	return s.playsFrom(adasMail)
}

// playsFrom begins with the input of an execution that continues another one.
func (s *mailedScene) playsFrom(in workflows.EmailSignInInput) (outcome string) {
	s.t.Helper()
	s.env.ExecuteWorkflow(workflows.EmailSignIn, in)
	require.True(s.t, s.env.IsWorkflowCompleted())
	require.NoError(s.t, s.env.GetWorkflowError())
	require.NoError(s.t, s.env.GetWorkflowResult(&outcome))
	return outcome
}

func (s *mailedScene) mails() []everlatch.Event {
	s.t.Helper()
	events, _, err := s.store.Events(s.t.Context(), store.EventFilter{Name: everlatch.EventSignInCodeRequested, Released: new(true)}, store.Page{})
	require.NoError(s.t, err)
	return events
}

func TestEmailSignIn(t *testing.T) {
	t.Parallel()

	for name, bring := range map[string]func(s *mailedScene, at time.Duration) *asked[workflows.Login]{
		"the code": func(s *mailedScene, at time.Duration) *asked[workflows.Login] { return s.types(at, 1, "b") },
		"the link": func(s *mailedScene, at time.Duration) *asked[workflows.Login] { return s.opens(at, "b") },
	} {
		t.Run(name+" signs in once, and proves the address", func(t *testing.T) {
			t.Parallel()
			s := newEmailSignIn(t, true)
			s.ask(0, 1)
			first, second := bring(s, time.Minute), bring(s, time.Minute)
			require.Equal(t, workflows.EmailSignedIn, s.plays())
			require.Nil(t, first.out.Refusal)
			require.Equal(t, "authid_1", first.out.Principal.AuthIdentityID)
			require.Equal(t, "emailcode", first.out.Principal.AuthProvider)
			require.NotNil(t, second.out.Refusal)
			require.Empty(t, second.out.Principal.AuthIdentityID)
			identity, err := s.store.Identity(t.Context(), "authid_1")
			require.NoError(t, err)
			require.Equal(t, email, identity.Providers[0].VerifiedEmail)
			require.Contains(t, s.snapshot(t)["events"], "auth.identity_registered released")
			require.Contains(t, s.snapshot(t)["events"], "auth.login_succeeded released")

			s.renew(2)
			s.ask(0, 2)
			again := s.types(time.Minute, 2, "b")
			require.Equal(t, workflows.EmailSignedIn, s.plays())
			require.Equal(t, "authid_1", again.out.Principal.AuthIdentityID)
		})
	}

	t.Run("an unknown address is mailed nothing and signs in nowhere", func(t *testing.T) {
		t.Parallel()
		s := newEmailSignIn(t, false)
		s.ask(0, 1)
		m := s.types(time.Minute, 1, "b") // no one is told the code
		require.Equal(t, workflows.EmailExpired, s.plays())
		requireRefusal(t, m.out.Refusal, everlatch.CodeUnauthorized, wrongEmailCode)
		require.Empty(t, s.mails())
		require.Empty(t, s.snapshot(t)["identities"])
	})

	t.Run("another browser is refused, uncounted", func(t *testing.T) {
		t.Parallel()
		s := newEmailSignIn(t, true)
		s.ask(0, 1)
		var others []*asked[workflows.Login]
		for i := range 10 {
			others = append(others, s.types(time.Minute+time.Duration(i)*time.Second, 1, "another"), s.opens(time.Minute, ""))
		}
		own := s.types(2*time.Minute, 1, "b")
		require.Equal(t, workflows.EmailSignedIn, s.plays())
		for i, m := range others {
			require.Error(t, m.rejected, i)
		}
		require.Equal(t, "authid_1", own.out.Principal.AuthIdentityID)
	})

	t.Run("five wrong codes end it", func(t *testing.T) {
		t.Parallel()
		s := newEmailSignIn(t, true)
		s.ask(0, 1)
		var wrong []*asked[workflows.Login]
		for range 50 {
			wrong = append(wrong, s.types(time.Minute, 1, "b", "wrong"))
		}
		late := s.types(2*time.Minute, 1, "b")
		require.Equal(t, workflows.EmailExhausted, s.plays())
		said := map[string]int{}
		for _, m := range wrong {
			if m.out.Refusal != nil {
				said[string(m.out.Refusal.Reason)]++
			}
		}
		require.Equal(t, 4, said[string(everlatch.ReasonSignInCode)], said)
		require.Equal(t, 1, said[string(everlatch.ReasonSignInCodeExhausted)], said)
		require.Empty(t, late.out.Principal.AuthIdentityID)
		require.Empty(t, s.snapshot(t)["identities"])
	})

	t.Run("it expires", func(t *testing.T) {
		t.Parallel()
		s := newEmailSignIn(t, true)
		s.ask(0, 1)
		late := s.types(10*time.Minute, 1, "b", "123456")
		require.Equal(t, workflows.EmailExpired, s.plays())
		require.Empty(t, late.out.Principal.AuthIdentityID)
	})

	t.Run("for the actor type that asked", func(t *testing.T) {
		t.Parallel()
		s := newEmailSignIn(t, true)
		s.ask(0, 1)
		m := s.brings(time.Minute, func() string { return s.mailed(mailedNames(1).Code) }, workflows.EmailCodeAnswer{ActorType: "user", Binding: "b"})
		require.Equal(t, workflows.EmailExpired, s.plays())
		require.Error(t, m.rejected)
	})
}

func TestEmailSignInFaults(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"MakeEmailCode", "CheckEmailCode", "SignInByEmail", "ReleaseEvents"} {
		for name, after := range map[string]bool{"fails": false, "succeeds unheard": true} {
			t.Run(step+" "+name, func(t *testing.T) {
				t.Parallel()
				s := newEmailSignIn(t, true)
				s.faults.set(fault{activities: []string{step}, times: 1, after: after})
				s.ask(0, 1)
				m := s.types(time.Minute, 1, "b")
				require.Equal(t, workflows.EmailSignedIn, s.plays())
				require.Equal(t, "authid_1", m.out.Principal.AuthIdentityID)
				require.Len(t, s.mails(), 1)
				require.Equal(t, []string{"authid_1 vlive"}, s.snapshot(t)["identities"])
			})
		}
		t.Run("cancelled during "+step, func(t *testing.T) {
			t.Parallel()
			s := newEmailSignIn(t, true)
			s.faults.set(fault{activities: []string{step}, meanwhile: s.env.CancelWorkflow})
			s.ask(0, 1)
			m := s.types(time.Minute, 1, "b")
			s.env.ExecuteWorkflow(workflows.EmailSignIn, adasMail)
			require.True(t, s.env.IsWorkflowCompleted())
			if m.out.Principal.AuthIdentityID != "" {
				require.Equal(t, []string{"authid_1 vlive"}, s.snapshot(t)["identities"], "what was answered holds")
			} else {
				require.Empty(t, s.snapshot(t)["identities"])
			}
		})
	}

	t.Run("an outage leaves the code", func(t *testing.T) {
		t.Parallel()
		s := newEmailSignIn(t, true)
		s.faults.set(fault{activities: []string{"SignInByEmail"}, times: -1, after: true})
		s.ask(0, 1)
		failed := s.types(time.Second, 1, "b")
		s.env.RegisterDelayedCallback(func() { s.faults.set() }, 2*time.Minute)
		again := s.types(3*time.Minute, 1, "b")
		require.Equal(t, workflows.EmailSignedIn, s.plays())
		require.Error(t, failed.err)
		require.Equal(t, "authid_1", again.out.Principal.AuthIdentityID)
		require.Equal(t, []string{"authid_1 vlive"}, s.snapshot(t)["identities"])
	})
}

// An identity that has the address gets the code as one more sign-in method, also where
// registration is off. What an unproven one had before ends (docs/proof.md).
func TestEmailSignInLinks(t *testing.T) {
	t.Parallel()
	for name, proven := range map[string]bool{"proven": true, "unproven": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmailSignIn(t, false)
			verified := ""
			if proven {
				verified = email
			}
			_, err := s.store.RegisterIdentity(t.Context(), store.NewIdentity{
				ID: "authid_own", ProviderIdentityID: "pi_own", Provider: "emailpass", EntityID: email, EntityKey: email, VerifiedEmail: verified,
			})
			require.NoError(t, err)
			s.ask(0, 1)
			m := s.types(time.Minute, 1, "b")
			require.Equal(t, workflows.EmailSignedIn, s.plays())
			require.Nil(t, m.out.Refusal)
			require.Equal(t, "authid_own", m.out.Principal.AuthIdentityID)
			identity, err := s.store.Identity(t.Context(), "authid_own")
			require.NoError(t, err)
			methods := []string{}
			for _, p := range identity.Providers {
				methods = append(methods, p.Provider)
			}
			if proven {
				require.ElementsMatch(t, []string{"emailpass", "emailcode"}, methods)
			} else {
				require.Equal(t, []string{"emailcode"}, methods)
			}
			require.Contains(t, s.snapshot(t)["events"], "auth.identity_linked released")
		})
	}

	t.Run("a disabled identity is mailed nothing", func(t *testing.T) {
		t.Parallel()
		s := newEmailSignIn(t, false)
		s.known(t, "authid_own", "emailcode", email, email)
		_, err := s.store.DisableIdentity(t.Context(), "authid_own", everlatch.Event{ID: "evt_off", Name: everlatch.EventIdentityDisabled})
		require.NoError(t, err)
		s.ask(0, 1)
		m := s.types(time.Minute, 1, "b", "000000")
		require.Equal(t, workflows.EmailExpired, s.plays())
		requireRefusal(t, m.out.Refusal, everlatch.CodeUnauthorized, wrongEmailCode)
		require.Empty(t, s.mails())
	})
}
