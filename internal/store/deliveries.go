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
	// AuthIdentityID selects deliveries of the events about an identity.
	AuthIdentityID string
	// Since selects those that changed at or after a time.
	Since time.Time
}

const (
	deliveryColumns = `d.event_id, e.name, d.subscriber, d.status, d.generation, d.error, d.created_at, d.updated_at`

	// What a waiting delivery begins with, in every generation.
	waitingAgain = `status = 'waiting', generation = generation + 1, claim = '', claimable_at = NULL, place = ''`

	restartDelivery = `UPDATE delivery SET ` + waitingAgain + `, error = '', updated_at = $3
		WHERE event_id = $1 AND ($2 = '' OR subscriber = $2) AND status IN `

	releaseDead   = restartDelivery + `('dead')`
	replaySettled = restartDelivery + `('dead', 'delivered')`

	restartLost = `UPDATE delivery SET ` + waitingAgain + `, updated_at = $2
		WHERE status = 'started' AND updated_at < $1`

	settleDelivery = `UPDATE delivery SET status = $4, claim = '', error = $5, updated_at = $6
		WHERE event_id = $1 AND subscriber = $2 AND generation = $3 AND status IN ('waiting', 'started')
		RETURNING order_key`

	// The first open delivery of the order that a settled one belongs to is next.
	callNext = `UPDATE delivery SET place = 'next', claimable_at = NULL
		WHERE status = 'waiting' AND place <> 'next' AND claim = '' AND order_key <> ''
		AND (subscriber, order_key, position) = (SELECT b.subscriber, b.order_key, MIN(b.position)
			FROM delivery settled JOIN delivery b ON b.subscriber = settled.subscriber AND b.order_key = settled.order_key
			WHERE settled.event_id = $1 AND settled.subscriber = $2 AND b.order_key <> '' AND b.status IN ('waiting', 'started')
			GROUP BY b.subscriber, b.order_key)`

	// Those whose predecessor was settled and whose call was lost.
	lookAgain = `UPDATE delivery SET place = '', claimable_at = NULL
		WHERE place = 'behind' AND order_key <> '' AND status IN ('waiting', 'started') AND NOT EXISTS (SELECT 1 FROM delivery b
			WHERE b.subscriber = delivery.subscriber AND b.order_key = delivery.order_key AND b.position < delivery.position
			AND b.order_key <> '' AND b.status IN ('waiting', 'started'))`

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
	where.equal("e.auth_identity_id", f.AuthIdentityID)
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

// SettleDelivery ends a delivery as [everlatch.DeliveryDelivered] or
// [everlatch.DeliveryDead], and makes the next of its order claimable. A delivery
// that is settled or has another generation stays unchanged. After an error it
// must be called again: the two steps are statements of their own, so that the
// second sees every delivery that was found behind the first.
func (s *Store) SettleDelivery(ctx context.Context, d everlatch.Delivery) error {
	keys, err := all(ctx, s.writes, scanned[string], settleDelivery,
		d.EventID, d.Subscriber, d.Generation, d.Status, d.Error, s.now())
	if err != nil {
		return s.fail(ctx, "settle a delivery", err)
	}
	if len(keys) == 1 && keys[0] == "" {
		return nil // it has no order
	}
	n, err := s.writes.exec(ctx, callNext, d.EventID, d.Subscriber)
	if n > 0 {
		s.tellReleased()
	}
	return s.fail(ctx, "settle a delivery", err)
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
// have not ended, and returns how many it restarted. It also looks again at those
// that wait for a delivery which is no longer open.
func (s *Store) RestartLost(ctx context.Context, startedBefore time.Time) (int, error) {
	n, err := s.writes.exec(ctx, restartLost, startedBefore, s.now())
	if err == nil {
		_, err = s.writes.exec(ctx, lookAgain)
	}
	s.tellReleased()
	return int(n), s.fail(ctx, "restart lost deliveries", err)
}

func scanDelivery(row scanner) (d everlatch.Delivery, err error) {
	err = row.Scan(&d.EventID, &d.Event, &d.Subscriber, &d.Status, &d.Generation, &d.Error,
		toTime{&d.CreatedAt}, toTime{&d.UpdatedAt})
	return d, err
}
