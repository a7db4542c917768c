package flows

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// Inspection is what an operator wants to know of the Temporal namespace of an
// installation.
type Inspection struct {
	// Server is the version of the Temporal server, "" where it does not say.
	Server string
	// Retention is how long the namespace keeps finished workflows, 0 where the credentials
	// do not reach so far.
	Retention time.Duration
	// MissingAttributes are search attributes that the namespace lacks. Attributes says why
	// they are not known, or that one exists with another type.
	MissingAttributes []string
	Attributes        error
	// Queues are the task queues that workers poll.
	Queues []QueueInspection
}

// QueueInspection is one task queue.
type QueueInspection struct {
	// Name is that of worker.queues, Queue the name in Temporal.
	Name, Queue string
	// Workers are the identities of the workers that have polled it within 90 seconds, and
	// Builds their versions, without those that have none.
	Workers, Builds []string
	// LastPoll is the last poll by Temporal's clock, zero without any.
	LastPoll time.Time
	// Partitions is how many Temporal spreads the queue over, 0 where it does not say.
	Partitions int
}

// InspectOptions say where to look.
type InspectOptions struct {
	Namespace, TaskQueue string
	Now                  func() time.Time
}

// Inspect asks Temporal about a namespace, without changing it. The error is Temporal's own:
// that it is away, that there is no such namespace, or that the credentials do not reach it.
func Inspect(ctx context.Context, c client.Client, o InspectOptions) (out Inspection, err error) {
	service := c.WorkflowService()
	described, err := service.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: o.Namespace})
	if _, denied := errors.AsType[*serviceerror.PermissionDenied](err); err != nil && !denied {
		return out, err
	}
	out.Retention = described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	if info, err := service.GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{}); err == nil {
		out.Server = info.GetServerVersion()
	}
	found, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: o.Namespace})
	if err != nil {
		out.Attributes = err
	} else {
		var missing map[string]enumspb.IndexedValueType
		missing, _, out.Attributes = compareAttributes(found.GetCustomAttributes())
		out.MissingAttributes = slices.Sorted(maps.Keys(missing))
	}
	for _, q := range polledQueues(o.TaskQueue) {
		inspected, err := inspectQueue(ctx, service, o, q)
		if err != nil {
			return out, err
		}
		out.Queues = append(out.Queues, inspected)
	}
	return out, nil
}

func inspectQueue(ctx context.Context, service workflowservice.WorkflowServiceClient, o InspectOptions, q polledQueue) (QueueInspection, error) {
	out := QueueInspection{Name: q.name, Queue: q.queue}
	queue := &taskqueuepb.TaskQueue{Name: q.queue}
	described, err := service.DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace: o.Namespace, TaskQueue: queue, TaskQueueType: q.kind,
	})
	if err != nil {
		return out, err
	}
	since := o.Now().Add(-pollsWithin)
	for _, poller := range described.GetPollers() {
		at := poller.GetLastAccessTime().AsTime()
		if at.After(out.LastPoll) {
			out.LastPoll = at
		}
		if !at.After(since) {
			continue
		}
		out.Workers = append(out.Workers, poller.GetIdentity())
		if d := poller.GetDeploymentOptions(); d.GetWorkerVersioningMode() == enumspb.WORKER_VERSIONING_MODE_VERSIONED {
			out.Builds = append(out.Builds, d.GetBuildId())
		}
	}
	for _, list := range []*[]string{&out.Workers, &out.Builds} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	// Only a hint hangs on it, and not every cluster answers.
	parts, err := service.ListTaskQueuePartitions(ctx, &workflowservice.ListTaskQueuePartitionsRequest{Namespace: o.Namespace, TaskQueue: queue})
	if err == nil {
		out.Partitions = max(len(parts.GetWorkflowTaskQueuePartitions()), len(parts.GetActivityTaskQueuePartitions()))
	}
	return out, nil
}
