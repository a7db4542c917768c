package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
)

// Target is a subscriber that receives an event.
type Target struct {
	Subscriber string
	// Ordered makes events of one identity wait for each other.
	Ordered bool
}

// Due says what the outbox can do now.
type Due struct {
	// Events are released and not dispatched.
	Events bool
	// Deliveries can be claimed.
	Deliveries bool
}

const (
	// One statement, which reads two indexes that hold nothing but what waits.
	selectDue = `SELECT
		EXISTS (SELECT 1 FROM event WHERE released_at IS NOT NULL AND dispatched_at IS NULL),
		EXISTS (SELECT 1 FROM delivery WHERE status = 'waiting' AND place <> 'behind'
			AND (claimable_at IS NULL OR claimable_at <= $1))`

	takeTurn = `SELECT position FROM dispatch_turn WHERE id = 1`
	endTurn  = `UPDATE dispatch_turn SET position = $1 WHERE id = 1`

	markDispatched = `UPDATE event SET dispatched_at = $1 WHERE id IN (SELECT id FROM event
			WHERE released_at IS NOT NULL AND dispatched_at IS NULL
			ORDER BY released_at, created_at, id LIMIT $2)
		RETURNING ` + eventColumns
)

// deliveriesAtOnce is the most rows of one INSERT, a power of two.
const deliveriesAtOnce = 128

// skipLocked is what a SELECT ends with that must not wait for rows that another
// process works on. SQLite has one writer at a time, and no such clause.
func (s *Store) skipLocked(table string) string {
	if s.onPostgres() {
		return " FOR UPDATE OF " + table + " SKIP LOCKED"
	}
	return ""
}

// Due reads what there is to do, without locks: an idle outbox asks this and
// nothing else.
func (s *Store) Due(ctx context.Context) (Due, error) {
	d, err := first(ctx, s.reads, scanDue, selectDue, s.now())
	return d, s.fail(ctx, "look for events", err)
}

func scanDue(row scanner) (d Due, err error) {
	err = row.Scan(toBool{&d.Events}, toBool{&d.Deliveries})
	return d, err
}

// Dispatch turns at most limit released events into deliveries for their
// targets, each event once, and returns the number of events. Only one process
// dispatches at a time, so that deliveries have the order in which events were
// released; while another one does, it returns 0 at once.
func (s *Store) Dispatch(ctx context.Context, limit int, targets func(everlatch.Event) []Target) (int, error) {
	var events []everlatch.Event
	err := s.write(ctx, func(tx *tx) error {
		turns, err := all(ctx, tx, scanned[int64], takeTurn+s.skipLocked("dispatch_turn"))
		if err != nil || len(turns) == 0 {
			return err
		}
		now := s.now()
		if events, err = all(ctx, tx, scanEvent, markDispatched, now, limit); err != nil || len(events) == 0 {
			return err
		}
		slices.SortFunc(events, byRelease)
		var rows []any
		position := turns[0]
		for _, e := range events {
			for _, t := range targets(e) {
				key := ""
				if t.Ordered {
					key = e.AuthIdentityID
				}
				rows = append(rows, e.ID, t.Subscriber, position, key)
				position++
			}
		}
		if err := addDeliveries(ctx, tx, now, rows); err != nil {
			return err
		}
		_, err = tx.exec(ctx, endTurn, position)
		return err
	})
	return len(events), s.fail(ctx, "dispatch events", err)
}

// byRelease is the order of markDispatched, which RETURNING does not keep.
func byRelease(a, b everlatch.Event) int {
	return cmp.Or(a.ReleasedAt.Compare(*b.ReleasedAt), a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
}

// addDeliveries inserts rows of four values each: event, subscriber, position,
// key. The numbers of rows are powers of two, so that there are few texts to prepare.
func addDeliveries(ctx context.Context, tx *tx, now time.Time, rows []any) error {
	const width = 4
	for n := deliveriesAtOnce; n > 0; n /= 2 {
		for len(rows) >= n*width {
			if _, err := tx.exec(ctx, insertDeliveries(n), append([]any{now}, rows[:n*width]...)...); err != nil {
				return err
			}
			rows = rows[n*width:]
		}
	}
	return nil
}

func insertDeliveries(n int) string {
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprintf("($%d, $%d, $%d, $%d, 'waiting', $1, $1)", 4*i+2, 4*i+3, 4*i+4, 4*i+5)
	}
	return `INSERT INTO delivery (event_id, subscriber, position, order_key, status, created_at, updated_at)
		VALUES ` + strings.Join(values, ", ") + ` ON CONFLICT (event_id, subscriber) DO NOTHING`
}
