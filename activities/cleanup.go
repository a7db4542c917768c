package activities

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// Upkeep removes what has outlived its use, a batch at a time.
type Upkeep struct {
	Store *store.Store
	Now   func() time.Time
}

// BatchInput bounds one batch.
type BatchInput struct {
	Limit int `json:"limit"`
	// UnusedSince is the last use after which an identity is kept; only
	// [Upkeep.RemoveOrphans] reads it.
	UnusedSince time.Time `json:"unused_since,omitzero"`
	// Before is when an event must have happened, or an account have been removed,
	// to be old; only [Upkeep.PruneEvents] and [Upkeep.PurgeRemoved] read it.
	Before time.Time `json:"before,omitzero"`
}

// BatchOutput says how much a batch removed. Fewer than asked means that
// nothing is left for now.
type BatchOutput struct {
	Removed int `json:"removed"`
}

// SweepExpired deletes expired sessions, sealed secrets and counters of limits.
func (a *Upkeep) SweepExpired(ctx context.Context, in BatchInput) (BatchOutput, error) {
	swept, err := a.Store.Sweep(ctx, in.Limit)
	return BatchOutput{Removed: max(swept.Sessions, swept.Sealed, swept.Limits, swept.Audit)}, err
}

// RemoveOrphans deletes identities that never got an actor and were not used
// since (docs/weak-spots.md#w4), each with an event.
func (a *Upkeep) RemoveOrphans(ctx context.Context, in BatchInput) (BatchOutput, error) {
	removed, err := a.Store.RemoveOrphans(ctx, in.UnusedSince, in.Limit)
	return BatchOutput{Removed: removed}, err
}

// PruneEvents deletes old events that have been delivered to every subscriber.
func (a *Upkeep) PruneEvents(ctx context.Context, in BatchInput) (BatchOutput, error) {
	removed, err := a.Store.PruneEvents(ctx, in.Before, in.Limit)
	return BatchOutput{Removed: removed}, err
}

// RestartLostInput is the argument of [Upkeep.RestartLost].
type RestartLostInput struct {
	// StartedBefore is when a delivery must have begun to be lost: longer ago
	// than any is tried.
	StartedBefore time.Time `json:"started_before"`
}

// RestartLost restarts deliveries whose flow has vanished, because an operator
// terminated it or Temporal lost its data.
func (a *Upkeep) RestartLost(ctx context.Context, in RestartLostInput) (BatchOutput, error) {
	restarted, err := a.Store.RestartLost(ctx, in.StartedBefore)
	return BatchOutput{Removed: restarted}, err
}

// ReportInput is the argument of [Upkeep.ReportDeadLetters].
type ReportInput struct {
	To string `json:"to"`
	// Since is the time of the last report.
	Since   time.Time `json:"since"`
	EventID string    `json:"event_id"`
}

// reportAtMost bounds how many dead letters one report names.
const reportAtMost = 50

// ReportDeadLetters records the event that mails operators what was given up
// since the last report. When nothing was, it records nothing.
func (a *Upkeep) ReportDeadLetters(ctx context.Context, in ReportInput) (BatchOutput, error) {
	dead, count, err := a.Store.Deliveries(ctx,
		store.DeliveryFilter{Status: everlatch.DeliveryDead, Since: in.Since}, store.Page{Limit: reportAtMost})
	if err != nil || count == 0 {
		return BatchOutput{}, err
	}
	list := make([]any, len(dead))
	for i, d := range dead {
		list[i] = everlatch.Metadata{
			"event_id": d.EventID, "event": d.Event, "subscriber": d.Subscriber,
			"error": d.Error, "at": d.UpdatedAt.Format(time.RFC3339),
		}
	}
	return BatchOutput{Removed: count}, a.Store.RecordEvent(ctx, everlatch.Event{
		ID: in.EventID, Name: everlatch.EventDeadLetters,
		Data: everlatch.Metadata{"to": in.To, "count": count, "deliveries": list},
	})
}

// PurgeRemoved deletes what was removed before a time and is still kept.
func (a *Upkeep) PurgeRemoved(ctx context.Context, in BatchInput) (BatchOutput, error) {
	removed, err := a.Store.PurgeRemoved(ctx, in.Before, in.Limit)
	return BatchOutput{Removed: removed}, err
}

// FindOverdueInput is the argument of [Upkeep.FindOverdue].
type FindOverdueInput struct {
	// DueBefore is when a deletion must have been due to be overdue.
	DueBefore time.Time `json:"due_before"`
	Limit     int       `json:"limit"`
}

// OverdueDeletion is one that should have happened.
type OverdueDeletion struct {
	CustomerID string    `json:"customer_id"`
	At         time.Time `json:"at"`
}

// FindOverdueOutput lists some of them, the oldest first.
type FindOverdueOutput struct {
	Deletions []OverdueDeletion `json:"deletions"`
}

// FindOverdue lists deletions that have not happened in time, because their
// flow has vanished: an operator terminated it, or Temporal lost its data.
func (a *Upkeep) FindOverdue(ctx context.Context, in FindOverdueInput) (out FindOverdueOutput, err error) {
	found, err := a.Store.OverdueDeletions(ctx, in.DueBefore, in.Limit)
	for _, d := range found {
		out.Deletions = append(out.Deletions, OverdueDeletion{CustomerID: d.CustomerID, At: d.At})
	}
	return out, err
}
