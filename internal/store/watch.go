package store

import (
	"context"
	"database/sql"
)

// Watch is told that a statement begins, and returns the context for it and what is
// told of its end. engine is postgresql or sqlite. The text has no values in it; that
// of an error may.
type Watch func(ctx context.Context, engine, text string) (context.Context, func(error))

// WithWatch has every statement watched, for traces. Those of migrations are not.
func WithWatch(w Watch) Option { return func(o *options) { o.watch = w } }

// watched runs a statement, and reads its rows.
func watched[T any](ctx context.Context, p *pool, text string, run func(context.Context) (T, error)) (T, error) {
	if p.watch == nil {
		return run(ctx)
	}
	ctx, end := p.watch(ctx, p.engine(), text)
	out, err := run(ctx)
	end(err)
	return out, err
}

// engine is the name of the database, as OpenTelemetry has it.
func (p *pool) engine() string {
	if p.prepares {
		return "sqlite"
	}
	return "postgresql"
}

// Pools returns the pools of connections by what they are for, for metrics.
func (s *Store) Pools() map[string]*sql.DB {
	if s.writes == s.reads {
		return map[string]*sql.DB{"all": s.writes.db}
	}
	return map[string]*sql.DB{"writes": s.writes.db, "reads": s.reads.db}
}
