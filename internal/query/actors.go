package query

import (
	"math"
	"strconv"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

// ActorFilters are the filters of a list of records of a custom actor type: words,
// ids, times, and every field that holds a single value.
func ActorFilters(def everlatch.ActorType) Schema {
	out := Schema{
		Search,
		{Name: "id", Kind: Texts},
		{Name: "created_at", Kind: Times},
		{Name: "updated_at", Kind: Times},
		WithDeleted,
	}
	for _, f := range def.Fields {
		if !isSingle(f) {
			continue
		}
		out = append(out, Field{Name: f.Name, Test: func(asked Field, value any) *Issue {
			asked.Kind = Texts
			if issue := (Field{Name: asked.Name, Kind: Texts}).issue(value, true); issue != nil {
				return issue
			}
			for _, text := range (Input{asked.Name: value}).Texts(asked.Name) {
				if _, ok := filterValue(f, text); !ok {
					asked.Kind = Kind(f.Kind)
					return asked.expect(false, text)
				}
			}
			return nil
		}})
	}
	return out
}

func isSingle(f everlatch.Field) bool {
	return f.Kind != everlatch.FieldObject && f.Kind != everlatch.FieldList
}

// filterValue reads a text of a query as a value of a field.
func filterValue(f everlatch.Field, text string) (any, bool) {
	switch f.Kind {
	case everlatch.FieldInteger, everlatch.FieldNumber:
		n, err := strconv.ParseFloat(text, 64)
		return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
	case everlatch.FieldBoolean:
		b := flagOf(text)
		if b == nil {
			return nil, false
		}
		return *b, true
	case everlatch.FieldTime:
		p, ok := period(text)
		return p.From.Format(wire.ISOMillis), ok
	case everlatch.FieldString, everlatch.FieldEmail, everlatch.FieldDate, everlatch.FieldObject, everlatch.FieldList:
	}
	return text, true
}

// Actors translates a page of such a list for the type's store. It refuses times
// that are not one range, because a custom store need not support them.
func Actors(t everlatch.ActorType, p Page) (everlatch.ActorQuery, error) {
	q := everlatch.ActorQuery{
		Q: p.Filters.Plain("q"), IDs: p.Filters.Texts("id"), Equal: map[string][]any{},
		Limit: p.Limit, Offset: p.Offset, Order: p.Order, WithDeleted: p.WithDeleted,
	}
	for _, f := range t.Fields {
		if !isSingle(f) || !p.Filters.Has(f.Name) {
			continue
		}
		values := []any{}
		for _, text := range p.Filters.Texts(f.Name) {
			if value, ok := filterValue(f, text); ok {
				values = append(values, value)
			}
		}
		q.Equal[f.Name] = values
	}
	var err error
	if q.CreatedAt, err = timeRange("created_at", p.Filters.Times("created_at")); err != nil {
		return q, err
	}
	q.UpdatedAt, err = timeRange("updated_at", p.Filters.Times("updated_at"))
	return q, err
}

// timeRange is the range of times that pass all tests. One with holes is refused.
func timeRange(name string, tests []store.TimeTest) (r everlatch.TimeRange, err error) {
	from := func(at time.Time) {
		if at.After(r.From) {
			r.From = at
		}
	}
	until := func(at time.Time) {
		if r.Until.IsZero() || at.Before(r.Until) {
			r.Until = at
		}
	}
	for _, test := range tests {
		if len(test.Periods) != 1 {
			return r, Invalid(Issue{RangeBroken, map[string]string{"field": name}})
		}
		p := test.Periods[0]
		switch test.Op {
		case store.Is:
			from(p.From)
			until(p.Until)
		case store.Less:
			until(p.From)
		case store.AtMost:
			until(p.Until)
		case store.More:
			from(p.Until)
		case store.AtLeast:
			from(p.From)
		default:
			return r, Invalid(Issue{RangeBroken, map[string]string{"field": name}})
		}
	}
	return r, nil
}
