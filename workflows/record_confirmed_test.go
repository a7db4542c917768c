//go:build record

package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/workflows"
)

// TestRecordConfirmed records registrations that the owner of the mailbox confirms.
func TestRecordConfirmed(t *testing.T) {
	r := newRecorder(t)
	h := r.house
	h.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // the server's clock
	short := confirmedInput()
	short.TTL, short.ResendAfter = 2*time.Second, 0
	confirm := func(run client.WorkflowRun, n int, pass string) {
		_, err := r.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: run.GetID(), RunID: run.GetRunID(), UpdateName: workflows.UpdateConfirmRegistration,
			WaitForStage: client.WorkflowUpdateStageCompleted,
			Args:         []any{workflows.ConfirmRegistration{TokenID: names(n).TokenID, Register: registeringAda(t, h, pass)}},
		})
		require.NoError(t, err)
	}
	end := func(name string, run client.WorkflowRun) {
		require.NoError(t, run.Get(t.Context(), nil))
		r.write(t, name, run)
	}

	run := r.start(t, "ConfirmedRegistration/asked_twice_and_expired", workflows.ConfirmedRegistration, short)
	r.ask(t, run, 1)
	r.ask(t, run, 2)
	end("ConfirmedRegistration/asked_twice_and_expired", run)

	run = r.start(t, "ConfirmedRegistration/cancelled", workflows.ConfirmedRegistration, confirmedInput())
	r.ask(t, run, 3)
	require.NoError(t, r.client.CancelWorkflow(t.Context(), run.GetID(), run.GetRunID()))
	require.Error(t, run.Get(t.Context(), nil))
	r.write(t, "ConfirmedRegistration/cancelled", run)

	run = r.start(t, "ConfirmedRegistration/confirmed", workflows.ConfirmedRegistration, confirmedInput())
	r.ask(t, run, 4)
	r.ask(t, run, 5) // folded
	confirm(run, 4, "short")
	confirm(run, 4, password)
	end("ConfirmedRegistration/confirmed", run)

	run = r.start(t, "ConfirmedRegistration/taken", workflows.ConfirmedRegistration, short)
	r.ask(t, run, 6)
	end("ConfirmedRegistration/taken", run)
}

// TestRecordContinuedConfirmed records one that continues as new, and the execution
// that follows.
func TestRecordContinuedConfirmed(t *testing.T) {
	r := newRecorderOn(t, embedded.Options{ContinueAsNewAfter: mostEvents})
	r.house.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // the server's clock
	in := confirmedInput()
	in.ResendAfter = 0
	run := r.start(t, "ConfirmedRegistration/continued", workflows.ConfirmedRegistration, in)
	asked := 0
	next := r.untilContinued(t, run, func() {
		asked++
		r.ask(t, run, asked)
		r.send(t, run, workflows.UpdateConfirmRegistration, workflows.ConfirmRegistration{
			TokenID: names(asked).TokenID, Register: registeringAda(t, r.house, "short"),
		})
	})
	r.sendAs(t, next, workflows.RequestPrefix+"confirm", workflows.UpdateConfirmRegistration, workflows.ConfirmRegistration{
		TokenID: names(asked).TokenID, Register: registeringAda(t, r.house, password),
	})
	r.keepBoth(t, "ConfirmedRegistration", run, next)
}

func registeringAda(t *testing.T, h *house, pass string) workflows.RegisterInput {
	t.Helper()
	in := registering(t, h, "authid_1", pass)
	asAda(&in)
	return in
}

func (r *recorder) ask(t *testing.T, run client.WorkflowRun, n int) {
	t.Helper()
	require.NoError(t, r.client.SignalWorkflow(t.Context(), run.GetID(), run.GetRunID(), workflows.SignalAsk,
		workflows.AskRegistration{EntityID: email, Names: names(n)}))
}
