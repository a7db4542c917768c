package actortest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
)

// Subject is a store with something to keep.
type Subject struct {
	Type everlatch.ActorType
	// New returns an empty store of its own.
	New func(t *testing.T) everlatch.ActorStore
	// Ada and Grace are valid records that differ in every value that they have.
	Ada, Grace everlatch.Metadata
	// Forgets says that the store deletes what it removes, when nothing is left
	// to undo, and lists no deleted records.
	Forgets bool
}

// The ids of the records, in this order.
const (
	ada   = "test_01ADA"
	grace = "test_02GRACE"
	third = "test_03THIRD"
)

// inParallel is how many do the same at once.
const inParallel = 50

// Run is the whole suite.
func Run(t *testing.T, s Subject) {
	t.Helper()
	complete, err := s.Type.Complete()
	require.NoError(t, err)
	s.Type = complete
	for name, check := range map[string]func(*testing.T, Subject, everlatch.ActorStore){
		"a record is created once":                            created,
		"a creation is undone":                                discarded,
		"an update":                                           updated,
		"an update that is refused":                           updateRefused,
		"no update is lost":                                   updatedInParallel,
		"a removal is remembered":                             removed,
		"a removal is undone by its flow alone":               restored,
		"one of many flows removes":                           removedInParallel,
		"unique values belong to one":                         unique,
		"unique values are freed by a removal":                freed,
		"unique values have one winner":                       uniqueInParallel,
		"a list has pages":                                    paged,
		"a list is filtered":                                  filtered,
		"a list is ordered by id, or refuses another order":   ordered,
		"a list leaves out what is removed, unless asked not": listedDeleted,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, s, s.New(t))
		})
	}
}

func (s Subject) record(id string, data everlatch.Metadata) everlatch.ActorRecord {
	return everlatch.ActorRecord{ID: id, ActorType: s.Type.Name, Data: maps.Clone(data)}
}

func (s Subject) create(t *testing.T, store everlatch.ActorStore, id string, data everlatch.Metadata) everlatch.ActorRecord {
	t.Helper()
	r, err := store.Create(t.Context(), s.record(id, data))
	require.NoError(t, err)
	return r
}

func created(t *testing.T, s Subject, store everlatch.ActorStore) {
	r := s.create(t, store, ada, s.Ada)

	require.Equal(t, ada, r.ID)
	require.Equal(t, s.Type.Name, r.ActorType)
	require.Equal(t, s.Ada, r.Data)
	require.False(t, r.CreatedAt.IsZero())
	require.False(t, r.UpdatedAt.IsZero())
	require.Nil(t, r.DeletedAt)
	again, err := store.Create(t.Context(), s.record(ada, s.Ada))
	require.NoError(t, err, "a step may run again")
	requireSame(t, r, again)
	found, err := store.Find(t.Context(), ada)
	require.NoError(t, err)
	requireSame(t, r, found)
	_, err = store.Find(t.Context(), grace)
	require.ErrorIs(t, err, everlatch.ErrNotFound)
}

func discarded(t *testing.T, s Subject, store everlatch.ActorStore) {
	require.NoError(t, store.Discard(t.Context(), ada), "what never was")
	s.create(t, store, ada, s.Ada)
	s.create(t, store, grace, s.Grace)

	require.NoError(t, store.Discard(t.Context(), ada))
	require.NoError(t, store.Discard(t.Context(), ada), "twice")

	_, err := store.Find(t.Context(), ada)
	require.ErrorIs(t, err, everlatch.ErrNotFound)
	require.Equal(t, []string{grace}, listed(t, store, everlatch.ActorQuery{WithDeleted: true}), "it leaves no trace")
	s.create(t, store, third, s.Ada)
}

// requireSame compares records, whatever the precision and the zone of times.
func requireSame(t *testing.T, want, got everlatch.ActorRecord) {
	t.Helper()
	require.WithinDuration(t, want.CreatedAt, got.CreatedAt, time.Microsecond)
	require.WithinDuration(t, want.UpdatedAt, got.UpdatedAt, time.Microsecond)
	got.CreatedAt, got.UpdatedAt = want.CreatedAt, want.UpdatedAt
	require.Equal(t, want, got)
}

// become is a change to other data.
func become(data everlatch.Metadata) func(everlatch.Metadata) (everlatch.Metadata, error) {
	return func(everlatch.Metadata) (everlatch.Metadata, error) { return maps.Clone(data), nil }
}

