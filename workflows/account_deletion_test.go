package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/workflows"
)

const grace = 14 * day

// deletionScene is an AccountDeletion of cus_1 under way, with moves at chosen
// times. cus_1 has two identities, of which one also serves a vendor.
type deletionScene struct {
	*house

	t   *testing.T
	env *testsuite.TestWorkflowEnvironment
}

func newDeletion(t *testing.T) *deletionScene {
	t.Helper()
	h := newHouse(t)
	twoIdentities(t, h)
	s := &deletionScene{house: h, t: t, env: h.env(t, workflows.DeletionID("cus_1"))}
	h.clock.of(s.env)
	return s
}

func (s *deletionScene) schedule(at time.Duration, n int) *asked[workflows.ScheduledDeletion] {
	return askOf[workflows.ScheduledDeletion](s.env, at, workflows.UpdateSchedule,
		workflows.ScheduleDeletion{At: s.env.Now().Add(at + grace), EventID: fmt.Sprint("evt_schedule_", n)})
}

func (s *deletionScene) cancel(at time.Duration, n int) *asked[workflows.Outcome] {
	return askOf[workflows.Outcome](s.env, at, workflows.UpdateCancel, workflows.CancelDeletion{EventID: fmt.Sprint("evt_cancel_", n)})
}

func (s *deletionScene) at(d time.Duration, do func()) { s.env.RegisterDelayedCallback(do, d) }

func (s *deletionScene) plays(in workflows.AccountDeletionInput, outcome string) {
	s.t.Helper()
	in.CustomerID = "cus_1"
	s.env.ExecuteWorkflow(workflows.AccountDeletion, in)
	require.True(s.t, s.env.IsWorkflowCompleted())
	require.NoError(s.t, s.env.GetWorkflowError())
	var got string
	require.NoError(s.t, s.env.GetWorkflowResult(&got))
	require.Equal(s.t, outcome, got)
}

func (h *house) released(t *testing.T, name string) (data []everlatch.Metadata) {
	t.Helper()
	events, _, err := h.store.Events(t.Context(), store.EventFilter{Name: name, Released: new(true)}, store.Page{})
	require.NoError(t, err)
	for _, e := range events {
		data = append(data, e.Data)
	}
	return data
}

// whole says that cus_1 is there with everything, removed that nothing is.
func (s *deletionScene) whole() {
	s.t.Helper()
	got := s.snapshot(s.t)
	require.Equal(s.t, []string{"cus_1 live"}, got["customers"])
	require.Equal(s.t, []string{"authid_1 vlive", "authid_2 vlive"}, got["identities"])
	require.Equal(s.t, []string{"authid_1 customer cus_1", "authid_2 customer cus_1", "authid_2 vendor vendor_1"}, got["links"])
	require.Empty(s.t, s.released(s.t, everlatch.EventCustomerDeleted))
}

func (s *deletionScene) removed() {
	s.t.Helper()
	got := s.snapshot(s.t)
	require.NotContains(s.t, got["customers"], "cus_1 live")
	require.Equal(s.t, []string{"authid_2 vlive"}, got["identities"], "what serves a vendor too stays")
	require.Equal(s.t, []string{"authid_2 vendor vendor_1"}, got["links"])
	require.Len(s.t, s.released(s.t, everlatch.EventCustomerDeleted), 1)
	require.Len(s.t, s.released(s.t, everlatch.EventAccountDeleted), 1)
}

func (a *asked[T]) requireGone(t *testing.T, r *everlatch.Refusal) {
	t.Helper()
	a.requireDone(t)
	require.NotNil(t, r)
	require.Equal(t, everlatch.CodeNotFound, r.Code)
}

