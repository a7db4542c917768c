package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// hooked confirms the first factor with hooks.
func (s *enrollScene) hooked(at time.Duration, hooks *workflows.Hooks) *asked[workflows.Outcome] {
	s.hooks = hooks
	return s.confirm(at, 1)
}

func TestHooksOfAFactor(t *testing.T) {
	t.Parallel()
	const before, after = everlatch.HookBeforeFactorAdded, everlatch.HookAfterFactorAdded

	t.Run("they are told which", func(t *testing.T) {
		t.Parallel()
		s := newEnrollment(t)
		log := s.hook(nil)
		s.own(s.env)
		s.enroll(0, 1)
		confirmed := s.hooked(time.Minute, at(before, after))
		s.plays(workflows.EnrollmentEnabled)
		requireCode(t, confirmed, "")
		require.Len(t, log.told, 2)
		for _, in := range log.told {
			require.Equal(t, "authid_1", in.AuthIdentityID)
			require.Equal(t, factorID(1), in.FactorID)
			require.Equal(t, "totp", in.FactorProvider)
		}
		s.requireStatus(1, everlatch.FactorEnabled)
	})

	t.Run("before refuses, and the factor stays pending", func(t *testing.T) {
		t.Parallel()
		s := newEnrollment(t)
		refuses := true
		s.hook(func(everlatch.HookInput) error {
			if refuses {
				return errHook
			}
			return nil
		})
		s.own(s.env)
		s.enroll(0, 1)
		refused := s.hooked(time.Minute, at(before))
		s.at(2*time.Minute, func() {
			s.requireStatus(1, everlatch.FactorPending)
			refuses = false
		})
		accepted := s.hooked(3*time.Minute, at(before))
		s.plays(workflows.EnrollmentEnabled)
		refused.requireDone(t)
		requireRefusal(t, refused.out.Refusal, everlatch.CodeForbidden, "Not here.")
		requireCode(t, accepted, "")
	})

	for name, answer := range map[string]error{"refuses": errHook, "breaks down": errors.New("down")} {
		t.Run("after "+name+", and the factor is disabled", func(t *testing.T) {
			t.Parallel()
			s := newEnrollment(t)
			s.hook(func(everlatch.HookInput) error { return answer })
			s.own(s.env)
			s.enroll(0, 1)
			confirmed := s.hooked(time.Minute, at(after))
			s.plays(map[string]string{"refuses": workflows.EnrollmentRemoved, "breaks down": workflows.EnrollmentVoid}[name])
			require.True(t, confirmed.err != nil || confirmed.out.Refusal != nil)
			s.requireStatus(1, everlatch.FactorDisabled)
			s.requireFactorNeeded(false)
			require.Empty(t, s.released(t, everlatch.EventMFAEnabled))
			require.Empty(t, s.released(t, everlatch.EventMFADisabled))
		})
	}
}
