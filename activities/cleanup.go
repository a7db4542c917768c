package activities

import (
	"context"
	"time"

	"github.com/everlatch/everlatch/store"
)

// Upkeep removes what has outlived its use, a batch at a time.
type Upkeep struct{ Store *store.Store }

// BatchInput bounds one batch.
type BatchInput struct {
	Limit int `json:"limit"`
	// UnusedSince is the last use after which an identity is kept; only
	// [Upkeep.RemoveOrphans] reads it.
	UnusedSince time.Time `json:"unused_since,omitzero"`
}

// BatchOutput says how much a batch removed. Fewer than asked means that
// nothing is left for now.
type BatchOutput struct {
	Removed int `json:"removed"`
}

// SweepExpired deletes expired sessions and sealed secrets.
func (a *Upkeep) SweepExpired(ctx context.Context, in BatchInput) (BatchOutput, error) {
	swept, err := a.Store.Sweep(ctx, in.Limit)
	return BatchOutput{Removed: max(swept.Sessions, swept.Sealed)}, err
}

// RemoveOrphans deletes identities that never got an actor and were not used
// since (W4), each with an event.
func (a *Upkeep) RemoveOrphans(ctx context.Context, in BatchInput) (BatchOutput, error) {
	removed, err := a.Store.RemoveOrphans(ctx, in.UnusedSince, in.Limit)
	return BatchOutput{Removed: removed}, err
}
