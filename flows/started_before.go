package flows

import (
	"context"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// Past are the executions of an installation that were started before a time and that Temporal
// still has: whose payloads may be sealed with a key that was replaced then.
type Past struct {
	// Open have not ended.
	Open, Closed int64
	// Until is when the retention of the namespace has deleted those that have ended, zero
	// where there are none or the credentials do not reach its settings.
	Until time.Time
}

// StartedBefore counts the executions that were started before a time. It reads no payload, so
// that the client needs no key.
func StartedBefore(ctx context.Context, c client.Client, o InspectOptions, before time.Time) (out Past, err error) {
	query := "StartTime < " + quoted(before.UTC().Format(time.RFC3339)) + " AND " + ofInstallation(o.TaskQueue)
	const open, closed = " AND ExecutionStatus = 'Running'", " AND ExecutionStatus != 'Running'"
	for where, count := range map[string]*int64{open: &out.Open, closed: &out.Closed} {
		found, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: o.Namespace, Query: query + where})
		if err != nil {
			return out, failure(err)
		}
		*count = found.GetCount()
	}
	if out.Closed == 0 {
		return out, nil
	}
	// Temporal lists what has ended last first.
	last, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: o.Namespace, Query: query + closed, PageSize: 1})
	if err != nil {
		return out, failure(err)
	}
	described, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: o.Namespace})
	retention := described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	if err == nil && retention > 0 && len(last.GetExecutions()) > 0 {
		out.Until = last.GetExecutions()[0].GetCloseTime().AsTime().Add(retention)
	}
	return out, nil
}
