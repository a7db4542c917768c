package store

import (
	"context"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
)

// DeliveryFilter selects deliveries; zero fields select all.
type DeliveryFilter struct {
	EventID, Event, Subscriber, Status string
	// Since selects those that changed at or after a time.
	Since time.Time
}

const (
	restartDelivery = `UPDATE delivery SET status = 'waiting', generation = generation + 1, error = '', updated_at = $3
		WHERE event_id = $1 AND ($2 = '' OR subscriber = $2) AND status IN `

	releaseDead   = restartDelivery + `('dead')`
	replaySettled = restartDelivery + `('dead', 'delivered')`

	restartLost = `UPDATE delivery SET status = 'waiting', generation = generation + 1, updated_at = $2
		WHERE status = 'started' AND updated_at < $1`

	redispatch = `UPDATE event SET dispatched_at = NULL WHERE id = $1 AND released_at IS NOT NULL`

	// Open deliveries and dead letters stay, because they may still be needed.
	pruneEvents = `DELETE FROM event WHERE id IN (SELECT e.id FROM event e
		WHERE e.created_at < $1 AND (e.released_at IS NULL OR e.dispatched_at IS NOT NULL)
		AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.id AND d.status <> 'delivered')
		ORDER BY e.created_at, e.id LIMIT $2)`
)

// Deliveries lists deliveries and counts them, in the order of dispatch unless
// the page says otherwise (order: created_at, updated_at).
func (s *Store) Deliveries(ctx context.Context, f DeliveryFilter, page Page) ([]everlatch.Delivery, int, error) {
	var where conditions
	where.equal("d.event_id", f.EventID)
	where.equal("e.name", f.Event)
	where.equal("d.subscriber", f.Subscriber)
	where.equal("d.status", f.Status)
	if !f.Since.IsZero() {
		where.add("d.updated_at >= %s", f.Since)
	}
	if field, descending := strings.CutPrefix(page.Order, "-"); field == "created_at" || field == "updated_at" {
		page.Order = map[bool]string{true: "-"}[descending] + "d." + field
	}
	return list(ctx, s, "list deliveries", listing[everlatch.Delivery]{
		table: "delivery d JOIN event e ON e.id = d.event_id", columns: deliveryColumns, scan: scanDelivery,
		where: where, page: page, defaultOrder: "d.position",
		orders: []string{"d.created_at", "d.updated_at"}, tieBreak: "d.position",
	})
}

// ReleaseDead retries the dead letters of an event, of all subscribers or of
// one, and returns how many there were.
func (s *Store) ReleaseDead(ctx context.Context, eventID, subscriber string) (int, error) {
	n, err := s.writes.exec(ctx, releaseDead, eventID, subscriber, s.now())
	s.tellReleased()
	return int(n), s.fail(ctx, "release dead letters", err)
}

// ReplayEvent delivers a released event again, to all its subscribers or to one.
// Without a subscriber, new subscribers receive it as well. Deliveries in
// progress continue.
func (s *Store) ReplayEvent(ctx context.Context, eventID, subscriber string) error {
	err := s.write(ctx, func(tx *tx) error {
		if _, err := tx.exec(ctx, replaySettled, eventID, subscriber, s.now()); err != nil || subscriber != "" {
			return err
		}
		n, err := tx.exec(ctx, redispatch, eventID)
		if err == nil && n == 0 {
			return notFound("Event", eventID)
		}
		return err
	})
	s.tellReleased()
	return s.fail(ctx, "replay event", err)
}

// PruneEvents deletes at most limit events older than before, with their
// deliveries, and returns how many it deleted. Events with undelivered or dead
// deliveries stay; events that a flow recorded and never released are deleted.
func (s *Store) PruneEvents(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.writes.exec(ctx, pruneEvents, before, limit)
	return int(n), s.fail(ctx, "prune events", err)
}

// RestartLost restarts the deliveries that were started before startedBefore and
// have not ended, and returns how many it restarted.
func (s *Store) RestartLost(ctx context.Context, startedBefore time.Time) (int, error) {
	n, err := s.writes.exec(ctx, restartLost, startedBefore, s.now())
	s.tellReleased()
	return int(n), s.fail(ctx, "restart lost deliveries", err)
}
