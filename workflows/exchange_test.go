package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/workflows"
)

// cancelled is a long flow that is cancelled during one of its steps.
type cancelled struct {
	// steps are those of the last update, until its point of no return.
	steps []string
	// final are those after it.
	final []string
	// child says that a child workflow runs the steps.
	child bool
	// play plays the flow, whose cancellation is set up when armed is called,
	// right before the update with these steps.
	play func(t *testing.T, arm func(h *house, env *testsuite.TestWorkflowEnvironment)) (h *house, env *testsuite.TestWorkflowEnvironment)
	// done checks the store after the update succeeded.
	done func(t *testing.T, h *house)
}

func cancellations() map[string]cancelled {
	return map[string]cancelled{
		"Invitation, made": {
			steps: []string{"CreateInvite"}, final: []string{"ReleaseEvents"},
			play: func(t *testing.T, arm func(*house, *testsuite.TestWorkflowEnvironment)) (*house, *testsuite.TestWorkflowEnvironment) {
				s := newInvitation(t)
				arm(s.house, s.env)
				s.invite(0)
				_ = s.play(s.input())
				return s.house, s.env
			},
			done: func(t *testing.T, h *house) {
				require.Equal(t, []string{"invite_1 grace@example.com live"}, h.snapshot(t)["invites"])
				require.Contains(t, h.snapshot(t)["events"], "invite.created released")
			},
		},
		"Invitation, accepted": {
			steps: []string{"CheckInvite", "CreateUser", "LinkActor", "AcceptInvite"}, final: []string{"ReleaseEvents"},
			play: func(t *testing.T, arm func(*house, *testsuite.TestWorkflowEnvironment)) (*house, *testsuite.TestWorkflowEnvironment) {
				s := newInvitation(t)
				s.invite(0)
				s.at(time.Minute, func() { arm(s.house, s.env) })
				s.accept(time.Hour, 1, "authid_1", 1)
				_ = s.play(s.input())
				return s.house, s.env
			},
			done: func(t *testing.T, h *house) {
				got := h.snapshot(t)
				require.Equal(t, []string{"user_1 live"}, got["users"])
				require.Equal(t, []string{"authid_1 user user_1"}, got["links"])
				require.Equal(t, []string{"invite_1 grace@example.com accepted"}, got["invites"])
				require.Contains(t, got["events"], "user.created released")
			},
		},
		"PasswordReset, completed": {
			steps: []string{"ChangePassword"}, final: []string{"ReleaseEvents"},
			play: func(t *testing.T, arm func(*house, *testsuite.TestWorkflowEnvironment)) (*house, *testsuite.TestWorkflowEnvironment) {
				s := newReset(t)
				s.ask(0, "customer")
				s.at(time.Minute, func() { arm(s.house, s.env) })
				s.complete(2*time.Minute, s.mailed(0), newPassword)
				s.env.ExecuteWorkflow(workflows.PasswordReset, workflows.PasswordResetInput{Provider: "emailpass", EntityKey: email, TTL: 15 * time.Minute})
				return s.house, s.env
			},
			done: func(t *testing.T, h *house) {
				require.True(t, h.signsIn(t, newPassword))
				require.Contains(t, h.snapshot(t)["events"], "auth.password_changed released")
			},
		},
		"SocialLogin, begun": {
			steps: []string{"BeginRedirect"},
			play: func(t *testing.T, arm func(*house, *testsuite.TestWorkflowEnvironment)) (*house, *testsuite.TestWorkflowEnvironment) {
				s := newSocial(t)
				arm(s.house, s.env)
				askOf[workflows.BegunLogin](s.env, time.Minute, workflows.UpdateBegin)
				s.env.ExecuteWorkflow(workflows.SocialLogin, s.in)
				require.True(t, temporal.IsCanceledError(s.env.GetWorkflowError()))
				return s.house, s.env
			},
			done: func(t *testing.T, h *house) { require.Empty(t, h.snapshot(t)["identities"]) },
		},
		"SocialLogin, registered": {
			steps: []string{"ExchangeCode", "ReadProfile"}, final: []string{"ReleaseEvents"},
			play: func(t *testing.T, arm func(*house, *testsuite.TestWorkflowEnvironment)) (*house, *testsuite.TestWorkflowEnvironment) {
				s := newSocial(t)
				arm(s.house, s.env)
				s.comes(time.Minute, nil)
				s.env.ExecuteWorkflow(workflows.SocialLogin, s.in)
				return s.house, s.env
			},
			done: func(t *testing.T, h *house) {
				require.Equal(t, []string{"authid_s vlive"}, h.snapshot(t)["identities"])
				require.Contains(t, h.snapshot(t)["events"], "auth.identity_registered released")
			},
		},
		"EmailChange, confirmed": {
			steps: []string{"PlanEmail"}, final: []string{"ChangeEmail"},
			play: func(t *testing.T, arm func(*house, *testsuite.TestWorkflowEnvironment)) (*house, *testsuite.TestWorkflowEnvironment) {
				s := newEmailChange(t)
				s.request(0, 1, "new@example.com")
				s.at(time.Minute, func() { arm(s.house, s.env) })
				s.confirm(2*time.Minute, 1, 1)
				s.env.ExecuteWorkflow(workflows.EmailChange, workflows.EmailChangeInput{Actor: everlatch.ActorRef{ActorType: "customer", ActorID: "cus_1"}})
				return s.house, s.env
			},
			done: func(t *testing.T, h *house) {
				customer, err := h.store.Customer(t.Context(), "cus_1")
				require.NoError(t, err)
				require.Equal(t, "new@example.com", *customer.Email)
			},
		},
		"AccountDeletion, removed": {
			steps: []string{"FindDeletion", "DescribeAccount", "FindIdentities", "RemoveCustomer", "RemoveIdentity", "UnlinkActor"},
			final: []string{"PurgeIdentity", "ReleaseEvents"}, child: true,
			play: func(t *testing.T, arm func(*house, *testsuite.TestWorkflowEnvironment)) (*house, *testsuite.TestWorkflowEnvironment) {
				s := newDeletion(t)
				s.schedule(0, 1)
				s.at(day, func() { arm(s.house, s.env) })
				s.env.ExecuteWorkflow(workflows.AccountDeletion, workflows.AccountDeletionInput{CustomerID: "cus_1"})
				return s.house, s.env
			},
			done: func(t *testing.T, h *house) {
				got := h.snapshot(t)
				require.NotContains(t, got["customers"], "cus_1 live")
				require.Equal(t, []string{"authid_2 vlive"}, got["identities"])
				require.Contains(t, got["events"], "customer.deleted released")
			},
		},
	}
}

