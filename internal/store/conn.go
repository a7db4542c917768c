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
	// read calls take with each row until it wants no more.
	read(ctx context.Context, take func(scanner) (more bool, err error), text string, args ...any) error
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

func (p *pool) read(ctx context.Context, take func(scanner) (bool, error), text string, args ...any) error {
	if !p.prepares {
		return adhoc{p}.read(ctx, take, text, args...)
	}
	return p.reading(ctx, text, args, func(ctx context.Context) error {
		stmt, err := p.prepare(ctx, text)
		if err != nil {
			return err
		}
		// A fixed query finds a few rows by index. On SQLite that is faster than
		// starting the two goroutines that would watch for cancellation.
		if err := ctx.Err(); err != nil {
			return err
		}
		return takeRows(take, func() (*sql.Rows, error) { return stmt.QueryContext(context.WithoutCancel(ctx), args...) })
	})
}

// reading is what all reads have in common.
func (p *pool) reading(ctx context.Context, text string, args []any, run func(context.Context) error) error {
	if err := bind(args); err != nil {
		return err
	}
	_, err := watched(ctx, p, text, func(ctx context.Context) (any, error) { return nil, run(ctx) })
	return err
}

// adhoc is a pool that does not cache statements.
type adhoc struct{ *pool }

func (a adhoc) read(ctx context.Context, take func(scanner) (bool, error), text string, args ...any) error {
	return a.reading(ctx, text, args, func(ctx context.Context) error {
		if !a.prepares {
			return readPostgres(ctx, a.db, take, text, args)
		}
		return takeRows(take, func() (*sql.Rows, error) { return a.db.QueryContext(ctx, text, args...) })
	})
}

// takeRows passes the rows of a query on.
func takeRows(take func(scanner) (bool, error), query func() (*sql.Rows, error)) error {
	rows, err := query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		more, err := take(rows)
		if err != nil {
			return err
		}
		if !more {
			return rows.Close()
		}
	}
	return rows.Err()
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

func (t *tx) read(ctx context.Context, take func(scanner) (bool, error), text string, args ...any) error {
	return t.pool.reading(ctx, text, args, func(ctx context.Context) error {
		return takeRows(take, func() (*sql.Rows, error) {
			if stmt := t.statement(ctx, text); stmt != nil {
				return stmt.QueryContext(ctx, args...)
			}
			return t.raw.QueryContext(ctx, text, args...)
		})
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
	out := []T{}
	err := q.read(ctx, func(row scanner) (bool, error) {
		v, err := scan(row)
		out = append(out, v)
		return true, err
	}, text, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// first returns the first row of a query, or [sql.ErrNoRows].
func first[T any](ctx context.Context, q querier, scan func(scanner) (T, error), text string, args ...any) (T, error) {
	var out, zero T
	none := true
	err := q.read(ctx, func(row scanner) (_ bool, err error) {
		out, err = scan(row)
		none = false
		return false, err
	}, text, args...)
	switch {
	case err != nil:
		return zero, err
	case none:
		return zero, sql.ErrNoRows
	}
	return out, nil
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
