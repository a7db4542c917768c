package workflows

import (
	"cmp"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// How an execution ends that says no outcome of its own.
const (
	EndSucceeded = "succeeded"
	EndCancelled = "cancelled"
	// EndFailed is an execution that gave up.
	EndFailed = "failed"
)

// Ending is where a flow notes its outcome, which is a search attribute as well.
type Ending struct{ outcome string }

type endingKey struct{}

// WithEnding returns a context whose flow notes its outcome, for an interceptor.
func WithEnding(ctx workflow.Context) (workflow.Context, *Ending) {
	e := &Ending{}
	return workflow.WithValue(ctx, endingKey{}, e), e
}

func noteOutcome(ctx workflow.Context, outcome string) {
	if e, ok := ctx.Value(endingKey{}).(*Ending); ok {
		e.outcome = outcome
	}
}

// Outcome is one word for how an execution has ended, given its error. The words are few.
func (e *Ending) Outcome(err error) string {
	switch {
	case temporal.IsCanceledError(err):
		return EndCancelled
	case err != nil:
		return EndFailed
	}
	return cmp.Or(e.outcome, EndSucceeded)
}
