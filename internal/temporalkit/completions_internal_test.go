package temporalkit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
)

// answering is a server that answers a call with an error or nothing; eager starts come
// back with their task.
func answering(eager bool, err error) grpc.UnaryInvoker {
	return func(_ context.Context, _ string, _, reply any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
		if r, ok := reply.(*workflowservice.StartWorkflowExecutionResponse); ok && eager {
			r.EagerWorkflowTask = &workflowservice.PollWorkflowTaskQueueResponse{}
		}
		return err
	}
}

func (c *Completions) starts(ctx context.Context, t *testing.T, id string, eager bool) {
	t.Helper()
	require.NoError(t, c.intercept(ctx, "", &workflowservice.StartWorkflowExecutionRequest{WorkflowId: id},
		&workflowservice.StartWorkflowExecutionResponse{}, nil, answering(eager, nil)))
}

// completes answers the task of a workflow, with its result or without.
func (c *Completions) completes(ctx context.Context, id string, result *commonpb.Payloads, err error) error {
	r := &workflowservice.RespondWorkflowTaskCompletedRequest{ResourceId: "workflow:" + id}
	if result != nil {
		r.Commands = []*commandpb.Command{{}, {Attributes: &commandpb.Command_CompleteWorkflowExecutionCommandAttributes{
			CompleteWorkflowExecutionCommandAttributes: &commandpb.CompleteWorkflowExecutionCommandAttributes{Result: result},
		}}}
	}
	return c.intercept(ctx, "", r, &workflowservice.RespondWorkflowTaskCompletedResponse{}, nil, answering(false, err))
}

// A result is taken from here once Temporal has it. Whatever else may have happened,
// Temporal is asked.
func TestCompletions(t *testing.T) {
	t.Parallel()
	result := &commonpb.Payloads{Payloads: []*commonpb.Payload{{Data: []byte("signed in")}}}
	for name, c := range map[string]struct {
		eager bool
		then  func(ctx context.Context, c *Completions) error
		want  *commonpb.Payloads
		waits time.Duration
	}{
		"completed":        {true, func(ctx context.Context, c *Completions) error { return c.completes(ctx, "w", result, nil) }, result, 0},
		"another workflow": {true, func(ctx context.Context, c *Completions) error { return c.completes(ctx, "other", result, nil) }, nil, awaitCompletion},
		"it goes on":       {true, func(ctx context.Context, c *Completions) error { return c.completes(ctx, "w", nil, nil) }, nil, 0},
		"Temporal lost it": {true, func(ctx context.Context, c *Completions) error {
			return c.completes(ctx, "w", result, errors.New("away"))
		}, nil, 0},
		"the task failed":   {true, failTask, nil, 0},
		"it takes too long": {true, func(context.Context, *Completions) error { return nil }, nil, awaitCompletion},
		"it runs elsewhere": {false, func(ctx context.Context, c *Completions) error { return c.completes(ctx, "w", result, nil) }, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				completions := NewCompletions()
				ctx, x := completions.Expect(t.Context())
				completions.starts(ctx, t, "w", c.eager)
				go func() { _ = c.then(t.Context(), completions) }()
				begun := time.Now()
				require.Same(t, c.want, x.Result(t.Context()))
				require.Equal(t, c.waits, time.Since(begun))
				x.Forget()
				synctest.Wait()
				require.Empty(t, completions.expected)
			})
		})
	}
}

func failTask(ctx context.Context, c *Completions) error {
	return c.intercept(ctx, "", &workflowservice.RespondWorkflowTaskFailedRequest{ResourceId: "workflow:w"},
		&workflowservice.RespondWorkflowTaskFailedResponse{}, nil, answering(false, nil))
}

// A client without completions asks Temporal.
func TestNoCompletions(t *testing.T) {
	t.Parallel()
	var none *Completions
	ctx, x := none.Expect(t.Context())
	require.Equal(t, t.Context(), ctx)
	require.Nil(t, x.Result(ctx))
	x.Forget()
}
