package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

// confirmedScene is a ConfirmedRegistration under way, with moves at chosen times.
type confirmedScene struct {
	*resetScene

	confirmations int
}

func newConfirmed(t *testing.T) *confirmedScene {
	t.Helper()
	h := newHouse(t)
	s := &confirmedScene{resetScene: &resetScene{house: h, t: t, env: h.env(t, "confirmed-registration/emailpass/h:1")}}
	h.clock.of(s.env)
	return s
}

func confirmedInput() workflows.ConfirmedRegistrationInput {
	return workflows.ConfirmedRegistrationInput{
		ActorType: "customer", Provider: "emailpass", EntityKey: email, TTL: 24 * time.Hour, ResendAfter: time.Minute,
	}
}

func (s *confirmedScene) asked(d time.Duration) {
	s.asks++
	request := workflows.AskRegistration{EntityID: email, Names: names(s.asks)}
	s.at(d, func() { s.env.SignalWorkflow(workflows.SignalAsk, request) })
}

// mailed returns the token of the n-th event, as a subscriber gets it.
func (s *confirmedScene) mailed(n int) func() string {
	return func() string {
		events := s.events(everlatch.EventRegistrationRequested)
		require.Greater(s.t, len(events), n)
		ref, ok := everlatch.SecretOf(events[n].Data["token"])
		require.True(s.t, ok, "the token is a reference")
		secret, err := s.vault.Get(s.t.Context(), vault.Ref(ref))
		require.NoError(s.t, err)
		token, err := s.tokens.VerifyRegistration(string(secret.Reveal()))
		require.NoError(s.t, err)
		require.Equal(s.t, tokens.Registration{
			EntityID: email, Provider: "emailpass", ActorType: "customer", ID: token.ID, IssuedAt: token.IssuedAt,
			ExpiresAt: token.IssuedAt.Add(24 * time.Hour),
		}, token)
		return token.ID
	}
}

// registering is a confirmation with a password.
func (s *confirmedScene) registering(token, pass string) workflows.ConfirmRegistration {
	s.confirmations++
	return workflows.ConfirmRegistration{
		TokenID: token, Register: registering(s.t, s.house, fmt.Sprint("authid_", s.confirmations), pass),
	}
}

func registering(t *testing.T, h *house, identityID, pass string) workflows.RegisterInput {
	t.Helper()
	in := registerInput(t, h, identityID)
	in.Request = h.seal(t, email, pass)
	return in
}

func (s *confirmedScene) confirm(d time.Duration, token func() string, pass string, changes ...func(*workflows.RegisterInput)) *move {
	m := &move{}
	s.at(d, func() {
		in := s.registering(token(), pass)
		for _, change := range changes {
			change(&in.Register)
		}
		s.env.UpdateWorkflow(workflows.UpdateConfirmRegistration, "", m, in)
	})
	return m
}

func (s *confirmedScene) play() {
	s.t.Helper()
	s.env.ExecuteWorkflow(workflows.ConfirmedRegistration, confirmedInput())
	require.True(s.t, s.env.IsWorkflowCompleted())
	require.NoError(s.t, s.env.GetWorkflowError())
}

// asAda asks for a customer with the identity.
func asAda(in *workflows.RegisterInput) {
	in.Customer = &everlatch.Customer{ID: "cus_1", Email: new(email), HasAccount: true}
}

