package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
)

// The updates of [AccountDeletion].
const (
	UpdateSchedule = "Schedule" // ScheduleDeletion -> ScheduledDeletion
	UpdateCancel   = "Cancel"   // CancelDeletion -> Outcome
)

// The outcomes of [AccountDeletion].
const (
	DeletionRemoved   = "removed"
	DeletionCancelled = "cancelled"
	// DeletionVoid is an execution that found nothing to do: the customer was gone
	// already, or was not to be removed.
	DeletionVoid = "void"
)

// AccountDeletionInput is the argument of [AccountDeletion].
type AccountDeletionInput struct {
	CustomerID string `json:"customer_id"`
	// At restores a stored deletion, for that time; the zero time waits for the
	// first request.
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
	// KeptBy is who keeps it, nil for a sign-in of the customer.
	KeptBy *everlatch.ActorRef `json:"kept_by,omitempty"`
}

// AccountDeletion is the flow of a customer who wants to be forgotten: asked
// for and mailed, and then cancelled by a sign-in, or done when the time is up.
//
// The API starts it with its first update. Who is to be removed when is stored in
// the database; the flow handles one update at a time and keeps the time. A sign-in
// that meets the end either comes first, and the account stays, or comes last,
// and finds no account. The removal is [RemoveCustomerAccount]: when it breaks down,
// nothing has changed, and it is tried again until it succeeds or is cancelled.
// It starts [EraseAccount], which removes what other systems hold.
func AccountDeletion(ctx workflow.Context, in AccountDeletionInput) (string, error) {
	d := &accountDeletion{customerID: in.CustomerID, dueAt: in.At}
	d.exchange = newExchange(ctx, d)
	on(ctx, d.exchange, UpdateSchedule, d.schedule)
	on(ctx, d.exchange, UpdateCancel, d.cancel)
	err := d.serve(ctx)
	return d.outcome, err
}

type accountDeletion struct {
	*exchange

	customerID string
	// dueAt is when to remove the account; zero for never.
	dueAt    time.Time
	failures int
}

func (d *accountDeletion) deadline() time.Time { return d.dueAt }

func (d *accountDeletion) renew(ctx workflow.Context) error {
	return workflow.NewContinueAsNewError(ctx, AccountDeletion, AccountDeletionInput{CustomerID: d.customerID, At: d.dueAt})
}

// schedule notes when the account is to be removed. Asked again, it gives the
// same answer.
func (d *accountDeletion) schedule(ctx workflow.Context, in ScheduleDeletion) (out ScheduledDeletion, err error) {
	out, err = durableStep(ctx, deletions.ScheduleDeletion, activities.ScheduleDeletionInput{
		CustomerID: d.customerID, At: in.At, EventID: in.EventID, GroupID: groupID(ctx),
	})
	if err != nil {
		return out, err
	}
	if out.Refusal != nil {
		d.end(DeletionVoid)
		return out, nil
	}
	d.dueAt, d.outcome, d.failures = out.At, "", 0
	return out, releaseEvents(ctx)
}

// cancel keeps the account, or says that it is too late.
func (d *accountDeletion) cancel(ctx workflow.Context, in CancelDeletion) (out Outcome, err error) {
	cancelled, err := durableStep(ctx, deletions.CancelDeletion, activities.CancelDeletionInput{
		CustomerID: d.customerID, EventID: in.EventID, GroupID: groupID(ctx), KeptBy: in.KeptBy,
	})
	if err != nil {
		return out, err
	}
	if out.Refusal = cancelled.Refusal; out.Refusal != nil {
		d.end(DeletionVoid)
		return out, nil
	}
	d.end(DeletionCancelled)
	return out, releaseEvents(ctx)
}

// expire removes the account, if it is still to be removed and it is time.
func (d *accountDeletion) expire(ctx workflow.Context) error {
	noted, err := run(workflow.WithActivityOptions(ctx, mandatoryStepOptions), deletions.FindDeletion,
		activities.FindDeletionInput{CustomerID: d.customerID})
	switch {
	case err != nil:
		return err
	case noted.At.IsZero():
		d.end(DeletionVoid)
		return nil
	case noted.At.After(workflow.Now(ctx)):
		d.dueAt = noted.At
		return nil
	}
	if err := d.remove(ctx); err != nil {
		return d.postpone(ctx, err)
	}
	d.end(DeletionRemoved)
	return nil
}

// remove removes the account. When the flow is cancelled, so is the removal,
// which then undoes what it has done or, past the point of no return, finishes;
// it is waited for, because the end of this execution would cut it off.
func (d *accountDeletion) remove(ctx workflow.Context) error {
	in := RemoveAccountInput{ActorID: d.customerID, Requested: true, HooksWithin: removalWaits}
	ctx = describedChild(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:          RemovalID(everlatch.ActorCustomer, d.customerID),
		WaitForCancellation: true,
	}, RemoveCustomerAccount, in)
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

// postpone tries again later what has broken down, or what another removal, such
// as an administrator, was just about to do. Until then a sign-in may cancel it.
func (d *accountDeletion) postpone(ctx workflow.Context, cause error) error {
	if temporal.IsCanceledError(cause) || errors.Is(ctx.Err(), workflow.ErrCanceled) {
		return cause
	}
	workflow.GetLogger(ctx).Warn("a removal has broken down and will be tried again", "error", cause)
	pause := min(firstPause<<min(d.failures, 10), lastPause)
	d.failures++
	d.dueAt = workflow.Now(ctx).Add(pause)
	return nil
}
