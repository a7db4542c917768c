package workflows

import (
	"context"
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/activities"
)

// saga remembers how to undo what a dance has done so far.
//
// A compensation is added before its step runs, because a step that failed may
// have taken effect unheard. So every compensation must do no harm when its
// step never happened, and must recognise its own dance's work: it removes what
// this execution created, never what it found (W3).
type saga struct {
	undo []func(workflow.Context) error
}

// add registers the compensation of the step that follows.
func add[I, O any](s *saga, activity func(context.Context, I) (O, error), in I) {
	s.undo = append(s.undo, func(ctx workflow.Context) error {
		_, err := run(ctx, activity, in)
		return err
	})
}

// compensate undoes everything, the latest step first. It goes on when the
// dance was cancelled, and retries until each step is undone.
func (s *saga) compensate(ctx workflow.Context) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	ctx = workflow.WithActivityOptions(ctx, untilDone)
	for _, undo := range slices.Backward(s.undo) {
		if err := undo(ctx); err != nil {
			return err
		}
	}
	_, err := run(ctx, events.DropEvents, activities.GroupInput{GroupID: groupID(ctx)})
	return err
}

// after compensates for a fault and returns it. Should even the compensation
// end, which takes a terminated execution, its error is the one to know.
func (s *saga) after(ctx workflow.Context, fault error) error {
	if err := s.compensate(ctx); err != nil {
		return err
	}
	return fault
}
