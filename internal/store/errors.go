package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/everlatch/everlatch"
)

// fail converts the error of an operation into the error for callers: an
// [everlatch.Error] as it is, an outage as [everlatch.CodeUnavailable] with a
// [FaultError], anything else as an internal error that names the operation. It
// never adds an argument of a statement: those may be secret.
func (s *Store) fail(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if _, ours := errors.AsType[*everlatch.Error](err); ours {
		return err
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		// The caller has cancelled. The drivers report that in several ways.
		return fmt.Errorf("%s: %w", op, context.Canceled)
	case ctx.Err() != nil, s.closed.Load(), away(err):
		return unavailable(op, err)
	default:
		return fmt.Errorf("%s: %w", op, err)
	}
}

func unavailable(op string, err error) error {
	return everlatch.Unavailable("The database", &FaultError{Op: op, err: err})
}

// away reports whether err is an outage: the same call may succeed later.
func away(err error) bool {
	for _, target := range []error{
		context.DeadlineExceeded, driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
		pgconn.ErrConnClosed,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return postgresAway(e.Code)
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return sqliteAway(e.Code())
	}
	_, ok := errors.AsType[net.Error](err)
	return ok || pgconn.SafeToRetry(err)
}

// postgresAway classifies SQLSTATEs: connection and resource trouble, a server
// that stops or starts, a standby, and conflicts between transactions.
func postgresAway(state string) bool {
	switch state[:min(2, len(state))] {
	case "08", "53", "58":
		return true
	}
	switch state {
	case "57P01", "57P02", "57P03", "57014", "25006", "40001", "40P01", "55P03":
		return true
	default:
		return false
	}
}

// sqliteAway classifies primary result codes; the upper bits are only details.
func sqliteAway(code int) bool {
	switch code & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_PROTOCOL:
		return true
	default:
		return false
	}
}

// isUnique reports a violated unique constraint. On PostgreSQL the transaction
// has failed by then, so check it only after the rollback.
func isUnique(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "23505"
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return true
	default:
		return false
	}
}

// isForeignKey reports a reference to a row that does not exist.
func isForeignKey(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "23503"
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}

// isCheck reports a value that a check of the schema refuses.
func isCheck(err error) bool { return violates(err, "23514", sqlite3.SQLITE_CONSTRAINT_CHECK) }

// isNotNull reports a missing value.
func isNotNull(err error) bool { return violates(err, "23502", sqlite3.SQLITE_CONSTRAINT_NOTNULL) }

func violates(err error, state string, code int) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == state
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code() == code
}
