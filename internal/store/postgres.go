package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

const (
	// postgresConns bounds the connections of one process. More connections do
	// not make a database with few cores faster.
	postgresConns = 20
	// postgresIdle closes connections after a burst.
	postgresIdle = 5 * time.Minute
	// postgresConnectTimeout lets a request that finds the server gone be
	// answered within the 3 seconds that it has. connect_timeout in the URL wins.
	postgresConnectTimeout = 2 * time.Second
)

func openPostgres(url string) (*Store, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("open store: " + unreadable(url, err))
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = postgresConnectTimeout
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(postgresConns)
	db.SetMaxIdleConns(postgresConns)
	db.SetConnMaxIdleTime(postgresIdle)
	p := newPool(db, false)
	return &Store{writes: p, reads: p, dialect: goose.DialectPostgres}, nil
}

// postgresLocker lets one process at a time migrate a schema; the others wait.
// It implements goose's lock.SessionLocker: goose's own polls every few seconds.
type postgresLocker struct{}

// The lock is per schema, so that several installations in one database do not
// block each other.
const postgresLockID = `hashtext('everlatch migrations of ' || current_schema())`

// SessionLock waits for the lock.
func (postgresLocker) SessionLock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(`+postgresLockID+`)`)
	return err
}

// SessionUnlock releases the lock.
func (postgresLocker) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, `SELECT pg_advisory_unlock(`+postgresLockID+`)`)
	return err
}
