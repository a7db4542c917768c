package api

import (
	"strconv"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// actorFilters are what a list of records can be asked for: words, ids, times,
// and every field that is one value.
func actorFilters(def everlatch.ActorType) schema {
	out := schema{
		{name: "q", kind: kindText},
		{name: "id", kind: kindTexts},
		{name: "created_at", kind: kindTimes},
		{name: "updated_at", kind: kindTimes},
		withDeleted,
	}
	for _, f := range def.Fields {
		if !isSingle(f) {
			continue
		}
		out = append(out, field{name: f.Name, test: func(asked field, value any) string {
			asked.kind = kindTexts
			if issue := (field{name: asked.name, kind: kindTexts}).issue(value, true); issue != "" {
				return issue
			}
			texts := input{asked.name: value}.texts(asked.name)
			if len(texts) > maxValues {
				return asked.tooBig(maxValues)
			}
			for _, text := range texts {
				if _, ok := filterValue(f, text); !ok {
					asked.kind = kind(f.Kind)
					return asked.expect(false, text)
				}
			}
			return ""
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
		return n, err == nil
	case everlatch.FieldBoolean:
		b := flagOf(text)
		if b == nil {
			return nil, false
		}
		return *b, true
	case everlatch.FieldTime:
		p, ok := period(text)
		return p.From.Format(isoMillis), ok
	case everlatch.FieldString, everlatch.FieldEmail, everlatch.FieldDate, everlatch.FieldObject, everlatch.FieldList:
	}
	return text, true
}

// query is what a list was asked for, as a store reads it.
func (t *actorType) query(p page) (everlatch.ActorQuery, error) {
	q := everlatch.ActorQuery{
		Q: p.filters.plain("q"), IDs: p.filters.texts("id"), Equal: map[string][]any{},
		Limit: p.Limit, Offset: p.Offset, Order: p.Order, WithDeleted: p.WithDeleted,
	}
	for _, f := range t.Fields {
		if !isSingle(f) || !p.filters.has(f.Name) {
			continue
		}
		values := []any{}
		for _, text := range p.filters.texts(f.Name) {
			if value, ok := filterValue(f, text); ok {
				values = append(values, value)
			}
		}
		q.Equal[f.Name] = values
	}
	var err error
	if q.CreatedAt, err = timeRange("created_at", p.filters.times("created_at")); err != nil {
		return q, err
	}
	q.UpdatedAt, err = timeRange("updated_at", p.filters.times("updated_at"))
	return q, err
}

// timeRange is the time that passes all tests. One that has holes is refused: a
// store of people's own need not know such.
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
		if len(test.Periods) != 1 || test.Op == store.IsNot {
			return r, invalid([]string{"Field '" + name + "' is compared with one time, by $eq, $gt, $gte, $lt or $lte"})
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
		case store.IsNot:
		}
	}
	return r, nil
}
