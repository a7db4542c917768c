package medusa

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/everlatch/everlatch/internal/transfer"
)

// page is how many records are read at a time.
const page = 500

// reader reads records in one transaction.
type reader struct {
	*Source

	ctx context.Context //nolint:containedctx // that of one pass
	tx  pgx.Tx
	// at is the point in time that the pass sees.
	at time.Time
	// each takes the unit of a record, which its key names.
	each func(k *kind, key string, u transfer.Unit) error
}

// row is a record as it is read.
type row struct {
	key     string
	changed time.Time
	text    []byte
}

// all reads what was removed, which makes room for what has taken its place, and then
// what is there; since a time, or all for the zero time.
func (r *reader) all(since time.Time) error {
	kinds := r.kinds()
	for _, k := range kinds {
		if k.soft == "" {
			continue
		}
		err := r.rows(k, k.soft+" IS NOT NULL", since, func(found row) error {
			return r.each(k, found.key, k.removal(found.key, found.changed))
		})
		if err != nil {
			return err
		}
	}
	for _, k := range kinds {
		err := r.rows(k, k.live, since, func(found row) error {
			u, err := r.unit(k, found)
			if err != nil {
				return err
			}
			return r.each(k, found.key, u)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// unit makes a unit of a row.
func (r *reader) unit(k *kind, found row) (transfer.Unit, error) {
	d := json.NewDecoder(bytes.NewReader(found.text))
	d.UseNumber()
	var record transfer.Record
	if err := d.Decode(&record); err != nil {
		return transfer.Unit{}, fmt.Errorf("decode the %s %s: %w", k.typ, found.key, err)
	}
	record["type"] = k.typ
	u := transfer.Unit{Records: []transfer.Record{record}, ChangedAt: found.changed}
	if len(k.fields) > 0 { // an issue names it as the follower does
		u.Source = found.key
	}
	if k.convert != nil {
		k.convert(r.Source, record, &u)
	}
	return u, nil
}

// rows reads the rows of a kind for which a test holds, page by page.
func (r *reader) rows(k *kind, test string, since time.Time, each func(row) error) error {
	query := "SELECT " + k.key + ", " + k.changed + ", " + k.object + " FROM " + k.table + " x WHERE " + test + " AND " + k.key + " > $1"
	args := []any{""}
	if !since.IsZero() {
		query += " AND x.id IN (" + k.changes + ")"
		args = append(args, since)
	}
	query += fmt.Sprintf(" ORDER BY %s LIMIT %d", k.key, page)
	for {
		found, err := r.page(query, args)
		if err != nil {
			return fmt.Errorf("the table %s: %w", k.table, err)
		}
		for _, one := range found {
			if err := each(one); err != nil {
				return err
			}
		}
		if len(found) < page {
			return nil
		}
		args[0] = found[len(found)-1].key
	}
}

func (r *reader) page(query string, args []any) ([]row, error) {
	rows, err := r.tx.Query(r.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(in pgx.CollectableRow) (out row, err error) {
		err = in.Scan(&out.key, &out.changed, &out.text)
		return out, err
	})
}
