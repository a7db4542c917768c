package activities

import (
	"context"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/transfer"
	"github.com/everlatch/everlatch/internal/vault"
)

// Imports imports what is staged. It returns numbers: records, and what is wrong with
// them, stay in the database.
type Imports struct {
	Store *store.Store
	Vault *vault.Vault
	// Keys is [Factors.Keys].
	Keys vault.FactorKeys
}

// ImportBatchInput is the argument of [Imports.ImportBatch].
type ImportBatchInput struct {
	ImportID string `json:"import_id"`
	Limit    int    `json:"limit"`
}

// ImportBatchOutput is what a batch did, and how far the import is.
type ImportBatchOutput struct {
	// Done is how many units the batch has imported; 0 says that none is left.
	Done     int            `json:"done"`
	Progress ImportProgress `json:"progress"`
}

// ImportProgress is how far an import is.
type ImportProgress struct {
	// Staged is how many units there are, Waiting how many of them are not imported yet.
	Staged  int64 `json:"staged"`
	Waiting int64 `json:"waiting"`
	// Created, Updated and Skipped count records, Refused units.
	Created int64 `json:"created"`
	Updated int64 `json:"updated"`
	Skipped int64 `json:"skipped"`
	Refused int64 `json:"refused"`
	// Removed counts records that were removed where they come from.
	Removed int64 `json:"removed,omitempty"`
}

func progressOf(i store.DataImport) ImportProgress {
	return ImportProgress{
		Staged: i.Staged, Waiting: i.Waiting, Created: i.Created, Updated: i.Updated, Skipped: i.Skipped, Refused: i.Refused, Removed: i.Removed,
	}
}

// ImportBatch imports the next units that wait.
func (a *Imports) ImportBatch(ctx context.Context, in ImportBatchInput) (out ImportBatchOutput, err error) {
	out.Done, _, err = a.Store.ImportBatch(ctx, in.ImportID, in.Limit, a.Keys, func(position int64, sealed string) ([]byte, error) {
		secret, err := a.Vault.Unwrap(sealed, transfer.Purpose(in.ImportID, position))
		return secret.Reveal(), err
	})
	if err != nil {
		return out, err
	}
	state, err := a.Store.Import(ctx, in.ImportID)
	out.Progress = progressOf(state)
	return out, err
}

// FinishImportInput is the argument of [Imports.FinishImport].
type FinishImportInput struct {
	ImportID  string `json:"import_id"`
	Cancelled bool   `json:"cancelled,omitempty"`
	EventID   string `json:"event_id"`
}

// FinishImport ends an import, and records one event for all that was imported.
func (a *Imports) FinishImport(ctx context.Context, in FinishImportInput) (ImportProgress, error) {
	status := store.ImportCompleted
	if in.Cancelled {
		status = store.ImportCancelled
	}
	state, err := a.Store.FinishImport(ctx, in.ImportID, status, func(i store.DataImport) everlatch.Event {
		return everlatch.Event{ID: in.EventID, Name: everlatch.EventImportCompleted, Data: everlatch.Metadata{
			"id": i.ID, "source": i.Source, "created": i.Created, "updated": i.Updated, "skipped": i.Skipped, "refused": i.Refused, "removed": i.Removed,
		}}
	})
	return progressOf(state), err
}
