package flows

import (
	"context"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch/workflows"
)

// kind is one kind of long flow. The file of each flow says what its kind is.
type kind struct {
	// name begins the workflow ids of the kind.
	name     string
	workflow any
	// running and closed say what a start does when an execution with the same id
	// runs, or has closed.
	running enumspb.WorkflowIdConflictPolicy
	closed  enumspb.WorkflowIdReusePolicy
}

// shared is a kind with one execution at a time for each account, identifier or
// invite, which everyone who means the same one finds.
func shared(name string, workflow any) kind {
	return kind{
		name: name, workflow: workflow,
		running: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		closed:  enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}
}

func (k kind) id(parts ...string) string { return k.name + "/" + strings.Join(parts, "/") }

// flowOptions are the start options of an execution of a kind with this input, and with
// what more is known about it.
func (c *Client) flowOptions(ctx context.Context, k kind, id string, input any, more workflows.About) client.StartWorkflowOptions {
	return c.described(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: c.opts.TaskQueue, WorkflowTaskTimeout: workflowTaskTimeout,
		WorkflowIDConflictPolicy: k.running, WorkflowIDReusePolicy: k.closed,
	}, k.workflow, input, more)
}

// signalled starts a flow of a kind with a signal, or signals the one that runs.
func (c *Client) signalled(ctx context.Context, k kind, o client.StartWorkflowOptions, signal string, arg, input any) error {
	_, err := withAttributes(ctx, c, o, func(o client.StartWorkflowOptions) (client.WorkflowRun, error) {
		return c.opts.Temporal.SignalWithStartWorkflow(ctx, o.ID, signal, arg, o, k.workflow, input)
	})
	return err
}