// docs/weak-spots.md#w19.
func TestConfirmedRegistration(t *testing.T) {
	t.Parallel()

	t.Run("asked, mailed, and created with the confirmation", func(t *testing.T) {
		t.Parallel()
		s := newConfirmed(t)
		s.asked(0)
		s.at(time.Hour, func() {
			_, err := s.store.FindCredential(t.Context(), "emailpass", email)
			require.ErrorIs(t, err, everlatch.ErrNotFound, "nothing is created before")
		})
		first := s.confirm(2*time.Hour, s.mailed(0), password, asAda)
		second := s.confirm(2*time.Hour, s.mailed(0), newPassword)
		s.play()

		first.requireChanged(t)
		second.requireInvalid(t)
		require.True(t, first.login.Created)
		require.Equal(t, "cus_1", first.login.Principal.ActorID)
		require.Equal(t, names(1).TokenID, first.login.TokenID)
		require.True(t, s.signsIn(t, password))
		identity, err := s.store.Identity(t.Context(), first.login.Principal.AuthIdentityID)
		require.NoError(t, err)
		require.Equal(t, email, identity.Providers[0].VerifiedEmail, "the mailbox was proven")
		require.Len(t, s.events(everlatch.EventIdentityRegistered), 1)
	})

	t.Run("a known address: as long, another mail, no token", func(t *testing.T) {
		t.Parallel()
		s := newConfirmed(t)
		former := s.clock.follow
		s.clock.follow = nil
		register(t, s.house, "authid_known")
		s.clock.follow = former
		s.asked(0)
		guessed := s.confirm(time.Minute, func() string { return names(1).TokenID }, newPassword)
		began := s.clock.Now()
		s.play()

		guessed.requireInvalid(t)
		asked := s.events(everlatch.EventRegistrationRequested)
		require.Len(t, asked, 1)
		require.Equal(t, everlatch.Metadata{"email": email, "actor_type": "customer", "provider": "emailpass", "taken": true}, asked[0].Data)
		require.True(t, s.signsIn(t, password))
		require.WithinDuration(t, began.Add(24*time.Hour), s.clock.Now(), time.Second)
	})

	t.Run("what is refused does not use the token up", func(t *testing.T) {
		t.Parallel()
		s := newConfirmed(t)
		s.asked(0)
		weak := s.confirm(time.Minute, s.mailed(0), "short")
		good := s.confirm(2*time.Minute, s.mailed(0), password)
		s.play()

		requireRefusal(t, weak.out.Refusal, everlatch.CodeInvalidData, "Password must have at least 8 characters.")
		good.requireChanged(t)
	})

	t.Run("a further request is folded within a minute; every token is good until one is used", func(t *testing.T) {
		t.Parallel()
		s := newConfirmed(t)
		for i := range 5 {
			s.asked(time.Duration(i) * 10 * time.Second)
		}
		s.at(55*time.Second, func() { require.Len(t, s.events(everlatch.EventRegistrationRequested), 1) })
		s.asked(2 * time.Minute)
		first := s.confirm(3*time.Minute, s.mailed(0), password)
		void := s.confirm(3*time.Minute, s.mailed(1), newPassword)
		s.play()

		first.requireChanged(t)
		void.requireInvalid(t)
	})

	t.Run("not more than 32 mails at a time", func(t *testing.T) {
		t.Parallel()
		s := newConfirmed(t)
		for i := range 40 {
			s.asked(time.Duration(i) * 2 * time.Minute)
		}
		s.play()
		require.Len(t, s.events(everlatch.EventRegistrationRequested), 32)
	})

	t.Run("of 50 confirmations at once, one creates the identity", func(t *testing.T) {
		t.Parallel()
		s := newConfirmed(t)
		s.asked(0)
		moves := make([]*move, 50)
		for i := range moves {
			moves[i] = s.confirm(time.Minute, s.mailed(0), fmt.Sprint("another good horse ", i))
		}
		s.play()
		created := 0
		for i, m := range moves {
			if m.done && m.rejected == nil && m.err == nil && m.out.Refusal == nil {
				created++
				require.True(t, s.signsIn(t, fmt.Sprint("another good horse ", i)))
				continue
			}
			m.requireInvalid(t)
		}
		require.Equal(t, 1, created)
		require.Len(t, s.events(everlatch.EventIdentityRegistered), 1)
	})
}

// A step that fails once changes nothing; one that fails for good leaves nothing
// behind, and the token as it was.
func TestConfirmedRegistrationSteps(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"OfferRegistration", "RegisterIdentity", "LinkActor", "CreateCustomer", "ReleaseEvents"} {
		t.Run(step+" fails once", func(t *testing.T) {
			t.Parallel()
			s := newConfirmed(t)
			s.faults.set(fault{activities: []string{step}, times: 1})
			s.asked(0)
			m := s.confirm(time.Hour, s.mailed(0), password, asAda)
			s.play()
			m.requireChanged(t)
			require.True(t, s.signsIn(t, password))
			require.Len(t, s.events(everlatch.EventRegistrationRequested), 1)
		})
	}
	for _, step := range []string{"RegisterIdentity", "LinkActor", "CreateCustomer"} {
		t.Run(step+" fails for good", func(t *testing.T) {
			t.Parallel()
			s := newConfirmed(t)
			s.faults.set(fault{activities: []string{step}, err: temporal.NewNonRetryableApplicationError("broken", "Broken", nil), times: 1})
			s.asked(0)
			broken := s.confirm(time.Hour, s.mailed(0), password, asAda)
			s.at(2*time.Hour, func() {
				_, err := s.store.FindCredential(t.Context(), "emailpass", email)
				require.ErrorIs(t, err, everlatch.ErrNotFound)
				require.Empty(t, s.events(everlatch.EventIdentityRegistered))
			})
			again := s.confirm(3*time.Hour, s.mailed(0), password, asAda)
			s.play()
			require.Error(t, broken.err)
			again.requireChanged(t)
		})
	}
	for _, step := range []string{"RegisterIdentity", "LinkActor", "CreateCustomer", "ReleaseEvents"} {
		t.Run("cancelled during "+step, func(t *testing.T) {
			t.Parallel()
			s := newConfirmed(t)
			s.faults.set(fault{activities: []string{step}, meanwhile: s.env.CancelWorkflow})
			s.asked(0)
			m := s.confirm(time.Hour, s.mailed(0), password, asAda)
			s.env.ExecuteWorkflow(workflows.ConfirmedRegistration, confirmedInput())
			require.True(t, s.env.IsWorkflowCompleted())
			_, err := s.store.FindCredential(t.Context(), "emailpass", email)
			if m.err != nil {
				require.ErrorIs(t, err, everlatch.ErrNotFound, "all of it is undone")
				require.Error(t, s.env.GetWorkflowError())
				return
			}
			require.NoError(t, err, "or all of it is done")
			require.NoError(t, s.env.GetWorkflowError())
		})
	}
}

// A crash between the mail and its being in history has the step repeated.
func TestRepeatedOffer(t *testing.T) {
	t.Parallel()
	first := newConfirmed(t)
	first.asked(0)
	first.play()
	again := &confirmedScene{resetScene: &resetScene{house: first.house, t: t, env: first.house.env(t, "confirmed-registration/emailpass/h:1")}}
	again.asked(0)
	again.clock.of(again.env)
	again.play()
	require.Len(t, again.events(everlatch.EventRegistrationRequested), 1, "one event, so one mail")
}
