package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/workflows"
)

const wrongTOTP = "Invalid TOTP code"

func TestFactorEnrollment(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(t *testing.T, s *enrollScene){
		"enabled by its first code": func(t *testing.T, s *enrollScene) {
			enrolled := s.enroll(0, 1)
			wrong, right := s.wrong(time.Minute), s.confirm(2*time.Minute, 1)
			s.at(90*time.Second, func() { s.requireFactorNeeded(false) })
			s.plays(workflows.EnrollmentEnabled)
			enrolled.requireDone(t)
			require.Equal(t, everlatch.FactorPending, enrolled.out.Factor.Status)
			require.Equal(t, everlatch.Metadata{"label": "Phone"}, enrolled.out.Factor.Metadata)
			requireCode(t, wrong, wrongTOTP)
			requireCode(t, right, "")
			s.requireStatus(1, everlatch.FactorEnabled)
			s.requireFactorNeeded(true)
			standing, err := s.store.Standing(t.Context(), "authid_1", "customer", "")
			require.NoError(t, err)
			require.Equal(t, "sign_in_1", standing.MFAEnabledBy)
			require.Equal(t, []everlatch.Metadata{{
				"auth_identity_id": "authid_1", "mfa_id": "authmfa_1", "provider": "totp", "email": email, "actor_type": "customer",
			}}, s.released(t, everlatch.EventMFAEnabled))
		},
		"replaced by another one": func(t *testing.T, s *enrollScene) { // docs/weak-spots.md#w67
			s.enroll(0, 1)
			s.enroll(50*time.Minute, 2)
			old, right := s.confirm(65*time.Minute, 1), s.confirm(100*time.Minute, 2)
			s.plays(workflows.EnrollmentEnabled)
			requireCode(t, old, "Disabled MFA factors cannot be verified")
			requireCode(t, right, "")
			s.requireStatus(1, everlatch.FactorDisabled)
			s.requireStatus(2, everlatch.FactorEnabled)
		},
		"expired": func(t *testing.T, s *enrollScene) {
			s.enroll(0, 1)
			s.at(time.Hour-time.Second, func() { s.requireStatus(1, everlatch.FactorPending) })
			s.plays(workflows.EnrollmentExpired)
			s.requireStatus(1, everlatch.FactorDisabled)
			require.Empty(t, s.released(t, everlatch.EventMFADisabled), "it was never enabled")
		},
		"removed meanwhile": func(_ *testing.T, s *enrollScene) {
			s.enroll(0, 1)
			s.at(time.Minute, func() { s.env.SignalWorkflow(workflows.SignalFactorRemoved, "authmfa_other") })
			s.at(2*time.Minute, func() {
				s.requireStatus(1, everlatch.FactorPending)
				s.env.SignalWorkflow(workflows.SignalFactorRemoved, factorID(1))
			})
			began := s.env.Now()
			s.plays(workflows.EnrollmentRemoved)
			require.WithinDuration(s.t, began.Add(2*time.Minute), s.env.Now(), time.Second)
		},
		"given up after ten wrong codes": func(t *testing.T, s *enrollScene) { // docs/weak-spots.md#w57
			s.enroll(0, 1)
			var wrong []*asked[workflows.Outcome]
			for range 500 {
				wrong = append(wrong, s.wrong(time.Minute))
			}
			s.plays(workflows.EnrollmentExhausted)
			counted := 0
			for _, a := range wrong {
				require.True(t, a.done)
				if a.rejected == nil && a.out.Refusal.Reason != everlatch.ReasonFactorExhausted {
					requireCode(t, a, wrongTOTP)
					counted++
				}
			}
			require.Equal(t, 10, counted)
			s.requireStatus(1, everlatch.FactorDisabled)
			s.requireFactorNeeded(false)
		},
		"the same right code many times at once": func(t *testing.T, s *enrollScene) {
			s.enroll(0, 1)
			var all []*asked[workflows.Outcome]
			for range 50 {
				all = append(all, s.confirm(time.Minute, 1))
			}
			s.plays(workflows.EnrollmentEnabled)
			accepted := 0
			for _, a := range all {
				if a.rejected == nil && a.err == nil && a.out.Refusal == nil {
					accepted++
				}
			}
			require.Equal(t, 1, accepted, "a used code is a wrong one (docs/weak-spots.md#w58)")
			require.Len(t, s.released(t, everlatch.EventMFAEnabled), 1)
		},
		"never requested": func(_ *testing.T, s *enrollScene) { s.plays(workflows.EnrollmentVoid) },
		"refused": func(t *testing.T, s *enrollScene) {
			s.acts.Factors.Methods = nil
			refused := s.enroll(0, 1)
			s.plays(workflows.EnrollmentVoid)
			requireRefusal(t, refused.out.Refusal, everlatch.CodeInvalidData, `There is no MFA method "totp".`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, newEnrollment(t))
		})
	}
}

