package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// removal is the removal of one account, whatever its actor type.
type removal struct {
	workflow, input any
	account         everlatch.ActorRef
	// remove is the activity that removes the account itself.
	remove  string
	prepare func(t *testing.T, h *house)
}

func removals() map[string]removal {
	return map[string]removal{
		"RemoveCustomerAccount": {
			workflow: workflows.RemoveCustomerAccount, input: workflows.RemoveAccountInput{ActorID: "cus_1"},
			account: everlatch.ActorRef{ActorType: "customer", ActorID: "cus_1"}, remove: "RemoveCustomer", prepare: twoIdentities,
		},
		"RemoveUserAccount": {
			workflow: workflows.RemoveUserAccount, input: workflows.RemoveAccountInput{ActorID: "user_1"},
			account: everlatch.ActorRef{ActorType: "user", ActorID: "user_1"}, remove: "RemoveUser",
			prepare: func(t *testing.T, h *house) {
				t.Helper()
				_, err := createUser(t, h)
				require.NoError(t, err)
			},
		},
		"RemoveActorAccount": {
			workflow: workflows.RemoveActorAccount, input: everlatch.ActorRef{ActorType: "manager", ActorID: "mana_1"},
			account: everlatch.ActorRef{ActorType: "manager", ActorID: "mana_1"}, remove: "RemoveActor", prepare: twoManagerIdentities,
		},
	}
}

// twice starts two removals of one account at once, as two events do.
func (r removal) twice(ctx workflow.Context) error {
	var first, second workflow.ChildWorkflowFuture
	for i, run := range []*workflow.ChildWorkflowFuture{&first, &second} {
		id := []string{"evt_1/hook", "evt_2/hook"}[i]
		*run = workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: id}), r.workflow, r.input)
	}
	for _, run := range []workflow.ChildWorkflowFuture{first, second} {
		if err := run.Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// Removals that events, schedules and programs start have ids of their own. Each
// runs under the one id of its account, one after the other: two at once could
// leave what the other has to bring back.
func TestOneRemovalAtATime(t *testing.T) {
	t.Parallel()
	for name, r := range removals() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			r.prepare(t, h)
			h.own = func(env *testsuite.TestWorkflowEnvironment) { env.RegisterWorkflow(r.twice) }
			env := h.env(t, "two removals")
			h.clock.of(env)
			id := workflows.RemovalID(r.account.ActorType, r.account.ActorID)
			running, began := 0, 0
			env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, _ converter.EncodedValues) {
				if info.WorkflowExecution.ID == id {
					began++
					running++
					require.Equal(t, 1, running)
				}
			})
			env.SetOnChildWorkflowCompletedListener(func(info *workflow.Info, _ converter.EncodedValue, _ error) {
				if info.WorkflowExecution.ID == id {
					running--
				}
			})

			h.faults.set()
			env.ExecuteWorkflow(r.twice)

			require.NoError(t, env.GetWorkflowError())
			require.Equal(t, 2, began, "both run under the id of the account")
			require.Equal(t, 2, h.faults.called(r.remove))
			account := map[string]string{"customer": "customers", "user": "users", "manager": "actors"}[r.account.ActorType]
			require.Len(t, h.snapshot(t)[account], 1)
			require.Contains(t, h.snapshot(t)[account][0], " removed")
		})
	}
}
