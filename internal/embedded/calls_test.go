//go:build !noembedded

package embedded_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueue "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/grpc"

	"github.com/everlatch/everlatch/internal/embedded"
)

// nowhere is an address that nothing listens on.
const nowhere = "127.0.0.1:1"

// inside returns a client of the process. It can't use a connection.
func inside(t *testing.T, server *embedded.Server) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: nowhere, Namespace: server.Namespace(), Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{server.DialOption()}},
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestAClientOfTheProcessNeedsNoConnection(t *testing.T) {
	t.Parallel()

	server := start(t, embedded.Options{Folder: t.TempDir()})
	c := inside(t, server)
	work(t, c, queue)
	require.Equal(t, "hello Ada", run(t, c, "greet/inside", "Ada"))

	outside := connectTo(t, server.Address(), server.Namespace())
	described, err := outside.DescribeWorkflowExecution(t.Context(), "greet/inside", "")
	require.NoError(t, err)
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, described.GetWorkflowExecutionInfo().GetStatus(), "seen over a connection")

	_, err = c.DescribeWorkflowExecution(t.Context(), "greet/unknown", "")
	var absent *serviceerror.NotFound
	require.ErrorAs(t, err, &absent, "errors keep their type")

	_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "greet/inside", TaskQueue: queue, WorkflowExecutionErrorWhenAlreadyStarted: true,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
	}, greet, "Ada")
	var exists *serviceerror.WorkflowExecutionAlreadyStarted
	require.ErrorAs(t, err, &exists)
	require.NotEmpty(t, exists.RunId, "and their details")
}

func TestACallOfTheProcessEndsWithItsCaller(t *testing.T) {
	t.Parallel()

	server := start(t, embedded.Options{})
	c := inside(t, server)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute) // a poll has a deadline
	polled := make(chan error, 1)
	go func() {
		_, err := c.WorkflowService().PollWorkflowTaskQueue(ctx, &workflowservice.PollWorkflowTaskQueueRequest{
			Namespace: server.Namespace(), TaskQueue: &taskqueue.TaskQueue{Name: "empty"}, Identity: "a worker",
		})
		polled <- err
	}()
	require.Eventually(t, func() bool {
		described, err := c.DescribeTaskQueue(t.Context(), "empty", enumspb.TASK_QUEUE_TYPE_WORKFLOW)
		return err == nil && len(described.GetPollers()) > 0
	}, time.Minute, 10*time.Millisecond, "the poll waits for a task")
	cancel()
	select {
	case <-polled: // with nothing, or with an error about its context
	case <-time.After(time.Minute):
		t.Fatal("the poll did not end")
	}
}

func TestAStoppedServerAnswersNoCallOfTheProcess(t *testing.T) {
	t.Parallel()

	server, err := embedded.Start(t.Context(), embedded.Options{})
	require.NoError(t, err)
	c := inside(t, server)
	_, err = c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: server.Namespace()})
	require.NoError(t, err)

	require.NoError(t, server.Stop())
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: server.Namespace()})
	require.Error(t, err, "it goes to the listener, which is closed")
}
