package flows

import (
	"context"
	"errors"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

const (
	// readinessFor is how long an answer about readiness is given again, so that
	// probes cost Temporal nothing; unreadinessFor is the same for an answer that says
	// that something is missing, which may be there in a moment.
	readinessFor   = time.Second
	unreadinessFor = 100 * time.Millisecond
	// readinessWithin bounds the question.
	readinessWithin = 2 * time.Second
	// pollsWithin is how recent the last poll of a worker is that still runs: a poll
	// lasts a minute when there is no work.
	pollsWithin = 90 * time.Second
)

// The task queues, in the words of worker.queues.
const (
	QueueInteractive = "interactive"
	QueueSlow        = "slow"
	QueueDeliveries  = "deliveries"
)

// Readiness says what flows need and do not have. Its zero value says that all is
// there.
type Readiness struct {
	// Temporal is why Temporal does not answer, as [everlatch.CodeUnavailable].
	Temporal error
	// Namespace is set when Temporal answers and has no such namespace.
	Namespace error
	// Unserved are the queues that no worker polls. A worker that has died counts for
	// another minute and a half.
	Unserved []string
}

// readiness is the last answer.
type readiness struct {
	mu    sync.Mutex
	known Readiness
	until time.Time
}

// Readiness asks Temporal whether flows can run. Its answer may be up to a second
// old.
func (c *Client) Readiness(ctx context.Context) Readiness {
	r := &c.ready
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := c.opts.Now(); now.Before(r.until) {
		return r.known
	}
	// One caller who gives up must not decide for the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readinessWithin)
	defer cancel()
	r.known = c.askReadiness(ctx)
	lasts := readinessFor
	if r.known.Temporal != nil || r.known.Namespace != nil || len(r.known.Unserved) > 0 {
		lasts = unreadinessFor
	}
	r.until = c.opts.Now().Add(lasts)
	return r.known
}

// polledQueue is a task queue that a worker has to poll.
type polledQueue struct {
	name, queue string
	kind        enumspb.TaskQueueType
}

// polledQueues are those of an installation, by its first one.
func polledQueues(queue string) []polledQueue {
	return []polledQueue{
		{QueueInteractive, queue, enumspb.TASK_QUEUE_TYPE_WORKFLOW},
		{QueueSlow, workflows.SlowQueue(queue), enumspb.TASK_QUEUE_TYPE_ACTIVITY},
		{QueueDeliveries, workflows.DeliveriesQueue(queue), enumspb.TASK_QUEUE_TYPE_WORKFLOW},
	}
}

func (c *Client) askReadiness(ctx context.Context) (out Readiness) {
	for _, q := range polledQueues(c.opts.TaskQueue) {
		polled, err := c.isPolled(ctx, q.queue, q.kind)
		if _, absent := errors.AsType[*serviceerror.NamespaceNotFound](err); absent {
			return Readiness{Namespace: everlatch.Unavailable("The namespace of Temporal", err)}
		}
		if err != nil {
			return Readiness{Temporal: everlatch.Unavailable("Temporal", err)}
		}
		if !polled {
			out.Unserved = append(out.Unserved, q.name)
		}
	}
	return out
}

// isPolled reports that a worker has polled a queue within pollsWithin.
func (c *Client) isPolled(ctx context.Context, queue string, kind enumspb.TaskQueueType) (bool, error) {
	described, err := c.opts.Temporal.DescribeTaskQueue(ctx, queue, kind)
	if err != nil {
		return false, err
	}
	since := c.opts.Now().Add(-pollsWithin)
	for _, poller := range described.GetPollers() {
		if poller.GetLastAccessTime().AsTime().After(since) {
			return true, nil
		}
	}
	return false, nil
}
