package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/passkeytest"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/passkey"
	"github.com/everlatch/everlatch/workflows"
)

const (
	shop           = "https://shop.example"
	firstChallenge = "Zmlyc3QgY2hhbGxlbmdlIG9mIHRoZXNlIHRlc3RzLi4"
	otherChallenge = "b3RoZXIgY2hhbGxlbmdlIG9mIHRoZXNlIHRlc3RzLi4"
	notAccepted    = "This passkey was not accepted. Try again, or sign in another way."
)

// passkeyScene is a flow of passkeys under way, and a device.
type passkeyScene struct {
	*house

	t        *testing.T
	env      *testsuite.TestWorkflowEnvironment
	provider *passkey.Provider
	device   *passkeytest.Device
}

func newPasskeys(t *testing.T) *passkeyScene {
	t.Helper()
	h := newHouse(t)
	s := &passkeyScene{house: h, t: t, device: &passkeytest.Device{Origin: shop, Verifies: true, Counts: true}}
	s.enter(h)
	s.renew("passkey/h:1")
	return s
}

// enter registers passkeys with a house.
func (s *passkeyScene) enter(h *house) {
	var err error
	s.provider, err = passkey.New(passkey.Options{RPID: "shop.example", RPName: "Shop", Origins: []string{shop}, Now: h.clock.Now})
	require.NoError(s.t, err)
	require.NoError(s.t, h.providers.Add(passkey.Identifier, s.provider))
	h.acts.Passkeys.LoginEvents = true
}

// renew makes an environment for the next flow.
func (s *passkeyScene) renew(id string) {
	s.env = s.house.env(s.t, id)
	s.clock.of(s.env)
}

func (s *passkeyScene) sealed(raw []byte) vault.Ref {
	s.t.Helper()
	ref, err := s.vault.PutFor(s.t.Context(), vault.NewSecret(raw), time.Hour)
	require.NoError(s.t, err)
	return ref
}

// creates is the answer of the device to options for a new passkey of an identity.
func (s *passkeyScene) creates(identityID, challenge string) workflows.PasskeyAnswer {
	s.t.Helper()
	options, err := s.provider.Create(challenge, providers.PasskeyUser{Handle: providers.PasskeyHandle(identityID)})
	require.NoError(s.t, err)
	raw, err := s.device.Create(options)
	require.NoError(s.t, err)
	return workflows.PasskeyAnswer{ActorType: "customer", Provider: "passkey", Answer: s.sealed(raw), Label: "Phone"}
}

func (s *passkeyScene) signs(challenge string) workflows.PasskeyAnswer {
	s.t.Helper()
	options, err := s.provider.Request(challenge)
	require.NoError(s.t, err)
	raw, err := s.device.Get(options)
	require.NoError(s.t, err)
	return workflows.PasskeyAnswer{ActorType: "customer", Provider: "passkey", Answer: s.sealed(raw)}
}

func registrationOf(challenge string) workflows.PasskeyRegistrationInput {
	return workflows.PasskeyRegistrationInput{
		ActorType: "customer", Provider: "passkey", Challenge: workflows.ChallengeHash(challenge), TTL: 5 * time.Minute,
		IdentityID: "authid_p", ProviderIdentityID: "pi_p", EventID: "evt_p",
	}
}

func signInWith(challenge string) workflows.PasskeySignInInput {
	return workflows.PasskeySignInInput{
		ActorType: "customer", Provider: "passkey", Challenge: workflows.ChallengeHash(challenge), TTL: 5 * time.Minute,
	}
}

func (s *passkeyScene) register(at time.Duration, a workflows.PasskeyAnswer) *asked[workflows.RegisteredPasskey] {
	return askOf[workflows.RegisteredPasskey](s.env, at, workflows.UpdateAnswer, a)
}

func (s *passkeyScene) answer(at time.Duration, a workflows.PasskeyAnswer) *asked[workflows.Login] {
	return askOf[workflows.Login](s.env, at, workflows.UpdateAnswer, a)
}

