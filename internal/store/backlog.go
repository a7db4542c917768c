package store

import (
	"context"
	"time"
)

// Counting stops at these numbers: more is a backlog all the same, and a scrape must
// not read all of it.
const (
	mostBacklog  = 10_000
	mostSessions = 1_000_000
)

// Backlog is what the outbox has before it, and what it has given up.
type Backlog struct {
	// Oldest is since when the first event waits to be dispatched, or the first
	// delivery to be started; the zero time when none does.
	Oldest time.Time
	// Events wait to be dispatched, Waiting are deliveries that can be started and
	// Behind those that wait for another one of their identity, Dead are dead letters.
	// Counting stops at 10,000.
	Events, Waiting, Behind, Dead int
}

// Each reads an index that holds nothing else. Deliveries that have been started are
// in none that all of them are in, so they are not counted.
const (
	selectBacklog = `SELECT
		(SELECT MIN(released_at) FROM event WHERE released_at IS NOT NULL AND dispatched_at IS NULL),
		(SELECT updated_at FROM delivery WHERE status = 'waiting' AND place <> 'behind' ORDER BY position LIMIT 1),
		(SELECT COUNT(*) FROM (SELECT 1 FROM event WHERE released_at IS NOT NULL AND dispatched_at IS NULL LIMIT $1) AS undispatched),
		(SELECT COUNT(*) FROM (SELECT 1 FROM delivery WHERE status = 'waiting' AND place <> 'behind' LIMIT $1) AS waiting),
		(SELECT COUNT(*) FROM (SELECT 1 FROM delivery
			WHERE order_key <> '' AND status IN ('waiting', 'started') AND status = 'waiting' AND place = 'behind' LIMIT $1) AS behind),
		(SELECT COUNT(*) FROM (SELECT 1 FROM delivery WHERE status = 'dead' LIMIT $1) AS dead)`

	countSessions = `SELECT COUNT(*) FROM (SELECT 1 FROM session WHERE idle_expires_at > $1 LIMIT $2) AS living`
)

// Backlog reads the state of the outbox, for metrics.
func (s *Store) Backlog(ctx context.Context) (Backlog, error) {
	b, err := first(ctx, s.reads, scanBacklog, selectBacklog, mostBacklog)
	return b, s.fail(ctx, "read the backlog", err)
}

func scanBacklog(row scanner) (b Backlog, err error) {
	var event, delivery time.Time
	err = row.Scan(toTime{&event}, toTime{&delivery}, &b.Events, &b.Waiting, &b.Behind, &b.Dead)
	b.Oldest = event
	if event.IsZero() || !delivery.IsZero() && delivery.Before(event) {
		b.Oldest = delivery
	}
	return b, err
}

// LivingSessions counts the sessions that have not expired, up to a million.
func (s *Store) LivingSessions(ctx context.Context) (int, error) {
	n, err := first(ctx, s.reads, scanned[int], countSessions, s.now(), mostSessions)
	return n, s.fail(ctx, "count sessions", err)
}
