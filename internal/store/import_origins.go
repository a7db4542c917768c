package store

import (
	"context"
	"slices"
	"time"

	"github.com/everlatch/everlatch/internal/transfer"
)

// OriginRecord is a record that was imported from an installation of another system.
type OriginRecord struct {
	// Key is that of the record there.
	Key string
	// At is when it was imported. A record that is newer here was changed here since.
	At time.Time
}

const (
	// The record here is what was given now.
	rememberTaken = `INSERT INTO import_origin (origin, type, record, imported_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (origin, type, record) DO UPDATE SET imported_at = excluded.imported_at`
	// The record here is another: what was changed in it has not been seen there.
	rememberLeft = `INSERT INTO import_origin (origin, type, record, imported_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (origin, type, record) DO NOTHING`
	forgetOrigin  = `DELETE FROM import_origin WHERE origin = $1 AND type = $2 AND record = $3`
	selectOrigins = `SELECT record, imported_at FROM import_origin WHERE origin = $1 AND type = $2 AND record > $3 ORDER BY record LIMIT $4`
)

// OriginRecords returns the next records of a type that were imported from an origin, after
// a key, in an order of the database's; at most limit.
func (s *Store) OriginRecords(ctx context.Context, origin, typ, after string, limit int) ([]OriginRecord, error) {
	out, err := all(ctx, s.reads, func(row scanner) (r OriginRecord, err error) {
		err = row.Scan(&r.Key, toTime{&r.At})
		return r, err
	}, selectOrigins, origin, typ, after, limit)
	return out, s.fail(ctx, "list imported records", err)
}

// rememberOrigin notes where a unit that was imported, with these outcomes, comes from.
func (w recordWriter) rememberOrigin(ctx context.Context, u transfer.Unit, outcomes []Imported) error {
	if u.Origin == "" {
		return nil
	}
	typ, key := u.Name()
	if u.Removed {
		_, err := w.tx.exec(ctx, forgetOrigin, u.Origin, typ, key)
		return err
	}
	text, at := rememberTaken, w.now
	if slices.Contains(outcomes, ImportSkipped) {
		text, at = rememberLeft, u.ChangedAt
	} else if u.ChangedAt.After(at) { // the clock there is ahead
		at = u.ChangedAt
	}
	_, err := w.tx.exec(ctx, text, u.Origin, typ, key, at)
	return err
}
