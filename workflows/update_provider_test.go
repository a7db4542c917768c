package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// sets a password without a token.
func setPassword(t *testing.T, h *house, version int64, pass string) (workflows.Outcome, error) {
	t.Helper()
	identity, err := h.store.Identity(t.Context(), "authid_1")
	require.NoError(t, err)
	return perform[workflows.Outcome](t, h, "update-provider/authid_1/1", workflows.UpdateProvider, workflows.UpdateProviderInput{
		Provider: "emailpass", Credential: identity.Providers[0], Version: version, ActorType: "customer",
		Request: h.seal(t, email, pass), EventID: "evt_set",
	})
}

func TestUpdateProvider(t *testing.T) {
	t.Parallel()

	registered := func(t *testing.T) *house {
		t.Helper()
		h := newHouse(t)
		register(t, h, "authid_1")
		return h
	}
	changed := func(t *testing.T, h *house) {
		t.Helper()
		require.True(t, h.signsIn(t, newPassword))
		require.False(t, h.signsIn(t, password))
		require.Contains(t, h.snapshot(t)["events"], "auth.password_changed released")
		identity, err := h.store.Identity(t.Context(), "authid_1")
		require.NoError(t, err)
		require.EqualValues(t, 2, identity.CredentialVersion, "once")
	}

	t.Run("replaces the password and ends what was issued", func(t *testing.T) {
		t.Parallel()
		h := registered(t)
		out, err := setPassword(t, h, 1, newPassword)
		require.NoError(t, err)
		require.Nil(t, out.Refusal)
		changed(t, h)
	})

	t.Run("refusals change nothing", func(t *testing.T) {
		t.Parallel()
		h := registered(t)
		before := h.snapshot(t)
		out, err := setPassword(t, h, 1, "short")
		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeInvalidData, "Password must have at least 8 characters.")
		out, err = setPassword(t, h, 7, newPassword)
		require.NoError(t, err)
		require.NotNil(t, out.Refusal)
		require.Equal(t, everlatch.CodeConflict, out.Refusal.Code)
		require.Equal(t, everlatch.ReasonCredentialsChanged, out.Refusal.Reason)
		require.Equal(t, before, h.snapshot(t))
	})

	for _, step := range []string{"ChangePassword", "ReleaseEvents"} {
		for name, after := range map[string]bool{"fails": false, "succeeds unheard": true} {
			t.Run(step+" "+name+" once", func(t *testing.T) {
				t.Parallel()
				h := registered(t)
				h.faults.set(fault{activities: []string{step}, times: 1, after: after})
				out, err := setPassword(t, h, 1, newPassword)
				require.NoError(t, err)
				require.Nil(t, out.Refusal)
				changed(t, h)
			})
		}
	}
}

// issued grants a token as an administrator or a program does.
func (s *resetScene) issue(d time.Duration, n int, ttl time.Duration) *move {
	m := &move{}
	s.at(d, func() {
		s.env.UpdateWorkflow(workflows.UpdateIssue, "", m, workflows.IssueReset{
			ActorType: "customer", Names: names(n), TTL: ttl, Silent: true,
		})
	})
	return m
}

func (s *resetScene) consume(d time.Duration, n int) *move {
	m := &move{}
	s.at(d, func() {
		s.env.UpdateWorkflow(workflows.UpdateConsume, "", m, workflows.ConsumeReset{TokenID: names(n).TokenID})
	})
	return m
}

func TestConsumeReset(t *testing.T) {
	t.Parallel()

	t.Run("fifty at once, one wins, and it ends the others", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		first, other := s.issue(0, 1, 0), s.issue(time.Second, 2, time.Hour)
		tries := make([]*move, 50)
		for i := range tries {
			tries[i] = s.consume(time.Minute, 1)
		}
		late := s.consume(time.Minute, 2)
		s.play(workflows.PasswordResetInput{})

		require.Equal(t, 45*time.Minute, other.issued.Grant.ExpiresAt.Sub(first.issued.Grant.ExpiresAt).Truncate(time.Minute))
		won := 0
		for _, m := range append(tries, late) {
			if m.done && m.rejected == nil && m.err == nil && m.issued.Refusal == nil {
				won++
				require.Equal(t, "authid_1", m.issued.Grant.IdentityID)
			}
		}
		require.Equal(t, 1, won)
		require.Empty(t, s.events(everlatch.EventPasswordReset), "no mail")
		require.True(t, s.signsIn(t, password), "the password is as it was")
	})

	t.Run("unknown and expired tokens are refused", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		s.issue(0, 1, time.Minute)
		s.issue(0, 2, 0)
		unknown, expired := s.consume(time.Second, 9), s.consume(2*time.Minute, 1)
		s.play(workflows.PasswordResetInput{})
		for _, m := range []*move{unknown, expired} {
			require.NotNil(t, m.issued.Refusal)
			require.Equal(t, everlatch.ReasonTokenInvalid, m.issued.Refusal.Reason)
		}
	})

	t.Run("the answer comes although the step that grants fails once", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		s.faults.set(fault{activities: []string{"GrantReset"}, times: 1})
		granted, used := s.issue(0, 1, 0), s.consume(time.Minute, 1)
		s.play(workflows.PasswordResetInput{})
		require.NoError(t, granted.err)
		require.Nil(t, used.issued.Refusal)
	})
}
