package workflows

import (
	"context"
	"math"
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
	credentials   *activities.Credentials
	accounts      *activities.Accounts
	actors        *activities.Actors
	identities    *activities.Identities
	events        *activities.Events
	upkeep        *activities.Upkeep
	resets        *activities.Resets
	deliveries    *activities.Deliveries
	redirects     *activities.Redirects
	invites       *activities.Invites
	deletions     *activities.Deletions
	erasures      *activities.Erasures
	emails        *activities.Emails
	factors       *activities.Factors
	signIns       *activities.SignIns
	verifications *activities.Verifications
	challenges    *activities.Challenges
	passkeys      *activities.Passkeys
	emailSignIns  *activities.EmailSignIns
	imports       *activities.Imports
	reseals       *activities.Reseals
)

// stepOptions are for steps that a caller waits for: short work against the
// store, or a password hash. They run as local activities, so that they cost
// no trip through a task queue. An attempt that takes longer than hashing under
// full load is given up; the step is given up when the caller is long gone
// and the sealed request about to expire.
var stepOptions = workflow.LocalActivityOptions{
	StartToCloseTimeout:    10 * time.Second,
	ScheduleToCloseTimeout: time.Minute,
	RetryPolicy:            backoff(100*time.Millisecond, 5*time.Second),
}

// finalStepOptions are for the last steps of a flow that has succeeded: the
// caller may still wait, but a refusal is not an answer any more.
var finalStepOptions = workflow.LocalActivityOptions{
	StartToCloseTimeout:    10 * time.Second,
	ScheduleToCloseTimeout: 12 * time.Hour,
	RetryPolicy:            backoff(100*time.Millisecond, time.Minute),
}

// mandatoryStepOptions are for steps that must happen, such as compensations:
// no caller waits, and giving up would leave half a flow behind.
var mandatoryStepOptions = workflow.ActivityOptions{
	StartToCloseTimeout: 10 * time.Second,
	RetryPolicy:         endlessly(backoff(200*time.Millisecond, time.Minute)),
}

// externalCallOptions are for calls to other systems while a caller waits, which
// is ten seconds at most: short attempts, so that a lost packet costs little.
var externalCallOptions = workflow.ActivityOptions{
	StartToCloseTimeout:    4 * time.Second,
	ScheduleToCloseTimeout: 9 * time.Second,
	RetryPolicy:            backoff(200*time.Millisecond, time.Second),
}

// durableStepOptions are for the first state-changing step of an update, see
// [durableStep].
var durableStepOptions = workflow.ActivityOptions{
	StartToCloseTimeout:    5 * time.Second,
	ScheduleToCloseTimeout: time.Minute,
	RetryPolicy:            backoff(100*time.Millisecond, 5*time.Second),
}

// batchOptions are for one batch of a clean-up: a failed one is tried a few
// times, and the next run of the schedule continues from there.
var batchOptions = workflow.ActivityOptions{
	StartToCloseTimeout: time.Minute,
	RetryPolicy:         atMost(10, backoff(time.Second, time.Minute)),
}

// backoff retries after pauses that double from first to longest.
func backoff(first, longest time.Duration) *temporal.RetryPolicy {
	return &temporal.RetryPolicy{InitialInterval: first, BackoffCoefficient: 2, MaximumInterval: longest}
}

// endless is more attempts than any step makes. Zero would mean the same to a
// server, but ten attempts to the test environment, which could not simulate days.
const endless = math.MaxInt32

func endlessly(p *temporal.RetryPolicy) *temporal.RetryPolicy { return atMost(endless, p) }

func atMost(attempts int32, p *temporal.RetryPolicy) *temporal.RetryPolicy {
	p.MaximumAttempts = attempts
	return p
}

// uninterrupted is a context on which a step runs to its end. A cancellation
// takes effect between two steps: the SDK does not wait for a step that it
// cancels, whose effect could follow its compensation.
func uninterrupted(ctx workflow.Context) (workflow.Context, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	return ctx, nil
}

// summarized makes a local activity say in Temporal's UI what it does.
func summarized(o workflow.LocalActivityOptions, activity any) workflow.LocalActivityOptions {
	o.Summary = inWords(activity)
	return o
}

