package workflows

import (
	"errors"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
)

// QueryErasure asks an [EraseAccount] how far it is.
const QueryErasure = "Progress" // nothing -> ErasureProgress

// ErasureID is the id of the one execution for an account.
func ErasureID(actorType, actorID string) string { return "erase-account/" + actorType + "/" + actorID }

// EraseAccountInput is the argument of [EraseAccount].
type EraseAccountInput struct {
	Erasure everlatch.Erasure `json:"erasure"`
	// Requested says that the account's owner asked for it: nothing is kept of them then,
	// and they are told. What an administrator removed is kept, hidden, for
	// deletion.retention.
	Requested bool `json:"requested,omitempty"`
}

// Confirmation says when one eraser confirmed that it keeps nothing about a person any more.
type Confirmation = activities.Confirmation

// ErasureProgress is who has confirmed, in the order in which they did, and who
// has not.
type ErasureProgress struct {
	Confirmed []Confirmation `json:"confirmed"`
	Waiting   []string       `json:"waiting"`
}

// erasing is for one eraser. A run that hangs is given up after an hour, one
// whose process has died soon, and another one follows, for ever.
var erasing = workflow.ActivityOptions{
	StartToCloseTimeout: time.Hour,
	HeartbeatTimeout:    30 * time.Second,
	RetryPolicy:         endlessly(backoff(time.Second, 10*time.Minute)),
}

// EraseAccount has every eraser remove what it keeps about a person whose
// account is gone, and then removes what is left here. It ends with a receipt
// that says who has confirmed when, and names no person.
//
// The removal of an account starts it, and does not wait. Erasers are called side
// by side, so that one that is down delays only the receipt. There is one
// execution for each account.
func EraseAccount(ctx workflow.Context, in EraseAccountInput) (ErasureProgress, error) {
	var state ErasureProgress
	if err := workflow.SetQueryHandler(ctx, QueryErasure, func() (ErasureProgress, error) { return state, nil }); err != nil {
		return state, err
	}
	listed, err := run(workflow.WithActivityOptions(ctx, mandatoryStepOptions), erasures.ListErasers, activities.None{})
	if err != nil {
		return state, err
	}
	state.Waiting = slices.Clone(listed.Names)
	if err := state.confirm(ctx, listed.Names, in.Erasure); err != nil {
		return state, err
	}
	names, err := newNames(ctx)
	if err != nil {
		return state, err
	}
	_, err = mandatoryStep(ctx, erasures.FinishErasure, activities.FinishErasureInput{
		Erasure: in.Erasure, Confirmed: state.Confirmed, Requested: in.Requested, EventID: names.EventID, GroupID: groupID(ctx),
	})
	if err != nil {
		return state, err
	}
	return state, conclude(ctx, OutcomeDone, About{})
}

// confirm waits until every eraser has confirmed.
func (p *ErasureProgress) confirm(ctx workflow.Context, names []string, e everlatch.Erasure) error {
	waiting := workflow.NewSelector(ctx)
	var failed error
	for _, name := range names {
		options := erasing
		options.Summary = "Erase at " + name
		erased := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), erasures.Erase, activities.EraseInput{Eraser: name, Erasure: e}) //nolint:forbidigo // run would wait; the types are those of Erase
		waiting.AddFuture(erased, func(f workflow.Future) {
			var out activities.EraseOutput
			if err := f.Get(ctx, &out); err != nil {
				failed = errors.Join(failed, err)
				return
			}
			p.Confirmed = append(p.Confirmed, Confirmation{Name: name, ConfirmedAt: out.ConfirmedAt})
			p.Waiting = slices.DeleteFunc(p.Waiting, func(n string) bool { return n == name })
		})
	}
	for range names {
		waiting.Select(ctx)
	}
	return failed
}

// startErasing starts what follows on a removal, unless it is under way already.
// It does so also when the removal was cancelled: the account is gone by then.
func startErasing(ctx workflow.Context, in EraseAccountInput) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	ctx = describedChild(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:        ErasureID(in.Erasure.ActorType, in.Erasure.ActorID),
		TaskQueue:         DeliveriesQueue(mainQueue(ctx)),
		ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
	}, EraseAccount, in)
	return started(ctx, workflow.ExecuteChildWorkflow(ctx, EraseAccount, in))
}

// started waits until a child has started, or is found to run already.
func started(ctx workflow.Context, child workflow.ChildWorkflowFuture) error {
	err := child.GetChildWorkflowExecution().Get(ctx, nil)
	if _, running := errors.AsType[*temporal.ChildWorkflowExecutionAlreadyStartedError](err); running {
		return nil
	}
	return err
}
