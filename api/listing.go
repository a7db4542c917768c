package api

import (
	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/wire"
)

// selected validates the query string of a route that shows one record.
func (s *Server) selected(c echo.Context, of query.Shape) (query.Selection, error) {
	return query.ReadRecord(c.Request().URL.RawQuery, of, s.fieldPolicy(c))
}

// listed validates the query string of a list.
func (s *Server) listed(c echo.Context, of query.Shape, filters query.Schema, limit int) (query.Page, error) {
	return query.ReadList(c.Request().URL.RawQuery, of, s.fieldPolicy(c), filters, limit)
}

func (s *Server) fieldPolicy(c echo.Context) query.FieldPolicy {
	if callOf(c).prefix != prefixStore {
		return query.FieldPolicy{}
	}
	return query.FieldPolicy{MaxRelations: s.opts.StoreRelationsLimit, Restricted: s.opts.RestrictedFields}
}

// changed validates the body and the query string of a route that changes one
// record and shows it.
func (s *Server) changed(c echo.Context, fields query.Schema, of query.Shape) (query.Input, query.Selection, error) {
	in, err := fields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return nil, query.Selection{}, err
	}
	sel, err := s.selected(c, of)
	return in, sel, err
}

// writeList renders {<name>: […], count, offset, limit}.
func writeList[T any](c echo.Context, name string, t render.Table[T], p query.Page, items []T, count int) error {
	if p.Limit == 0 {
		items = nil // the store reads 0 as no limit
	}
	b := append(make([]byte, 0, 256*(1+len(items))), `{"`+name+`":`...)
	b = t.AppendAll(b, items, p.Selection)
	b = append(b, `,"count":`...)
	b = wire.AppendInt(b, count)
	b = append(b, `,"offset":`...)
	b = wire.AppendInt(b, p.Offset)
	b = append(b, `,"limit":`...)
	b = wire.AppendInt(b, p.Limit)
	return writeJSON(c, append(b, '}'))
}
