package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/workflows"
)

// sealedUndos counts the undo tokens that can still be read.
func (s *emailScene) sealedUndos(t *testing.T) (n int) {
	t.Helper()
	for _, e := range s.events(everlatch.EventEmailChanged) {
		if s.token(e, tokens.PurposeEmailUndo) != "" {
			n++
		}
	}
	return n
}

// docs/weak-spots.md#w13: from the former address, within three days, by the owner who lost the account.
func TestUndoingAnEmailChange(t *testing.T) {
	t.Parallel()

	t.Run("undone", func(t *testing.T) {
		t.Parallel()
		s := newEmailChange(t)
		began := s.env.Now()
		s.request(0, 1, "new@example.com")
		s.confirm(time.Minute, 1, 1)
		pending := s.request(time.Hour, 2, "third@example.com")
		s.at(2*time.Hour, func() {
			_, err := s.store.RegisterIdentity(t.Context(), store.NewIdentity{
				ID: "authid_e", ProviderIdentityID: "pi_e", Provider: "emailpass", EntityID: email, EntityKey: email, Typed: true,
			})
			require.ErrorIs(t, err, everlatch.ErrDuplicate, "the former address cannot be taken meanwhile")
		})
		undone := s.undo(3*day, 1)
		again := s.undo(3*day, 1)
		s.plays()
		pending.requireDone(t)
		requireChanged(t, undone, email)
		requireInvalid(t, again)
		s.requireEmail(email)
		require.Equal(t, int64(3), s.version(), "both ended what was issued")
		found, err := s.store.FindCredential(t.Context(), "emailpass", email)
		require.NoError(t, err)
		require.Equal(t, email, found.Provider.VerifiedEmail, "the undo proves the address")
		require.Len(t, s.events(everlatch.EventEmailRestored), 1)
		require.Equal(t, email, s.events(everlatch.EventEmailRestored)[0].Data["email"])
		require.Zero(t, s.sealedUndos(t))
		s.requireLasted(began, 3*day)
	})

	t.Run("too late", func(t *testing.T) {
		t.Parallel()
		s := newEmailChange(t)
		s.request(0, 1, "new@example.com")
		s.confirm(time.Minute, 1, 1)
		s.request(2*day+23*time.Hour, 2, "third@example.com") // keeps the flow open
		late := s.undo(3*day+2*time.Minute, 1)
		s.plays()
		requireInvalid(t, late)
		s.requireEmail("new@example.com")
	})

	t.Run("a chain of changes does not wear the right out", func(t *testing.T) {
		t.Parallel()
		s := newEmailChange(t)
		s.request(0, 1, "b@example.com")
		s.confirm(time.Minute, 1, 1)
		s.request(time.Hour, 2, "c@example.com")
		s.confirm(2*time.Hour, 2, 2)
		s.request(3*time.Hour, 3, "d@example.com")
		s.confirm(4*time.Hour, 3, 3)
		one := s.undo(day, 3)
		s.at(day+time.Minute, func() { s.requireEmail("c@example.com") })
		all := s.undo(2*day, 1)
		over := s.undo(2*day, 2)
		s.plays()
		requireChanged(t, one, "c@example.com")
		requireChanged(t, all, email)
		requireInvalid(t, over)
		s.requireEmail(email)
	})

	t.Run("not after an administrator has changed it", func(t *testing.T) {
		t.Parallel()
		s := newEmailChange(t)
		s.request(0, 1, "new@example.com")
		s.confirm(time.Minute, 1, 1)
		s.at(time.Hour, func() {
			_, err := (&accounts.Accounts{Store: s.store, Providers: s.providers, Now: s.clock.Now}).UpdateCustomer(t.Context(), "cus_1", store.CustomerPatch{Email: store.To(new("right@example.com"))})
			require.NoError(t, err)
		})
		void := s.undo(day, 1)
		s.plays()
		requireInvalid(t, void)
		s.requireEmail("right@example.com")
	})

	t.Run("a login that is gone stays gone", func(t *testing.T) {
		t.Parallel()
		s := newEmailChange(t)
		require.NoError(t, s.store.AddCredential(t.Context(), store.NewCredential{
			ID: "pi_google", IdentityID: "authid_1", Provider: "google", EntityID: "1", EntityKey: "1",
		}))
		s.request(0, 1, "new@example.com")
		s.confirm(time.Minute, 1, 1)
		s.at(time.Hour, func() {
			require.NoError(t, s.store.RemoveCredential(t.Context(), "authid_1", "pi_authid_1", everlatch.Event{ID: "evt_x"}))
		})
		undone := s.undo(day, 1)
		s.plays()
		requireChanged(t, undone, email)
		customer, err := s.store.Customer(t.Context(), "cus_1")
		require.NoError(t, err)
		require.Equal(t, email, *customer.Email)
	})
}

