package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

const (
	// postgresConns bounds the connections of one process. More connections do
	// not make a database with few cores faster.
	postgresConns = 20
	// leastConns lets a migration run while another connection holds its lock.
	leastConns = 2
	// postgresIdle gives connections back after a burst.
	postgresIdle = 5 * time.Minute
	// postgresConnectTimeout lets a request that finds the server gone be
	// answered within the 3 seconds that it has. connect_timeout in the URL wins.
	postgresConnectTimeout = 2 * time.Second
	// isolation is what the statements of this package are written for. Under
	// serializable ones, they would fail at random and have to be repeated.
	isolation = "read committed"
)

func openPostgres(ctx context.Context, url string, o options) (*Store, error) {
	config, size, err := parsePostgres(url, o)
	if err != nil {
		return nil, err
	}
	server, err := lookAt(ctx, config)
	if err != nil {
		return nil, (&Store{}).fail(ctx, "ping", err)
	}
	if err := server.adapt(config, url); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(size.maxConns)
	db.SetMaxIdleConns(size.maxConns)
	db.SetConnMaxIdleTime(size.idle)
	db.SetConnMaxLifetime(size.lifetime)
	p := newPool(db, false)
	return &Store{writes: p, reads: p, dialect: goose.DialectPostgres}, nil
}

// parsePostgres reads what the URL says about connections and their pool.
func parsePostgres(url string, o options) (*pgx.ConnConfig, poolSize, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, poolSize{}, errors.New("open store: " + unreadable(url, err))
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = postgresConnectTimeout
	}
	size, err := takePool(config.RuntimeParams, o)
	if err != nil {
		return nil, poolSize{}, fmt.Errorf("open store: %w", err)
	}
	config.RuntimeParams["client_encoding"] = "UTF8" // of any database; all our text is
	return config, size, nil
}

// postgresServer is what the server at the end of a URL turned out to be.
type postgresServer struct {
	encoding, isolation string
	// pooled says that a pooler stands in between, such as pgbouncer.
	pooled bool
}

// lookAt asks the server about itself, with a connection of its own, because the
// answers decide how the others are made.
func lookAt(ctx context.Context, config *pgx.ConnConfig) (s postgresServer, err error) {
	conn, err := askingConn(ctx, config)
	if err != nil {
		return s, err
	}
	defer func() { _ = conn.Close(ctx) }()
	return s, s.ask(ctx, conn)
}

// askingConn is a connection for questions. The simple protocol works through every
// pooler.
func askingConn(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	asking := config.Copy()
	asking.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	return pgx.ConnectConfig(ctx, asking)
}

func (s *postgresServer) ask(ctx context.Context, conn *pgx.Conn) error {
	var pid uint32
	err := conn.QueryRow(ctx, `SELECT pg_backend_pid(), current_setting('server_encoding'), current_setting('default_transaction_isolation')`).
		Scan(&pid, &s.encoding, &s.isolation)
	// A pooler makes the process id up that a client is given for cancelling.
	s.pooled = err == nil && pid != conn.PgConn().PID()
	return err
}

