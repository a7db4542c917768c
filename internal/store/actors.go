package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

// Records keeps the records of an actor type as JSON.
type Records struct {
	store *Store
	t     everlatch.ActorType
	model string
}

var _ everlatch.ActorStore = (*Records)(nil)

// Records returns the built-in store of an actor type, whose definition must be
// complete (see [everlatch.ActorType.Complete]). It records no events: the flows
// do that, so that custom stores work the same way.
func (s *Store) Records(t everlatch.ActorType) *Records {
	return &Records{store: s, t: t, model: t.Model()}
}

const (
	recordColumns = `r.id, r.actor_type, r.data, r.created_at, r.updated_at, r.deleted_at`

	insertRecord = `INSERT INTO actor_record (id, actor_type, data, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
		ON CONFLICT DO NOTHING`

	selectRecord = `SELECT ` + recordColumns + ` FROM actor_record r
		WHERE r.id = $1 AND r.actor_type = $2 AND r.deleted_at IS NULL`

	lockRecord = `UPDATE actor_record SET updated_at = $3 WHERE id = $1 AND actor_type = $2 AND deleted_at IS NULL`

	updateRecord = `UPDATE actor_record SET data = $2 WHERE id = $1`

	hideRecord = `UPDATE actor_record SET deleted_at = $3, updated_at = $3, removed_by = $4
		WHERE id = $1 AND actor_type = $2 AND deleted_at IS NULL`
	hideValues = `UPDATE actor_value SET live = FALSE WHERE actor_id = $1`

	selectRemoved = `SELECT COUNT(*) FROM actor_record
		WHERE id = $1 AND actor_type = $2 AND deleted_at IS NOT NULL AND removed_by = $3`

	showRecord = `UPDATE actor_record SET deleted_at = NULL, updated_at = $3, removed_by = ''
		WHERE id = $1 AND actor_type = $2 AND deleted_at IS NOT NULL AND removed_by = $4`
	showValues = `UPDATE actor_value SET live = TRUE WHERE actor_id = $1`

	discardRecord = `DELETE FROM actor_record WHERE id = $1 AND actor_type = $2`
)

// Create implements [everlatch.ActorStore]. A unique value of another record is
// [everlatch.CodeInvalidData] (docs/contract.md#s4-1, unique).
func (r *Records) Create(ctx context.Context, in everlatch.ActorRecord) (everlatch.ActorRecord, error) {
	now := r.store.now()
	var stored everlatch.ActorRecord
	err := r.store.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, insertRecord, in.ID, r.t.Name, record(in.Data), now)
		if err != nil {
			return err
		}
		if n > 0 {
			if err := r.insertValues(ctx, tx, in.ID, in.Data); err != nil {
				return err
			}
		}
		stored, err = r.find(ctx, tx, in.ID, notFound(r.model, in.ID))
		return err
	})
	if err != nil {
		return everlatch.ActorRecord{}, r.store.fail(ctx, "create actor", err)
	}
	return stored, nil
}

// record is data that is never NULL.
func record(data everlatch.Metadata) everlatch.Metadata {
	if data == nil {
		return everlatch.Metadata{}
	}
	return data
}

// Discard implements [everlatch.ActorStore].
func (r *Records) Discard(ctx context.Context, id string) error {
	_, err := r.store.writes.exec(ctx, discardRecord, id, r.t.Name)
	return r.store.fail(ctx, "discard actor", err)
}

// Find implements [everlatch.ActorStore]. It is one query.
func (r *Records) Find(ctx context.Context, id string) (everlatch.ActorRecord, error) {
	found, err := r.find(ctx, r.store.reads, id, notFound(r.model, id))
	return found, r.store.fail(ctx, "read actor", err)
}

func (r *Records) find(ctx context.Context, q querier, id string, absent error) (everlatch.ActorRecord, error) {
	found, err := first(ctx, q, scanRecord, selectRecord, id, r.t.Name)
	return found, noRows(err, absent)
}

