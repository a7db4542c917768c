package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/activities"
)

// A clean-up removes this much at a time, and starts afresh after so many
// batches, so that its history stays short.
const (
	batchSize     = 500
	batchesPerRun = 100
)

// CleanUp deletes expired sessions and sealed secrets. The schedule clean-up
// starts it.
func CleanUp(ctx workflow.Context) error {
	return inBatches(ctx, upkeep.SweepExpired, activities.BatchInput{Limit: batchSize}, func() error {
		return workflow.NewContinueAsNewError(ctx, CleanUp)
	})
}

// RemoveOrphansInput is the argument of [RemoveOrphans].
type RemoveOrphansInput struct {
	// Grace is how long an identity without an actor is kept after its last use.
	Grace time.Duration `json:"grace"`
}

// RemoveOrphans removes identities that never got an actor and have not been
// used for the grace period (W4). The schedule remove-orphans starts it.
//
// It is safe beside a registration that links at the same moment: the deletion
// looks at each row again under its lock.
func RemoveOrphans(ctx workflow.Context, in RemoveOrphansInput) error {
	batch := activities.BatchInput{Limit: batchSize, UnusedSince: workflow.Now(ctx).Add(-in.Grace)}
	return inBatches(ctx, upkeep.RemoveOrphans, batch, func() error {
		return workflow.NewContinueAsNewError(ctx, RemoveOrphans, in)
	})
}

func inBatches(
	ctx workflow.Context,
	activity func(context.Context, activities.BatchInput) (activities.BatchOutput, error),
	in activities.BatchInput, startAfresh func() error,
) error {
	ctx = workflow.WithActivityOptions(ctx, batch)
	for range batchesPerRun {
		out, err := run(ctx, activity, in)
		if err != nil || out.Removed < in.Limit {
			return err
		}
	}
	return startAfresh()
}