func TestAccountDeletion(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, s *deletionScene){
		"removed when the time is up": func(t *testing.T, s *deletionScene) {
			asked := s.schedule(0, 1)
			s.at(grace-time.Second, s.whole)
			start := s.env.Now()
			s.plays(workflows.AccountDeletionInput{}, workflows.DeletionRemoved)
			asked.requireDone(t)
			require.WithinDuration(t, start.Add(grace), asked.out.At, time.Millisecond)
			require.False(t, s.env.Now().Before(asked.out.At), "not before its time")
			s.removed()
			told := s.released(t, everlatch.EventDeletionScheduled)
			require.Len(t, told, 1)
			_, sealed := everlatch.SecretOf(told[0]["email"])
			require.True(t, sealed, "the address is not kept with the event")
		},
		"asked again, the answer is the same": func(t *testing.T, s *deletionScene) {
			first, again := s.schedule(0, 1), s.schedule(5*day, 2)
			s.plays(workflows.AccountDeletionInput{}, workflows.DeletionRemoved)
			again.requireDone(t)
			require.Equal(t, first.out.At, again.out.At)
			require.Len(t, s.released(t, everlatch.EventDeletionScheduled), 1)
			s.removed()
		},
		"cancelled": func(t *testing.T, s *deletionScene) {
			s.schedule(0, 1)
			cancelled := s.cancel(13*day, 1)
			s.plays(workflows.AccountDeletionInput{}, workflows.DeletionCancelled)
			cancelled.requireDone(t)
			require.Nil(t, cancelled.out.Refusal)
			s.whole()
			require.NotContains(t, s.released(t, everlatch.EventDeletionCancelled)[0], "kept_by")
		},
		"kept by an administrator": func(t *testing.T, s *deletionScene) {
			s.schedule(0, 1)
			kept := askOf[workflows.Outcome](s.env, day, workflows.UpdateCancel,
				workflows.CancelDeletion{EventID: "evt_cancel_1", KeptBy: &everlatch.ActorRef{ActorType: "user", ActorID: "user_9"}})
			s.plays(workflows.AccountDeletionInput{}, workflows.DeletionCancelled)
			kept.requireDone(t)
			s.whole()
			require.Equal(t, map[string]any{"actor_type": "user", "actor_id": "user_9"}, s.released(t, everlatch.EventDeletionCancelled)[0]["kept_by"])
		},
		"two sign-ins at once cancel once": func(t *testing.T, s *deletionScene) {
			s.schedule(0, 1)
			one, two := s.cancel(day, 1), s.cancel(day, 2)
			s.plays(workflows.AccountDeletionInput{}, workflows.DeletionCancelled)
			for _, a := range []*asked[workflows.Outcome]{one, two} {
				a.requireDone(t)
				require.Nil(t, a.out.Refusal)
			}
			require.Len(t, s.released(t, everlatch.EventDeletionCancelled), 1)
		},
		"cancelled and asked for again in one breath": func(t *testing.T, s *deletionScene) {
			s.schedule(0, 1)
			s.at(day, func() {
				s.env.UpdateWorkflow(workflows.UpdateCancel, "", &asked[workflows.Outcome]{}, workflows.CancelDeletion{EventID: "evt_c"})
				s.env.UpdateWorkflow(workflows.UpdateSchedule, "", &asked[workflows.ScheduledDeletion]{},
					workflows.ScheduleDeletion{At: s.env.Now().Add(grace), EventID: "evt_s"})
			})
			s.at(grace+time.Hour, s.whole) // the first date counts no more
			s.plays(workflows.AccountDeletionInput{}, workflows.DeletionRemoved)
			s.removed()
		},
		"not requested": func(_ *testing.T, s *deletionScene) {
			s.plays(workflows.AccountDeletionInput{}, workflows.DeletionVoid)
			s.whole()
		},
		"a sign-in without a requested deletion": func(t *testing.T, s *deletionScene) {
			cancelled := s.cancel(0, 1)
			s.plays(workflows.AccountDeletionInput{}, workflows.DeletionCancelled)
			require.Nil(t, cancelled.out.Refusal, "two of them may have met")
			require.Empty(t, s.released(t, everlatch.EventDeletionCancelled))
		},
		"a customer who is gone": func(t *testing.T, s *deletionScene) {
			require.NoError(t, s.store.RemoveCustomer(t.Context(), "cus_1", everlatch.Event{}))
			asked, cancelled := s.schedule(0, 1), s.cancel(0, 1)
			s.plays(workflows.AccountDeletionInput{}, workflows.DeletionVoid)
			asked.requireGone(t, asked.out.Refusal)
			cancelled.requireGone(t, cancelled.out.Refusal)
		},
		"an administrator is faster": func(t *testing.T, s *deletionScene) {
			s.schedule(0, 1)
			s.at(day, func() { require.NoError(t, s.store.RemoveCustomer(t.Context(), "cus_1", everlatch.Event{})) })
			late := s.cancel(2*day, 1)
			s.plays(workflows.AccountDeletionInput{}, workflows.DeletionVoid)
			late.requireGone(t, late.out.Refusal)
		},
		"lost, and restored when it is overdue": func(t *testing.T, s *deletionScene) {
			now := s.env.Now()
			_, err := s.store.ScheduleDeletion(t.Context(), "cus_1", now.Add(-day), everlatch.Event{})
			require.NoError(t, err)
			s.plays(workflows.AccountDeletionInput{At: now.Add(-day)}, workflows.DeletionRemoved)
			s.removed()
		},
		"lost, and restored by a sign-in": func(t *testing.T, s *deletionScene) {
			_, err := s.store.ScheduleDeletion(t.Context(), "cus_1", s.env.Now().Add(day), everlatch.Event{})
			require.NoError(t, err)
			cancelled := s.cancel(0, 1)
			s.plays(workflows.AccountDeletionInput{}, workflows.DeletionCancelled)
			require.Nil(t, cancelled.out.Refusal)
			require.Len(t, s.released(t, everlatch.EventDeletionCancelled), 1)
		},
		"restored without an update, it keeps the stored date": func(t *testing.T, s *deletionScene) {
			at := s.env.Now().Add(3 * day).Truncate(time.Microsecond)
			_, err := s.store.ScheduleDeletion(t.Context(), "cus_1", at, everlatch.Event{})
			require.NoError(t, err)
			s.at(2*day, s.whole)
			s.plays(workflows.AccountDeletionInput{}, workflows.DeletionRemoved)
			require.False(t, s.env.Now().Before(at))
			s.removed()
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newDeletion(t))
		})
	}
}

