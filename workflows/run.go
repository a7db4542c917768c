package workflows

import (
	"context"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/ids"
)

// The activity handles. They are nil on purpose: Temporal takes the name and
// runs the registered one, while a direct call from a workflow would panic in
// the first test.
var (
	credentials *activities.Credentials
	accounts    *activities.Accounts
	actors      *activities.Actors
	identities  *activities.Identities
	events      *activities.Events
	upkeep      *activities.Upkeep
	resets      *activities.Resets
	deliveries  *activities.Deliveries
	redirects   *activities.Redirects
	invites     *activities.Invites
	deletions   *activities.Deletions
	erasures    *activities.Erasures
	emails      *activities.Emails
)

// interactive is for steps that a person waits for: short work against the
// store, or a password hash. They run as local activities, so that they cost
// no trip through a task queue. An attempt that outlives hashing under full
// load is given up; the whole step is given up when the person is long gone
// and the sealed request about to expire.
var interactive = workflow.LocalActivityOptions{
	StartToCloseTimeout:    10 * time.Second,
	ScheduleToCloseTimeout: time.Minute,
	RetryPolicy: &temporal.RetryPolicy{
		InitialInterval:    100 * time.Millisecond,
		BackoffCoefficient: 2,
		MaximumInterval:    5 * time.Second,
	},
}

// lasting is for the last steps of a dance that has succeeded: a person may
// wait, but giving up is not an answer any more.
var lasting = workflow.LocalActivityOptions{
	StartToCloseTimeout:    10 * time.Second,
	ScheduleToCloseTimeout: 12 * time.Hour,
	RetryPolicy: &temporal.RetryPolicy{
		InitialInterval:    100 * time.Millisecond,
		BackoffCoefficient: 2,
		MaximumInterval:    time.Minute,
	},
}

// untilDone is for steps that must happen, such as compensations: nobody
// waits, and giving up would leave half a dance behind.
var untilDone = workflow.ActivityOptions{
	StartToCloseTimeout: 10 * time.Second,
	RetryPolicy: &temporal.RetryPolicy{
		InitialInterval:    200 * time.Millisecond,
		BackoffCoefficient: 2,
		MaximumInterval:    time.Minute,
	},
}

// untilKnown is for what only some processes know, which come and go.
var untilKnown = workflow.ActivityOptions{
	StartToCloseTimeout: 10 * time.Second,
	RetryPolicy: &temporal.RetryPolicy{
		InitialInterval:    200 * time.Millisecond,
		BackoffCoefficient: 2,
		MaximumInterval:    time.Minute,
		MaximumAttempts:    endless,
	},
}

// abroad is for calls that leave the machine while a person waits, who waits
// ten seconds at most: short attempts, so that a lost packet costs little.
var abroad = workflow.ActivityOptions{
	StartToCloseTimeout:    4 * time.Second,
	ScheduleToCloseTimeout: 9 * time.Second,
	RetryPolicy: &temporal.RetryPolicy{
		InitialInterval:    200 * time.Millisecond,
		BackoffCoefficient: 2,
		MaximumInterval:    time.Second,
	},
}

// firm is for the first step of a move that changes something: short work
// against the store for a person who waits. It goes through the task queue,
// because an update is in history only when the workflow task that took it has
// ended, and local steps run inside of that task: with a crash in between, what
// they did would be there and the move that did it forgotten.
var firm = workflow.ActivityOptions{
	StartToCloseTimeout:    5 * time.Second,
	ScheduleToCloseTimeout: time.Minute,
	RetryPolicy: &temporal.RetryPolicy{
		InitialInterval:    100 * time.Millisecond,
		BackoffCoefficient: 2,
		MaximumInterval:    5 * time.Second,
	},
}

// batch is for one batch of a clean-up: a failed one is tried a few times, and
// the next run of the schedule goes on from there.
var batch = workflow.ActivityOptions{
	StartToCloseTimeout: time.Minute,
	RetryPolicy: &temporal.RetryPolicy{
		InitialInterval:    time.Second,
		BackoffCoefficient: 2,
		MaximumInterval:    time.Minute,
		MaximumAttempts:    10,
	},
}

// step runs an activity for a person who waits. It exists for the compiler:
// the SDK takes arguments as any, so a wrong type would silently decode into
// an empty struct.
func step[I, O any](ctx workflow.Context, activity func(context.Context, I) (O, error), in I) (out O, err error) {
	ctx = workflow.WithLocalActivityOptions(ctx, interactive)
	err = workflow.ExecuteLocalActivity(ctx, activity, in).Get(ctx, &out)
	return out, err
}

// firmly runs the first step of a move.
func firmly[I, O any](ctx workflow.Context, activity func(context.Context, I) (O, error), in I) (O, error) {
	return run(workflow.WithActivityOptions(ctx, firm), activity, in)
}

// patiently runs a step whose answer has been given already: nobody waits, and
// it must not be lost.
func patiently[I, O any](ctx workflow.Context, activity func(context.Context, I) (O, error), in I) (out O, err error) {
	ctx = workflow.WithLocalActivityOptions(ctx, lasting)
	err = workflow.ExecuteLocalActivity(ctx, activity, in).Get(ctx, &out)
	return out, err
}

// conclude runs a last step of a dance that has succeeded.
func conclude[I, O any](ctx workflow.Context, activity func(context.Context, I) (O, error), in I) error {
	_, err := patiently(ctx, activity, in)
	return err
}

// release ends a dance that has succeeded: from now on others may know.
func release(ctx workflow.Context) error {
	return conclude(ctx, events.ReleaseEvents, activities.GroupInput{GroupID: groupID(ctx)})
}

// run runs an activity through the task queue, under the options of ctx.
func run[I, O any](ctx workflow.Context, activity func(context.Context, I) (O, error), in I) (out O, err error) {
	err = workflow.ExecuteActivity(ctx, activity, in).Get(ctx, &out)
	return out, err
}

// newNames makes names that nobody outside has made.
func newNames(ctx workflow.Context) (out Names, err error) {
	now := workflow.Now(ctx)
	err = workflow.SideEffect(ctx, func(workflow.Context) any {
		return Names{TokenID: uuid.NewString(), EventID: ids.New(ids.Event, now)}
	}).Get(&out)
	return out, err
}

// groupID is the id under which the events of this execution are kept.
func groupID(ctx workflow.Context) string { return workflow.GetInfo(ctx).WorkflowExecution.ID }
