package worker

import (
	"context"
	"errors"

	"go.temporal.io/sdk/activity"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/temporalkit"
)

// The two kinds of functions that can be hooks.
type (
	// HookActivity is a hook that decides at once.
	HookActivity = func(ctx context.Context, in everlatch.HookInput) error
	// HookWorkflow is a hook that may wait.
	HookWorkflow = func(ctx workflow.Context, in everlatch.HookInput) error
)

// Hook is a function of the program that runs inside flows.
type Hook struct {
	// Name is that of its activity or workflow.
	Name string
	// Activity or Workflow is the function.
	Activity HookActivity
	Workflow HookWorkflow
}

// RegisterHook registers a hook so that what it refuses is a result and not a
// failure, as with every step of a flow.
func RegisterHook(r sdkworker.Registry, h Hook) {
	if h.Activity != nil {
		r.RegisterActivityWithOptions(hookActivity(h.Activity), activity.RegisterOptions{Name: h.Name})
	}
	if h.Workflow != nil {
		r.RegisterWorkflowWithOptions(hookWorkflow(h.Workflow), workflow.RegisterOptions{Name: h.Name})
	}
}

func hookActivity(f HookActivity) func(context.Context, everlatch.HookInput) (activities.Verdict, error) {
	return func(ctx context.Context, in everlatch.HookInput) (activities.Verdict, error) {
		return verdict(f(ctx, in))
	}
}

func hookWorkflow(f HookWorkflow) func(workflow.Context, everlatch.HookInput) (activities.Verdict, error) {
	return func(ctx workflow.Context, in everlatch.HookInput) (activities.Verdict, error) {
		return verdict(f(ctx, in))
	}
}

// verdict splits the error of a hook into a refusal and a fault. An outage may be
// over when it is tried again, and what has no code is not meant for the caller.
func verdict(err error) (activities.Verdict, error) {
	e, ok := errors.AsType[*everlatch.Error](temporalkit.Decode(err))
	if !ok || e.Code == everlatch.CodeUnavailable || e.Code == everlatch.CodeInternal {
		return activities.Verdict{}, err
	}
	return activities.Verdict{Refusal: new(everlatch.RefusalOf(e))}, nil
}
