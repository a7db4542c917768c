package flows

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/workflows"
)

// releasedAtOnce bounds how many flows one call of Release looks at.
const releasedAtOnce = 200

// Release lets flows go on that stay with a version without workers: they are upgraded to
// the current one. It does so for our own, of which every version can go on with what an
// earlier one has begun, and leaves custom workflows alone. It returns how many it has
// released.
func (d *Deployment) Release(ctx context.Context) (int, error) {
	versions, err := d.Versions(ctx)
	if err != nil {
		return 0, err
	}
	var released int
	var problems []error
	for _, v := range versions {
		if v.Status == VersionCurrent || v.Status == VersionRamping || v.Pinned == 0 {
			continue
		}
		for _, q := range []struct{ name, queue string }{
			{QueueInteractive, d.TaskQueue}, {QueueDeliveries, workflows.DeliveriesQueue(d.TaskQueue)},
		} {
			if slices.Contains(v.Polled, q.name) {
				continue
			}
			n, err := d.release(ctx, d.pinnedTo(v.BuildID)+" AND TaskQueue = "+quoted(q.queue))
			released += n
			problems = append(problems, err)
		}
	}
	return released, errors.Join(problems...)
}

func (d *Deployment) release(ctx context.Context, query string) (released int, err error) {
	list, err := d.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: releasedAtOnce})
	if err != nil {
		return 0, fmt.Errorf("list flows of a version: %w", err)
	}
	var problems []error
	for _, e := range list.GetExecutions() {
		if workflows.Versioning(e.GetType().GetName()) != workflow.VersioningBehaviorPinned {
			continue
		}
		_, err := d.Temporal.UpdateWorkflowExecutionOptions(ctx, client.UpdateWorkflowExecutionOptionsRequest{
			WorkflowId: e.GetExecution().GetWorkflowId(), RunId: e.GetExecution().GetRunId(),
			WorkflowExecutionOptionsChanges: client.WorkflowExecutionOptionsChanges{
				VersioningOverride: &client.VersioningOverrideChange{Value: &client.AutoUpgradeVersioningOverride{}},
			},
		})
		if _, ended := errors.AsType[*serviceerror.NotFound](err); ended {
			continue
		}
		if err == nil {
			released++
		}
		problems = append(problems, err)
	}
	return released, errors.Join(problems...)
}
