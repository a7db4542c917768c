package store

import "context"

// kind is a kind of records that have an id and are listed.
type kind[T any] struct {
	// listing has no filter and page yet: each list sets its own.
	listing[T]

	name      string // in messages, such as "Policy"
	one, many string // in errors, such as "policy" and "policies"
	byID      string // the query of one record
}

// read returns a record, or [everlatch.ErrNotFound].
func (k kind[T]) read(ctx context.Context, s *Store, id string) (T, error) {
	record, err := k.find(ctx, s.reads, id, notFound(k.name, id))
	return record, s.fail(ctx, "read "+k.one, err)
}

// find returns a record, or the given error when it is absent.
func (k kind[T]) find(ctx context.Context, q querier, id string, absent error) (T, error) {
	record, err := first(ctx, q, k.scan, k.byID, id)
	return record, noRows(err, absent)
}

// list returns a page of the records that pass every filter, and counts them.
func (k kind[T]) list(ctx context.Context, s *Store, page Page, filters ...func(*conditions)) ([]T, int, error) {
	l := k.listing
	l.page = page
	for _, filter := range filters {
		filter(&l.where)
	}
	return list(ctx, s, "list "+k.many, l)
}

// notDeleted filters by a column that is NULL until a record is deleted, unless
// the page wants deleted records too.
func notDeleted(column string, page Page) func(*conditions) {
	return func(c *conditions) { c.live(column, page) }
}
