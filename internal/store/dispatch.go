package store

import (
	"context"

	"github.com/everlatch/everlatch"
)

// Target is a subscriber that receives an event.
type Target struct {
	Subscriber string
	// Ordered makes events of one identity wait for each other.
	Ordered bool
}

const (
	anyEventWaiting = `SELECT EXISTS (SELECT 1 FROM event WHERE released_at IS NOT NULL AND dispatched_at IS NULL)`

	takeTurn = `UPDATE dispatch_turn SET position = position + 1 WHERE id = 1 RETURNING position`
	endTurn  = `UPDATE dispatch_turn SET position = $1 WHERE id = 1`

	selectWaitingEvents = `SELECT ` + eventColumns + ` FROM event
		WHERE released_at IS NOT NULL AND dispatched_at IS NULL
		ORDER BY released_at, created_at, id LIMIT $1`

	insertDelivery = `INSERT INTO delivery (event_id, subscriber, position, order_key, status, created_at, updated_at)
		VALUES ($1, $2, $3, $4, 'waiting', $5, $5)
		ON CONFLICT (event_id, subscriber) DO NOTHING`

	markDispatched = `UPDATE event SET dispatched_at = $2 WHERE id = $1`

	deliveryColumns = `d.event_id, e.name, d.subscriber, d.status, d.generation, d.error, d.created_at, d.updated_at`

	// An ordered delivery may begin when no earlier one of its kind is open.
	selectStartable = `SELECT ` + deliveryColumns + ` FROM delivery d JOIN event e ON e.id = d.event_id
		WHERE d.status = 'waiting' AND (d.order_key = '' OR NOT EXISTS (SELECT 1 FROM delivery b
			WHERE b.subscriber = d.subscriber AND b.order_key = d.order_key AND b.position < d.position
			AND b.order_key <> '' AND b.status IN ('waiting', 'started')))
		ORDER BY d.position LIMIT $1`

	markStarted = `UPDATE delivery SET status = 'started', updated_at = $4
		WHERE event_id = $1 AND subscriber = $2 AND generation = $3 AND status = 'waiting'`

	settleDelivery = `UPDATE delivery SET status = $4, error = $5, updated_at = $6
		WHERE event_id = $1 AND subscriber = $2 AND generation = $3 AND status IN ('waiting', 'started')`
)

// Dispatch turns at most limit released events into deliveries for their
// targets, each event once, and returns the number of events. Only one process
// dispatches at a time, so that deliveries have the order in which events were
// released. If no event is waiting, it only reads.
func (s *Store) Dispatch(ctx context.Context, limit int, targets func(everlatch.Event) []Target) (int, error) {
	waiting, err := first(ctx, s.reads, scanned[bool], anyEventWaiting)
	if err != nil || !waiting {
		return 0, s.fail(ctx, "look for events", err)
	}
	var events []everlatch.Event
	err = s.write(ctx, func(tx *tx) error {
		position, err := first(ctx, tx, scanned[int64], takeTurn)
		if err != nil {
			return err
		}
		if events, err = all(ctx, tx, scanEvent, selectWaitingEvents, limit); err != nil {
			return err
		}
		now := s.now()
		for _, e := range events {
			for _, t := range targets(e) {
				key := ""
				if t.Ordered {
					key = e.AuthIdentityID
				}
				if _, err := tx.exec(ctx, insertDelivery, e.ID, t.Subscriber, position, key, now); err != nil {
					return err
				}
				position++
			}
			if _, err := tx.exec(ctx, markDispatched, e.ID, now); err != nil {
				return err
			}
		}
		_, err = tx.exec(ctx, endTurn, position)
		return err
	})
	return len(events), s.fail(ctx, "dispatch events", err)
}

// StartableDeliveries returns at most limit deliveries that are due, in order.
func (s *Store) StartableDeliveries(ctx context.Context, limit int) ([]everlatch.Delivery, error) {
	out, err := all(ctx, s.reads, scanDelivery, selectStartable, limit)
	return out, s.fail(ctx, "look for deliveries", err)
}

// DeliveryStarted records that a flow delivers d. A delivery that the flow has
// already settled is left unchanged.
func (s *Store) DeliveryStarted(ctx context.Context, d everlatch.Delivery) error {
	_, err := s.writes.exec(ctx, markStarted, d.EventID, d.Subscriber, d.Generation, s.now())
	return s.fail(ctx, "note a delivery", err)
}

// SettleDelivery ends a delivery as [everlatch.DeliveryDelivered] or
// [everlatch.DeliveryDead]. A delivery that is settled or has another generation
// stays unchanged.
func (s *Store) SettleDelivery(ctx context.Context, d everlatch.Delivery) error {
	_, err := s.writes.exec(ctx, settleDelivery, d.EventID, d.Subscriber, d.Generation, d.Status, d.Error, s.now())
	s.tellReleased()
	return s.fail(ctx, "settle a delivery", err)
}

func scanDelivery(row scanner) (d everlatch.Delivery, err error) {
	err = row.Scan(&d.EventID, &d.Event, &d.Subscriber, &d.Status, &d.Generation, &d.Error,
		toTime{&d.CreatedAt}, toTime{&d.UpdatedAt})
	return d, err
}
