package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

func TestBacklog(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		backlog := func() store.Backlog {
			b, err := f.Backlog(t.Context())
			require.NoError(t, err)
			return b
		}
		require.Equal(t, store.Backlog{}, backlog())

		released := f.clock.Now().Truncate(time.Microsecond)
		f.publish(t, "one", "authid_1")
		f.publish(t, "two", "authid_1")
		require.Equal(t, store.Backlog{Oldest: released, Events: 2}, backlog())

		f.clock.Advance(time.Minute)
		dispatched := f.clock.Now().Truncate(time.Microsecond)
		_, err := f.Dispatch(t.Context(), 10, toHookAndLog)
		require.NoError(t, err)
		require.Equal(t, store.Backlog{Oldest: dispatched, Waiting: 4}, backlog())

		f.startable(t) // looks at them, so that the second one of the hook stands behind the first
		b := backlog()
		require.Equal(t, 3, b.Waiting)
		require.Equal(t, 1, b.Behind)

		for range 3 {
			f.begin(t)
		}
		f.settle(t, "one", "hook", everlatch.DeliveryDead)
		f.settle(t, "one", "log", everlatch.DeliveryDelivered)
		b = backlog()
		require.Equal(t, 1, b.Dead)
		require.Equal(t, 1, b.Waiting, "its predecessor has ended")
		require.Equal(t, 0, b.Behind)
	})
}

func TestLivingSessions(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, "ada@example.com")
		f.session(t, identity.ID, everlatch.ActorCustomer, "cus_1")
		n, err := f.LivingSessions(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n)
		f.clock.Advance(365 * 24 * time.Hour)
		n, err = f.LivingSessions(t.Context())
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

// TestWatch sees every statement with its text, and no value.
func TestWatch(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		var mu sync.Mutex
		var seen []string
		s, err := store.Open(t.Context(), f.url, f.clock.Now,
			store.WithWatch(func(ctx context.Context, engine, text string) (context.Context, func(error)) {
				return ctx, func(err error) {
					mu.Lock()
					defer mu.Unlock()
					seen = append(seen, fmt.Sprint(engine, ": ", strings.Join(strings.Fields(text), " "), " ", err))
				}
			}))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })

		_, err = s.RegisterIdentity(t.Context(), newIdentity("ada@example.com"))
		require.NoError(t, err)
		_, _, err = s.AuthIdentities(t.Context(), store.IdentityFilter{}, store.Page{Limit: 5})
		require.NoError(t, err)

		mu.Lock()
		defer mu.Unlock()
		kinds := map[string]int{}
		for _, line := range seen {
			_, statement, _ := strings.Cut(line, ": ")
			verb, _, _ := strings.Cut(statement, " ")
			kinds[verb]++
			require.NotContains(t, line, "ada@example.com")
			require.True(t, strings.HasSuffix(line, " <nil>"), line)
		}
		for _, verb := range []string{"BEGIN", "INSERT", "COMMIT", "SELECT"} {
			require.Positive(t, kinds[verb], "%s in\n%s", verb, strings.Join(seen, "\n"))
		}
		want := "sqlite: "
		if strings.HasPrefix(f.url, "postgres") {
			want = "postgresql: "
		}
		require.False(t, slices.ContainsFunc(seen, func(line string) bool { return !strings.HasPrefix(line, want) }))
		require.NotEmpty(t, s.Pools())
	})
}
