//go:build record

package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/workflows"
)

// TestRecordCancelled records flows that an operator cancels while something is
// open, and an invite that was never requested.
func TestRecordCancelled(t *testing.T) {
	r := newRecorder(t)
	h := r.house
	h.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // see resets
	register(t, h, "authid_1")
	_, err := createCustomer(t, h, "authid_1", "cus_1", email)
	require.NoError(t, err)

	cancel := func(name string, run client.WorkflowRun) {
		require.NoError(t, r.client.CancelWorkflow(t.Context(), run.GetID(), run.GetRunID()))
		require.Error(t, run.Get(t.Context(), nil))
		r.write(t, name, run)
	}
	update := func(run client.WorkflowRun, name string, arg any) {
		handle, err := r.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: run.GetID(), RunID: run.GetRunID(), UpdateName: name,
			WaitForStage: client.WorkflowUpdateStageCompleted, Args: []any{arg},
		})
		require.NoError(t, err)
		require.NoError(t, handle.Get(t.Context(), nil))
	}

	run := r.start(t, "PasswordReset/cancelled", workflows.PasswordReset,
		workflows.PasswordResetInput{Provider: "emailpass", EntityKey: email, TTL: 15 * time.Minute})
	update(run, workflows.UpdateIssue, workflows.IssueReset{ActorType: "customer", Names: workflows.Names{
		TokenID: "5f0c1d3e-0000-4000-8000-000000000001", EventID: ids.New(ids.Event, h.clock.Now()),
	}})
	cancel("PasswordReset/cancelled", run)

	in := (&inviteScene{house: h, t: t}).input()
	run = r.start(t, "Invitation/cancelled", workflows.Invitation, in)
	update(run, workflows.UpdateInvite, activities.None{})
	cancel("Invitation/cancelled", run)

	run = r.start(t, "EmailChange/cancelled", workflows.EmailChange,
		workflows.EmailChangeInput{Actor: everlatch.ActorRef{ActorType: "customer", ActorID: "cus_1"}})
	cancel("EmailChange/cancelled", run)

	run = r.start(t, "AccountDeletion/cancelled_by_operator", workflows.AccountDeletion, workflows.AccountDeletionInput{CustomerID: "cus_1"})
	update(run, workflows.UpdateSchedule, workflows.ScheduleDeletion{At: h.clock.Now().Add(time.Hour), EventID: "evt_schedule"})
	cancel("AccountDeletion/cancelled_by_operator", run)
}
