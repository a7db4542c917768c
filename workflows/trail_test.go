package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"

	"github.com/everlatch/everlatch/workflows"
)

// A long flow tells what has happened in it, without the address that it is about.
func TestWhatAFlowTells(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	register(t, h, "authid_1")
	env := h.env(t, "password-reset/1")
	env.SetStartTime(h.clock.Now())
	tells := func() string {
		answer, err := env.QueryWorkflow("__temporal_workflow_metadata")
		require.NoError(t, err)
		var out sdkpb.WorkflowMetadata
		require.NoError(t, answer.Get(&out))
		return out.GetCurrentDetails()
	}
	ask := func(tokenID string) {
		env.SignalWorkflow(workflows.SignalAsk, workflows.ResetRequest{
			ActorType: "customer", Names: workflows.Names{TokenID: tokenID, EventID: "evt_" + tokenID},
		})
	}
	env.RegisterDelayedCallback(func() { ask("jti_1") }, time.Second)
	env.RegisterDelayedCallback(func() { ask("jti_2") }, 2*time.Second)
	env.RegisterDelayedCallback(func() {
		const layout = `- \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} `
		require.Regexp(t, "(?s)^"+layout+"asked for customer: a mail with a link was ordered\n"+
			layout+"asked again for customer: the earlier link stays good, no mail\n\nWaits until .* UTC\\.$", tells())
	}, 3*time.Second)
	complete := func(request string) {
		env.UpdateWorkflow(workflows.UpdateComplete, "", &move{}, workflows.CompleteReset{
			TokenID: "jti_1", ActorType: "customer", Request: h.seal(t, email, request), EventID: "evt_c",
		})
	}
	env.RegisterDelayedCallback(func() { complete("short") }, 4*time.Second)
	env.RegisterDelayedCallback(func() { complete("another good horse") }, 5*time.Second)
	env.ExecuteWorkflow(workflows.PasswordReset, workflows.PasswordResetInput{
		Provider: "emailpass", EntityKey: email, TTL: 15 * time.Minute, ResendAfter: time.Minute,
	})
	require.NoError(t, env.GetWorkflowError())
	require.Regexp(t, `(?s)link used with a new password: refused \(password short\)\n.*link used with a new password\n\nEnded: used\.$`, tells())
	require.NotContains(t, tells(), "@")
}
