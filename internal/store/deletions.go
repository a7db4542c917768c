package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

// Deletion is the scheduled removal of a customer.
type Deletion struct {
	CustomerID string
	// At is when the customer is removed.
	At time.Time
	// RequestedAt is when it was requested, which ended all sessions and tokens.
	RequestedAt time.Time
}

const (
	deletionColumns = `customer_id, deletion_at, requested_at`

	// A hidden customer is already being removed.
	selectDeletion = `SELECT ` + deletionColumns + ` FROM account_deletion WHERE customer_id = $1
		AND EXISTS (SELECT 1 FROM customer c WHERE c.id = customer_id AND c.deleted_at IS NULL)`

	insertDeletion = `INSERT INTO account_deletion (` + deletionColumns + `) VALUES ($1, $2, $3)
		ON CONFLICT (customer_id) DO NOTHING`

	deleteDeletion = `DELETE FROM account_deletion WHERE customer_id = $1`

	selectOverdue = `SELECT ` + deletionColumns + ` FROM account_deletion WHERE deletion_at < $1
		AND EXISTS (SELECT 1 FROM customer c WHERE c.id = customer_id AND c.deleted_at IS NULL)
		ORDER BY deletion_at LIMIT $2`

	// Changes nothing, but locks the row, so that scheduling, cancelling and
	// removing a customer are serialized.
	holdCustomer = `UPDATE customer SET updated_at = updated_at WHERE id = $1 AND deleted_at IS NULL`
)

// ScheduleDeletion schedules the removal of a customer, ends the customer's
// sessions and the tokens of every linked identity, and records an event for the
// flow to release. If a deletion is already scheduled, it is returned and nothing
// changes. A missing customer is [everlatch.ErrNotFound].
func (s *Store) ScheduleDeletion(ctx context.Context, customerID string, at time.Time, ev everlatch.Event) (Deletion, error) {
	now := s.now()
	var noted Deletion
	err := s.write(ctx, func(tx *tx) error {
		alive, err := tx.exec(ctx, holdCustomer, customerID)
		if err != nil {
			return err
		}
		if alive == 0 {
			return notFound("Customer", customerID)
		}
		n, err := tx.exec(ctx, insertDeletion, customerID, at, now)
		if err != nil {
			return err
		}
		if noted, err = first(ctx, tx, scanDeletion, selectDeletion, customerID); err != nil || n == 0 {
			return err
		}
		customer := Link{ActorType: everlatch.ActorCustomer, ActorID: customerID, GroupID: ev.GroupID}
		if _, err := endActors(ctx, tx, customer, "deletion_scheduled", now); err != nil {
			return err
		}
		return recordEvents(ctx, tx, now, ev)
	})
	return noted, s.fail(ctx, "schedule deletion", err)
}

// Deletion returns the scheduled deletion of a customer, or [everlatch.ErrNotFound].
func (s *Store) Deletion(ctx context.Context, customerID string) (Deletion, error) {
	d, err := first(ctx, s.reads, scanDeletion, selectDeletion, customerID)
	return d, s.fail(ctx, "read deletion", noRows(err, notFound("Deletion", customerID)))
}

// CancelDeletion cancels the scheduled removal of a customer and records an event
// for the flow to release. Without a scheduled removal it does nothing and
// records no event; a missing customer is [everlatch.ErrNotFound].
func (s *Store) CancelDeletion(ctx context.Context, customerID string, ev everlatch.Event) error {
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		alive, err := tx.exec(ctx, holdCustomer, customerID)
		if err != nil {
			return err
		}
		if alive == 0 {
			return notFound("Customer", customerID)
		}
		n, err := tx.exec(ctx, deleteDeletion, customerID)
		if err != nil || n == 0 {
			return err
		}
		return recordEvents(ctx, tx, now, ev)
	})
	return s.fail(ctx, "cancel deletion", err)
}

// OverdueDeletions lists at most limit deletions that should have happened
// before a time, the oldest first.
func (s *Store) OverdueDeletions(ctx context.Context, before time.Time, limit int) ([]Deletion, error) {
	found, err := all(ctx, s.reads, scanDeletion, selectOverdue, before, limit)
	return found, s.fail(ctx, "list overdue deletions", err)
}

func scanDeletion(row scanner) (d Deletion, err error) {
	err = row.Scan(&d.CustomerID, toTime{&d.At}, toTime{&d.RequestedAt})
	return d, err
}
