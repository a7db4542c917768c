package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	_ "modernc.org/sqlite" // the database of this example

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
)

// Manager looks after shops.
type Manager struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	Name  string `json:"name"`
}

// Managers is our own table, in a separate database. Its exported
// methods are activities: each may run again after it has succeeded.
type Managers struct{ DB *sql.DB }

func openManagers(ctx context.Context, file string) (*Managers, error) {
	db, err := sql.Open("sqlite", file+"?_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	_, err = db.ExecContext(ctx, `
		CREATE TABLE IF NOT EXISTS manager (id TEXT PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL, dismissed_by TEXT);
		CREATE UNIQUE INDEX IF NOT EXISTS manager_email ON manager (LOWER(email)) WHERE dismissed_by IS NULL`)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open managers: %w", err), db.Close())
	}
	return &Managers{DB: db}, nil
}

// find returns a manager who works here.
func (m *Managers) find(ctx context.Context, id string) (out Manager, err error) {
	row := m.DB.QueryRowContext(ctx, `SELECT id, email, name FROM manager WHERE id = ? AND dismissed_by IS NULL`, id)
	err = row.Scan(&out.ID, &out.Email, &out.Name)
	if errors.Is(err, sql.ErrNoRows) {
		err = &everlatch.Error{Code: everlatch.CodeNotFound, Message: "There is no such manager."}
	}
	return out, err
}

// AddManager inserts a manager under the id that the workflow was given, so a
// second run finds the row of the first.
func (m *Managers) AddManager(ctx context.Context, in Manager) (Manager, error) {
	_, err := m.DB.ExecContext(ctx, `INSERT INTO manager (id, email, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
		in.ID, in.Email, in.Name)
	if err != nil {
		return Manager{}, err
	}
	added, err := m.find(ctx, in.ID)
	if errors.Is(err, everlatch.ErrNotFound) {
		err = &everlatch.Error{Code: everlatch.CodeDuplicate, Message: "A manager with this email works here."}
	}
	return added, err
}

// DiscardManager undoes AddManager: it knows its row by the id.
func (m *Managers) DiscardManager(ctx context.Context, in Manager) (activities.None, error) {
	_, err := m.DB.ExecContext(ctx, `DELETE FROM manager WHERE id = ?`, in.ID)
	return activities.None{}, err
}

// Dismissal names a manager, and the workflow that dismisses them.
type Dismissal struct {
	ID string `json:"id"`
	By string `json:"by"`
}

// HideManager ends the work of a manager; their email is free again.
func (m *Managers) HideManager(ctx context.Context, in Dismissal) (activities.None, error) {
	_, err := m.DB.ExecContext(ctx, `UPDATE manager SET dismissed_by = ? WHERE id = ? AND dismissed_by IS NULL`, in.By, in.ID)
	return activities.None{}, err
}

// ShowManager undoes HideManager of the same workflow.
func (m *Managers) ShowManager(ctx context.Context, in Dismissal) (activities.None, error) {
	_, err := m.DB.ExecContext(ctx, `UPDATE manager SET dismissed_by = NULL WHERE id = ? AND dismissed_by = ?`, in.ID, in.By)
	return activities.None{}, err
}
