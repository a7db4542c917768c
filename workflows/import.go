package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/activities"
)

// QueryImport asks an [Import] how far it is.
const QueryImport = "Progress" // nothing -> activities.ImportProgress

// ImportID is the workflow id of an import.
func ImportID(id string) string { return "import/" + id }

const (
	// importAtOnce is how many units one transaction imports. It holds the only
	// connection that writes on SQLite, so that sign-ins wait for it.
	importAtOnce = 100
	// importBatchesPerRun keeps a history short.
	importBatchesPerRun = 250
)

// importing is for one batch, which takes well under a second. After this time one whose
// worker has died is repeated. An import waits for as long as the database is away.
var importing = workflow.ActivityOptions{
	StartToCloseTimeout: 30 * time.Second,
	RetryPolicy:         endlessly(backoff(time.Second, time.Minute)),
}

// ImportInput is the argument of [Import].
type ImportInput struct {
	// ImportID names what is staged.
	ImportID string `json:"import_id"`
	// Progress is that of the runs before this one.
	Progress activities.ImportProgress `json:"progress,omitzero"`
}

// Import imports the records that an operator has staged, a batch at a time, and ends with
// how many were created, updated, skipped and refused; which were refused, and why, is in
// the database. The command line starts it.
//
// A batch forgets in its transaction what it has imported, so that a worker that dies
// costs nothing and imports nothing twice. A cancelled import keeps what it has imported,
// and forgets the rest.
func Import(ctx workflow.Context, in ImportInput) (activities.ImportProgress, error) {
	progress := in.Progress
	if err := workflow.SetQueryHandler(ctx, QueryImport, func() (activities.ImportProgress, error) { return progress, nil }); err != nil {
		return progress, err
	}
	names, err := newNames(ctx)
	if err != nil {
		return progress, err
	}
	finish := activities.FinishImportInput{ImportID: in.ImportID, EventID: names.EventID}
	for range importBatchesPerRun {
		out, err := run(workflow.WithActivityOptions(ctx, importing), imports.ImportBatch,
			activities.ImportBatchInput{ImportID: in.ImportID, Limit: importAtOnce})
		if temporal.IsCanceledError(err) {
			finish.Cancelled = true
			if _, failed := mandatoryStep(ctx, imports.FinishImport, finish); failed != nil {
				return progress, failed
			}
			return progress, err
		}
		if err != nil {
			return progress, err
		}
		if progress = out.Progress; out.Done == 0 {
			return mandatoryStep(ctx, imports.FinishImport, finish)
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			break
		}
	}
	return progress, workflow.NewContinueAsNewError(ctx, Import, ImportInput{ImportID: in.ImportID, Progress: progress})
}
