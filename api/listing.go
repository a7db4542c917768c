package api

import (
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/internal/store"
)

// retrieveQuery is what every route that shows a record knows.
var retrieveQuery = schema{{name: "fields", kind: kindText}}

// listQuery is what every list knows beside its filters.
var listQuery = schema{
	{name: "fields", kind: kindText},
	{name: "offset", kind: kindCount},
	{name: "limit", kind: kindCount},
	{name: "order", kind: kindText},
}

// query validates the query string. Most requests have none.
func query(c echo.Context, s schema) (input, error) {
	raw := c.Request().URL.RawQuery
	if raw == "" {
		return nil, nil
	}
	values, err := parseForm(raw)
	if err != nil {
		return nil, err
	}
	for name, value := range values {
		values[name] = split(value)
	}
	return s.check(values)
}

// split reads id[]=a,b as the two values that Medusa's clients mean by it.
func split(value any) any {
	list, ok := value.([]any)
	if !ok || len(list) != 1 {
		return value
	}
	text, ok := list[0].(string)
	if !ok {
		return value
	}
	list = nil
	for part := range strings.SplitSeq(text, ",") {
		list = append(list, part)
	}
	return list
}

// chosen validates the query of a route that shows one record.
func (s *Server) chosen(c echo.Context, of shape) (selection, error) {
	in, err := query(c, retrieveQuery)
	if err != nil {
		return selection{}, err
	}
	return of.choose(in.plain("fields"), s.policy(c))
}

func (s *Server) policy(c echo.Context) fieldPolicy {
	if callOf(c).prefix != prefixStore {
		return fieldPolicy{}
	}
	return fieldPolicy{maxRelations: s.opts.StoreRelationsLimit, restricted: s.opts.RestrictedFields}
}

// page is the part of a list that was asked for.
type page struct {
	store.Page

	selection selection
	filters   input
}

// listed validates the query of a list.
func (s *Server) listed(c echo.Context, of shape, filters schema, limit int) (page, error) {
	in, err := query(c, append(slices.Clip(filters), listQuery...))
	if err != nil {
		return page{}, err
	}
	sel, err := of.choose(in.plain("fields"), s.policy(c))
	if err != nil {
		return page{}, err
	}
	deleted := in.flag(withDeleted.name)
	return page{
		Page: store.Page{
			Limit: in.count("limit", limit), Offset: in.count("offset", 0), Order: in.plain("order"),
			WithDeleted: deleted != nil && *deleted,
		},
		selection: sel, filters: in,
	}, nil
}

// writeList renders {<name>: […], count, offset, limit}.
func writeList[T any](c echo.Context, name string, t table[T], p page, items []T, count int) error {
	if p.Limit == 0 {
		items = nil // the store reads 0 as no limit
	}
	b := append(make([]byte, 0, 256*(1+len(items))), `{"`+name+`":[`...)
	for i := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = t.append(b, &items[i], p.selection)
	}
	b = append(b, `],"count":`...)
	b = appendInt(b, count)
	b = append(b, `,"offset":`...)
	b = appendInt(b, p.Offset)
	b = append(b, `,"limit":`...)
	b = appendInt(b, p.Limit)
	return writeJSON(c, append(b, '}'))
}
