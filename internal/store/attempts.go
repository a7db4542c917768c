package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// AttemptWithin is how long an attempt may be under way. One that did not end by
// then, because its process died, no longer counts.
const AttemptWithin = 30 * time.Second

// unblocked is the end of a block that never was. It is not the present: a process
// whose statement waited for others compares with an earlier time, and would find
// the attempts of this moment blocked.
var unblocked = time.Unix(0, 0).UTC()

// An attempt is counted before it is made: as many may be under way as may still
// fail. After that, one at a time.
const (
	beginAttempt = `INSERT INTO limit_attempt (id, failures, pending, pending_until, blocked_until, expires_at)
		VALUES ($1, 0, 1, $2, $5, $2)
		ON CONFLICT (id) DO UPDATE SET
			failures = CASE WHEN limit_attempt.expires_at <= $3 THEN 0 ELSE limit_attempt.failures END,
			pending = CASE WHEN limit_attempt.pending_until <= $3 THEN 1 ELSE limit_attempt.pending + 1 END,
			pending_until = $2,
			expires_at = CASE WHEN limit_attempt.expires_at < $2 THEN $2 ELSE limit_attempt.expires_at END
		WHERE limit_attempt.expires_at <= $3 OR limit_attempt.blocked_until <= $3 AND (limit_attempt.pending_until <= $3
			OR limit_attempt.pending = 0 OR limit_attempt.failures + limit_attempt.pending < $4)
		RETURNING failures`
	failAttempt = `INSERT INTO limit_attempt (id, failures, pending, pending_until, blocked_until, expires_at)
		VALUES ($1, 1, 0, $2, $4, $3)
		ON CONFLICT (id) DO UPDATE SET failures = limit_attempt.failures + 1,
			pending = CASE WHEN limit_attempt.pending > 0 THEN limit_attempt.pending - 1 ELSE 0 END, expires_at = $3
		RETURNING failures`
	blockAttempts = `UPDATE limit_attempt SET blocked_until = $2, expires_at = CASE WHEN expires_at < $2 THEN $2 ELSE expires_at END
		WHERE id = $1 AND blocked_until < $2`
	passAttempt = `UPDATE limit_attempt SET failures = 0, blocked_until = $2, expires_at = pending_until,
		pending = CASE WHEN pending > 0 THEN pending - 1 ELSE 0 END WHERE id = $1`
	dropAttempt = `UPDATE limit_attempt SET pending = CASE WHEN pending > 0 THEN pending - 1 ELSE 0 END WHERE id = $1`

	selectBlocked  = `SELECT blocked_until FROM limit_attempt WHERE id = $1`
	deleteAttempts = `DELETE FROM limit_attempt WHERE id = $1`
	sweepAttempts  = `DELETE FROM limit_attempt WHERE expires_at <= $1
		AND id IN (SELECT id FROM limit_attempt WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`
)

// BeginAttempt counts an attempt on what id stands for. After most failures in a
// row, attempts under way included, only one at a time may begin. If this one may
// not, ok is false, and wait is how long attempts are blocked: 0 when it is only
// that others are under way.
func (s *Store) BeginAttempt(ctx context.Context, id string, most int) (wait time.Duration, ok bool, err error) {
	now := s.now()
	var until time.Time
	err = s.unsynced(ctx, func(q querier) error {
		_, err := first(ctx, q, scanned[int64], beginAttempt, id, now.Add(AttemptWithin), now, most, unblocked)
		if ok = err == nil; !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		until, err = first(ctx, q, scanTime, selectBlocked, id)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // lifted in this moment
		}
		return err
	})
	return max(0, until.Sub(now)), ok && err == nil, s.fail(ctx, "begin attempt", err)
}

// FailAttempt ends an attempt that was refused. block says for how long no other
// may begin after so many failures in a row, which are forgotten when there was
// none for so long. It returns their number.
func (s *Store) FailAttempt(
	ctx context.Context, id string, forget time.Duration, block func(failures int) time.Duration,
) (failures int, err error) {
	now := s.now()
	err = s.write(ctx, func(tx *tx) error {
		if failures, err = first(ctx, tx, scanned[int], failAttempt, id, now, now.Add(forget), unblocked); err != nil {
			return err
		}
		if d := block(failures); d > 0 {
			_, err = tx.exec(ctx, blockAttempts, id, now.Add(d))
		}
		return err
	})
	return failures, s.fail(ctx, "fail attempt", err)
}

// PassAttempt ends an attempt that succeeded: earlier failures are forgotten.
func (s *Store) PassAttempt(ctx context.Context, id string) error {
	return s.changeAttempt(ctx, "pass attempt", passAttempt, id, unblocked)
}

// DropAttempt ends an attempt about which nothing was decided.
func (s *Store) DropAttempt(ctx context.Context, id string) error {
	return s.changeAttempt(ctx, "drop attempt", dropAttempt, id)
}

// ForgetAttempts lifts every block and forgets every failure.
func (s *Store) ForgetAttempts(ctx context.Context, id string) error {
	return s.changeAttempt(ctx, "forget attempts", deleteAttempts, id)
}

func (s *Store) changeAttempt(ctx context.Context, op, text string, args ...any) error {
	return s.fail(ctx, op, s.unsynced(ctx, func(q querier) error {
		_, err := q.exec(ctx, text, args...)
		return err
	}))
}
