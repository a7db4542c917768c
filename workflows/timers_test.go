package workflows_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// timers notes which timers of a flow fire, by how long they were set for.
type timers struct {
	mu    sync.Mutex
	set   map[string]time.Duration
	fired []time.Duration
}

func watch(env *testsuite.TestWorkflowEnvironment) *timers {
	w := &timers{set: map[string]time.Duration{}}
	env.SetOnTimerScheduledListener(func(id string, d time.Duration) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.set[id] = d
	})
	env.SetOnTimerFiredListener(func(id string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.fired = append(w.fired, w.set[id])
	})
	return w
}

// requireFired checks the timers that fired, in order. Tokens count in whole
// seconds.
func (w *timers) requireFired(t *testing.T, want ...time.Duration) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	got := slices.Clone(w.fired)
	require.Len(t, got, len(want), "%v", got)
	for i := range want {
		require.InDelta(t, want[i].Seconds(), got[i].Seconds(), 1.1, "timer %d of %v", i, got)
	}
}

// Every timer of the long flows fires, and what follows is what the flow promises.
func TestTimers(t *testing.T) {
	t.Parallel()
	customer := everlatch.ActorRef{ActorType: "customer", ActorID: "cus_1"}
	for name, play := range map[string]func(t *testing.T) (fired *timers, want []time.Duration){
		"PasswordReset that was never asked": func(t *testing.T) (*timers, []time.Duration) {
			s := newReset(t)
			w := watch(s.env)
			s.play(workflows.PasswordResetInput{})
			return w, []time.Duration{time.Minute}
		},
		"PasswordReset whose token expires": func(t *testing.T) (*timers, []time.Duration) {
			s := newReset(t)
			w := watch(s.env)
			s.ask(0, "customer")
			late := s.complete(15*time.Minute, s.mailed(0), newPassword)
			s.play(workflows.PasswordResetInput{})
			if late.done {
				late.requireInvalid(t)
			}
			require.True(t, s.signsIn(t, password))
			return w, []time.Duration{15 * time.Minute}
		},
		"ConfirmedRegistration that was never asked": func(t *testing.T) (*timers, []time.Duration) {
			s := newConfirmed(t)
			w := watch(s.env)
			s.play()
			return w, []time.Duration{time.Minute}
		},
		"ConfirmedRegistration whose token expires": func(t *testing.T) (*timers, []time.Duration) {
			s := newConfirmed(t)
			w := watch(s.env)
			s.asked(0)
			late := s.confirm(24*time.Hour, s.mailed(0), password)
			s.play()
			if late.done {
				late.requireInvalid(t)
			}
			require.False(t, s.signsIn(t, password))
			return w, []time.Duration{24 * time.Hour}
		},
		"SocialLogin whose time is up": func(t *testing.T) (*timers, []time.Duration) {
			s := newSocial(t)
			w := watch(s.env)
			require.Equal(t, workflows.LoginExpired, s.play())
			return w, []time.Duration{10 * time.Minute}
		},
		"EmailChange that was never requested": func(t *testing.T) (*timers, []time.Duration) {
			s := newEmailChange(t)
			w := watch(s.env)
			s.plays()
			return w, []time.Duration{time.Minute}
		},
		"EmailChange whose link expires": func(t *testing.T) (*timers, []time.Duration) {
			s := newEmailChange(t)
			w := watch(s.env)
			s.request(0, 1, "new@example.com")
			s.plays()
			s.requireEmail(email)
			return w, []time.Duration{day}
		},
		"EmailChange that can no longer be undone": func(t *testing.T) (*timers, []time.Duration) {
			s := newEmailChange(t)
			w := watch(s.env)
			s.request(0, 1, "new@example.com")
			s.confirm(time.Hour, 1, 1)
			s.plays()
			s.requireEmail("new@example.com")
			return w, []time.Duration{3 * day}
		},
		"FactorEnrollment that was never requested": func(t *testing.T) (*timers, []time.Duration) {
			s := newEnrollment(t)
			w := watch(s.env)
			s.plays(workflows.EnrollmentVoid)
			return w, []time.Duration{time.Minute}
		},
		"FactorEnrollment whose factor expires": func(t *testing.T) (*timers, []time.Duration) {
			s := newEnrollment(t)
			w := watch(s.env)
			s.enroll(0, 1)
			s.plays(workflows.EnrollmentExpired)
			s.requireStatus(1, everlatch.FactorDisabled)
			return w, []time.Duration{time.Hour}
		},
		"Invitation that was never requested": func(t *testing.T) (*timers, []time.Duration) {
			s := newInvitation(t)
			w := watch(s.env)
			require.Error(t, s.play(s.input()))
			return w, []time.Duration{time.Minute}
		},
		"Invitation that expires": func(t *testing.T) (*timers, []time.Duration) {
			s := newInvitation(t)
			w := watch(s.env)
			s.invite(0)
			s.plays(s.input(), workflows.InviteExpired)
			return w, []time.Duration{day}
		},
		"AccountDeletion that was never requested": func(t *testing.T) (*timers, []time.Duration) {
			s := newDeletion(t)
			w := watch(s.env)
			s.plays(workflows.AccountDeletionInput{}, workflows.DeletionVoid)
			s.whole()
			return w, []time.Duration{time.Minute}
		},
		"AccountDeletion that is due": func(t *testing.T) (*timers, []time.Duration) {
			s := newDeletion(t)
			w := watch(s.env)
			s.schedule(0, 1)
			s.plays(workflows.AccountDeletionInput{}, workflows.DeletionRemoved)
			s.removed()
			return w, []time.Duration{grace}
		},
		"AccountDeletion whose removal breaks down and is put off": func(t *testing.T) (*timers, []time.Duration) {
			s := newDeletion(t)
			w := watch(s.env)
			refuse := &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "Not now."}
			s.faults.set(fault{activities: []string{"DescribeAccount"}, times: 3, err: refuse})
			s.schedule(0, 1)
			s.plays(workflows.AccountDeletionInput{}, workflows.DeletionRemoved)
			s.removed()
			return w, []time.Duration{grace, 10 * time.Second, 20 * time.Second, 40 * time.Second}
		},
		"a removal that waits for another one": func(t *testing.T) (*timers, []time.Duration) {
			h := newHouse(t)
			twoIdentities(t, h)
			r := removals()["RemoveCustomerAccount"]
			h.own = func(env *testsuite.TestWorkflowEnvironment) { env.RegisterWorkflow(r.twice) }
			env := h.env(t, "two removals")
			h.clock.of(env)
			w := watch(env)
			env.ExecuteWorkflow(r.twice)
			require.NoError(t, env.GetWorkflowError())
			require.NotContains(t, h.snapshot(t)["customers"], customer.ActorID+" live")
			return w, []time.Duration{5 * time.Second}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, want := play(t)
			w.requireFired(t, want...)
		})
	}
}
