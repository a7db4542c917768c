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
	"github.com/everlatch/everlatch/providers"
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

	run = r.start(t, "Invitation/never_requested", workflows.Invitation, in)
	require.Error(t, run.Get(t.Context(), nil))
	r.write(t, "Invitation/never_requested", run)
	r.cancelledLogins(t)
}

// cancelledLogins records sign-ins that are cancelled during each of their steps.
func (r *recorder) cancelledLogins(t *testing.T) {
	t.Helper()
	provider := &elsewhere{}
	require.NoError(t, r.house.acts.Redirects.Providers.Add("elsewhere", provider))
	for _, step := range []string{"BeginRedirect", "ExchangeCode", "ReadProfile", "ReleaseEvents"} {
		s := &socialScene{house: r.house, t: t}
		provider.profile = func(int) (providers.Profile, error) { return providers.Profile{EntityID: step}, nil }
		name := "SocialLogin/cancelled_during_" + step
		run := r.start(t, name, workflows.SocialLogin, s.recorded(step, time.Minute))
		r.house.faults.set(fault{activities: []string{step}, meanwhile: func() {
			require.NoError(t, r.client.CancelWorkflow(t.Context(), run.GetID(), run.GetRunID()))
		}})
		r.send(t, run, workflows.UpdateBegin)
		if step != "BeginRedirect" {
			r.send(t, run, workflows.UpdateCallback, s.answered(step))
		}
		t.Logf("%s ends in %v", name, run.Get(t.Context(), nil))
		r.write(t, name, run)
	}
	r.house.faults.set()
}

// send sends an update and waits for its answer, be it a failure.
func (r *recorder) send(t *testing.T, run client.WorkflowRun, update string, args ...any) {
	t.Helper()
	r.sendAs(t, run, "", update, args...)
}

func (r *recorder) sendAs(t *testing.T, run client.WorkflowRun, id, update string, args ...any) {
	t.Helper()
	handle, err := r.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		UpdateID: id, WorkflowID: run.GetID(), RunID: run.GetRunID(), UpdateName: update,
		WaitForStage: client.WorkflowUpdateStageCompleted, Args: args,
	})
	if err == nil {
		err = handle.Get(t.Context(), nil)
	}
	t.Logf("%s of %s: %v", update, run.GetID(), err)
}

// recorded is the input of a sign-in elsewhere.
func (s *socialScene) recorded(state string, ttl time.Duration) workflows.SocialLoginInput {
	return workflows.SocialLoginInput{
		ActorType: "customer", Provider: "elsewhere", CallbackURL: "https://shop.example/cb", TTL: ttl,
		Secrets: s.sealed(workflows.RedirectSecrets{State: state, Nonce: "n", CodeVerifier: verifier}),
		Tokens:  s.vault.NewRef(), Binding: "browser", IdentityID: "authid_" + state, ProviderIdentityID: "pi_" + state,
	}
}

func (s *socialScene) answered(state string) workflows.LoginCallback {
	return workflows.LoginCallback{
		ActorType: "customer", Provider: "elsewhere", Binding: "browser", Answer: s.sealed(map[string]string{"code": "c", "state": state}),
	}
}
