package flows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/workflows"
)

// An attacker who reaches Temporal, and has no keys, can start workflows, signal them
// and send them updates. Nothing of it has an effect.
func TestUnsealedPayloadsDoNothing(t *testing.T) {
	t.Parallel()
	s := startService(t, embedded.Options{})
	defer s.work()()
	login, err := s.flows.Register(t.Context(), flows.AuthRequest{ActorType: "user", Provider: "emailpass", Input: s.input("a good horse")})
	require.NoError(t, err)
	identity := login.Principal.AuthIdentityID
	attacker, err := client.Dial(client.Options{HostPort: s.server.Address(), Namespace: s.server.Namespace()})
	require.NoError(t, err)
	t.Cleanup(attacker.Close)

	for name, args := range map[string][]any{
		"CreateUserAccount": {map[string]any{
			"auth_identity_id": identity, "user": map[string]any{"id": "user_evil", "email": "ada@example.com"},
		}},
		"DeleteAuthIdentity": {map[string]any{"auth_identity_id": identity}},
		"SetAuthAppMetadata": {map[string]any{"auth_identity_id": identity, "actor_type": "user", "actor_id": "user_1"}},
		// Without an argument it would remove every identity without an actor.
		"RemoveOrphans": nil,
	} {
		run, err := attacker.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "attack/" + name, TaskQueue: flows.TaskQueue}, name, args...)
		require.NoError(t, err)
		require.Error(t, run.Get(t.Context(), nil), name)
		seen := attacker.GetWorkflowHistory(t.Context(), run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for seen.HasNext() {
			event, err := seen.Next()
			require.NoError(t, err)
			require.NotContains(t, []enumspb.EventType{
				enumspb.EVENT_TYPE_MARKER_RECORDED, enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
			}, event.GetEventType(), "%s ran a step", name)
		}
	}

	reset := flows.ResetRequest{ActorType: "user", Provider: "emailpass", EntityKey: "ada@example.com"}
	issued, err := s.flows.IssuePasswordReset(t.Context(), reset, everlatch.Principal{ActorType: "user", ActorID: "user_1"})
	require.NoError(t, err)
	id := s.running(t, "PasswordReset")
	require.NoError(t, attacker.SignalWorkflow(t.Context(), id, "", workflows.SignalAsk, map[string]any{"actor_type": "user"}))
	require.NoError(t, attacker.SignalWorkflow(t.Context(), id, "", workflows.SignalAsk, nil))
	for _, update := range []string{workflows.UpdateIssue, workflows.UpdateComplete} {
		handle, err := attacker.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: id, UpdateName: update, Args: []any{map[string]any{"actor_type": "user", "token_id": issued.Grant.TokenID}},
			WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		if err == nil {
			err = handle.Get(t.Context(), nil)
		}
		require.Error(t, err, update)
	}

	users, _, err := s.store.Users(t.Context(), store.UserFilter{})
	require.NoError(t, err)
	require.Empty(t, users)
	found, err := s.store.Identity(t.Context(), identity)
	require.NoError(t, err)
	require.Empty(t, found.Links)
	require.NoError(t, s.flows.CompletePasswordReset(t.Context(), flows.NewPassword{
		ActorType: "user", Provider: "emailpass", EntityKey: "ada@example.com", TokenID: issued.Grant.TokenID, Input: s.input("another horse"),
	}), "the owner's reset goes on")
}

// running returns the id of the one open execution of a workflow.
func (s *service) running(t *testing.T, workflow string) (id string) {
	t.Helper()
	require.Eventually(t, func() bool { // the index lags a little behind
		open, err := s.temporal.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", workflow),
		})
		require.NoError(t, err)
		if len(open.GetExecutions()) != 1 {
			return false
		}
		id = open.GetExecutions()[0].GetExecution().GetWorkflowId()
		return true
	}, 20*time.Second, 50*time.Millisecond)
	return id
}
