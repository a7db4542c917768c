package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/activities"
)

// QueryReseal asks a [Reseal] how far it is.
const QueryReseal = "Progress" // nothing -> ResealProgress

const (
	// resealAtOnce is how many values one batch reads. Its transaction holds the only
	// connection that writes on SQLite, so that sign-ins wait for it.
	resealAtOnce = 200
	// resealBatchesPerRun keeps a history short.
	resealBatchesPerRun = 250
)

// resealing is for one batch. It has time: it waits for as long as the database is away.
var resealing = workflow.ActivityOptions{
	StartToCloseTimeout: 2 * time.Minute,
	RetryPolicy:         endlessly(backoff(time.Second, time.Minute)),
}

// ResealInput is the argument of [Reseal].
type ResealInput struct {
	// Progress is that of the runs before this one.
	Progress ResealProgress `json:"progress,omitzero"`
}

// ResealProgress is how far it is.
type ResealProgress struct {
	Tables []ResealTable `json:"tables"`
	// At is the table that is being worked on, After the last value of it that was read.
	At    int    `json:"at"`
	After string `json:"after,omitempty"`
}

// ResealTable is one table.
type ResealTable struct {
	activities.ResealTask

	Resealed int64 `json:"resealed"`
	// Failed values do not open, and stay as they are.
	Failed int64 `json:"failed"`
}

// Reseal seals with the current keys what previous ones have sealed, a batch at a time, and ends
// with how much it was. Then a previous key can be retired. The schedule reseal starts it, and
// `everlatch keys rotate` after a rotation.
//
// A batch that is repeated finds what it has sealed and goes on; a worker that dies costs
// nothing. Cancelling it leaves what is sealed again; the next run does the rest.
func Reseal(ctx workflow.Context, in ResealInput) (ResealProgress, error) {
	progress := in.Progress
	if err := workflow.SetQueryHandler(ctx, QueryReseal, func() (ResealProgress, error) { return progress, nil }); err != nil {
		return progress, err
	}
	ctx = workflow.WithActivityOptions(ctx, resealing)
	if len(progress.Tables) == 0 {
		if err := planReseal(ctx, &progress); err != nil || len(progress.Tables) == 0 {
			return progress, err
		}
	}
	for range resealBatchesPerRun {
		workflow.SetCurrentDetails(ctx, progress.inWords())
		if progress.At == len(progress.Tables) {
			_, err := run(ctx, reseals.PlanReseal, activities.PlanResealInput{}) // marks the rings in which nothing is left
			return progress, err
		}
		table := &progress.Tables[progress.At]
		out, err := run(ctx, reseals.ResealBatch, activities.ResealBatchInput{Source: table.Source, After: progress.After, Limit: resealAtOnce})
		if err != nil {
			return progress, err
		}
		table.Resealed += int64(out.Resealed)
		table.Failed += int64(out.Failed)
		if progress.After = out.Next; out.Next == "" {
			progress.At++
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			break
		}
	}
	return progress, workflow.NewContinueAsNewError(ctx, Reseal, ResealInput{Progress: progress})
}

// mostWaits bounds how often a run waits for another key; the next run comes soon.
const mostWaits = 10

// planReseal finds what there is to do, after every process seals with the current keys.
func planReseal(ctx workflow.Context, progress *ResealProgress) error {
	for range mostWaits {
		plan, err := run(ctx, reseals.PlanReseal, activities.PlanResealInput{})
		if err != nil {
			return err
		}
		if plan.Wait > 0 {
			if err := workflow.NewTimerWithOptions(ctx, plan.Wait, workflow.TimerOptions{Summary: "Wait until every process uses the new key"}).Get(ctx, nil); err != nil {
				return err
			}
			continue
		}
		for _, t := range plan.Tasks {
			progress.Tables = append(progress.Tables, ResealTable{ResealTask: t})
		}
		return nil
	}
	return nil
}

// inWords tells the progress in Temporal's UI.
func (p ResealProgress) inWords() string {
	lines := make([]string, len(p.Tables))
	for i, t := range p.Tables {
		lines[i] = fmt.Sprintf("%s: %d of %d sealed again", t.Source, t.Resealed, t.Waiting)
		if t.Failed > 0 {
			lines[i] += fmt.Sprintf(", %d do not open", t.Failed)
		}
	}
	return strings.Join(lines, "\n")
}
