package workflows

import (
	"context"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
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
// used for the grace period (docs/weak-spots.md#w4). The schedule remove-orphans starts it.
//
// It is safe beside a registration that links at the same moment: the deletion
// looks at each row again under its lock.
func RemoveOrphans(ctx workflow.Context, in RemoveOrphansInput) error {
	unused := activities.BatchInput{Limit: batchSize, UnusedSince: workflow.Now(ctx).Add(-in.Grace)}
	return inBatches(ctx, upkeep.RemoveOrphans, unused, func() error {
		return workflow.NewContinueAsNewError(ctx, RemoveOrphans, in)
	})
}

func inBatches(
	ctx workflow.Context,
	activity func(context.Context, activities.BatchInput) (activities.BatchOutput, error),
	in activities.BatchInput, startAfresh func() error,
) error {
	for range batchesPerRun {
		out, err := batch(ctx, activity, in)
		if err != nil || out.Removed < in.Limit {
			return err
		}
	}
	return startAfresh()
}

// TendEventsInput is the argument of [TendEvents].
type TendEventsInput struct {
	// Retention is how long delivered events are kept; 0 keeps them for ever.
	Retention time.Duration `json:"retention"`
	// LostAfter is how long a delivery may take, and more: one that has taken
	// longer has lost its flow.
	LostAfter time.Duration `json:"lost_after"`
}

// TendEvents restarts lost deliveries and deletes old events that were
// delivered. The schedule tend-events starts it.
func TendEvents(ctx workflow.Context, in TendEventsInput) error {
	now := workflow.Now(ctx)
	_, err := batch(ctx, upkeep.RestartLost,
		activities.RestartLostInput{StartedBefore: now.Add(-in.LostAfter)})
	if err != nil || in.Retention <= 0 {
		return err
	}
	old := activities.BatchInput{Limit: batchSize, Before: now.Add(-in.Retention)}
	return inBatches(ctx, upkeep.PruneEvents, old, func() error {
		return workflow.NewContinueAsNewError(ctx, TendEvents, in)
	})
}

// ReportDeadLettersInput is the argument of [ReportDeadLetters].
type ReportDeadLettersInput struct {
	// To is who gets the mail.
	To string `json:"to"`
	// Every is the interval of the schedule; the first report looks as far back.
	Every time.Duration `json:"every"`
}

// ReportDeadLetters mails operators which deliveries were given up since the
// last report, and nothing when none was. It returns the time up to which it
// has looked. The schedule report-dead-letters starts it.
func ReportDeadLetters(ctx workflow.Context, in ReportDeadLettersInput) (time.Time, error) {
	now := workflow.Now(ctx)
	since := now.Add(-in.Every)
	if workflow.HasLastCompletionResult(ctx) {
		if err := workflow.GetLastCompletionResult(ctx, &since); err != nil {
			return since, err
		}
	}
	made, err := newNames(ctx)
	if err != nil {
		return since, err
	}
	_, err = batch(ctx, upkeep.ReportDeadLetters,
		activities.ReportInput{To: in.To, Since: since, EventID: made.EventID})
	return now, err
}

// TendDeletionsInput is the argument of [TendDeletions].
type TendDeletionsInput struct {
	// Retention is how long what was removed is kept, hidden; 0 keeps it for ever.
	Retention time.Duration `json:"retention"`
}

const (
	// overdueAfter is how late a deletion must be before its flow counts as lost. One
	// that is only late is found running.
	overdueAfter = time.Hour
	// overdueAtOnce bounds how many one run restarts.
	overdueAtOnce = 100
)

// TendDeletions restarts lost deletions, and permanently deletes what was removed
// longer ago than the retention. The schedule tend-deletions starts it.
func TendDeletions(ctx workflow.Context, in TendDeletionsInput) error {
	now := workflow.Now(ctx)
	found, err := batch(ctx, upkeep.FindOverdue,
		activities.FindOverdueInput{DueBefore: now.Add(-overdueAfter), Limit: overdueAtOnce})
	if err != nil {
		return err
	}
	for _, d := range found.Deletions {
		child := describedChild(ctx, workflow.ChildWorkflowOptions{
			WorkflowID: DeletionID(d.CustomerID), TaskQueue: mainQueue(ctx), ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
		}, AccountDeletion, AccountDeletionInput(d))
		if err := started(child, workflow.ExecuteChildWorkflow(child, AccountDeletion, AccountDeletionInput(d))); err != nil {
			return err
		}
	}
	if in.Retention <= 0 {
		return nil
	}
	old := activities.BatchInput{Limit: batchSize, Before: now.Add(-in.Retention)}
	return inBatches(ctx, upkeep.PurgeRemoved, old, func() error {
		return workflow.NewContinueAsNewError(ctx, TendDeletions, in)
	})
}
