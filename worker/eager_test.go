//go:build !noembedded

package worker_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"

	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/worker"
)

// A flow that starts while its process has a slot begins at once, whatever slots the pollers
// hold: the way through the queue takes Temporal more calls and another write.
func TestFlowsBeginInTheirProcess(t *testing.T) {
	t.Parallel()

	server, err := embedded.Start(t.Context(), embedded.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	var began atomic.Int32
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: server.Address(), Namespace: server.Namespace(), Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(func(
			ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
		) error {
			err := invoke(ctx, method, req, reply, conn, opts...)
			if started, ok := reply.(*workflowservice.StartWorkflowExecutionResponse); ok && started.GetEagerWorkflowTask() != nil {
				began.Add(1)
			}
			return err
		})}},
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)

	release := make(chan struct{})
	wait := func(ctx context.Context) error {
		select {
		case <-release:
		case <-ctx.Done():
		}
		return ctx.Err()
	}
	const queue = "eager"
	w := worker.New(c, activities.All{}, worker.Options{TaskQueue: queue, Log: slog.New(slog.DiscardHandler), Workflows: map[string]any{
		"hold": func(ctx workflow.Context) error {
			ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{ScheduleToCloseTimeout: time.Minute})
			return workflow.ExecuteLocalActivity(ctx, wait).Get(ctx, nil)
		},
	}})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	require.Eventually(t, func() bool {
		described, err := c.DescribeTaskQueue(t.Context(), queue, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
		return err == nil && len(described.GetPollers()) > 0
	}, patience, 10*time.Millisecond, "the pollers hold their slots")

	var runs []client.WorkflowRun
	for range worker.FlowsAtOnce() {
		run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue, EnableEagerStart: true}, "hold")
		require.NoError(t, err)
		runs = append(runs, run)
	}
	require.EqualValues(t, worker.FlowsAtOnce(), began.Load(), "flows that have begun here")
	close(release)
	for _, run := range runs {
		require.NoError(t, run.Get(t.Context(), nil))
	}
}
