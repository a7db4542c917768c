package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"
)

// Store is the database. Its methods may be called from many goroutines.
type Store struct {
	// writes and reads are one pool on PostgreSQL. On SQLite the single
	// connection of writes queues the writers, and readers never wait for them.
	writes, reads *pool
	dialect       goose.Dialect
	// syncs says that each commit waits for the disk, on SQLite.
	syncs   bool
	options options
	clock   func() time.Time
	sizes   Sizes
	signIns SignInRules
	// auditRetention is how long entries about administrators are kept, 0 forever.
	auditRetention time.Duration
	closed         atomic.Bool
	released       chan struct{} // holds one signal that work is waiting
	// remove deletes the files of an in-memory database.
	remove func() error
}

// Open connects to a database without changing its schema; see [Store.Migrate].
//
//   - postgres://user:password@host:5432/name?sslmode=… (postgresql:// too), with
//     the parameters of libpq, and pool_max_conns, pool_max_conn_idle_time and
//     pool_max_conn_lifetime; pgbouncer may stand in between, in any mode
//   - sqlite:///var/lib/everlatch.db, a file that is created when missing; spaces
//     may be written as they are or as %20, ? and # as %3F and %23
//   - sqlite://:memory:, a database of its own that is gone after [Store.Close]
//
// now is the clock of every time that the store itself sets or compares. An
// unreachable server is [everlatch.CodeUnavailable]; no error contains the URL,
// which may contain a password.
func Open(ctx context.Context, url string, now func() time.Time, opts ...Option) (*Store, error) {
	if now == nil {
		return nil, errors.New("open store: a clock is needed")
	}
	o := readOptions(opts)
	s, err := connect(ctx, url, o)
	if err != nil {
		return nil, err
	}
	s.clock, s.released, s.options = now, make(chan struct{}, 1), o
	s.writes.watch, s.reads.watch = o.watch, o.watch
	s.sizes, s.signIns, s.auditRetention = DefaultSizes, DefaultSignInRules, DefaultAuditRetention
	if err := s.Ping(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

var errScheme = errors.New("open store: the database URL must start with postgres:// or sqlite://")

func connect(ctx context.Context, url string, o options) (*Store, error) {
	scheme, rest, found := strings.Cut(url, "://")
	if !found {
		scheme = ""
	}
	switch scheme {
	case "postgres", "postgresql":
		return openPostgres(ctx, url, o)
	case "sqlite":
		return openSQLite(ctx, rest)
	default:
		return nil, errScheme
	}
}

// Close ends all connections. Later calls return [everlatch.CodeUnavailable].
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	err := s.reads.db.Close()
	if s.writes != s.reads {
		// The writer closes last: it folds the write-ahead log into the file.
		err = errors.Join(err, s.writes.db.Close())
	}
	if s.remove != nil {
		err = errors.Join(err, s.remove())
	}
	return err
}

// Ping reports whether the database answers; if not, the error is
// [everlatch.CodeUnavailable].
func (s *Store) Ping(ctx context.Context) error {
	_, err := first(ctx, adhoc{s.reads}, scanned[int], `SELECT 1`)
	return s.fail(ctx, "ping", err)
}

// DB returns the pool that writes, for tests that inspect or corrupt rows.
func (s *Store) DB() *sql.DB { return s.writes.db }

// Released signals the dispatcher that this process has released events or that
// a delivery may be due. It only shortens the polling interval: other processes
// release events as well.
func (s *Store) Released() <-chan struct{} { return s.released }

func (s *Store) tellReleased() {
	select {
	case s.released <- struct{}{}:
	default: // a signal is already waiting
	}
}

func (s *Store) onPostgres() bool { return s.dialect == goose.DialectPostgres }

// now is the current time as both engines store it.
func (s *Store) now() time.Time { return instant(s.clock()) }