func (s *passkeyScene) play(workflow, in any) (outcome string) {
	s.t.Helper()
	s.env.ExecuteWorkflow(workflow, in)
	require.True(s.t, s.env.IsWorkflowCompleted())
	require.NoError(s.t, s.env.GetWorkflowError())
	require.NoError(s.t, s.env.GetWorkflowResult(&outcome))
	return outcome
}

// joins registers an identity with a passkey, and leaves an environment for the next flow.
func (s *passkeyScene) joins() {
	s.t.Helper()
	m := s.register(time.Minute, s.creates("authid_p", firstChallenge))
	require.Equal(s.t, workflows.PasskeyAccepted, s.play(workflows.PasskeyRegistration, registrationOf(firstChallenge)))
	require.Nil(s.t, m.out.Refusal)
	s.renew("passkey/h:2")
}

func TestPasskeyRegistration(t *testing.T) {
	t.Parallel()

	t.Run("an identity with a passkey, once", func(t *testing.T) {
		t.Parallel()
		s := newPasskeys(t)
		a := s.creates("authid_p", firstChallenge)
		first, second := s.register(time.Minute, a), s.register(time.Minute, a)
		require.Equal(t, workflows.PasskeyAccepted, s.play(workflows.PasskeyRegistration, registrationOf(firstChallenge)))
		require.Nil(t, first.out.Refusal)
		require.True(t, first.out.Created)
		require.Equal(t, "authid_p", first.out.Principal.AuthIdentityID)
		require.Equal(t, "passkey", first.out.Principal.AuthProvider)
		require.Equal(t, everlatch.Metadata{"label": "Phone"}, first.out.Credential.UserMetadata)
		requireRefusal(t, second.out.Refusal, everlatch.CodeUnauthorized, notAccepted)
		require.Equal(t, []string{"auth.identity_registered released"}, s.snapshot(t)["events"])
	})

	t.Run("and its account", func(t *testing.T) {
		t.Parallel()
		s := newPasskeys(t)
		s.acts.Accounts.AnyEmail = true
		a := s.creates("authid_p", firstChallenge)
		a.Customer = &everlatch.Customer{ID: "cus_p", Email: new("ada@example.com"), HasAccount: true}
		m := s.register(time.Minute, a)
		require.Equal(t, workflows.PasskeyAccepted, s.play(workflows.PasskeyRegistration, registrationOf(firstChallenge)))
		require.Equal(t, "cus_p", m.out.Principal.ActorID)
		require.Equal(t, []string{"cus_p live"}, s.snapshot(t)["customers"])
	})

	t.Run("nothing remains of a refused account", func(t *testing.T) {
		t.Parallel()
		s := newPasskeys(t)
		a := s.creates("authid_p", firstChallenge)
		a.Customer = &everlatch.Customer{ID: "cus_p", Email: new("not-mine@example.com"), HasAccount: true}
		m := s.register(time.Minute, a)
		require.Equal(t, workflows.PasskeyRefused, s.play(workflows.PasskeyRegistration, registrationOf(firstChallenge)))
		require.NotNil(t, m.out.Refusal)
		require.Empty(t, s.snapshot(t)["identities"])
		require.Empty(t, s.snapshot(t)["events"])
	})

	for _, step := range []string{"CreatePasskey", "ReleaseEvents"} {
		for name, after := range map[string]bool{"fails": false, "succeeds unheard": true} {
			t.Run(step+" "+name, func(t *testing.T) {
				t.Parallel()
				s := newPasskeys(t)
				s.faults.set(fault{activities: []string{step}, times: 1, after: after})
				m := s.register(time.Minute, s.creates("authid_p", firstChallenge))
				require.Equal(t, workflows.PasskeyAccepted, s.play(workflows.PasskeyRegistration, registrationOf(firstChallenge)))
				require.Equal(t, "pi_p", m.out.Credential.ID)
				require.Equal(t, []string{"auth.identity_registered released"}, s.snapshot(t)["events"])
			})
		}
	}

	t.Run("after an outage nothing remains, and the same answer is good", func(t *testing.T) {
		t.Parallel()
		s := newPasskeys(t)
		s.faults.set(fault{activities: []string{"CreatePasskey"}, times: -1, after: true})
		a := s.creates("authid_p", firstChallenge)
		failed := s.register(time.Second, a)
		s.env.RegisterDelayedCallback(func() {
			require.Empty(t, s.snapshot(t)["identities"])
			s.faults.set()
		}, 2*time.Minute)
		again := s.register(3*time.Minute, a)
		require.Equal(t, workflows.PasskeyAccepted, s.play(workflows.PasskeyRegistration, registrationOf(firstChallenge)))
		require.Error(t, failed.err)
		require.Equal(t, "authid_p", again.out.Principal.AuthIdentityID)
	})

	t.Run("cancelled while it stores the passkey", func(t *testing.T) {
		t.Parallel()
		s := newPasskeys(t)
		s.faults.set(fault{activities: []string{"CreatePasskey"}, meanwhile: s.env.CancelWorkflow})
		m := s.register(time.Minute, s.creates("authid_p", firstChallenge))
		s.env.ExecuteWorkflow(workflows.PasskeyRegistration, registrationOf(firstChallenge))
		require.True(t, s.env.IsWorkflowCompleted())
		require.NoError(t, m.err)
		require.Equal(t, []string{"authid_p vlive"}, s.snapshot(t)["identities"], "what was answered holds")
	})
}

