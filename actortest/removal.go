package actortest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
)

func removed(t *testing.T, s Subject, store everlatch.ActorStore) {
	s.create(t, store, ada, s.Ada)
	got, err := store.Remove(t.Context(), grace, "flow/1")
	require.NoError(t, err, "one that is not there")
	require.False(t, got)

	got, err = store.Remove(t.Context(), ada, "flow/1")
	require.NoError(t, err)
	require.True(t, got)

	_, err = store.Find(t.Context(), ada)
	require.ErrorIs(t, err, everlatch.ErrNotFound)
	got, err = store.Remove(t.Context(), ada, "flow/1")
	require.NoError(t, err)
	require.True(t, got, "a step may run again, and must hear the same")
	got, err = store.Remove(t.Context(), ada, "flow/2")
	require.NoError(t, err)
	require.False(t, got, "another flow has removed it")
}

func restored(t *testing.T, s Subject, store everlatch.ActorStore) {
	require.NoError(t, store.Restore(t.Context(), ada, "flow/1"), "what never was")
	before := s.create(t, store, ada, s.Ada)
	require.NoError(t, store.Restore(t.Context(), ada, "flow/1"), "what was not removed")
	_, err := store.Remove(t.Context(), ada, "flow/1")
	require.NoError(t, err)

	require.NoError(t, store.Restore(t.Context(), ada, "flow/2"))
	_, err = store.Find(t.Context(), ada)
	require.ErrorIs(t, err, everlatch.ErrNotFound, "another flow has not removed it")
	require.NoError(t, store.Restore(t.Context(), ada, "flow/1"))
	require.NoError(t, store.Restore(t.Context(), ada, "flow/1"), "twice")

	found, err := store.Find(t.Context(), ada)
	require.NoError(t, err)
	require.Equal(t, before.Data, found.Data)
	require.Nil(t, found.DeletedAt)
	got, err := store.Remove(t.Context(), ada, "flow/3")
	require.NoError(t, err)
	require.True(t, got, "and it can be removed again")
}

func removedInParallel(t *testing.T, s Subject, store everlatch.ActorStore) {
	s.create(t, store, ada, s.Ada)
	var winners atomic.Int32

	errs := atOnce(t, func(ctx context.Context, i int) error {
		won, err := store.Remove(ctx, ada, fmt.Sprint("flow/", i))
		if won {
			winners.Add(1)
		}
		return err
	})

	require.NoError(t, errors.Join(errs...))
	require.EqualValues(t, 1, winners.Load())
}

func unique(t *testing.T, s Subject, store everlatch.ActorStore) {
	if s.someUnique() == "" {
		t.Skip("the type has no unique field")
	}
	s.create(t, store, ada, s.Ada)
	s.create(t, store, grace, s.Grace)

	_, err := store.Create(t.Context(), s.record(third, s.Ada))
	requireTaken(t, err)
	_, err = store.Find(t.Context(), third)
	require.ErrorIs(t, err, everlatch.ErrNotFound)
	_, err = store.Update(t.Context(), grace, become(s.Ada))
	requireTaken(t, err)

	found, err := store.Find(t.Context(), grace)
	require.NoError(t, err)
	require.Equal(t, s.Grace, found.Data)
	_, err = store.Update(t.Context(), ada, become(s.Ada))
	require.NoError(t, err, "her own values are no obstacle")
}

func freed(t *testing.T, s Subject, store everlatch.ActorStore) {
	if s.someUnique() == "" {
		t.Skip("the type has no unique field")
	}
	s.create(t, store, ada, s.Ada)
	_, err := store.Remove(t.Context(), ada, "flow/1")
	require.NoError(t, err)

	s.create(t, store, third, s.Ada)

	require.ErrorIs(t, store.Restore(t.Context(), ada, "flow/1"), everlatch.ErrDuplicate)
	_, err = store.Find(t.Context(), ada)
	require.ErrorIs(t, err, everlatch.ErrNotFound, "she stays removed")
}

func uniqueInParallel(t *testing.T, s Subject, store everlatch.ActorStore) {
	if s.someUnique() == "" {
		t.Skip("the type has no unique field")
	}
	errs := atOnce(t, func(ctx context.Context, i int) error {
		_, err := store.Create(ctx, s.record(fmt.Sprintf("test_%03d", i), s.Ada))
		return err
	})
	winners := 0
	for _, err := range errs {
		if err == nil {
			winners++
			continue
		}
		requireTaken(t, err)
	}
	require.Equal(t, 1, winners)
	require.Len(t, listed(t, store, everlatch.ActorQuery{}), 1)
}
