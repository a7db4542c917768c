package main

import (
	"cmp"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
)

// decideWithin is how long a sign-up waits for a decision.
const decideWithin = 7 * 24 * time.Hour

// Decision is what an administrator says about a sign-up.
type Decision struct {
	Approve bool   `json:"approve"`
	Reason  string `json:"reason"`
}

// ApproveSignUp holds the account of a customer until an administrator decides. It
// is a workflow: if a process dies while it waits, another one goes on waiting. The
// user is told by mail that the account waits, and what was decided.
func ApproveSignUp(ctx workflow.Context, in everlatch.HookInput) error {
	if in.ActorType != everlatch.ActorCustomer {
		return nil // administrators are invited
	}
	var d Decision
	decided, _ := workflow.GetSignalChannel(ctx, "decision").ReceiveWithTimeout(ctx, decideWithin, &d)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !decided:
		return refuse("There was no decision within a week. Sign up again.")
	case !d.Approve:
		return refuse(cmp.Or(d.Reason, "We can't open an account for you."))
	}
	return nil
}

// refuse is what the caller of the flow gets: 403, with this message.
func refuse(message string) error {
	return &everlatch.Error{Code: everlatch.CodeForbidden, Message: message}
}
