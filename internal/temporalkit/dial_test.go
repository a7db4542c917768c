package temporalkit_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"

	"github.com/everlatch/everlatch/internal/temporalkit"
)

// frontend plays Temporal: every start is eager, and a caller who waits for a
// result gets it when the task of that run was completed.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer

	runs      atomic.Int64
	waiting   chan string
	mu        sync.Mutex
	completed map[string]chan struct{}
}

func (f *frontend) StartWorkflowExecution(
	context.Context, *workflowservice.StartWorkflowExecutionRequest,
) (*workflowservice.StartWorkflowExecutionResponse, error) {
	run := fmt.Sprintf("run_%d", f.runs.Add(1))
	return &workflowservice.StartWorkflowExecutionResponse{
		RunId: run, EagerWorkflowTask: &workflowservice.PollWorkflowTaskQueueResponse{TaskToken: []byte(run)},
	}, nil
}

func (f *frontend) RespondWorkflowTaskCompleted(
	_ context.Context, r *workflowservice.RespondWorkflowTaskCompletedRequest,
) (*workflowservice.RespondWorkflowTaskCompletedResponse, error) {
	close(f.of(string(r.GetTaskToken())))
	return &workflowservice.RespondWorkflowTaskCompletedResponse{}, nil
}

func (f *frontend) GetWorkflowExecutionHistory(
	ctx context.Context, r *workflowservice.GetWorkflowExecutionHistoryRequest,
) (*workflowservice.GetWorkflowExecutionHistoryResponse, error) {
	f.waiting <- r.GetExecution().GetRunId()
	select {
	case <-f.of(r.GetExecution().GetRunId()):
		return &workflowservice.GetWorkflowExecutionHistoryResponse{}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (f *frontend) of(run string) chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.completed[run] == nil {
		f.completed[run] = make(chan struct{})
	}
	return f.completed[run]
}

// Deliveries are started and awaited by no one. However many there are, a caller
// who waits for a sign-in is with Temporal at once, and has the result as soon as
// it is there.
func TestNothingStandsBetweenACallerAndTheResult(t *testing.T) {
	t.Parallel()
	f := &frontend{waiting: make(chan string, 1), completed: map[string]chan struct{}{}}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, f)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	c, err := temporalkit.Dial(temporalkit.Options{
		Client: client.Options{HostPort: listener.Addr().String()}, Sealing: sealing(t, key("k", 1)), Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	temporal := c.WorkflowService()
	start := func() string {
		started, err := temporal.StartWorkflowExecution(t.Context(), &workflowservice.StartWorkflowExecutionRequest{})
		require.NoError(t, err)
		return started.GetRunId()
	}

	signIn := start()
	result := make(chan error, 1)
	go func() {
		_, err := temporal.GetWorkflowExecutionHistory(t.Context(), &workflowservice.GetWorkflowExecutionHistoryRequest{
			Execution: &commonpb.WorkflowExecution{RunId: signIn}, WaitNewEvent: true,
			HistoryEventFilterType: enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
		})
		result <- err
	}()
	for range 5000 {
		start()
	}
	_, err = temporal.RespondWorkflowTaskCompleted(t.Context(), &workflowservice.RespondWorkflowTaskCompletedRequest{TaskToken: []byte(signIn)})
	require.NoError(t, err)

	select {
	case err := <-result:
		require.NoError(t, err)
		require.Equal(t, signIn, <-f.waiting)
	case <-time.After(time.Second):
		t.Fatal("the result is there, and its caller still waits")
	}
}
