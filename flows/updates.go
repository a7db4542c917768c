package flows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/workflows"
)

// update is a request to a flow, whose answer the caller waits for.
type update struct {
	flow       kind
	workflowID string
	// name is that of the update.
	name string
	arg  any
	// input, when not nil, starts the flow if it does not run; about completes it.
	input any
	about workflows.About
	// request is what the update is about, such as a token and what comes with it.
	// The same request again gets the first answer, also from a flow that is over.
	// Without one, each update is another.
	request []any
	// answer points to where the answer is kept.
	answer any
}

// A fault answers an update as well as a result does, and a retry would get it
// again. So the retry of a request whose answer was a fault is another update,
// which is numbered. A fault that took longer than knownWithin is news.
const (
	mostAttempts = 8
	knownWithin  = time.Second
)

// update sends an update and waits for its answer. A flow that is over and is not
// to be started is a [serviceerror.NotFound] in the error's chain.
func (c *Client) update(ctx context.Context, u update) error {
	waitCtx, cancel := c.answering(ctx)
	defer cancel()
	unlock, err := c.locks.lock(waitCtx, u.workflowID)
	if err != nil {
		return updateFailure(ctx, err)
	}
	defer unlock()
	for attempt := range mostAttempts {
		soon, stop := context.WithTimeout(waitCtx, knownWithin)
		err = c.send(waitCtx, u, attempt)
		known := soon.Err() == nil
		stop()
		if err == nil {
			return nil
		}
		if u.request == nil || !known || !isFault(err) {
			break
		}
	}
	return updateFailure(ctx, err)
}

func (c *Client) send(ctx context.Context, u update, attempt int) error {
	id, err := c.updateID(u, attempt)
	if err != nil {
		return err
	}
	o := client.UpdateWorkflowOptions{
		UpdateID: id, WorkflowID: u.workflowID, UpdateName: u.name, Args: []any{u.arg},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	}
	var handle client.WorkflowUpdateHandle
	if u.input == nil {
		handle, err = c.opts.Temporal.UpdateWorkflow(ctx, o)
	} else {
		start := c.flowOptions(ctx, u.flow, u.workflowID, u.input, u.about)
		handle, err = withAttributes(ctx, c, start, func(start client.StartWorkflowOptions) (client.WorkflowUpdateHandle, error) {
			return c.opts.Temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
				StartWorkflowOperation: c.opts.Temporal.NewWithStartWorkflowOperation(start, u.flow.workflow, u.input),
				UpdateOptions:          o,
			})
		})
	}
	if err != nil {
		return err
	}
	return handle.Get(ctx, u.answer)
}

// updateID is the same for the same request, and tells nothing about it. An empty
// one is made up by the SDK.
func (c *Client) updateID(u update, attempt int) (string, error) {
	if u.request == nil {
		return "", nil
	}
	raw, err := json.Marshal(u.request)
	if err != nil {
		return "", fmt.Errorf("marshal request: %w", err)
	}
	return workflows.RequestPrefix + c.opts.Ring.Hash("update", u.workflowID, u.name, strconv.Itoa(attempt), string(raw)), nil
}

// isFault reports an answer that says that the update broke down, as opposed to
// a refusal and to an answer that did not arrive.
func isFault(err error) bool {
	if e, ok := errors.AsType[*everlatch.Error](temporalkit.Decode(err)); ok {
		return e.Code == everlatch.CodeUnavailable || e.Code == everlatch.CodeInternal
	}
	_, app := errors.AsType[*temporal.ApplicationError](err)
	_, late := errors.AsType[*temporal.TimeoutError](err)
	_, cancelled := errors.AsType[*temporal.CanceledError](err)
	return app || late || cancelled
}

// reachableWithin is how long an update may take before Temporal is asked whether
// it can be reached at all. Both together stay below 3 s.
const (
	reachableWithin = 2 * time.Second
	probeWithin     = 700 * time.Millisecond
)

// answering bounds an update by answerWithin, and ends it earlier when Temporal
// cannot be reached: from here, an update that waits for others looks the same.
func (c *Client) answering(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	silent := time.AfterFunc(reachableWithin, func() {
		probe, done := context.WithTimeout(ctx, probeWithin)
		defer done()
		if _, err := c.opts.Temporal.CheckHealth(probe, &client.CheckHealthRequest{}); err != nil {
			cancel()
		}
	})
	return ctx, func() {
		silent.Stop()
		cancel()
	}
}

// updateFailure is the failure of an update: what the flow says, or that it did
// not answer in time.
func updateFailure(ctx context.Context, err error) error {
	late := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || isUpdateTimeout(err) || isGRPCTimeout(err)
	if ctx.Err() == nil && late {
		return everlatch.Unavailable("The service", err)
	}
	return failure(err)
}

func isUpdateTimeout(err error) bool {
	_, late := errors.AsType[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err)
	return late
}

func isGRPCTimeout(err error) bool {
	_, late := errors.AsType[*serviceerror.DeadlineExceeded](err)
	_, cancelled := errors.AsType[*serviceerror.Canceled](err)
	return late || cancelled
}