// Each step fails once, before and after it took effect, and the flow ends as if
// it had not.
func TestEmailChangeSteps(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"RequestEmail", "PlanEmail", "ChangeEmail", "RestoreEmail"} {
		for name, after := range map[string]bool{"fails": false, "succeeds unheard": true} {
			t.Run(step+" "+name, func(t *testing.T) {
				t.Parallel()
				s := newEmailChange(t)
				s.faults.set(fault{activities: []string{step}, times: 1, after: after})
				s.request(0, 1, "new@example.com")
				confirmed := s.confirm(time.Hour, 1, 1)
				s.at(2*time.Hour, func() { s.requireEmail("new@example.com") })
				undone := s.undo(day, 1)
				s.plays()
				requireChanged(t, confirmed, "new@example.com")
				requireChanged(t, undone, email)
				s.requireEmail(email)
				for _, event := range []string{
					everlatch.EventEmailRequested, everlatch.EventEmailAnnounced, everlatch.EventEmailChanged, everlatch.EventEmailRestored,
				} {
					require.Len(t, s.events(event), 1, event)
				}
				require.Len(t, s.events(everlatch.EventCustomerUpdated), 2)
				require.Equal(t, int64(3), s.version())
				require.Equal(t, 2, s.faults.called(step), "it was repeated")
			})
		}
	}
}

// A step that cannot be done leaves everything as it was, and the link good.
func TestEmailChangeStepThatCannotBeDone(t *testing.T) {
	t.Parallel()

	t.Run("RequestEmail", func(t *testing.T) {
		t.Parallel()
		s := newEmailChange(t)
		s.faults.set(fault{activities: []string{"RequestEmail"}, times: -1})
		failed := s.request(0, 1, "new@example.com")
		s.plays()
		require.Error(t, failed.err)
		require.Empty(t, s.events(everlatch.EventEmailRequested))
		s.requireEmail(email)
	})
	for _, step := range []string{"PlanEmail", "RestoreEmail"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			s := newEmailChange(t)
			s.faults.set(fault{activities: []string{step}, times: -1})
			s.request(0, 1, "new@example.com")
			first := s.confirm(time.Hour, 1, 1)
			if step == "RestoreEmail" {
				first = s.undo(2*time.Hour, 1)
			}
			s.at(10*time.Hour, func() {
				require.Error(t, first.err)
				s.faults.set()
			})
			if step == "PlanEmail" {
				confirmed := s.confirm(11*time.Hour, 1, 1)
				defer func() { requireChanged(t, confirmed, "new@example.com") }()
			}
			undone := s.undo(12*time.Hour, 1)
			s.plays()
			requireChanged(t, undone, email)
			s.requireEmail(email)
		})
	}
}

// An administrator's e-mail changes in the same way.
func TestEmailChangeOfUser(t *testing.T) {
	t.Parallel()
	s := newEmailChange(t)
	s.clock.follow = nil
	_, err := createUser(t, s.house)
	require.NoError(t, err)
	users, _, err := s.store.Users(t.Context(), store.UserFilter{})
	require.NoError(t, err)
	identities, err := s.store.IdentitiesOf(t.Context(), "user", users[0].ID)
	require.NoError(t, err)
	env := s.house.env(t, "email-change/user/"+users[0].ID)
	s.env = env
	s.clock.of(env)
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(workflows.UpdateRequestEmail, "", &asked[workflows.Outcome]{}, workflows.RequestEmail{
			AuthIdentityID: identities[0].ID, CredentialVersion: identities[0].CredentialVersion, Email: "boss@example.com",
			Grant: s.grant("ask", 1, day), AnnouncedID: "evt_a",
		})
	}, 0)
	confirmed := s.confirm(time.Hour, 1, 1)
	s.at(2*time.Hour, func() {
		user, err := s.store.User(t.Context(), users[0].ID)
		require.NoError(t, err)
		require.Equal(t, "boss@example.com", user.Email)
		_, err = s.store.FindCredential(t.Context(), "emailpass", "boss@example.com")
		require.NoError(t, err)
		require.Len(t, s.events(everlatch.EventUserUpdated), 1)
	})
	undone := s.undo(day, 1)
	env.ExecuteWorkflow(workflows.EmailChange, workflows.EmailChangeInput{Actor: everlatch.ActorRef{ActorType: "user", ActorID: users[0].ID}})
	require.NoError(t, env.GetWorkflowError())
	requireChanged(t, confirmed, "boss@example.com")
	requireChanged(t, undone, users[0].Email)
	user, err := s.store.User(t.Context(), users[0].ID)
	require.NoError(t, err)
	require.Equal(t, users[0].Email, user.Email)
}

// The address that waits can be asked for, until it is proved or superseded. That another
// account has it is for the service alone.
func TestPendingEmail(t *testing.T) {
	t.Parallel()
	s := newEmailChange(t)
	s.known(t, "authid_taken", "emailpass", "taken@example.com", "taken@example.com")
	pending := func() (out workflows.PendingEmail) {
		answer, err := s.env.QueryWorkflow(workflows.QueryPendingEmail)
		require.NoError(t, err)
		require.NoError(t, answer.Get(&out))
		return out
	}
	var first, second, after workflows.PendingEmail
	s.request(time.Second, 1, "taken@example.com")
	s.at(time.Minute, func() { first = pending() })
	s.request(time.Hour, 2, "new@example.com")
	s.at(time.Hour+time.Minute, func() { second = pending() })
	s.confirm(2*time.Hour, 2, 1)
	s.at(3*time.Hour, func() { after = pending() })
	s.plays()
	require.Equal(t, "taken@example.com", first.Email)
	require.True(t, first.Taken)
	require.Equal(t, "authid_1", second.AuthIdentityID)
	require.Equal(t, "new@example.com", second.Email)
	require.False(t, second.Taken)
	require.False(t, second.ExpiresAt.IsZero())
	require.Zero(t, after)
}