// A flow that is cancelled while it serves an update or acts at its deadline ends
// when that is undone or finished, and never in between.
func TestCancelledDuringAStep(t *testing.T) {
	t.Parallel()
	for name, c := range cancellations() {
		for i, step := range append(append([]string{}, c.steps...), c.final...) {
			t.Run(name+"/"+step, func(t *testing.T) {
				t.Parallel()
				var before map[string][]string
				h, env := c.play(t, func(h *house, env *testsuite.TestWorkflowEnvironment) {
					before = h.snapshot(t)
					h.faults.set(fault{activities: []string{step}, meanwhile: env.CancelWorkflow})
				})
				require.True(t, env.IsWorkflowCompleted())
				require.Positive(t, h.faults.called(step))
				// A cancellation reaches a child late, which may have finished by then.
				if i >= len(c.steps)-1 || c.child && env.GetWorkflowError() == nil {
					c.done(t, h)
					return
				}
				require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
				require.Equal(t, before, h.snapshot(t))
			})
		}
	}
}

// A mail is out before this execution has heard of its token: a click that comes
// first waits for the request instead of being refused.
func TestTokenUsedBeforeItsRequestIsHeard(t *testing.T) {
	t.Parallel()
	t.Run("PasswordReset", func(t *testing.T) {
		t.Parallel()
		s, m := newReset(t), &move{}
		s.ask(0, "customer")
		click := func() {
			s.env.UpdateWorkflow(workflows.UpdateComplete, "", m, workflows.CompleteReset{
				TokenID: names(1).TokenID, ActorType: "customer", Request: s.request(newPassword), EventID: ids.New(ids.Event, s.clock.Now()),
			})
		}
		s.faults.set(fault{activities: []string{"GrantReset"}, meanwhile: click})
		s.play(workflows.PasswordResetInput{ResendAfter: time.Minute})
		m.requireChanged(t)
		require.True(t, s.signsIn(t, newPassword))
	})

	t.Run("PasswordReset, in the same workflow task as the request", func(t *testing.T) {
		t.Parallel()
		s, m := newReset(t), &move{}
		s.at(time.Second, func() {
			s.env.SignalWorkflow(workflows.SignalAsk, workflows.ResetRequest{ActorType: "customer", Names: names(1)})
			s.env.UpdateWorkflow(workflows.UpdateComplete, "", m, workflows.CompleteReset{
				TokenID: names(1).TokenID, ActorType: "customer", Request: s.request(newPassword), EventID: ids.New(ids.Event, s.clock.Now()),
			})
		})
		s.play(workflows.PasswordResetInput{})
		m.requireChanged(t)
	})

	t.Run("EmailChange", func(t *testing.T) {
		t.Parallel()
		s := newEmailChange(t)
		confirmed := &asked[workflows.ChangedEmail]{}
		s.request(0, 1, "new@example.com")
		s.faults.set(fault{activities: []string{"RequestEmail"}, meanwhile: func() {
			s.env.UpdateWorkflow(workflows.UpdateConfirmEmail, "", confirmed,
				workflows.ConfirmEmail{TokenID: "ask1", Undo: s.grant("undo", 1, 3*day)})
		}})
		s.plays()
		requireChanged(t, confirmed, "new@example.com")
	})
}

