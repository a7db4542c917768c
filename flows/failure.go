package flows

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/temporalkit"
)

// startFailure is the failure of a start that was given startWithin.
func (c *Client) startFailure(ctx, startCtx context.Context, err error) error {
	if err != nil && startCtx.Err() != nil && ctx.Err() == nil {
		return everlatch.Unavailable("Temporal", err)
	}
	if err != nil {
		return failure(err)
	}
	return nil
}

// failure turns an error of Temporal, or of a flow, into one of everlatch.
func failure(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	decoded := temporalkit.Decode(err)
	if _, ok := errors.AsType[*everlatch.Error](decoded); ok {
		return decoded
	}
	if _, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return &everlatch.Error{Code: everlatch.CodeConflict, Err: err}
	}
	if _, ok := errors.AsType[*temporal.WorkflowExecutionError](err); ok {
		// The flow gave up after its retries and has undone what it did.
		return everlatch.Unavailable("The service", err)
	}
	return everlatch.Unavailable("Temporal", err)
}
