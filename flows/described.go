package flows

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch/workflows"
)

// described completes the options of a start by what Temporal's UI shows of the
// execution, and by the search attributes that it is found by. more is what the
// argument does not tell.
func (c *Client) described(
	ctx context.Context, o client.StartWorkflowOptions, workflow, input any, more workflows.About,
) client.StartWorkflowOptions {
	more.RequestID = RequestID(ctx)
	d := workflows.Describe(workflow, input, more)
	o.StaticSummary, o.StaticDetails = d.Summary, d.Details
	if c.attributes.usable(c.opts.Now()) {
		o.TypedSearchAttributes = d.Attributes
	}
	return o
}

// subject is the keyed hash of an address, the same in every flow that is about it.
func (c *Client) subject(address string) string {
	if address == "" {
		return ""
	}
	return "h:" + c.opts.Ring.Hash("subject", address)
}

type requestIDKey struct{}

// WithRequestID returns a context that tells the flows started with it the id of their
// request, by which support finds them.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID is what [WithRequestID] has put into a context, "" for another one.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// attributesAgain is how soon search attributes are tried again in a namespace that did
// not know them.
const attributesAgain = time.Minute

// attributes says whether the namespace knows our search attributes. One that does not
// refuses every start that has some: sign-ins go on without, and are not found by them.
type attributes struct {
	// until is when they are tried again, in Unix nanoseconds; 0 while they work.
	until atomic.Int64
}

func (a *attributes) usable(now time.Time) bool { return now.UnixNano() >= a.until.Load() }

// withAttributes calls start with the options, and once more without search attributes
// if Temporal refuses them.
func withAttributes[R any](ctx context.Context, c *Client, o client.StartWorkflowOptions, start func(client.StartWorkflowOptions) (R, error)) (R, error) {
	out, err := start(o)
	refused, _ := errors.AsType[*serviceerror.InvalidArgument](err)
	if refused == nil || o.TypedSearchAttributes.Size() == 0 {
		return out, err
	}
	o.TypedSearchAttributes = temporal.SearchAttributes{}
	out, again := start(o)
	if _, same := errors.AsType[*serviceerror.InvalidArgument](again); same {
		return out, again // it was something else
	}
	now := c.opts.Now()
	if c.attributes.usable(now) && c.opts.Log != nil {
		c.opts.Log.WarnContext(ctx, "the namespace does not know Everlatch's search attributes: run `everlatch temporal setup`. "+
			"Until then, flows are not found by identity, address or outcome", slog.Any("error", err))
	}
	c.attributes.until.Store(now.Add(attributesAgain).UnixNano())
	return out, again
}
