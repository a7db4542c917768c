//go:build !noembedded

package embedded_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/nexus-rpc/sdk-go/nexus"
	"github.com/stretchr/testify/require"
	nexuspb "go.temporal.io/api/nexus/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/everlatch/everlatch/internal/embedded"
)

// TestNexus calls an operation from a second namespace. The server does so over HTTP, and
// nothing else is served there.
func TestNexus(t *testing.T) {
	t.Parallel()
	server := start(t, embedded.Options{})
	handlers := connect(t, server)
	_, err := handlers.WorkflowService().RegisterNamespace(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: "elsewhere", WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	require.NoError(t, err)
	greeting := nexus.NewSyncOperation("greet", func(_ context.Context, name string, _ nexus.StartOperationOptions) (string, error) {
		return "hello " + name, nil
	})
	service := nexus.NewService("greetings")
	require.NoError(t, service.Register(greeting))
	w := worker.New(handlers, "nexus", worker.Options{})
	w.RegisterNexusService(service)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	_, err = handlers.OperatorService().CreateNexusEndpoint(t.Context(), &operatorservice.CreateNexusEndpointRequest{Spec: &nexuspb.EndpointSpec{
		Name: "greetings", Target: &nexuspb.EndpointTarget{Variant: &nexuspb.EndpointTarget_Worker_{
			Worker: &nexuspb.EndpointTarget_Worker{Namespace: server.Namespace(), TaskQueue: "nexus"},
		}},
	}})
	require.NoError(t, err)

	callers, err := client.DialContext(t.Context(), client.Options{HostPort: server.Address(), Namespace: "elsewhere"})
	require.NoError(t, err)
	t.Cleanup(callers.Close)
	call := func(ctx workflow.Context, name string) (out string, err error) {
		o := workflow.NexusOperationOptions{ScheduleToCloseTimeout: time.Minute}
		err = workflow.NewNexusClient("greetings", "greetings").ExecuteOperation(ctx, greeting, name, o).Get(ctx, &out)
		return out, err
	}
	c := worker.New(callers, "callers", worker.Options{})
	c.RegisterWorkflowWithOptions(call, workflow.RegisterOptions{Name: "call"})
	require.Eventually(t, func() bool { return c.Start() == nil }, time.Minute, 10*time.Millisecond, "the namespace is known soon")
	t.Cleanup(c.Stop)
	var run client.WorkflowRun
	require.Eventually(t, func() bool {
		run, err = callers.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: "callers"}, "call", "Ada")
		return err == nil
	}, time.Minute, 10*time.Millisecond)
	var out string
	require.NoError(t, run.Get(t.Context(), &out))
	require.Equal(t, "hello Ada", out)

	// A web page must not be able to list or start workflows.
	response, err := (&http.Client{Timeout: time.Minute}).Get("http://" + server.NexusAddress() + "/api/v1/namespaces/default/workflows")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusForbidden, response.StatusCode)
}
