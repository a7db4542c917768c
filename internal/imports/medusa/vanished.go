package medusa

import (
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/transfer"
)

// few is how many records of a type may be deleted without a trace whatever their share is,
// unless none may.
const few = 20

// vanished calls each with the removal of every record that was imported from this database
// and has no row in it any more, what refers to others first. A record that was changed
// here since it was imported is refused when it is imported ([transfer.RemovedElsewhere]), but
// for API keys: one that was deleted must not go on working because it was used here. Where
// the database is not known again, the only unit is one that says so.
func (r *reader) vanished(each func(*kind, string, transfer.Unit) error) error {
	if r.options.Imported == nil {
		return nil
	}
	if warning := r.Warning(); warning != "" {
		return each(&kind{}, "", transfer.Unit{Notes: []string{warning}})
	}
	for _, k := range slices.Backward(r.kinds()) {
		gone, known, err := r.gone(k)
		if err != nil {
			return err
		}
		if len(gone) > r.options.removable(known) {
			u := transfer.Unit{Records: []transfer.Record{{"type": k.typ}}}
			u.Refusal = fmt.Sprintf(transfer.TooManyVanished, len(gone), known, r.options.MaxRemoved)
			gone = nil
			if err := each(k, "", u); err != nil {
				return err
			}
		}
		for _, record := range gone {
			at := record.At
			if k.typ == transfer.TypeAPIKey {
				at = r.at
			}
			if err := each(k, record.Key, k.removal(record.Key, at)); err != nil {
				return err
			}
		}
	}
	return nil
}

// removable is how many of the records of a type may be removed.
func (o Options) removable(known int) int {
	if o.MaxRemoved == 0 {
		return 0
	}
	return max(few, known*o.MaxRemoved/100)
}

// gone are the records of a kind that were imported and have no row any more, and known is
// how many were imported. A hidden row is one: its removal is read with it.
func (r *reader) gone(k *kind) (gone []store.OriginRecord, known int, err error) {
	query := "SELECT " + k.key + " FROM " + k.table + " x WHERE " + k.key + " = ANY($1)"
	if k.soft == "" {
		query += " AND " + k.live
	}
	last := ""
	for {
		found, err := r.options.Imported(r.ctx, r.origin, k.typ, last, page)
		if err != nil || len(found) == 0 {
			return gone, known, err
		}
		there, err := r.keys(query, found)
		if err != nil {
			return nil, 0, fmt.Errorf("the table %s: %w", k.table, err)
		}
		for _, record := range found {
			if !there[record.Key] {
				gone = append(gone, record)
			}
		}
		known += len(found)
		last = found[len(found)-1].Key
	}
}

// keys are those of records that still have a row.
func (r *reader) keys(query string, records []store.OriginRecord) (map[string]bool, error) {
	keys := make([]string, len(records))
	for i, record := range records {
		keys[i] = record.Key
	}
	rows, err := r.tx.Query(r.ctx, query, keys)
	if err != nil {
		return nil, err
	}
	there, key := map[string]bool{}, ""
	_, err = pgx.ForEachRow(rows, []any{&key}, func() error {
		there[key] = true
		return nil
	})
	return there, err
}
