// Package table stores managers in its own table, behind the definition of an
// actor type: routes, workflows and events come from Everlatch, the rows are
// yours. docs/guides/create-an-actor-type.md shows it.
package table

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/everlatch/everlatch"
)

// Managers is a store of managers, who have an email and a name.
type Managers struct {
	DB  *sql.DB
	Now func() time.Time
}

var _ everlatch.ActorStore = (*Managers)(nil)

// Open opens the table in a SQLite file, and makes it where it is missing.
func Open(ctx context.Context, file string, now func() time.Time) (*Managers, error) {
	db, err := sql.Open("sqlite", file+"?_pragma=busy_timeout(20000)&_txlock=immediate&_time_format=sqlite")
	if err != nil {
		return nil, err
	}
	_, err = db.ExecContext(ctx, `
		CREATE TABLE IF NOT EXISTS manager (
			id TEXT PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL,
			created_at TIMESTAMP NOT NULL, updated_at TIMESTAMP NOT NULL, deleted_at TIMESTAMP, deleted_by TEXT NOT NULL DEFAULT ''
		);
		CREATE UNIQUE INDEX IF NOT EXISTS manager_email ON manager (LOWER(email)) WHERE deleted_at IS NULL`)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open managers: %w", err), db.Close())
	}
	return &Managers{DB: db, Now: now}, nil
}

// querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

const columns = `id, email, name, created_at, updated_at, deleted_at`

func scan(row interface{ Scan(dest ...any) error }) (everlatch.ActorRecord, error) {
	var email, name string
	r := everlatch.ActorRecord{ActorType: "manager"}
	err := row.Scan(&r.ID, &email, &name, &r.CreatedAt, &r.UpdatedAt, &r.DeletedAt)
	r.CreatedAt, r.UpdatedAt = r.CreatedAt.UTC(), r.UpdatedAt.UTC()
	r.Data = everlatch.Metadata{"email": email, "name": name}
	return r, err
}

func find(ctx context.Context, q querier, id string) (everlatch.ActorRecord, error) {
	r, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM manager WHERE id = ? AND deleted_at IS NULL`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = &everlatch.Error{Code: everlatch.CodeNotFound, Message: "There is no such manager."}
	}
	return r, err
}

// refused says that an email is taken, where the database says so.
func refused(err error, code everlatch.Code) error {
	if e, ok := errors.AsType[*sqlite.Error](err); ok && e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE {
		return &everlatch.Error{Code: code, Message: "Another manager has this email."}
	}
	return err
}

// Create implements [everlatch.ActorStore].
func (m *Managers) Create(ctx context.Context, r everlatch.ActorRecord) (everlatch.ActorRecord, error) {
	_, err := m.DB.ExecContext(ctx, `INSERT INTO manager (id, email, name, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
		ON CONFLICT (id) DO NOTHING`, r.ID, r.Data["email"], r.Data["name"], m.Now().UTC())
	if err != nil {
		return everlatch.ActorRecord{}, refused(err, everlatch.CodeInvalidData)
	}
	return find(ctx, m.DB, r.ID)
}

// Discard implements [everlatch.ActorStore].
func (m *Managers) Discard(ctx context.Context, id string) error {
	_, err := m.DB.ExecContext(ctx, `DELETE FROM manager WHERE id = ?`, id)
	return err
}

// Find implements [everlatch.ActorStore].
func (m *Managers) Find(ctx context.Context, id string) (everlatch.ActorRecord, error) {
	return find(ctx, m.DB, id)
}

// Update implements [everlatch.ActorStore].
func (m *Managers) Update(
	ctx context.Context, id string, change func(everlatch.Metadata) (everlatch.Metadata, error),
) (r everlatch.ActorRecord, err error) {
	tx, err := m.DB.BeginTx(ctx, nil) // immediate: no other writer until it ends
	if err != nil {
		return r, err
	}
	defer func() { _ = tx.Rollback() }()
	if r, err = find(ctx, tx, id); err != nil {
		return r, err
	}
	if r.Data, err = change(r.Data); err != nil {
		return r, err
	}
	r.UpdatedAt = m.Now().UTC()
	_, err = tx.ExecContext(ctx, `UPDATE manager SET email = ?, name = ?, updated_at = ? WHERE id = ?`,
		r.Data["email"], r.Data["name"], r.UpdatedAt, id)
	if err != nil {
		return r, refused(err, everlatch.CodeInvalidData)
	}
	return r, tx.Commit()
}

// Remove implements [everlatch.ActorStore]. Only the first workflow that removes a
// manager is recorded, and it gets true however often it asks.
func (m *Managers) Remove(ctx context.Context, id, workflow string) (removed bool, err error) {
	_, err = m.DB.ExecContext(ctx, `UPDATE manager SET deleted_at = ?1, updated_at = ?1, deleted_by = ?2
		WHERE id = ?3 AND deleted_at IS NULL`, m.Now().UTC(), workflow, id)
	if err != nil {
		return false, err
	}
	err = m.DB.QueryRowContext(ctx, `SELECT COUNT(*) > 0 FROM manager WHERE id = ? AND deleted_by = ?`, id, workflow).Scan(&removed)
	return removed, err
}

// Restore implements [everlatch.ActorStore].
func (m *Managers) Restore(ctx context.Context, id, workflow string) error {
	_, err := m.DB.ExecContext(ctx, `UPDATE manager SET deleted_at = NULL, deleted_by = '' WHERE id = ? AND deleted_by = ?`, id, workflow)
	return refused(err, everlatch.CodeDuplicate)
}

// List implements [everlatch.ActorStore].
func (m *Managers) List(ctx context.Context, q everlatch.ActorQuery) (out []everlatch.ActorRecord, count int, err error) {
	order, known := map[string]string{
		"": "id", "id": "id", "email": "email", "name": "name", "created_at": "created_at", "updated_at": "updated_at",
	}[strings.TrimPrefix(q.Order, "-")]
	if !known {
		return nil, 0, &everlatch.Error{Code: everlatch.CodeInvalidData, Message: "Managers cannot be ordered by this."}
	}
	if strings.HasPrefix(q.Order, "-") {
		order += " DESC, id"
	}
	where, args := conditions(q)
	if err := m.DB.QueryRowContext(ctx, `SELECT COUNT(*) FROM manager WHERE `+where, args...).Scan(&count); err != nil {
		return nil, 0, err
	}
	limit := q.Limit
	if limit == 0 {
		limit = -1 // all of them
	}
	rows, err := m.DB.QueryContext(ctx, `SELECT `+columns+` FROM manager WHERE `+where+` ORDER BY `+order+` LIMIT ? OFFSET ?`, //nolint:gosec // texts of ours
		append(args, limit, q.Offset)...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, 0, err
		}
		out = append(out, r)
	}
	return out, count, rows.Err()
}
