package flows

import (
	"context"
	"time"

	"go.temporal.io/api/workflowservice/v1"
)

// CountStartedBefore counts the executions of this installation that were started before a time,
// running or closed, as long as Temporal keeps them: whose payloads may be sealed with a key that
// was replaced then.
func (c *Client) CountStartedBefore(ctx context.Context, before time.Time) (int64, error) {
	found, err := c.opts.Temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Query: "StartTime < " + quoted(before.UTC().Format(time.RFC3339)) + " AND " + c.query(FlowFilter{}),
	})
	if err != nil {
		return 0, failure(err)
	}
	return found.GetCount(), nil
}
