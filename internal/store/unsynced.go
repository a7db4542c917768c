package store

import (
	"context"
	"database/sql/driver"
	"errors"
)

// unsynced runs statements whose effect may be lost with the power of the
// machine, such as counting: SQLite does not wait for the disk. It survives the
// end of the process. PostgreSQL gathers such waits by itself, and runs the
// statements without a transaction.
func (s *Store) unsynced(ctx context.Context, fn func(querier) error) (err error) {
	if !s.syncs {
		return fn(s.writes)
	}
	t := &tx{pool: s.writes}
	defer func() {
		if err == nil {
			s.learn(ctx, t) // after the only connection is free again
		}
	}()
	conn, err := s.writes.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `PRAGMA synchronous = NORMAL`); err != nil {
		return err
	}
	defer func() {
		if _, failed := conn.ExecContext(context.WithoutCancel(ctx), `PRAGMA synchronous = FULL`); failed != nil {
			// A new connection is opened in the right mode.
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
			err = errors.Join(err, failed)
		}
	}()
	if t.raw, err = conn.BeginTx(ctx, nil); err != nil {
		return err
	}
	if err := fn(t); err != nil {
		_ = t.raw.Rollback() // the first error is the one that explains
		return err
	}
	return t.raw.Commit()
}
