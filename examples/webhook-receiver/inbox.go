package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// inbox keeps events until something was done about them. A table of the
// database that your program has anyhow does as well.
type inbox struct {
	*sql.DB

	more chan struct{} // holds a token when there may be something to do
}

// openInbox opens the file, or makes it.
func openInbox(ctx context.Context, file string) (*inbox, error) {
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return nil, fmt.Errorf("open the inbox: %w", err)
	}
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS inbox (
		id TEXT PRIMARY KEY, body TEXT NOT NULL, done BOOLEAN NOT NULL DEFAULT FALSE)`)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the inbox: %w", err), db.Close())
	}
	return &inbox{db, make(chan struct{}, 1)}, nil
}

// keep remembers an event. One that came before changes nothing: that is how
// duplicates are ignored.
func (i *inbox) keep(ctx context.Context, id string, body []byte) error {
	_, err := i.ExecContext(ctx, `INSERT INTO inbox (id, body) VALUES (?, ?) ON CONFLICT DO NOTHING`, id, string(body))
	select {
	case i.more <- struct{}{}:
	default: // there is a token
	}
	return err
}

// work handles events in the order in which they came, until ctx ends or handle
// fails. What was not done when a process dies is done by the next one.
func (i *inbox) work(ctx context.Context, handle func(context.Context, event) error) error {
	for ctx.Err() == nil {
		var id, body string
		err := i.QueryRowContext(ctx, `SELECT id, body FROM inbox WHERE NOT done ORDER BY rowid LIMIT 1`).Scan(&id, &body)
		if errors.Is(err, sql.ErrNoRows) {
			select {
			case <-ctx.Done():
			case <-i.more:
			}
			continue
		}
		var e event
		if err == nil {
			err = json.Unmarshal([]byte(body), &e)
		}
		if err == nil {
			err = handle(ctx, e)
		}
		if err == nil {
			_, err = i.ExecContext(ctx, `UPDATE inbox SET done = TRUE WHERE id = ?`, id)
		}
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("handle %s: %w", id, err)
		}
	}
	return nil
}
