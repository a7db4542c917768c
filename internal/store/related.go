package store

import "context"

// related reads the records C that belong to records P, in one query.
type related[P, C any] struct {
	op     string                    // names the query in errors
	column string                    // the id of P, in the condition of the query
	query  func(where string) string // its rows are in the order of the lists
	scan   func(scanner) (belonging[C], error)
	id     func(*P) string
	list   func(*P) *[]C // the list to fill
}

// belonging is a record with the id of the record that it belongs to.
type belonging[C any] struct {
	to     string
	record C
}

// belongingTo scans the id of a parent and then the fields of the record.
func belongingTo[C any](fields func(*C) []any) func(scanner) (belonging[C], error) {
	return func(row scanner) (b belonging[C], err error) {
		err = row.Scan(append([]any{&b.to}, fields(&b.record)...)...)
		return b, err
	}
}

// load fills the list of each parent; a parent without records gets an empty one.
func (r related[P, C]) load(ctx context.Context, s *Store, parents []P) error {
	if len(parents) == 0 {
		return nil
	}
	lists := make(map[string]*[]C, len(parents))
	ids := make([]string, len(parents))
	for i := range parents {
		ids[i] = r.id(&parents[i])
		lists[ids[i]] = r.list(&parents[i])
		*lists[ids[i]] = []C{}
	}
	var where conditions
	where.in(r.column, ids)
	found, err := all(ctx, adhoc{s.reads}, r.scan, r.query(where.all()), where.args...)
	for _, f := range found {
		*lists[f.to] = append(*lists[f.to], f.record)
	}
	return s.fail(ctx, r.op, err)
}
