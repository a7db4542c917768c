package store

import (
	"log/slog"
	"time"
)

// Option changes how [Open] connects.
type Option func(*options)

type options struct {
	maxConns      int
	migrationWait time.Duration
	log           *slog.Logger
	watch         Watch
}

func readOptions(given []Option) options {
	o := options{maxConns: postgresConns, migrationWait: migrationWait, log: slog.New(slog.DiscardHandler)}
	for _, option := range given {
		option(&o)
	}
	return o
}

// WithMaxConnections bounds the connections to PostgreSQL, 20 by default and 2 at
// least: a migration needs one beside its lock. pool_max_conns in the URL takes
// precedence.
func WithMaxConnections(n int) Option {
	return func(o *options) { o.maxConns = n }
}

// WithMigrationWait bounds how long [Store.Migrate] waits for another process that
// migrates the schema, 5 minutes by default.
func WithMigrationWait(d time.Duration) Option {
	return func(o *options) { o.migrationWait = d }
}

// WithLog names the log for what an operator should know, such as the wait for
// another process.
func WithLog(log *slog.Logger) Option {
	return func(o *options) { o.log = log }
}
