//go:build record

package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch/workflows"
)

// notices records what becomes of the mail about a sign-in from a new device.
func (r *recorder) notices(t *testing.T) {
	t.Helper()
	h := r.house
	former := h.clock.follow
	h.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // the server's clock
	defer func() { h.clock.follow = former }()
	h.known(t, "authid_noticed", "emailpass", "noticed@example.com", "noticed@example.com")
	notice := func(name string, ttl time.Duration, tokens ...string) {
		run := r.start(t, "SignInNotice/"+name, workflows.SignInNotice, workflows.SignInNoticeInput{
			SignIn: workflows.NoticedSignIn{
				ID: "s_" + name, AuthIdentityID: "authid_noticed", Provider: "emailpass", ActorType: "customer", Device: "Firefox on Windows",
			},
			Until: h.clock.Now().Add(30 * day),
			Grant: workflows.LinkGrant{TokenID: "good", EventID: "evt_" + name, Token: h.vault.NewRef(), TTL: ttl},
		})
		for _, token := range tokens {
			handle, err := r.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
				WorkflowID: run.GetID(), RunID: run.GetRunID(), UpdateName: workflows.UpdateDisownSignIn,
				WaitForStage: client.WorkflowUpdateStageCompleted,
				Args:         []any{workflows.DisownSignIn{TokenID: token, EventID: "evt_disowned_" + name}},
			})
			require.NoError(t, err)
			if err := handle.Get(t.Context(), nil); err != nil {
				t.Logf("%s with %s: %v", name, token, err)
			}
		}
		require.NoError(t, run.Get(t.Context(), nil))
		r.write(t, "SignInNotice/"+name, run)
	}
	notice("disowned", time.Hour, "bad", "good")
	notice("expired", 3*time.Second)
	h.faults.set(fault{activities: []string{"AnnounceSignIn", "DisownSignIn"}, times: 1})
	notice("steps_repeated", time.Hour, "good")
	h.faults.set()
}
