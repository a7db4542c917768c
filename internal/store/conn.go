package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// querier runs statements: on a pool, or inside a transaction.
type querier interface {
	// exec returns the number of rows that it changed.
	exec(ctx context.Context, text string, args ...any) (int64, error)
	query(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// pool is a set of connections and, for SQLite, the statements prepared on
// them. The text given to a pool is fixed; a text that is built for one call
// goes through adhoc, so that statements do not accumulate.
type pool struct {
	db *sql.DB
	// prepares is false for pgx, which prepares and caches per connection.
	prepares bool
	// watch is nil, or told about every statement.
	watch Watch

	mu         sync.RWMutex
	statements map[string]*sql.Stmt
}

func newPool(db *sql.DB, prepares bool) *pool {
	return &pool{db: db, prepares: prepares, statements: map[string]*sql.Stmt{}}
}

func (p *pool) exec(ctx context.Context, text string, args ...any) (int64, error) {
	if err := bind(args); err != nil {
		return 0, err
	}
	return watched(ctx, p, text, func(ctx context.Context) (int64, error) {
		if !p.prepares {
			return changed(p.db.ExecContext(ctx, text, args...))
		}
		stmt, err := p.prepare(ctx, text)
		if err != nil {
			return 0, err
		}
		return changed(stmt.ExecContext(ctx, args...))
	})
}

func (p *pool) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if !p.prepares {
		return adhoc{p}.query(ctx, text, args...)
	}
	if err := bind(args); err != nil {
		return nil, err
	}
	return watched(ctx, p, text, func(ctx context.Context) (*sql.Rows, error) {
		stmt, err := p.prepare(ctx, text)
		if err != nil {
			return nil, err
		}
		// A fixed query finds a few rows by index. On SQLite that is faster than
		// starting the two goroutines that would watch for cancellation.
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return stmt.QueryContext(context.WithoutCancel(ctx), args...)
	})
}

// adhoc is a pool that does not cache statements.
type adhoc struct{ *pool }

func (a adhoc) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if err := bind(args); err != nil {
		return nil, err
	}
	return watched(ctx, a.pool, text, func(ctx context.Context) (*sql.Rows, error) {
		return a.db.QueryContext(ctx, text, args...)
	})
}

// prepare returns the statement of a text. It needs a connection the first
// time, so a transaction that holds the only one must not call it.
func (p *pool) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt := p.prepared(text); stmt != nil {
		return stmt, nil
	}
	stmt, err := p.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if first := p.statements[text]; first != nil {
		_ = stmt.Close() // another goroutine was faster
		return first, nil
	}
	p.statements[text] = stmt
	return stmt, nil
}

func (p *pool) prepared(text string) *sql.Stmt {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.statements[text]
}

// tx is a transaction. It uses the statements that its pool has prepared and
// remembers the others, to be prepared when the connection is free again.
type tx struct {
	raw     *sql.Tx
	pool    *pool
	learned []string
	// released reports that it has recorded a released event.
	released bool
}

func (t *tx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	if err := bind(args); err != nil {
		return 0, err
	}
	return watched(ctx, t.pool, text, func(ctx context.Context) (int64, error) {
		if stmt := t.statement(ctx, text); stmt != nil {
			return changed(stmt.ExecContext(ctx, args...))
		}
		return changed(t.raw.ExecContext(ctx, text, args...))
	})
}

func (t *tx) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if err := bind(args); err != nil {
		return nil, err
	}
	return watched(ctx, t.pool, text, func(ctx context.Context) (*sql.Rows, error) {
		if stmt := t.statement(ctx, text); stmt != nil {
			return stmt.QueryContext(ctx, args...)
		}
		return t.raw.QueryContext(ctx, text, args...)
	})
}

func (t *tx) statement(ctx context.Context, text string) *sql.Stmt {
	if !t.pool.prepares {
		return nil
	}
	if stmt := t.pool.prepared(text); stmt != nil {
		return t.raw.StmtContext(ctx, stmt)
	}
	t.learned = append(t.learned, text)
	return nil
}

// write runs fn in a transaction and commits it unless fn fails. On SQLite it
// holds the write lock from the start (_txlock=immediate), so a commit never
// fails because another transaction was faster.
func (s *Store) write(ctx context.Context, fn func(*tx) error) error {
	raw, err := watched(ctx, s.writes, "BEGIN", func(context.Context) (*sql.Tx, error) {
		return s.writes.db.BeginTx(ctx, nil) // its context lasts as long as the transaction
	})
	if err != nil {
		return err
	}
	t := &tx{raw: raw, pool: s.writes}
	if err := fn(t); err != nil {
		_ = raw.Rollback() // the first error explains the failure
		return err
	}
	if _, err := watched(ctx, s.writes, "COMMIT", func(context.Context) (any, error) { return nil, raw.Commit() }); err != nil {
		return err
	}
	if t.released {
		s.tellReleased()
	}
	s.learn(ctx, t)
	return nil
}

// learn prepares the statements that a transaction would have liked to have. It is
// only to be faster next time: the work is done and committed.
func (s *Store) learn(ctx context.Context, t *tx) {
	for _, text := range t.learned {
		if _, err := s.writes.prepare(ctx, text); err != nil {
			return
		}
	}
}

func changed(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// all returns every row of a query, never nil.
func all[T any](ctx context.Context, q querier, scan func(scanner) (T, error), text string, args ...any) ([]T, error) {
	rows, err := q.query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// first returns the first row of a query, or [sql.ErrNoRows].
func first[T any](ctx context.Context, q querier, scan func(scanner) (T, error), text string, args ...any) (T, error) {
	var zero T
	rows, err := q.query(ctx, text, args...)
	if err != nil {
		return zero, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return zero, err
		}
		return zero, sql.ErrNoRows
	}
	v, err := scan(rows)
	if err != nil {
		return zero, err
	}
	return v, rows.Close()
}

// noRows replaces the error of an absent row.
func noRows(err, absent error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return absent
	}
	return err
}

// scanFields returns a scan function for the fields of a record.
func scanFields[T any](fields func(*T) []any) func(scanner) (T, error) {
	return func(row scanner) (record T, err error) {
		err = row.Scan(fields(&record)...)
		return record, err
	}
}

// scanned scans a single column.
func scanned[T any](row scanner) (v T, err error) {
	err = row.Scan(&v)
	return v, err
}
