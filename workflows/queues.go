package workflows

import (
	"context"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/activities"
)

// The task queues of an installation share the name that is configured. They have
// workers and slots of their own, so that the backlog of one starves no other:
// that name itself is the queue of interactive work.
const (
	slowSuffix       = "-slow"
	deliveriesSuffix = "-deliveries"
)

// SlowQueue returns the task queue of calls that leave the machine while a caller
// waits: to directories, and to providers of social login.
func SlowQueue(interactive string) string { return interactive + slowSuffix }

// DeliveriesQueue returns the task queue of work that no caller waits for:
// deliveries to subscribers, erasers, scheduled jobs.
func DeliveriesQueue(interactive string) string { return interactive + deliveriesSuffix }

// IsReservedQueue reports that a name belongs to a queue of another one.
func IsReservedQueue(name string) bool { return interactiveQueue(name) != name }

// interactiveQueue returns the queue that one of the three belongs to.
func interactiveQueue(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, slowSuffix), deliveriesSuffix)
}

// mainQueue is the interactive queue of the installation that runs this workflow,
// whichever of the three it runs on.
func mainQueue(ctx workflow.Context) string {
	return interactiveQueue(workflow.GetInfo(ctx).TaskQueueName)
}

// checkCredentials lets the provider decide about a sign-in: at once, or on the
// queue for slow work where the provider calls another machine.
func checkCredentials(ctx workflow.Context, in activities.CheckCredentialsInput) (activities.CheckCredentialsOutput, error) {
	return localUnlessSlow(ctx, credentials.CheckCredentials, in,
		func(out activities.CheckCredentialsOutput) bool { return out.Slow },
		func(in *activities.CheckCredentialsInput) { in.Slow = true })
}

// changePassword lets the provider judge a new password, as checkCredentials does. do
// runs the step where the provider does not call another machine.
func changePassword(
	ctx workflow.Context, in activities.ChangePasswordInput, do doing[activities.ChangePasswordInput, activities.ChangePasswordOutput],
) (activities.ChangePasswordOutput, error) {
	return unlessSlow(ctx, do, resets.ChangePassword, in,
		func(out activities.ChangePasswordOutput) bool { return out.Slow },
		func(in *activities.ChangePasswordInput) { in.Slow = true })
}

// localUnlessSlow runs a step that a caller waits for.
func localUnlessSlow[I, O any](
	ctx workflow.Context, activity func(context.Context, I) (O, error), in I, isSlow func(O) bool, allowSlow func(*I),
) (O, error) {
	return unlessSlow(ctx, step[I, O], activity, in, isSlow, allowSlow)
}

// doing is a way to run a step, such as [step] or [durableStep].
type doing[I, O any] func(ctx workflow.Context, activity func(context.Context, I) (O, error), in I) (O, error)

// unlessSlow runs a step that a caller waits for. The worker knows the
// provider: when it answers that the call is slow, a slot of the queue for slow work
// is held for the length of the call, instead of one for workflow tasks.
func unlessSlow[I, O any](
	ctx workflow.Context, do doing[I, O], activity func(context.Context, I) (O, error), in I, isSlow func(O) bool, allowSlow func(*I),
) (O, error) {
	out, err := do(ctx, activity, in)
	if err != nil || !isSlow(out) {
		return out, err
	}
	allowSlow(&in)
	return externalCall(ctx, activity, in)
}

// durableUnlessSlow is localUnlessSlow for the first step of an update that changes
// something, see [durableStep].
func durableUnlessSlow[I, O any](
	ctx workflow.Context, activity func(context.Context, I) (O, error), in I, isSlow func(O) bool, allowSlow func(*I),
) (O, error) {
	out, err := durableStep(ctx, activity, in)
	if err != nil || !isSlow(out) {
		return out, err
	}
	allowSlow(&in)
	return externalCall(ctx, activity, in)
}
