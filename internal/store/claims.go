package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
)

// Claim is a batch of deliveries that one worker may start, and no other until
// the claim ends or runs out.
type Claim struct {
	ID string
	// Deliveries are in their order. Their Error and times are not filled.
	Deliveries []everlatch.Delivery
	// Looked is how many deliveries were looked at. Those that stand behind an
	// earlier one of their identity are not claimed, and not looked at again
	// before that one has ended.
	Looked int
	// Until is when another worker may claim what has not been started.
	Until time.Time
}

// Unstarted is a delivery of a claim that was not started, and when it may be
// claimed again.
type Unstarted struct {
	everlatch.Delivery

	RetryAt time.Time
}

const (
	// Whether an earlier delivery of the same order is open. Once SettleDelivery
	// has found that a delivery is next, nothing else decides.
	isBehind = `d.order_key <> '' AND d.place <> 'next' AND EXISTS (SELECT 1 FROM delivery b
			WHERE b.subscriber = d.subscriber AND b.order_key = d.order_key AND b.position < d.position
			AND b.order_key <> '' AND b.status IN ('waiting', 'started'))`

	selectClaimable = `SELECT d.event_id, d.subscriber, ` + isBehind + ` AS behind FROM delivery d
		WHERE d.status = 'waiting' AND d.place <> 'behind' AND (d.claimable_at IS NULL OR d.claimable_at <= $1)
		ORDER BY d.position LIMIT $2`

	updateClaimed = `UPDATE delivery SET claim = CASE WHEN open.behind THEN '' ELSE $3 END, claimable_at = $4,
			place = CASE WHEN open.behind THEN 'behind' ELSE delivery.place END
		FROM open WHERE delivery.event_id = open.event_id AND delivery.subscriber = open.subscriber
		RETURNING delivery.event_id, delivery.subscriber, delivery.generation, delivery.position, delivery.claim`

	markStarted = `UPDATE delivery SET status = 'started', claim = '', updated_at = $2 WHERE claim = $1 AND status = 'waiting'`

	putOff = `UPDATE delivery SET claim = '', claimable_at = $4 WHERE claim = $1 AND event_id = $2 AND subscriber = $3`
)

// ClaimDeliveries claims at most limit deliveries that are due, in order, for
// the time of the lease. A worker that dies in the meantime needs no clean-up.
func (s *Store) ClaimDeliveries(ctx context.Context, limit int, lease time.Duration) (Claim, error) {
	now := s.now()
	c := Claim{ID: ids.New("claim_", now), Until: now.Add(lease)}
	// Materialized, so that the rows of the limit are chosen and locked once.
	text := "WITH open AS MATERIALIZED (" + selectClaimable + s.skipLocked("d") + ") " + updateClaimed
	rows, err := all(ctx, s.writes, scanClaimed, text, now, limit, c.ID, c.Until)
	if err != nil {
		return Claim{}, s.fail(ctx, "claim deliveries", err)
	}
	c.Looked = len(rows)
	rows = slices.DeleteFunc(rows, func(r claimed) bool { return r.claim != c.ID })
	slices.SortFunc(rows, func(a, b claimed) int { return cmp.Compare(a.position, b.position) })
	for _, r := range rows {
		c.Deliveries = append(c.Deliveries, r.Delivery)
	}
	return c, nil
}

// claimed is a row that was looked at.
type claimed struct {
	everlatch.Delivery

	position int64
	claim    string
}

func scanClaimed(row scanner) (c claimed, err error) {
	c.Status = everlatch.DeliveryWaiting
	err = row.Scan(&c.EventID, &c.Subscriber, &c.Generation, &c.position, &c.claim)
	return c, err
}

// EndClaim records that flows deliver what was claimed, except for what was not
// started. A delivery that its flow has already settled, that was restarted, or
// that another worker claimed after the lease is left unchanged.
func (s *Store) EndClaim(ctx context.Context, c Claim, unstarted ...Unstarted) error {
	now := s.now()
	if len(unstarted) == 0 {
		_, err := s.writes.exec(ctx, markStarted, c.ID, now)
		return s.fail(ctx, "note deliveries", err)
	}
	err := s.write(ctx, func(tx *tx) error {
		for _, u := range unstarted {
			if _, err := tx.exec(ctx, putOff, c.ID, u.EventID, u.Subscriber, u.RetryAt); err != nil {
				return err
			}
		}
		_, err := tx.exec(ctx, markStarted, c.ID, now)
		return err
	})
	return s.fail(ctx, "note deliveries", err)
}