// A sign-in around the end: either it comes first and everything is there, or it
// is refused and nothing is.
func TestAccountDeletionMeetsSignIn(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{-time.Second, -time.Millisecond, 0, time.Nanosecond, time.Millisecond} {
		t.Run(off.String(), func(t *testing.T) {
			t.Parallel()
			s := newDeletion(t)
			s.schedule(0, 1)
			met := s.cancel(grace+off, 1)
			s.env.ExecuteWorkflow(workflows.AccountDeletion, workflows.AccountDeletionInput{CustomerID: "cus_1"})
			require.NoError(t, s.env.GetWorkflowError())
			var outcome string
			require.NoError(t, s.env.GetWorkflowResult(&outcome))
			if outcome == workflows.DeletionCancelled {
				met.requireDone(t)
				require.Nil(t, met.out.Refusal)
				s.whole()
				return
			}
			require.Equal(t, workflows.DeletionRemoved, outcome)
			if met.done && met.rejected == nil {
				met.requireGone(t, met.out.Refusal)
			}
			s.removed()
		})
	}
}

// Each step fails once, before and after it took effect, and the flow ends as if
// it had not.
func TestAccountDeletionSteps(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for _, step := range []string{
			"ScheduleDeletion", "ReleaseEvents", "FindDeletion", "DescribeAccount", "FindIdentities", "RemoveCustomer",
			"RemoveIdentity", "UnlinkActor", "PurgeIdentity",
		} {
			t.Run(fmt.Sprintf("%s, after effect %v", step, after), func(t *testing.T) {
				t.Parallel()
				s := newDeletion(t)
				s.faults.set(fault{activities: []string{step}, times: 1, after: after})
				asked := s.schedule(0, 1)
				s.plays(workflows.AccountDeletionInput{}, workflows.DeletionRemoved)
				asked.requireDone(t)
				s.removed()
				require.Len(t, s.released(t, everlatch.EventDeletionScheduled), 1)
			})
		}
		t.Run(fmt.Sprintf("CancelDeletion, after effect %v", after), func(t *testing.T) {
			t.Parallel()
			s := newDeletion(t)
			s.faults.set(fault{activities: []string{"CancelDeletion"}, times: 1, after: after})
			s.schedule(0, 1)
			cancelled := s.cancel(day, 1)
			s.plays(workflows.AccountDeletionInput{}, workflows.DeletionCancelled)
			cancelled.requireDone(t)
			require.Nil(t, cancelled.out.Refusal)
			s.whole()
			require.Len(t, s.released(t, everlatch.EventDeletionCancelled), 1)
		})
	}
}

// The removal breaks down again and again: meanwhile all is as it was (docs/weak-spots.md#w11), a
// sign-in still cancels, and otherwise it is done as soon as it can be.
func TestAccountDeletionBreaksDown(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"DescribeAccount", "RemoveCustomer", "RemoveIdentity", "UnlinkActor"} {
		for _, signsIn := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, signs in %v", step, signsIn), func(t *testing.T) {
				t.Parallel()
				s := newDeletion(t)
				s.faults.set(fault{activities: []string{step}, times: -1, after: true})
				s.schedule(0, 1)
				s.at(grace+30*time.Hour, func() { s.faults.set() })
				outcome, check := workflows.DeletionRemoved, s.removed
				if signsIn {
					cancelled := s.cancel(grace+6*time.Hour+30*time.Minute, 1)
					defer func() { cancelled.requireDone(t); require.Nil(t, cancelled.out.Refusal) }()
					outcome, check = workflows.DeletionCancelled, s.whole
				}
				s.plays(workflows.AccountDeletionInput{}, outcome)
				check()
			})
		}
	}
}
