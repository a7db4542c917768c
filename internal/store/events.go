package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
)

// EventFilter selects events; zero fields select all.
type EventFilter struct {
	Name, GroupID, AuthIdentityID, Source string
	// Names selects the events with one of these names.
	Names []string
	// Released selects the events that subscribers may see, or the events that
	// wait for the end of their flow.
	Released *bool
}

// Events lists events and counts them, oldest first unless the page says
// otherwise (order: created_at).
func (s *Store) Events(ctx context.Context, f EventFilter, page Page) ([]everlatch.Event, int, error) {
	var where conditions
	where.equal("name", f.Name)
	where.in("name", f.Names)
	where.equal("group_id", f.GroupID)
	where.equal("auth_identity_id", f.AuthIdentityID)
	where.equal("source", f.Source)
	if f.Released != nil {
		where.is(map[bool]string{true: "released_at IS NOT NULL", false: "released_at IS NULL"}[*f.Released])
	}
	return list(ctx, s, "list events", listing[everlatch.Event]{
		table: "event", columns: eventColumns, scan: scanEvent,
		where: where, page: page, defaultOrder: "created_at, id", orders: []string{"created_at"},
	})
}

// DropEvents deletes the unreleased events of a flow that did not succeed
// (docs/contract.md#s6). Released events stay.
func (s *Store) DropEvents(ctx context.Context, groupID string) error {
	_, err := s.writes.exec(ctx, deleteUnreleased, groupID)
	return s.fail(ctx, "drop events", err)
}

// ReleaseEvents makes the events of a flow that succeeded visible to
// subscribers. Events without a group belong to no flow and stay unchanged.
func (s *Store) ReleaseEvents(ctx context.Context, groupID string) error {
	if groupID == "" {
		return nil
	}
	n, err := s.writes.exec(ctx, `UPDATE event SET released_at = $2
		WHERE group_id = $1 AND released_at IS NULL`, groupID, s.now())
	if n > 0 {
		s.tellReleased()
	}
	return s.fail(ctx, "release events", err)
}

// Event returns an event, released or not, or [everlatch.ErrNotFound].
func (s *Store) Event(ctx context.Context, id string) (everlatch.Event, error) {
	e, err := first(ctx, s.reads, scanEvent, selectEvent, id)
	return e, s.fail(ctx, "read event", noRows(err, notFound("Event", id)))
}

// PublishEvent records a released event that belongs to no flow and returns
// what is stored under its id; the same id again changes nothing. The second
// result reports whether this call recorded it.
func (s *Store) PublishEvent(ctx context.Context, e everlatch.Event) (everlatch.Event, bool, error) {
	now := s.now()
	e.CreatedAt, e.ReleasedAt, e.GroupID = now, &now, ""
	n, err := s.writes.exec(ctx, insertEvent, e.ID, e.Name, e.GroupID, e.Source, e.AuthIdentityID, e.Language, e.Data, e.CreatedAt, e.ReleasedAt)
	if err != nil {
		return everlatch.Event{}, false, s.fail(ctx, "publish event", err)
	}
	s.tellReleased()
	stored, err := s.Event(ctx, e.ID)
	return stored, n > 0, err
}

const (
	eventColumns = `id, name, group_id, source, auth_identity_id, language, data, created_at, released_at`

	selectEvent = `SELECT ` + eventColumns + ` FROM event WHERE id = $1`

	insertEvent = `INSERT INTO event (` + eventColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (id) DO NOTHING`

	deleteUnreleased = `DELETE FROM event WHERE group_id = $1 AND released_at IS NULL`
)

// recordEvents adds events to a transaction. An event that is recorded already
// stays as it is; one without id is no event. Events without CreatedAt happen now.
func recordEvents(ctx context.Context, q querier, now time.Time, events ...everlatch.Event) error {
	for _, e := range events {
		if e.ID == "" {
			continue
		}
		if e.CreatedAt.IsZero() {
			e.CreatedAt = now
		}
		if t, ok := q.(*tx); ok && e.ReleasedAt != nil {
			t.released = true
		}
		_, err := q.exec(ctx, insertEvent, e.ID, e.Name, e.GroupID, everlatch.SourceEverlatch, e.AuthIdentityID,
			languageOf(ctx, e), e.Data, e.CreatedAt, e.ReleasedAt)
		if err != nil {
			return err
		}
	}
	return nil
}

// newEvent makes a released event about something that has just become true.
func newEvent(now time.Time, name, groupID, identityID string, data everlatch.Metadata) everlatch.Event {
	return everlatch.Event{
		ID: ids.New(ids.Event, now), Name: name, GroupID: groupID, AuthIdentityID: identityID,
		Source: everlatch.SourceEverlatch, Data: data, CreatedAt: now, ReleasedAt: &now,
	}
}

func scanEvent(row scanner) (e everlatch.Event, err error) {
	err = row.Scan(&e.ID, &e.Name, &e.GroupID, &e.Source, &e.AuthIdentityID, &e.Language,
		toMetadata{&e.Data}, toTime{&e.CreatedAt}, toOptionalTime{&e.ReleasedAt})
	return e, err
}