// TestEnabledFactor: another execution knows an enabled factor. A right code changes
// nothing, and wrong ones count for an hour.
func TestEnabledFactor(t *testing.T) {
	t.Parallel()
	s := newEnrollment(t)
	s.enroll(0, 1)
	s.confirm(time.Minute, 1)
	s.plays(workflows.EnrollmentEnabled)

	further := func() *enrollScene {
		next := enrollmentIn(t, s.house)
		next.answers[1], next.n = s.answers[1], s.n+100
		return next
	}
	again := further()
	second := again.enroll(0, 2)
	again.plays(workflows.EnrollmentVoid)
	requireRefusal(t, second.out.Refusal, everlatch.CodeNotAllowed, "An active TOTP factor already exists for this auth identity")

	again = further()
	wrong, right := again.wrong(0), again.confirm(5*time.Minute, 1)
	for range 10 {
		again.wrong(10 * time.Minute)
	}
	locked := again.confirm(30*time.Minute, 1)
	began := again.env.Now()
	again.plays(workflows.EnrollmentVoid)
	requireCode(t, wrong, wrongTOTP)
	requireCode(t, right, "")
	require.ErrorIs(t, locked.rejected, &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonFactorExhausted})
	require.WithinDuration(t, began.Add(70*time.Minute), again.env.Now(), time.Minute)
	again.requireStatus(1, everlatch.FactorEnabled)
	require.Len(t, again.released(t, everlatch.EventMFAEnabled), 1)
}

// TestEnrollmentFaults: each step fails once, before and after its work.
func TestEnrollmentFaults(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"EnrollFactor", "VerifyFactor", "ReleaseEvents"} {
		for name, after := range map[string]bool{"before": false, "after": true} {
			t.Run(step+" "+name, func(t *testing.T) {
				t.Parallel()
				s := newEnrollment(t)
				s.faults.set(fault{activities: []string{step}, times: 1, after: after})
				enrolled, right := s.enroll(0, 1), s.confirm(time.Minute, 1)
				s.plays(workflows.EnrollmentEnabled)
				enrolled.requireDone(t)
				requireCode(t, right, "")
				s.requireStatus(1, everlatch.FactorEnabled)
				require.Len(t, s.released(t, everlatch.EventMFAEnabled), 1)
				require.Equal(t, 2, s.faults.called(step))
			})
		}
	}

	t.Run("ExpireFactor", func(t *testing.T) {
		t.Parallel()
		s := newEnrollment(t)
		s.faults.set(fault{activities: []string{"ExpireFactor"}, times: 3})
		s.enroll(0, 1)
		s.plays(workflows.EnrollmentExpired)
		s.requireStatus(1, everlatch.FactorDisabled)
	})

	t.Run("for good, after its work", func(t *testing.T) {
		t.Parallel()
		s := newEnrollment(t)
		s.faults.set(fault{activities: []string{"EnrollFactor"}, times: -1, after: true})
		broken := s.enroll(0, 1)
		s.plays(workflows.EnrollmentExpired)
		require.Error(t, broken.err)
		s.requireStatus(1, everlatch.FactorDisabled)
	})
}

// TestEnrollmentCancelled: an operator cancels it during each step, and while it waits.
func TestEnrollmentCancelled(t *testing.T) {
	t.Parallel()
	cancelled := func(t *testing.T, s *enrollScene, status everlatch.FactorStatus) {
		t.Helper()
		s.env.ExecuteWorkflow(workflows.FactorEnrollment, workflows.FactorEnrollmentInput{AuthIdentityID: "authid_1", Method: "totp"})
		require.True(t, s.env.IsWorkflowCompleted())
		s.requireStatus(1, status)
		require.Len(t, s.released(t, everlatch.EventMFAEnabled), map[everlatch.FactorStatus]int{everlatch.FactorEnabled: 1}[status]) //nolint:exhaustive // the others have no event
	}
	t.Run("while it waits", func(t *testing.T) {
		t.Parallel()
		s := newEnrollment(t)
		s.enroll(0, 1)
		s.at(time.Minute, s.env.CancelWorkflow)
		cancelled(t, s, everlatch.FactorDisabled)
		require.ErrorContains(t, temporalkit.Decode(s.env.GetWorkflowError()), "canceled")
	})
	for step, status := range map[string]everlatch.FactorStatus{
		"EnrollFactor": everlatch.FactorDisabled, "VerifyFactor": everlatch.FactorEnabled, "ReleaseEvents": everlatch.FactorEnabled,
	} {
		t.Run("during "+step, func(t *testing.T) {
			t.Parallel()
			s := newEnrollment(t)
			s.faults.set(fault{activities: []string{step}, meanwhile: s.env.CancelWorkflow})
			s.enroll(0, 1)
			if step != "EnrollFactor" {
				s.confirm(time.Minute, 1)
			}
			cancelled(t, s, status)
		})
	}
}
