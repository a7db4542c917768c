package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/everlatch/everlatch/internal/transfer"
)

// FactorSecrets are the keys of the secrets of second factors. The store keeps them
// encrypted; a record has them in clear.
type FactorSecrets interface {
	OpenFactor(identityID, factorID, stored string) ([]byte, error)
	SealFactor(identityID, factorID string, secret []byte) string
}

// exportPage is how many records are read at a time.
const exportPage = 500

// Export calls each with every record that lasts, those that others refer to first. All
// are read at one point in time. What is hidden, pending or expired is left out.
func (s *Store) Export(ctx context.Context, keys FactorSecrets, each func(typ string, r transfer.Record) error) error {
	raw, err := s.reads.db.BeginTx(ctx, &sql.TxOptions{Isolation: s.snapshot(), ReadOnly: true})
	if err != nil {
		return s.fail(ctx, "export", err)
	}
	defer func() { _ = raw.Rollback() }()
	r := recordReader{q: &tx{raw: raw, pool: &pool{}}, keys: keys, now: s.now()}
	for _, sh := range shapes {
		if err := r.exportAll(ctx, sh, each); err != nil {
			return s.fail(ctx, "export "+sh.name, err)
		}
	}
	return nil
}

// snapshot is the isolation in which all statements read the same state.
func (s *Store) snapshot() sql.IsolationLevel {
	if s.onPostgres() {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault
}

// recordReader reads records as their shapes say.
type recordReader struct {
	q    querier
	keys FactorSecrets
	now  time.Time
}

func (r recordReader) exportAll(ctx context.Context, sh *shape, each func(string, transfer.Record) error) error {
	var last []any
	for {
		page, err := r.page(ctx, sh, last)
		if err != nil {
			return err
		}
		for _, record := range page {
			if err := each(sh.name, record); err != nil {
				return err
			}
		}
		if len(page) < exportPage {
			return nil
		}
		last = sh.keyOf(page[len(page)-1])
	}
}

// keyOf returns the values of the fields that tell a record apart.
func (sh *shape) keyOf(record transfer.Record) []any {
	out := make([]any, len(sh.key))
	for i, name := range sh.key {
		out[i] = record[name]
	}
	return out
}

// page reads the records after one, with what belongs to them.
func (r recordReader) page(ctx context.Context, sh *shape, last []any) ([]transfer.Record, error) {
	var where conditions
	r.live(&where, sh)
	by := strings.Join(sh.key, ", ")
	if last != nil {
		marks := make([]string, len(last))
		for i, v := range last {
			marks[i] = where.mark(v)
		}
		where.is("(" + by + ") > (" + strings.Join(marks, ", ") + ")")
	}
	rows, err := r.rows(ctx, sh, nil, where, fmt.Sprintf("%s LIMIT %d", by, exportPage))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	out := make([]transfer.Record, len(rows))
	for i, row := range rows {
		out[i] = row.record
	}
	var within conditions
	within.add(" BETWEEN %s", out[0][sh.key[0]])
	within.add("%s", out[len(out)-1][sh.key[0]])
	return out, r.addChildren(ctx, sh, out, strings.Join(within.text, " AND "), within.args)
}

// one reads the live record with a key, or nil.
func (r recordReader) one(ctx context.Context, sh *shape, key []any) (transfer.Record, error) {
	var where conditions
	for i, name := range sh.key {
		where.add(name+" = %s", key[i])
	}
	r.live(&where, sh)
	rows, err := r.rows(ctx, sh, nil, where, sh.key[0])
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	out := []transfer.Record{rows[0].record}
	var same conditions
	same.add(" = %s", out[0][sh.key[0]])
	return out[0], r.addChildren(ctx, sh, out, same.text[0], same.args)
}

func (r recordReader) live(where *conditions, sh *shape) {
	before, after, timed := strings.Cut(sh.live, "$now")
	switch {
	case timed:
		where.add(before+"%s"+after, r.now)
	case sh.live != "":
		where.is(sh.live)
	}
}

// addChildren reads what belongs to records, with one statement for each kind.
func (r recordReader) addChildren(ctx context.Context, sh *shape, records []transfer.Record, test string, args []any) error {
	byID := make(map[any]transfer.Record, len(records))
	for _, record := range records {
		byID[record[sh.key[0]]] = record
	}
	for _, child := range sh.children {
		where := conditions{text: []string{child.parent + test}, args: append([]any{}, args...)}
		r.live(&where, child)
		order := strings.Join(append([]string{child.parent}, child.key...), ", ")
		rows, err := r.rows(ctx, child, []string{child.parent}, where, order)
		if err != nil {
			return err
		}
		for _, row := range rows {
			parent := byID[row.parent]
			if parent == nil {
				continue // hidden, or not of this page
			}
			if err := r.open(child, row.parent, row.record); err != nil {
				return err
			}
			if child.one {
				parent[child.name] = row.record
				continue
			}
			list, _ := parent[child.name].([]transfer.Record)
			parent[child.name] = append(list, row.record)
		}
	}
	return nil
}

// open decrypts the secrets of a record.
func (r recordReader) open(sh *shape, parent string, record transfer.Record) error {
	for _, field := range sh.fields {
		stored := record.Text(field.name)
		if field.kind != kindSecret || stored == "" {
			continue
		}
		clear, err := r.keys.OpenFactor(parent, record.ID(), stored)
		if err != nil {
			return fmt.Errorf("open the second factor %s: %w", record.ID(), err)
		}
		record[field.name] = secretText(clear)
	}
	return nil
}

// binarySecret marks a secret that is not text.
const binarySecret = "base64:"

func secretText(clear []byte) string {
	if text := string(clear); utf8.ValidString(text) && !strings.HasPrefix(text, binarySecret) {
		return text
	}
	return binarySecret + base64.StdEncoding.EncodeToString(clear)
}

func secretBytes(text string) ([]byte, error) {
	if encoded, binary := strings.CutPrefix(text, binarySecret); binary {
		return base64.StdEncoding.DecodeString(encoded)
	}
	return []byte(text), nil
}

// shapeRow is a row of a shape, and which record it belongs to.
type shapeRow struct {
	parent string
	record transfer.Record
}

func (r recordReader) rows(ctx context.Context, sh *shape, parent []string, where conditions, order string) ([]shapeRow, error) {
	columns := append([]string{}, parent...)
	for _, field := range sh.fields {
		columns = append(columns, cmp.Or(field.read, field.column, field.name))
	}
	query := "SELECT " + strings.Join(columns, ", ") + " FROM " + sh.table + " WHERE " + where.all() + " ORDER BY " + order
	return all(ctx, r.q, func(row scanner) (shapeRow, error) { return sh.scan(row, len(parent) > 0) }, query, where.args...)
}

func (sh *shape) scan(row scanner, hasParent bool) (out shapeRow, err error) {
	cells := make([]cell, len(sh.fields))
	var into []any
	if hasParent {
		into = append(into, &out.parent)
	}
	for i := range cells {
		into = append(into, cells[i].of(sh.fields[i].kind))
	}
	if err := row.Scan(into...); err != nil {
		return out, err
	}
	out.record = transfer.Record{}
	for i, field := range sh.fields {
		if v := cells[i].value(field.kind); v != nil {
			out.record[field.name] = v
		}
	}
	return out, nil
}

// cell is a scanned value.
type cell struct {
	text  sql.NullString
	truth bool
	whole int64
	real  sql.NullFloat64
	at    *time.Time
}

func (c *cell) of(kind fieldKind) any {
	switch kind {
	case kindBool:
		return toBool{&c.truth}
	case kindInteger:
		return &c.whole
	case kindNumber:
		return &c.real
	case kindTime, kindOptionalTime:
		return toOptionalTime{&c.at}
	default:
		return &c.text
	}
}

// value is what stands in a record, nil for NULL.
func (c *cell) value(kind fieldKind) any {
	switch {
	case kind == kindBool:
		return c.truth
	case kind == kindInteger:
		return c.whole
	case kind == kindNumber && c.real.Valid:
		return c.real.Float64
	case (kind == kindTime || kind == kindOptionalTime) && c.at != nil:
		return c.at.Format(time.RFC3339Nano)
	case !c.text.Valid:
		return nil
	case kind == kindObject, kind == kindList:
		return json.RawMessage(c.text.String)
	default:
		return c.text.String
	}
}
