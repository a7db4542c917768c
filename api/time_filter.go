package api

import (
	"time"

	"github.com/everlatch/everlatch/store"
)

// timeOperators are the contract's operators on times (2.1).
var timeOperators = map[string]store.Comparison{
	"$eq": store.TimeEqual, "$ne": store.TimeNotEqual,
	"$gt": store.TimeAfter, "$gte": store.TimeNotEarly, "$lt": store.TimeBefore, "$lte": store.TimeNotLate,
}

// timeBounds reads a filter on a time: the time itself, or operators with one
// each, as in created_at[$gte]=2026-01-01T00:00:00Z.
func timeBounds(value any) (bounds []store.TimeBound, ok bool) {
	operators, isObject := value.(map[string]any)
	if !isObject {
		operators = map[string]any{"$eq": value}
	}
	for operator, operand := range operators {
		compare, known := timeOperators[operator]
		at, isTime := readTime(operand)
		if !known || !isTime {
			return nil, false
		}
		bounds = append(bounds, store.TimeBound{Compare: compare, At: at})
	}
	return bounds, len(bounds) > 0
}

// readTime reads a time as clients write it: with a zone, or a day in UTC.
func readTime(value any) (time.Time, bool) {
	text, _ := value.(string)
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// times returns a filter on a time, which has been found valid.
func (in input) times(name string) []store.TimeBound {
	if !in.has(name) {
		return nil
	}
	bounds, _ := timeBounds(in[name])
	return bounds
}