func TestLinkPasskey(t *testing.T) {
	t.Parallel()
	link := registrationOf(otherChallenge)
	link.Link, link.IdentityID, link.ProviderIdentityID, link.EventID = true, "authid_own", "pi_new", "evt_new"

	t.Run("added", func(t *testing.T) {
		t.Parallel()
		s := newPasskeys(t)
		s.known(t, "authid_own", "emailpass", "ada@example.com", "ada@example.com")
		a := s.creates("authid_own", otherChallenge)
		a.SignedInAs = "authid_own"
		m := s.register(time.Minute, a)
		require.Equal(t, workflows.PasskeyAccepted, s.play(workflows.PasskeyRegistration, link))
		require.Equal(t, "pi_new", m.out.Credential.ID)
		require.False(t, m.out.Created)
		require.Equal(t, []string{"auth.identity_linked released"}, s.snapshot(t)["events"])
	})

	t.Run("an outage takes it away again", func(t *testing.T) {
		t.Parallel()
		s := newPasskeys(t)
		s.known(t, "authid_own", "emailpass", "ada@example.com", "ada@example.com")
		s.faults.set(fault{activities: []string{"CreatePasskey"}, times: -1, after: true})
		a := s.creates("authid_own", otherChallenge)
		a.SignedInAs = "authid_own"
		m := s.register(time.Minute, a)
		require.Equal(t, workflows.PasskeyExpired, s.play(workflows.PasskeyRegistration, link))
		require.Error(t, m.err)
		require.Equal(t, []string{"pi_authid_own ada@example.com live"}, s.snapshot(t)["credentials"])
	})

	for name, as := range map[string]string{"another identity": "authid_other", "no one": ""} {
		t.Run(name+" cannot answer", func(t *testing.T) {
			t.Parallel()
			s := newPasskeys(t)
			s.known(t, "authid_own", "emailpass", "ada@example.com", "ada@example.com")
			a := s.creates("authid_own", otherChallenge)
			a.SignedInAs = as
			m := s.register(time.Minute, a)
			require.Equal(t, workflows.PasskeyExpired, s.play(workflows.PasskeyRegistration, link))
			require.Error(t, m.rejected)
			require.Len(t, s.snapshot(t)["credentials"], 1)
		})
	}
}
