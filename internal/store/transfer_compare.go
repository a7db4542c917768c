package store

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/everlatch/everlatch/internal/transfer"
)

// changedAt is the latest time in a complete record: when it or what belongs to it was
// changed last.
func (sh *shape) changedAt(record transfer.Record) (latest time.Time) {
	for _, field := range sh.fields {
		if field.grows || (field.name != "created_at" && field.name != "updated_at") {
			continue
		}
		if at, err := time.Parse(time.RFC3339Nano, record.Text(field.name)); err == nil && at.After(latest) {
			latest = at
		}
	}
	for _, child := range sh.children {
		list, _ := child.of(record)
		for _, belonging := range list {
			if at := child.changedAt(belonging); at.After(latest) {
				latest = at
			}
		}
	}
	return latest
}

// essence is what two records that are the same have in common: all but the fields that
// change whenever a record is used.
func (sh *shape) essence(record transfer.Record) transfer.Record {
	out := transfer.Record{}
	for _, field := range sh.fields {
		if v := record[field.name]; v != nil && !field.grows {
			out[field.name] = v
		}
	}
	for _, child := range sh.children {
		list, _ := child.of(record)
		if len(list) == 0 {
			continue
		}
		reduced := make([]any, len(list))
		for i, belonging := range list {
			reduced[i] = child.essence(belonging)
		}
		slices.SortFunc(reduced, func(a, b any) int { return bytes.Compare(encoded(a), encoded(b)) })
		out[child.name] = reduced
	}
	return out
}

func encoded(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		return nil // a record from JSON is JSON
	}
	return text
}

// grow keeps the larger of the values that only grow.
func (sh *shape) grow(record, stored transfer.Record) {
	for _, field := range sh.fields {
		if !field.grows || stored[field.name] == nil {
			continue
		}
		if greater(stored[field.name], record[field.name]) {
			record[field.name] = stored[field.name]
		}
	}
	for _, child := range sh.children {
		list, _ := child.of(record)
		known, _ := child.of(stored)
		for _, belonging := range list {
			i := slices.IndexFunc(known, func(k transfer.Record) bool {
				return len(child.key) > 0 && slices.EqualFunc(child.keyOf(k), child.keyOf(belonging), func(a, b any) bool { return a == b })
			})
			if i >= 0 {
				child.grow(belonging, known[i])
			}
		}
	}
}

// greater compares two values of a field: numbers, times, or the trace of a use, of which
// the one here counts.
func greater(stored, given any) bool {
	if given == nil || given == "" {
		return true
	}
	if a, ok := stored.(json.Number); ok {
		b, _ := given.(json.Number)
		x, errX := a.Int64()
		y, errY := b.Int64()
		return errX == nil && (errY != nil || x > y)
	}
	a, _ := stored.(string)
	b, _ := given.(string)
	x, errX := time.Parse(time.RFC3339Nano, a)
	y, errY := time.Parse(time.RFC3339Nano, b)
	if errX != nil || errY != nil {
		return a != ""
	}
	return x.After(y)
}
