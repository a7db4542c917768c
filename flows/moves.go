package flows

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
)

// move is an update of a dance, whose answer somebody waits for.
type move struct {
	// dance is the id of the execution.
	dance string
	// name is that of the update.
	name string
	args []any
	// answer points to where the answer is kept.
	answer any
}

func (m move) options() client.UpdateWorkflowOptions {
	return client.UpdateWorkflowOptions{
		WorkflowID: m.dance, UpdateName: m.name, Args: m.args, WaitForStage: client.WorkflowUpdateStageCompleted,
	}
}

// move makes a move of a dance that was started before. A dance that is over is
// a [serviceerror.NotFound] in the error's chain.
func (c *Client) move(ctx context.Context, m move) error {
	return c.inTurn(ctx, m, func(ctx context.Context) (client.WorkflowUpdateHandle, error) {
		return c.opts.Temporal.UpdateWorkflow(ctx, m.options())
	})
}

// moveFirst makes a move of a dance that may have to be started for it.
func (c *Client) moveFirst(ctx context.Context, start client.WithStartWorkflowOperation, m move) error {
	return c.inTurn(ctx, m, func(ctx context.Context) (client.WorkflowUpdateHandle, error) {
		return c.opts.Temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
			StartWorkflowOperation: start, UpdateOptions: m.options(),
		})
	})
}

func (c *Client) inTurn(ctx context.Context, m move, send func(context.Context) (client.WorkflowUpdateHandle, error)) error {
	waitCtx, cancel := c.moving(ctx)
	defer cancel()
	pass, err := c.turns.take(waitCtx, m.dance)
	if err != nil {
		return moveFailure(ctx, err)
	}
	defer pass()
	handle, err := send(waitCtx)
	if err == nil {
		err = handle.Get(waitCtx, m.answer)
	}
	if err != nil {
		return moveFailure(ctx, err)
	}
	return nil
}

// reachableWithin is how long a move may be silent before the question whether
// Temporal is there at all. Both together stay below 3 s.
const (
	reachableWithin = 2 * time.Second
	probeWithin     = 700 * time.Millisecond
)

// moving bounds a move by answerWithin, and ends it earlier when Temporal turns
// out to be away: a move that waits for its turn looks the same from here.
func (c *Client) moving(ctx context.Context) (context.Context, context.CancelFunc) {
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

// moveFailure is the failure of an update: what the dance says, or that it did
// not answer in time.
func moveFailure(ctx context.Context, err error) error {
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