func updated(t *testing.T, s Subject, store everlatch.ActorStore) {
	before := s.create(t, store, ada, s.Ada)
	var seen everlatch.Metadata

	r, err := store.Update(t.Context(), ada, func(stored everlatch.Metadata) (everlatch.Metadata, error) {
		seen = maps.Clone(stored)
		return maps.Clone(s.Grace), nil
	})

	require.NoError(t, err)
	require.Equal(t, s.Ada, seen)
	require.Equal(t, s.Grace, r.Data)
	require.WithinDuration(t, before.CreatedAt, r.CreatedAt, time.Microsecond)
	found, err := store.Find(t.Context(), ada)
	require.NoError(t, err)
	requireSame(t, r, found)
	s.create(t, store, grace, s.Ada) // what she had is free
}

func updateRefused(t *testing.T, s Subject, store everlatch.ActorStore) {
	_, err := store.Update(t.Context(), ada, become(s.Ada))
	require.ErrorIs(t, err, everlatch.ErrNotFound, "an unknown id")
	before := s.create(t, store, ada, s.Ada)
	refusal := &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "Not like this."}

	_, err = store.Update(t.Context(), ada, func(everlatch.Metadata) (everlatch.Metadata, error) { return nil, refusal })

	require.ErrorIs(t, err, refusal)
	found, err := store.Find(t.Context(), ada)
	require.NoError(t, err)
	require.Equal(t, before.Data, found.Data)
	_, err = store.Remove(t.Context(), ada, "flow")
	require.NoError(t, err)
	_, err = store.Update(t.Context(), ada, become(s.Ada))
	require.ErrorIs(t, err, everlatch.ErrNotFound, "removed")
}

// updatedInParallel turns a record around many times. Every update must see what
// the one before it has made, or one of the two is lost.
func updatedInParallel(t *testing.T, s Subject, store everlatch.ActorStore) {
	s.create(t, store, ada, s.Ada)
	var mu sync.Mutex
	turns := map[bool]int{}

	errs := atOnce(t, func(ctx context.Context, _ int) error {
		wasAda := false // in the last call, which is the one that counts
		_, err := store.Update(ctx, ada, func(stored everlatch.Metadata) (everlatch.Metadata, error) {
			if wasAda = sameData(stored, s.Ada); wasAda {
				return maps.Clone(s.Grace), nil
			}
			return maps.Clone(s.Ada), nil
		})
		mu.Lock()
		defer mu.Unlock()
		turns[wasAda]++
		return err
	})

	require.NoError(t, errors.Join(errs...))
	require.Equal(t, map[bool]int{true: inParallel / 2, false: inParallel / 2}, turns, "each sees what the one before has made")
}

func sameData(a, b everlatch.Metadata) bool {
	for name, value := range b {
		if text, ok := value.(string); ok {
			return a[name] == text
		}
	}
	return false
}

// atOnce calls f at once, many times.
func atOnce(t *testing.T, f func(ctx context.Context, i int) error) []error {
	t.Helper()
	errs := make([]error, inParallel)
	ready := make(chan struct{})
	var done sync.WaitGroup
	for i := range inParallel {
		done.Go(func() {
			<-ready
			errs[i] = f(t.Context(), i)
		})
	}
	close(ready)
	done.Wait()
	return errs
}

// listed are the ids of a list, whose count must agree.
func listed(t *testing.T, store everlatch.ActorStore, q everlatch.ActorQuery) []string {
	t.Helper()
	records, count, err := store.List(t.Context(), q)
	require.NoError(t, err)
	out := []string{}
	for _, r := range records {
		out = append(out, r.ID)
	}
	if q.Limit == 0 && q.Offset == 0 {
		require.Len(t, out, count)
	}
	return out
}

// someUnique is the name of a unique field that the records have, "" for none.
func (s Subject) someUnique() string {
	i := slices.IndexFunc(s.Type.Fields, func(f everlatch.Field) bool { return f.Unique && s.Ada[f.Name] != nil })
	if i < 0 {
		return ""
	}
	return s.Type.Fields[i].Name
}

// requireTaken is how a store refuses what another record has.
func requireTaken(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	require.Contains(t, []everlatch.Code{everlatch.CodeInvalidData, everlatch.CodeDuplicate}, everlatch.ErrorCode(err), "%v", err)
}

// past and future bound every test.
func past() time.Time   { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }
func future() time.Time { return time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC) }
