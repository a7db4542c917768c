package flows

import (
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
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

// flowOptions are the start options of an execution of a kind.
func (c *Client) flowOptions(k kind, id string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: id, TaskQueue: c.opts.TaskQueue, WorkflowTaskTimeout: workflowTaskTimeout,
		WorkflowIDConflictPolicy: k.running, WorkflowIDReusePolicy: k.closed,
	}
}