// adapt makes the connections fit the server, or says why it cannot be used.
func (s *postgresServer) adapt(config *pgx.ConnConfig, url string) error {
	if err := s.unfit(); err != nil {
		return err
	}
	if s.pooled && !strings.Contains(url, "default_query_exec_mode") {
		// In transaction mode, a statement that is prepared on one connection is
		// executed on another. Unnamed ones are prepared and executed at once.
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	if s.isolation != isolation {
		config.RuntimeParams["default_transaction_isolation"] = isolation
	}
	return nil
}

// unfit says why the server cannot be used.
func (s *postgresServer) unfit() error {
	// SQL_ASCII stores what it is given, which is UTF-8.
	if s.encoding != "UTF8" && s.encoding != "SQL_ASCII" {
		return &UnfitError{
			Problem: fmt.Sprintf("the database has the encoding %s, which cannot hold every name", s.encoding),
			Remedy:  "create it with ENCODING 'UTF8' TEMPLATE template0",
		}
	}
	// Poolers refuse, or lose, settings of a connection.
	if s.pooled && s.isolation != isolation {
		return &UnfitError{
			Problem: fmt.Sprintf("transactions are %s by default", s.isolation),
			Remedy:  fmt.Sprintf("set ALTER ROLE … SET default_transaction_isolation = '%s' for the role of Everlatch", isolation),
		}
	}
	return nil
}

// UnfitError says why a database that answers cannot be used, and what to do about it.
type UnfitError struct{ Problem, Remedy string }

// Error returns both on one line.
func (e *UnfitError) Error() string { return e.Problem + ": " + e.Remedy }

// poolSize bounds a pool of connections.
type poolSize struct {
	maxConns       int
	idle, lifetime time.Duration // lifetime 0 is no limit
}

// takePool reads the pool_ parameters of a URL, which other programs that use pgx
// understand, and removes them: the server does not know them.
func takePool(params map[string]string, o options) (poolSize, error) {
	size := poolSize{maxConns: o.maxConns, idle: postgresIdle}
	for name, text := range params {
		var err error
		switch name {
		case "pool_max_conns":
			_, err = fmt.Sscanf(text, "%d", &size.maxConns)
		case "pool_max_conn_idle_time":
			size.idle, err = time.ParseDuration(text)
		case "pool_max_conn_lifetime":
			size.lifetime, err = time.ParseDuration(text)
		default:
			if !strings.HasPrefix(name, "pool_") {
				continue // for the server
			}
		}
		if err != nil {
			return size, fmt.Errorf("%s in the database URL cannot be read", name)
		}
		delete(params, name)
	}
	if size.maxConns < leastConns {
		return size, fmt.Errorf("a process needs at least %d connections to the database", leastConns)
	}
	return size, nil
}

// migrationLock lets one process at a time migrate a schema. It is per schema, so
// that neighbours in one database do not meet, and ends with its transaction: a
// lock of a session would stay with the connection that a pooler hands to others.
const migrationLock = `SELECT pg_try_advisory_xact_lock(hashtext('everlatch migrations of ' || current_schema()))`

const (
	migrationWait = 5 * time.Minute
	// migrationPoll is how often a process asks whether the other one is done, and
	// migrationTell how often it says that it waits.
	migrationPoll = 200 * time.Millisecond
	migrationTell = 5 * time.Second
)

// errMigrating is what is told after the wait.
var errMigrating = errors.New("another process is migrating the database and has not finished: it may hang in a transaction " +
	"(see pg_locks, locktype advisory), or need more than database.migration_wait")

// lockMigrations returns the transaction that holds the lock; its end gives the
// lock back.
func (s *Store) lockMigrations(ctx context.Context) (*sql.Tx, error) {
	for waited := time.Duration(0); ; waited += migrationPoll {
		tx, err := s.tryMigrationLock(ctx)
		if tx != nil || err != nil {
			return tx, err
		}
		if waited >= s.options.migrationWait {
			return nil, errMigrating
		}
		if waited%migrationTell == 0 {
			s.options.log.InfoContext(ctx, "waiting for another process that migrates the database")
		}
		timer := time.NewTimer(migrationPoll)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		case <-timer.C:
		}
	}
}

// tryMigrationLock returns nil if another process has the lock.
func (s *Store) tryMigrationLock(ctx context.Context) (*sql.Tx, error) {
	tx, err := s.writes.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	locked := false
	err = tx.QueryRowContext(ctx, migrationLock).Scan(&locked)
	if err == nil {
		// The transaction idles while another connection migrates. This comes last: after a
		// query, the transaction keeps a snapshot, for which the creation of an index beside
		// writers would wait.
		_, err = tx.ExecContext(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`)
	}
	if err != nil || !locked {
		_ = tx.Rollback()
		return nil, err
	}
	return tx, nil
}
