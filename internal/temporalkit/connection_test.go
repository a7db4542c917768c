package temporalkit_test

import (
	"context"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/everlatch/everlatch/internal/temporalkit"
)

// returning is a Temporal that answers polls some time after it is reached.
type returning struct {
	workflowservice.UnimplementedWorkflowServiceServer

	refusals int64
	code     codes.Code
	polls    atomic.Int64
}

func (r *returning) PollWorkflowTaskQueue(
	context.Context, *workflowservice.PollWorkflowTaskQueueRequest,
) (*workflowservice.PollWorkflowTaskQueueResponse, error) {
	if r.polls.Add(1) <= r.refusals {
		return nil, status.Error(r.code, "matching is not there yet")
	}
	return &workflowservice.PollWorkflowTaskQueueResponse{TaskToken: []byte("task")}, nil
}

func (r *returning) CountWorkflowExecutions(
	context.Context, *workflowservice.CountWorkflowExecutionsRequest,
) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	return nil, status.Error(codes.InvalidArgument, "no")
}

// A poll that began while Temporal was away has its task within 3 s of the return,
// also when the services behind the frontend are later than it.
func TestPollsOutliveAnOutage(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	c, err := temporalkit.Dial(temporalkit.Options{
		Client: client.Options{HostPort: address}, Sealing: sealing(t, key("k", 1)), Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	away, stop := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer stop()
	_, err = c.WorkflowService().CountWorkflowExecutions(away, &workflowservice.CountWorkflowExecutionsRequest{})
	require.Error(t, err, "what a caller waits for is answered during the outage")
	empty, err := c.WorkflowService().PollWorkflowTaskQueue(away, &workflowservice.PollWorkflowTaskQueueRequest{})
	require.NoError(t, err, "a poll without a task, after which the SDK polls again at once")
	require.Empty(t, empty.GetTaskToken())
	type polled struct {
		task *workflowservice.PollWorkflowTaskQueueResponse
		err  error
	}
	result := make(chan polled, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		task, err := c.WorkflowService().PollWorkflowTaskQueue(ctx, &workflowservice.PollWorkflowTaskQueueRequest{})
		result <- polled{task, err}
	}()

	listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	temporal := &returning{refusals: 3, code: codes.Unavailable}
	server := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, temporal)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)

	select {
	case p := <-result:
		require.NoError(t, p.err)
		require.Equal(t, "task", string(p.task.GetTaskToken()))
		require.EqualValues(t, 4, temporal.polls.Load())
	case <-time.After(3 * time.Second):
		t.Fatal("Temporal is back, and the worker does not poll")
	}
	_, err = c.WorkflowService().CountWorkflowExecutions(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{})
	var invalid *serviceerror.InvalidArgument
	require.ErrorAs(t, err, &invalid)
}