// An invite whose first request never arrived must not look like one that was
// made: the same Idempotency-Key may be used again only after a failure.
func TestInvitationNeverRequested(t *testing.T) {
	t.Parallel()
	s := newInvitation(t)
	err := s.play(s.input())
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Equal(t, "never_requested", app.Type())
	require.Empty(t, s.snapshot(t)["invites"])
}

// A flow that could not undo an update ends as one that needs attention.
func TestFlowNeedsAttention(t *testing.T) {
	t.Parallel()
	s := newInvitation(t)
	s.invite(0)
	s.at(time.Minute, func() {
		s.faults.set(
			fault{activities: []string{"LinkActor"}, times: -1},
			fault{activities: []string{"DiscardUser"}, times: 1, err: &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "No."}},
		)
	})
	failed := s.accept(time.Hour, 1, "authid_1", 1)
	err := s.play(s.input())
	var app *temporal.ApplicationError
	require.ErrorAs(t, failed.err, &app)
	require.Equal(t, workflows.TypeNeedsAttention, app.Type())
	require.ErrorAs(t, err, &app)
	require.Equal(t, workflows.TypeNeedsAttention, app.Type())
	require.Empty(t, s.snapshot(t)["links"], "what can be undone is")
}

// A step of an update may take effect without its answer arriving. What it has
// recorded is told at the latest when the flow ends.
func TestEventsOfAFailedUpdate(t *testing.T) {
	t.Parallel()
	s := newReset(t)
	s.ask(0, "customer")
	s.at(time.Minute, func() {
		s.faults.set(fault{activities: []string{"ChangePassword"}, times: -1, after: true})
	})
	m := s.complete(2*time.Minute, s.mailed(0), newPassword)
	s.play(workflows.PasswordResetInput{})
	require.Error(t, m.err)
	require.True(t, s.signsIn(t, newPassword))
	changed, _, err := s.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventPasswordChanged, Released: new(true)}, store.Page{})
	require.NoError(t, err)
	require.Len(t, changed, 1)
}
