package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

func TestEvents(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		in := newIdentity("ada@example.com")
		seen := everlatch.Event{
			ID: "evt_1", Name: "b", GroupID: "g1", Source: everlatch.SourceEverlatch, AuthIdentityID: in.ID, Data: everlatch.Metadata{"id": in.ID},
			CreatedAt: start.Add(-time.Second), ReleasedAt: new(start.Add(time.Second)),
		}
		in.Events = []everlatch.Event{seen}
		_, err := f.RegisterIdentity(t.Context(), in)
		require.NoError(t, err)
		for i, group := range []string{"g1", "g2"} {
			c := newCustomer([]string{"a@example.com", "b@example.com"}[i])
			_, err := f.CreateCustomer(t.Context(), c, everlatch.Event{ID: "evt_" + group, Name: "a", GroupID: group})
			require.NoError(t, err)
		}

		got, count, err := f.Events(t.Context(), store.EventFilter{}, store.Page{Limit: 1})
		require.NoError(t, err)
		require.Equal(t, 3, count)
		require.Equal(t, []everlatch.Event{seen}, got)
		require.Equal(t, []string{"b", "a"}, f.eventNames(t, store.EventFilter{GroupID: "g1"}))
		require.Equal(t, []string{"a", "a"}, f.eventNames(t, store.EventFilter{Name: "a"}))
		require.Equal(t, []string{"b"}, f.eventNames(t, store.EventFilter{AuthIdentityID: in.ID}))
		require.Equal(t, []string{"a"}, f.eventNames(t, store.EventFilter{GroupID: "g1", Released: new(false)}))

		require.NoError(t, f.DropEvents(t.Context(), "g1"))

		require.Equal(t, []string{"b"}, f.eventNames(t, store.EventFilter{GroupID: "g1"}))
		require.Equal(t, []string{"a"}, f.eventNames(t, store.EventFilter{GroupID: "g2"}))
	})
}
