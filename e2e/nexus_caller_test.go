package e2e_test

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/nexus-rpc/sdk-go/nexus"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/everlatch/everlatch/nexusauth"
)

// caller is another team's program, in a namespace of its own of the same Temporal server.
// It knows the keys that the service publishes, and no key of its payloads.
type caller struct {
	temporal client.Client
	sealer   *nexusauth.Sealer
}

const callers = "callers"

// callOperation is a workflow of the caller: it passes on what it was given.
func callOperation(ctx workflow.Context, operation string, input json.RawMessage) (out json.RawMessage, err error) {
	o := workflow.NexusOperationOptions{ScheduleToCloseTimeout: time.Minute}
	err = workflow.NewNexusClient(nexusauth.Endpoint, nexusauth.Service).ExecuteOperation(ctx, operation, input, o).Get(ctx, &out)
	return out, err
}

// newCaller starts a worker in a namespace that is made for it.
func newCaller(t *testing.T, p *process, apiKey string) *caller {
	t.Helper()
	const namespace = "shop"
	handlers, err := client.Dial(client.Options{HostPort: p.temporal, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(handlers.Close)
	_, err = handlers.WorkflowService().RegisterNamespace(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: namespace, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	require.NoError(t, err)
	keys, err := nexusauth.FetchKeys(t.Context(), nil, p.base)
	require.NoError(t, err)
	c := &caller{}
	c.sealer, err = nexusauth.NewSealer(nexusauth.SealerOptions{Keys: keys, APIKey: apiKey})
	require.NoError(t, err)
	c.temporal, err = client.NewClientFromExisting(handlers, client.Options{
		Namespace: namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.temporal.Close)
	w := worker.New(c.temporal, callers, worker.Options{})
	w.RegisterWorkflow(callOperation)
	require.Eventually(t, func() bool { return w.Start() == nil }, waitFor, tick, "the namespace is known soon")
	t.Cleanup(w.Stop)
	require.Eventually(t, func() bool {
		_, err := c.temporal.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{})
		return err == nil
	}, waitFor, tick)
	return c
}

// send runs the workflow of the caller with an input as it is.
func (c *caller) send(t *testing.T, operation string, input, out any) error {
	t.Helper()
	raw, err := json.Marshal(input)
	require.NoError(t, err)
	run, err := c.temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: callers}, callOperation, operation, json.RawMessage(raw))
	require.NoError(t, err)
	var answer json.RawMessage
	if err := run.Get(t.Context(), &answer); err != nil {
		return err
	}
	require.NoError(t, json.Unmarshal(answer, out))
	return nil
}

// sealedFor seals an input.
func sealedFor[I, O any](t *testing.T, c *caller, operation nexus.OperationReference[nexusauth.Sealed[I], O], in I) nexusauth.Sealed[I] {
	t.Helper()
	sealed, err := nexusauth.Seal(c.sealer, operation, in)
	require.NoError(t, err)
	return sealed
}

// calls seals an input and calls the operation with it.
func calls[I, O any](t *testing.T, c *caller, operation nexus.OperationReference[nexusauth.Sealed[I], O], in I) (out O, err error) {
	t.Helper()
	err = c.send(t, operation.Name(), sealedFor(t, c, operation, in), &out)
	return out, err
}

// histories returns every history of the caller's namespace as JSON. Its payloads are not
// encrypted, so they are added in clear.
func (c *caller) histories(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	var list *workflowservice.ListWorkflowExecutionsResponse
	require.Eventually(t, func() bool { // the index lags a little behind
		var err error
		list, err = c.temporal.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{})
		require.NoError(t, err)
		for _, e := range list.Executions {
			if e.Status == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
				return false
			}
		}
		return len(list.Executions) > 0
	}, waitFor, tick)
	for _, e := range list.Executions {
		var h historypb.History
		it := c.temporal.GetWorkflowHistory(t.Context(), e.Execution.WorkflowId, e.Execution.RunId, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for it.HasNext() {
			event, err := it.Next()
			require.NoError(t, err)
			h.Events = append(h.Events, event)
		}
		raw, err := temporalproto.CustomJSONMarshalOptions{}.Marshal(&h)
		require.NoError(t, err)
		out[e.Execution.WorkflowId] = append(raw, inClear(&h)...)
	}
	return out
}
