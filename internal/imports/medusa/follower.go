package medusa

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"slices"
	"time"

	"github.com/everlatch/everlatch/internal/imports"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/transfer"
)

// Overlap is how far a pass looks back behind the one before it: a transaction is seen
// when it ends, with the times of its beginning, and the clocks of Medusa's servers differ.
const Overlap = 5 * time.Minute

// Follower reads what has changed since its last pass. It remembers a hash of every record,
// about 200 bytes each, so that it imports no record twice that is the same.
type Follower struct {
	source *Source
	seed   maphash.Seed
	// known are the hashes of the records that were read.
	known map[name]uint64
	// issues are those of the latest import of each record.
	issues map[name][]store.ImportIssue
	// until is the point in time that the last pass saw.
	until time.Time
	// at and changed are what the running pass has found, until it is confirmed.
	at      time.Time
	changed []change
}

// name is that of a record.
type name struct{ typ, key string }

// change is a record whose hash is to be remembered or, if it is gone, forgotten.
type change struct {
	name

	hash uint64
	gone bool
}

// Follow returns a follower whose first pass reads everything.
func (s *Source) Follow() *Follower {
	return &Follower{source: s, seed: maphash.MakeSeed(), known: map[name]uint64{}, issues: map[name][]store.ImportIssue{}}
}

// Pass reads what has changed, by the times of the records, or if it is complete by
// comparing all of them. What it yields counts as imported once it is confirmed.
func (f *Follower) Pass(ctx context.Context, complete bool) imports.Units {
	f.changed = nil
	return f.source.units(ctx, func(r *reader) error {
		f.at = r.at
		since := time.Time{}
		if !f.until.IsZero() && !complete {
			since = f.until.Add(-Overlap)
		}
		yield := r.each
		r.each = func(k *kind, key string, u transfer.Unit) error {
			is, err := f.changes(k, key, u)
			if err != nil || is == same {
				return err
			}
			if complete && is == changed && !u.Removed { // perhaps without a trace in its times
				u.ChangedAt = r.at
			}
			return yield(k, key, u)
		}
		if complete {
			for _, k := range r.kinds() { // what was held back is told again
				f.changed = append(f.changed, change{name: name{typ: k.typ}, gone: true})
			}
			err := r.vanished(func(k *kind, key string, u transfer.Unit) error {
				if len(u.Records) == 0 { // about no record, and the same each time
					return r.each(k, key, u)
				}
				if key != "" {
					f.changed = append(f.changed, change{name: name{k.typ, key}, gone: true})
				}
				return yield(k, key, u)
			})
			if err != nil {
				return err
			}
		}
		return r.all(since)
	})
}

// Confirm remembers the last pass, after what it has yielded was imported with these
// issues. What was refused is read again: what it collided with may have changed.
func (f *Follower) Confirm(issues []store.ImportIssue) {
	refused := map[name]bool{}
	found := map[name][]store.ImportIssue{}
	for _, i := range issues {
		n := name{i.Type, i.Record}
		found[n] = append(found[n], i)
		refused[n] = refused[n] || i.Refused
	}
	for _, c := range f.changed {
		delete(f.issues, c.name)
		if len(found[c.name]) > 0 {
			f.issues[c.name] = found[c.name]
		}
		if c.gone || refused[c.name] {
			delete(f.known, c.name)
			continue
		}
		f.known[c.name] = c.hash
	}
	f.until, f.changed = f.at, nil
}

// Issues are those that stand, in the order of types and ids.
func (f *Follower) Issues() []store.ImportIssue {
	out := []store.ImportIssue{}
	for _, list := range f.issues {
		out = append(out, list...)
	}
	slices.SortStableFunc(out, func(a, b store.ImportIssue) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Record, b.Record))
	})
	return out
}

// What a unit is to a follower.
type news int

const (
	same news = iota
	added
	changed
)

// changes compares a unit with what is known of it, and notes a change.
func (f *Follower) changes(k *kind, key string, u transfer.Unit) (news, error) {
	text, err := json.Marshal(u)
	if err != nil {
		return same, fmt.Errorf("encode a %s: %w", k.typ, err)
	}
	c := change{name: name{k.typ, key}, hash: maphash.Bytes(f.seed, text)}
	hash, known := f.known[c.name]
	if known && hash == c.hash {
		return same, nil
	}
	f.changed = append(f.changed, c)
	if known {
		return changed, nil
	}
	return added, nil
}