// Update implements [everlatch.ActorStore].
func (r *Records) Update(
	ctx context.Context, id string, change func(everlatch.Metadata) (everlatch.Metadata, error),
) (everlatch.ActorRecord, error) {
	var updated everlatch.ActorRecord
	err := r.store.write(ctx, func(tx *tx) (err error) {
		// It locks the row, so that no other update is lost.
		if _, err = tx.exec(ctx, lockRecord, id, r.t.Name, r.store.now()); err != nil {
			return err
		}
		if updated, err = r.find(ctx, tx, id, notUpdatable(r.model, id)); err != nil {
			return err
		}
		if updated.Data, err = change(updated.Data); err != nil {
			return err
		}
		if _, err = tx.exec(ctx, updateRecord, id, record(updated.Data)); err != nil {
			return err
		}
		if _, err = tx.exec(ctx, `DELETE FROM actor_value WHERE actor_id = $1`, id); err != nil {
			return err
		}
		return r.insertValues(ctx, tx, id, updated.Data)
	})
	if err != nil {
		return everlatch.ActorRecord{}, r.store.fail(ctx, "update actor", err)
	}
	return updated, nil
}

// Remove implements [everlatch.ActorStore].
func (r *Records) Remove(ctx context.Context, id, flow string) (removed bool, err error) {
	err = r.store.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, hideRecord, id, r.t.Name, r.store.now(), flow)
		if err != nil {
			return err
		}
		if n > 0 {
			removed = true
			_, err = tx.exec(ctx, hideValues, id)
			return err
		}
		before, err := first(ctx, tx, scanned[int], selectRemoved, id, r.t.Name, flow)
		removed = before > 0
		return err
	})
	return removed && err == nil, r.store.fail(ctx, "remove actor", err)
}

// Restore implements [everlatch.ActorStore].
func (r *Records) Restore(ctx context.Context, id, flow string) error {
	err := r.store.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, showRecord, id, r.t.Name, r.store.now(), flow)
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.exec(ctx, showValues, id)
		return err
	})
	if isUnique(err) {
		err = refuse(everlatch.CodeDuplicate, ActorRestoreTaken, "actor_type", r.t.Name)
	}
	return r.store.fail(ctx, "restore actor", err)
}

// EndActor ends the tokens and sessions of an actor's identities
// (docs/weak-spots.md#w9, #w14) and records two events: ev, which needs an id,
// and [everlatch.EventAccountDeleted]. The flow of the link releases both.
// Calling it again with the same event changes nothing.
func (s *Store) EndActor(ctx context.Context, link Link, ev everlatch.Event) error {
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, insertEvent, ev.ID, ev.Name, link.GroupID, everlatch.SourceEverlatch, ev.AuthIdentityID,
			languageOf(ctx, ev), ev.Data, now, nil)
		if err != nil || n == 0 {
			return err
		}
		identities, err := endActors(ctx, tx, link, "account_removed", now)
		if err != nil {
			return err
		}
		return recordEvents(ctx, tx, now, accountDeleted(now, link.ActorType, link.ActorID, link.GroupID, identities))
	})
	return s.fail(ctx, "end actor", err)
}

// RecordPending records an event that is released when its flow ends. The same
// id again changes nothing.
func (s *Store) RecordPending(ctx context.Context, e everlatch.Event) error {
	e.ReleasedAt = nil
	return s.fail(ctx, "record event", recordEvents(ctx, s.writes, s.now(), e))
}

func scanRecord(row scanner) (r everlatch.ActorRecord, err error) {
	err = row.Scan(&r.ID, &r.ActorType, toMetadata{&r.Data},
		toTime{&r.CreatedAt}, toTime{&r.UpdatedAt}, toOptionalTime{&r.DeletedAt})
	return r, err
}

// bounds appends that a time is in a range.
func (c *conditions) bounds(column string, r everlatch.TimeRange) {
	for _, b := range []struct {
		operator string
		at       time.Time
	}{{" >= ", r.From}, {" < ", r.Until}} {
		if !b.at.IsZero() {
			c.add(column+b.operator+"%s", b.at)
		}
	}
}
