package workflows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/activities"
)

const (
	// TypeNeedsAttention is the type of the error of a workflow or update that
	// could not undo everything it had done. Its details name the compensations
	// that failed. An operator has to finish them.
	TypeNeedsAttention = "needs_attention"
	// MemoNeedsAttention is the memo that such a workflow carries, from the moment
	// on in which the compensation failed. It holds the same names.
	MemoNeedsAttention = "everlatch_needs_attention"
	// MetricCompensationFailures counts compensations that failed, by activity.
	MetricCompensationFailures = "everlatch_compensation_failures"
)

// saga remembers how to undo what a flow has done so far.
//
// A compensation is added before its step runs, because a step that failed may
// have taken effect without its answer arriving. So every compensation must do
// no harm when its step never happened, and must recognise the work of its own
// flow: it removes what this execution created, never what it found (docs/weak-spots.md#w3).
type saga struct {
	undo []func(workflow.Context) error
}

// add registers the compensation of the step that follows.
func add[I, O any](s *saga, activity func(context.Context, I) (O, error), in I) {
	s.undo = append(s.undo, func(ctx workflow.Context) error {
		_, err := mandatoryStep(ctx, activity, in)
		return err
	})
}

// compensate undoes everything, the latest step first, also when the flow was
// cancelled. Each compensation is retried until it is done; one that is refused
// for good does not keep the others from running. The error then has the type
// [TypeNeedsAttention].
func (s *saga) compensate(ctx workflow.Context) error {
	dropEvents := func(ctx workflow.Context) error {
		_, err := mandatoryStep(ctx, events.DropEvents, activities.GroupInput{GroupID: groupID(ctx)})
		return err
	}
	var failed []error
	for _, undo := range slices.Backward(append([]func(workflow.Context) error{dropEvents}, s.undo...)) {
		if err := undo(ctx); err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return needsAttention(ctx, failed)
}

// after compensates for a fault and returns it. If not everything could be
// undone, the error says that as well.
func (s *saga) after(ctx workflow.Context, fault error) error {
	if err := s.compensate(ctx); err != nil {
		workflow.GetLogger(ctx).Error("the fault that could not be undone", "error", fault)
		return err
	}
	return fault
}

// needsAttention logs and counts compensations that failed, marks the execution
// so that operators find it, and returns the error for it. The error wraps none
// of them: it must not be taken for a refusal or a cancellation.
func needsAttention(ctx workflow.Context, failed []error) error {
	names := make([]string, 0, len(failed))
	for _, err := range failed {
		name := "unknown"
		if activity, ok := errors.AsType[*temporal.ActivityError](err); ok {
			name = activity.ActivityType().GetName()
		}
		names = append(names, name)
		workflow.GetMetricsHandler(ctx).WithTags(map[string]string{"activity": name}).Counter(MetricCompensationFailures).Inc(1)
	}
	workflow.GetLogger(ctx).Error("compensations failed; an operator has to undo these steps",
		"activities", names, "error", errors.Join(failed...))
	if err := workflow.UpsertMemo(ctx, map[string]any{MemoNeedsAttention: names}); err != nil {
		workflow.GetLogger(ctx).Error("the execution could not be marked", "error", err)
	}
	if err := conclude(ctx, OutcomeNeedsAttention, About{}); err != nil {
		workflow.GetLogger(ctx).Error("the execution could not be marked", "error", err)
	}
	return temporal.NewApplicationErrorWithOptions(
		fmt.Sprintf("Not everything could be undone (%s).", strings.Join(names, ", ")), TypeNeedsAttention,
		temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{names}})
}

// isNeedsAttention reports an error of [needsAttention].
func isNeedsAttention(err error) bool {
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	return ok && app.Type() == TypeNeedsAttention
}
