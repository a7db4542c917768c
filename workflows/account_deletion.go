package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
)

// The moves of [AccountDeletion].
const (
	UpdateSchedule = "Schedule" // ScheduleDeletion -> ScheduledDeletion
	UpdateCancel   = "Cancel"   // CancelDeletion -> Outcome
)

// The outcomes of [AccountDeletion].
const (
	DeletionRemoved   = "removed"
	DeletionCancelled = "cancelled"
	// DeletionVoid is an execution that found nothing to do: the customer was gone
	// already, or nobody has asked for it.
	DeletionVoid = "void"
)

// AccountDeletionInput is the argument of [AccountDeletion].
type AccountDeletionInput struct {
	CustomerID string `json:"customer_id"`
	// At takes up a deletion that is noted, for then; the zero time waits for the
	// first move.
	At time.Time `json:"at,omitzero"`
}

// DeletionID is the id of the one execution for a customer.
func DeletionID(customerID string) string { return "account-deletion/" + customerID }

// ScheduleDeletion asks for the removal of the account.
type ScheduleDeletion struct {
	At      time.Time `json:"at"`
	EventID string    `json:"event_id"`
}

// ScheduledDeletion is a refusal or when the account will be removed.
type ScheduledDeletion = activities.ScheduleDeletionOutput

// CancelDeletion keeps the account.
type CancelDeletion struct {
	EventID string `json:"event_id"`
}

// AccountDeletion is the story of a customer who wants to be forgotten: asked
// for and mailed, and then cancelled by a sign-in, or done when the time is up.
//
// The API starts it with its first move. Who is to be removed when stands in the
// database; the dance puts the moves in a row and keeps the time. So a sign-in
// that meets the end either comes first, and the account stays, or comes last,
// and finds nobody. The removal is [RemoveCustomerAccount]: when it breaks down,
// all is as before, and it is tried again, for as long as it takes and nobody
// cancels. What hangs on the account elsewhere is [EraseAccount]'s to remove,
// which the removal starts.
func AccountDeletion(ctx workflow.Context, in AccountDeletionInput) (string, error) {
	d := &accountDeletion{in: in, turn: workflow.NewMutex(ctx), due: in.At, giveUpAt: workflow.Now(ctx).Add(firstMove)}
	if err := d.listen(ctx); err != nil {
		return "", err
	}
	for {
		moves := d.moves
		_, err := workflow.AwaitWithTimeout(ctx, d.next().Sub(workflow.Now(ctx)), func() bool { return d.moves > moves })
		if err != nil {
			return d.outcome, err
		}
		if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
			return d.outcome, err
		}
		if d.outcome == "" && !workflow.Now(ctx).Before(d.next()) {
			if err := d.end(ctx); err != nil {
				return d.outcome, err
			}
		}
		switch {
		case !workflow.AllHandlersFinished(ctx): // somebody came meanwhile
		case d.outcome != "":
			return d.outcome, nil
		case workflow.GetInfo(ctx).GetContinueAsNewSuggested():
			return "", workflow.NewContinueAsNewError(ctx, AccountDeletion, AccountDeletionInput{CustomerID: in.CustomerID, At: d.due})
		}
	}
}

// accountDeletion is the state of the dance. Who has the turn may change it.
type accountDeletion struct {
	in   AccountDeletionInput
	turn workflow.Mutex
	// due is when to remove the account; zero for never.
	due time.Time
	// giveUpAt is how long to wait for the first move.
	giveUpAt time.Time
	moves    int
	failures int
	outcome  string
}

// next is when the dance acts by itself.
func (d *accountDeletion) next() time.Time {
	if d.due.IsZero() {
		return d.giveUpAt
	}
	return d.due
}

func (d *accountDeletion) listen(ctx workflow.Context) error {
	if err := workflow.SetUpdateHandler(ctx, UpdateSchedule, d.schedule); err != nil {
		return err
	}
	return workflow.SetUpdateHandler(ctx, UpdateCancel, d.cancel)
}

