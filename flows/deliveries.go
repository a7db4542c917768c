package flows

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/workflows"
)

// Deliver starts the flow that tells a subscriber about an event, unless it
// was started before: the same delivery of the same generation is one flow.
func (c *Client) Deliver(ctx context.Context, d everlatch.Delivery, retry workflows.DeliveryRetry) error {
	in := workflows.DeliverEventInput{Retry: retry}
	in.EventID, in.Subscriber, in.Generation = d.EventID, d.Subscriber, d.Generation
	return c.startOnce(ctx, c.DeliveryFlowID(d), workflows.DeliverEvent, in)
}

// DeliveryFlowID is the id of the flow of a delivery. Ids of published events are their
// programs' choice: two installations may have the same.
func (c *Client) DeliveryFlowID(d everlatch.Delivery) string {
	return temporalkit.OwnedID(fmt.Sprintf("deliver-event/%s/%s/%d", d.EventID, d.Subscriber, d.Generation), c.opts.Installation)
}

// EventFlowID is the id of the workflow that a subscription starts for an event,
// under which [Client.Run] finds it. It names the installation, because the ids of
// published events are the choice of their programs.
func (c *Client) EventFlowID(workflow, subscription, eventID string) string {
	return temporalkit.OwnedID(workflow+"/"+subscription+"/"+eventID, c.opts.Installation)
}

func (c *Client) startOnce(ctx context.Context, id string, workflow, input any) error {
	startCtx, cancel := starting(ctx)
	defer cancel()
	o := c.described(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: workflows.DeliveriesQueue(c.opts.TaskQueue),
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		EnableEagerStart:                         c.eager(workflow),
	}, workflow, input, workflows.About{})
	_, err := withAttributes(ctx, c, o, func(o client.StartWorkflowOptions) (client.WorkflowRun, error) {
		return c.opts.Temporal.ExecuteWorkflow(startCtx, o, workflow, input)
	})
	if _, started := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); started {
		return nil
	}
	return c.startFailure(ctx, startCtx, err)
}
