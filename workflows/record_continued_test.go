//go:build record

package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/workflows"
)

// mostEvents is after how many events the server of these recordings suggests to
// continue as new.
const mostEvents = 24

// TestRecordContinued records long flows that continue as new, and the executions
// that follow.
func TestRecordContinued(t *testing.T) {
	r := newRecorderOn(t, embedded.Options{ContinueAsNewAfter: mostEvents})
	h := r.house
	h.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // the server's clock
	register(t, h, "authid_1")
	_, err := createCustomer(t, h, "authid_1", "cus_1", email)
	require.NoError(t, err)
	customer := everlatch.ActorRef{ActorType: "customer", ActorID: "cus_1"}

	run := r.start(t, "PasswordReset/continued", workflows.PasswordReset,
		workflows.PasswordResetInput{Provider: "emailpass", EntityKey: email, TTL: 15 * time.Minute})
	asked := 0
	next := r.untilContinued(t, run, func() {
		asked++
		r.send(t, run, workflows.UpdateIssue, workflows.IssueReset{ActorType: "customer", Names: names(asked)})
	})
	r.sendAs(t, next, workflows.RequestPrefix+"complete", workflows.UpdateComplete, workflows.CompleteReset{
		TokenID: names(asked).TokenID, ActorType: "customer", Request: (&resetScene{house: h, t: t}).request(newPassword), EventID: "evt_reset",
	})
	r.keepBoth(t, "PasswordReset", run, next)

	require.NoError(t, h.acts.Redirects.Providers.Add("elsewhere", &elsewhere{}))
	s := &socialScene{house: h, t: t}
	run = r.start(t, "SocialLogin/continued", workflows.SocialLogin, s.recorded("continued", time.Minute))
	next = r.untilContinued(t, run, func() { r.send(t, run, workflows.UpdateBegin) })
	r.send(t, next, workflows.UpdateCallback, s.answered("continued"))
	r.keepBoth(t, "SocialLogin", run, next)

	e := &recordedEmail{recorder: r, t: t, name: "EmailChange/continued", n: 1}
	run = r.start(t, e.name, workflows.EmailChange, workflows.EmailChangeInput{Actor: customer})
	request := func(n int) {
		identity, err := h.store.Identity(t.Context(), "authid_1")
		require.NoError(t, err)
		r.send(t, run, workflows.UpdateRequestEmail, workflows.RequestEmail{
			AuthIdentityID: "authid_1", CredentialVersion: identity.CredentialVersion, Email: e.email(fmt.Sprint(n)),
			Grant: e.grant("ask", n, time.Hour), AnnouncedID: fmt.Sprint("evt_announced_", n),
		})
	}
	confirm := func(run client.WorkflowRun) {
		r.sendAs(t, run, workflows.RequestPrefix+"confirm", workflows.UpdateConfirmEmail,
			workflows.ConfirmEmail{TokenID: "ask1", Undo: e.grant("undo", 1, time.Hour)})
	}
	asked = 0
	next = r.untilContinued(t, run, func() {
		asked++
		request(asked)
		if asked == 1 {
			confirm(run)
		}
	})
	confirm(next) // repeated: it gets the first answer
	r.send(t, next, workflows.UpdateUndoEmail, workflows.UndoEmail{TokenID: "undo1", EventID: "evt_undone"})
	r.keepBoth(t, "EmailChange", run, next)

	invite := &inviteScene{house: h, t: t}
	h.identity(t, "authid_2")
	run = r.start(t, "Invitation/continued", workflows.Invitation, invite.input())
	r.send(t, run, workflows.UpdateInvite, activities.None{})
	asked = 1
	next = r.untilContinued(t, run, func() {
		asked++
		r.send(t, run, workflows.UpdateResend, invite.grant(asked))
	})
	r.send(t, next, workflows.UpdateAccept, workflows.AcceptInvite{
		TokenID: invite.grant(asked).TokenID, AuthIdentityID: "authid_2", EventID: "evt_accepted", User: everlatch.User{ID: "user_1"},
	})
	r.keepBoth(t, "Invitation", run, next)

	run = r.start(t, "AccountDeletion/continued", workflows.AccountDeletion, workflows.AccountDeletionInput{CustomerID: "cus_1"})
	next = r.untilContinued(t, run, func() {
		r.send(t, run, workflows.UpdateSchedule, workflows.ScheduleDeletion{At: h.clock.Now().Add(time.Hour), EventID: "evt_schedule"})
	})
	r.send(t, next, workflows.UpdateCancel, workflows.CancelDeletion{EventID: "evt_cancel"})
	r.keepBoth(t, "AccountDeletion", run, next)
}

// TestRecordLongImport records an import that continues as new, and the execution that
// follows.
func TestRecordLongImport(t *testing.T) {
	r := newRecorderOn(t, embedded.Options{ContinueAsNewAfter: mostEvents})
	r.house.stageImport(t, "import_1", 500)
	run := r.start(t, "Import/continued", workflows.Import, workflows.ImportInput{ImportID: "import_1"})
	first := r.client.GetWorkflow(t.Context(), run.GetID(), run.GetRunID())
	require.NoError(t, run.Get(t.Context(), nil))
	latest, err := r.client.DescribeWorkflowExecution(t.Context(), run.GetID(), "")
	require.NoError(t, err)
	id := latest.GetWorkflowExecutionInfo().GetExecution().GetRunId()
	require.NotEqual(t, first.GetRunID(), id)
	r.keepBoth(t, "Import", first, r.client.GetWorkflow(t.Context(), run.GetID(), id))
}

// untilContinued makes moves until the flow has continued as new, and returns the
// run that follows.
func (r *recorder) untilContinued(t *testing.T, run client.WorkflowRun, move func()) client.WorkflowRun {
	t.Helper()
	for range 10 {
		move()
		latest, err := r.client.DescribeWorkflowExecution(t.Context(), run.GetID(), "")
		require.NoError(t, err)
		if id := latest.GetWorkflowExecutionInfo().GetExecution().GetRunId(); id != run.GetRunID() {
			return r.client.GetWorkflow(t.Context(), run.GetID(), id)
		}
	}
	t.Fatal("the flow has not continued as new")
	return nil
}

func (r *recorder) keepBoth(t *testing.T, flow string, first, next client.WorkflowRun) {
	t.Helper()
	require.NoError(t, next.Get(t.Context(), nil), flow)
	r.write(t, flow+"/continued", first)
	r.write(t, flow+"/continued_from_another_run", next)
}