// step runs an activity for a caller who waits. It exists for the compiler:
// the SDK takes arguments as any, so a wrong type would silently decode into
// an empty struct.
func step[I, O any](ctx workflow.Context, activity func(context.Context, I) (O, error), in I) (out O, err error) {
	if ctx, err = uninterrupted(ctx); err != nil {
		return out, err
	}
	ctx = workflow.WithLocalActivityOptions(ctx, summarized(stepOptions, activity))
	err = workflow.ExecuteLocalActivity(ctx, activity, in).Get(ctx, &out)
	return out, err
}

// finalStep runs a step after the point of no return. It is not cancelled with
// its workflow: the answer has been decided, and giving up would lose it.
func finalStep[I, O any](ctx workflow.Context, activity func(context.Context, I) (O, error), in I) (out O, err error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	ctx = workflow.WithLocalActivityOptions(ctx, summarized(finalStepOptions, activity))
	err = workflow.ExecuteLocalActivity(ctx, activity, in).Get(ctx, &out)
	return out, err
}

// mandatoryStep runs a step until it is done. It is not cancelled with its
// workflow.
func mandatoryStep[I, O any](ctx workflow.Context, activity func(context.Context, I) (O, error), in I) (O, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	return run(workflow.WithActivityOptions(ctx, mandatoryStepOptions), activity, in)
}

// durableStep runs the first state-changing step of an update through the task
// queue. An update is in history only when the workflow task that accepted it
// has ended, and local steps run inside that task: after a crash in between,
// their effect would remain while the update is forgotten.
func durableStep[I, O any](ctx workflow.Context, activity func(context.Context, I) (O, error), in I) (out O, err error) {
	if ctx, err = uninterrupted(ctx); err != nil {
		return out, err
	}
	return run(workflow.WithActivityOptions(ctx, durableStepOptions), activity, in)
}

// changeRecordedReads is the version of flows since which [recordedStep] is what it says.
const changeRecordedReads = "recorded-reads"

// recordedStep reads what later steps depend on and change. Its answer is in history before
// they begin: after a crash, local steps are repeated with the rest of their workflow task,
// and a local read would see what the flow itself has done, and so find nothing left to do.
func recordedStep[I, O any](ctx workflow.Context, activity func(context.Context, I) (O, error), in I) (out O, err error) {
	if workflow.GetVersion(ctx, changeRecordedReads, workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return step(ctx, activity, in)
	}
	return durableStep(ctx, activity, in)
}

// externalCall runs a step that calls another system while a caller waits, on the
// queue for slow work.
func externalCall[I, O any](ctx workflow.Context, activity func(context.Context, I) (O, error), in I) (out O, err error) {
	if ctx, err = uninterrupted(ctx); err != nil {
		return out, err
	}
	options := externalCallOptions
	options.TaskQueue = SlowQueue(mainQueue(ctx))
	return run(workflow.WithActivityOptions(ctx, options), activity, in)
}

// batch runs one batch of a clean-up.
func batch[I, O any](ctx workflow.Context, activity func(context.Context, I) (O, error), in I) (O, error) {
	return run(workflow.WithActivityOptions(ctx, batchOptions), activity, in)
}

// releaseEvents ends a flow that has succeeded: from now on subscribers are told.
func releaseEvents(ctx workflow.Context) error {
	_, err := finalStep(ctx, events.ReleaseEvents, activities.GroupInput{GroupID: groupID(ctx)})
	return err
}

// run runs an activity through the task queue, under the options of ctx. Its summary is
// what the activity is called, unless the options have one.
func run[I, O any](ctx workflow.Context, activity func(context.Context, I) (O, error), in I) (out O, err error) {
	if o := workflow.GetActivityOptions(ctx); o.Summary == "" {
		o.Summary = inWords(activity)
		ctx = workflow.WithActivityOptions(ctx, o)
	}
	err = workflow.ExecuteActivity(ctx, activity, in).Get(ctx, &out)
	return out, err
}

// choosesIDs is the summary of side effects that make ids.
const choosesIDs = "Choose ids"

// newNames makes names that did not come with the input.
func newNames(ctx workflow.Context) (out Names, err error) {
	now := workflow.Now(ctx)
	err = workflow.SideEffectWithOptions(ctx, workflow.SideEffectOptions{Summary: choosesIDs}, func(workflow.Context) any {
		return Names{TokenID: uuid.NewString(), EventID: ids.New(ids.Event, now)}
	}).Get(&out)
	return out, err
}

// groupID is the id under which the events of this execution are kept.
func groupID(ctx workflow.Context) string { return workflow.GetInfo(ctx).WorkflowExecution.ID }