// take waits for the turn and returns the function that passes it on.
func (d *accountDeletion) take(ctx workflow.Context) (pass func(), err error) {
	if err := d.turn.Lock(ctx); err != nil {
		return nil, err
	}
	return func() {
		d.moves++
		d.turn.Unlock()
	}, nil
}

// schedule notes when the account is to be removed. Asked again, it gives the
// same answer.
func (d *accountDeletion) schedule(ctx workflow.Context, in ScheduleDeletion) (out ScheduledDeletion, err error) {
	pass, err := d.take(ctx)
	if err != nil {
		return out, err
	}
	defer pass()
	out, err = durableStep(ctx, deletions.ScheduleDeletion, activities.ScheduleDeletionInput{
		CustomerID: d.in.CustomerID, At: in.At, EventID: in.EventID, GroupID: groupID(ctx),
	})
	if err != nil {
		return out, err
	}
	if out.Refusal != nil {
		d.over(DeletionVoid)
		return out, nil
	}
	d.due, d.outcome, d.failures = out.At, "", 0
	return out, releaseEvents(ctx)
}

// cancel keeps the account, or says that it is too late.
func (d *accountDeletion) cancel(ctx workflow.Context, in CancelDeletion) (out Outcome, err error) {
	pass, err := d.take(ctx)
	if err != nil {
		return out, err
	}
	defer pass()
	cancelled, err := durableStep(ctx, deletions.CancelDeletion, activities.CancelDeletionInput{
		CustomerID: d.in.CustomerID, EventID: in.EventID, GroupID: groupID(ctx),
	})
	if err != nil {
		return out, err
	}
	if out.Refusal = cancelled.Refusal; out.Refusal != nil {
		d.over(DeletionVoid)
		return out, nil
	}
	d.over(DeletionCancelled)
	return out, releaseEvents(ctx)
}

func (d *accountDeletion) over(outcome string) {
	if d.outcome == "" {
		d.outcome = outcome
	}
}

// end removes the account, if it is still to be removed and it is time.
func (d *accountDeletion) end(ctx workflow.Context) error {
	pass, err := d.take(ctx)
	if err != nil {
		return err
	}
	defer pass()
	if d.outcome != "" || workflow.Now(ctx).Before(d.next()) { // somebody was faster
		return nil
	}
	noted, err := run(workflow.WithActivityOptions(ctx, mandatoryStepOptions), deletions.FindDeletion,
		activities.FindDeletionInput{CustomerID: d.in.CustomerID})
	switch {
	case err != nil:
		return err
	case noted.At.IsZero():
		d.outcome = DeletionVoid
		return nil
	case noted.At.After(workflow.Now(ctx)):
		d.due = noted.At
		return nil
	}
	if err := d.remove(ctx); err != nil {
		return d.postpone(ctx, err)
	}
	d.outcome = DeletionRemoved
	return nil
}

func (d *accountDeletion) remove(ctx workflow.Context) error {
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: RemovalID(everlatch.ActorCustomer, d.in.CustomerID),
	})
	in := RemoveAccountInput{ActorID: d.in.CustomerID, Requested: true}
	var out Outcome
	if err := workflow.ExecuteChildWorkflow(ctx, RemoveCustomerAccount, in).Get(ctx, &out); err != nil {
		return err
	}
	if out.Refusal != nil {
		return out.Refusal.Err()
	}
	return nil
}

// How long after a removal that broke down the next is tried. The time doubles.
const (
	firstPause = 10 * time.Second
	lastPause  = time.Hour
)

// postpone tries again later what has broken down, or what somebody else, such
// as an administrator, was just about to do. Until then a sign-in may cancel it.
func (d *accountDeletion) postpone(ctx workflow.Context, cause error) error {
	if temporal.IsCanceledError(cause) || errors.Is(ctx.Err(), workflow.ErrCanceled) {
		return cause
	}
	workflow.GetLogger(ctx).Warn("a removal has broken down and will be tried again", "error", cause)
	pause := min(firstPause<<min(d.failures, 10), lastPause)
	d.failures++
	d.due = workflow.Now(ctx).Add(pause)
	return nil
}
