package api

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
)

// resource is a kind of record that routes list, show and change. Its functions have
// what such routes share; a handler adds what is its own.
type resource[T any] struct {
	// name and plural are what a record and a list of them are called in answers.
	name, plural string
	table        render.Table[T]
	shape        query.Shape
	// load adds the relations that a selection shows, and is nil for records without.
	load func(s *Server, ctx context.Context, records []T, sel query.Selection) error
}

// write answers with a record.
func (r resource[T]) write(s *Server, c echo.Context, record T, sel query.Selection) error {
	records := []T{record}
	if r.load != nil {
		if err := r.load(s, lookups(c), records, sel); err != nil {
			return err
		}
	}
	return writeWrapped(c, r.name, r.table, &records[0], sel)
}

// show answers with the record of the path.
func (r resource[T]) show(s *Server, c echo.Context, find func(ctx context.Context, id string) (T, error)) error {
	sel, err := s.selected(c, r.shape)
	if err != nil {
		return err
	}
	record, err := find(lookups(c), c.Param("id"))
	if err != nil {
		return err
	}
	return r.write(s, c, record, sel)
}

// change validates a body by its fields and answers with the record that do creates
// or changes.
func (r resource[T]) change(s *Server, c echo.Context, fields query.Schema, do func(in query.Input) (T, error)) error {
	in, sel, err := s.changed(c, fields, r.shape)
	if err != nil {
		return err
	}
	record, err := do(in)
	if err != nil {
		return err
	}
	return r.write(s, c, record, sel)
}

// list answers with a page of the records that find returns, and the count of all.
// limit applies to requests without one.
func (r resource[T]) list(
	s *Server, c echo.Context, filters query.Schema, limit int, find func(ctx context.Context, p query.Page) ([]T, int, error),
) error {
	p, err := s.listed(c, r.shape, filters, limit)
	if err != nil {
		return err
	}
	records, count, err := find(lookups(c), p)
	if err != nil {
		return err
	}
	if r.load != nil {
		if err := r.load(s, lookups(c), records, p.Selection); err != nil {
			return err
		}
	}
	return writeList(c, r.plural, r.table, p, records, count)
}
