package flows

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// Request is what hooks are told about an HTTP request.
type Request struct {
	everlatch.HookRequest

	// AdditionalData is the field of the body that is meant for hooks.
	AdditionalData everlatch.Metadata
}

type requestKey struct{}

// WithRequest returns a context that tells the flows started with it about their
// request. f is called only for a flow that has hooks.
func WithRequest(ctx context.Context, f func() Request) context.Context {
	return context.WithValue(ctx, requestKey{}, f)
}

// RequestOf returns what [WithRequest] has put into a context, nothing for another
// one.
func RequestOf(ctx context.Context) Request {
	if f, ok := ctx.Value(requestKey{}).(func() Request); ok {
		return f()
	}
	return Request{}
}

// PendingError says that a flow goes on and waits for a hook, such as the approval
// by an administrator. What becomes of it is told by events and mails, and to the
// same request with the same Idempotency-Key.
type PendingError struct {
	// FlowID is the workflow id.
	FlowID string
	Point  everlatch.HookPoint
	// Since is when the flow began to wait.
	Since time.Time
}

func (e *PendingError) Error() string { return "the flow waits for a hook: " + string(e.Point) }

// Hook returns the handle of a hook that is a workflow, while the flow of this id
// waits for it. name is that of the function, or of app.HookName.
func (c *Client) Hook(ctx context.Context, flowID string, point everlatch.HookPoint, name string) Run {
	return c.Run(ctx, workflows.HookID(flowID, point, workflows.HookPrefix+name))
}

// hooks are those of some points, for the input of a flow; nil is none.
func (c *Client) hooks(ctx context.Context, points ...everlatch.HookPoint) *workflows.Hooks {
	set := c.opts.Hooks.At(points...)
	if set == nil {
		return nil
	}
	r := RequestOf(ctx)
	return &workflows.Hooks{Set: set, Request: r.HookRequest, AdditionalData: r.AdditionalData}
}

// hookData are the parts of a request's fingerprint that are for hooks: what decides
// about a request belongs to it. Hardly any request has some.
func hookData(ctx context.Context, key string) []any {
	if key == "" {
		return nil
	}
	if data := RequestOf(ctx).AdditionalData; len(data) > 0 {
		return []any{data}
	}
	return nil
}

const (
	// hookedWithin ends a flow whose hooks may wait, long after the last of them is
	// out of time.
	hookedWithin = 400 * 24 * time.Hour
	// firstLook is when a caller is told that a flow waits.
	firstLook = 1500 * time.Millisecond
)

// mayWait reports whether hooks of a flow may take longer than its caller waits.
func mayWait(h *workflows.Hooks) bool { return h != nil && h.Set.MayWait() }

// awaited waits for the result of a flow, or until it waits for a hook.
func (c *Client) awaited(ctx context.Context, run client.WorkflowRun, fingerprint string, out any) error {
	for {
		look, cancel := context.WithTimeout(ctx, firstLook)
		err := run.Get(look, out)
		// The connection knows of the deadline, and may be earlier than the context.
		late := look.Err() != nil || errors.Is(err, context.DeadlineExceeded) || isGRPCTimeout(err)
		cancel()
		if err == nil || !late || ctx.Err() != nil {
			return err
		}
		pending, err := c.waiting(ctx, run, fingerprint)
		if pending != nil || err != nil {
			return errors.Join(err, pendingOrNil(pending))
		}
	}
}

func pendingOrNil(p *PendingError) error {
	if p == nil {
		return nil
	}
	return p
}

// waiting asks a flow whether it waits for a hook. That it does not answer now is
// no error.
func (c *Client) waiting(ctx context.Context, run client.WorkflowRun, fingerprint string) (*PendingError, error) {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	answer, err := c.opts.Temporal.QueryWorkflow(ctx, run.GetID(), run.GetRunID(), workflows.QueryWaiting)
	if err != nil {
		return nil, nil //nolint:nilnil // the caller looks again
	}
	var w workflows.Waiting
	if err := answer.Get(&w); err != nil || w.Point == "" {
		return nil, nil //nolint:nilnil // the caller looks again
	}
	if err := sameRequest(fingerprint, w.Fingerprint); err != nil {
		return nil, err
	}
	return &PendingError{FlowID: run.GetID(), Point: w.Point, Since: w.Since}, nil
}
