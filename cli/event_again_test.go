package cli_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

func TestEventRelease(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		args         []string
		want         string
		first, other string
	}{
		"of an event":                  {[]string{"order-1"}, "Released 1 dead letter.\n", "waiting/2", "dead/1"},
		"of an event and a subscriber": {[]string{"order-1", "--subscriber", "shop"}, "Released 1 dead letter.\n", "waiting/2", "dead/1"},
		"of one that was told":         {[]string{"order-1", "--subscriber", "log"}, "Released 0 dead letters.\n", "dead/1", "dead/1"},
		"of all":                       {[]string{"--all"}, "Released 2 dead letters.\n", "waiting/2", "waiting/2"},
		"of all for a subscriber":      {[]string{"--all", "--subscriber", "shop"}, "Released 2 dead letters.\n", "waiting/2", "waiting/2"},
		"of all for another":           {[]string{"--all", "--subscriber", "log"}, "Released 0 dead letters.\n", "dead/1", "dead/1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			l := newLetters(t)
			out, _, err := l.run(t, append([]string{"release"}, tt.args...)...)

			require.NoError(t, err)
			require.Equal(t, tt.want, out)
			require.Equal(t, tt.first, l.status(t, "order-1", "shop"))
			require.Equal(t, tt.other, l.status(t, "order-2", "shop"))
			require.Equal(t, "delivered/1", l.status(t, "order-1", "log"))
		})
	}
}

// More dead letters than one page of them.
func TestEventReleaseAll(t *testing.T) {
	t.Parallel()

	l := newLetters(t)
	const many = 510
	for i := range many {
		_, _, err := l.PublishEvent(t.Context(), everlatch.Event{ID: fmt.Sprint("many-", i), Name: "x", Source: "apk_1"})
		require.NoError(t, err)
	}
	_, err := l.Dispatch(t.Context(), many, func(everlatch.Event) []store.Target { return []store.Target{{Subscriber: "shop"}} })
	require.NoError(t, err)
	for i := range many {
		require.NoError(t, l.SettleDelivery(t.Context(), everlatch.Delivery{
			EventID: fmt.Sprint("many-", i), Subscriber: "shop", Generation: 1, Status: everlatch.DeliveryDead,
		}))
	}

	out, _, err := l.run(t, "release", "--all")

	require.NoError(t, err)
	require.Equal(t, "Released 512 dead letters.\n", out)
	_, left, err := l.Deliveries(t.Context(), store.DeliveryFilter{Status: everlatch.DeliveryDead}, store.Page{})
	require.NoError(t, err)
	require.Zero(t, left)
}

func TestEventReplay(t *testing.T) {
	t.Parallel()

	l := newLetters(t)

	out, _, err := l.run(t, "replay", "order-1", "--subscriber", "log")
	require.NoError(t, err)
	require.Equal(t, "order.placed (order-1) is delivered to log again.\n", out)
	require.Equal(t, "waiting/2", l.status(t, "order-1", "log"))
	require.Equal(t, "dead/1", l.status(t, "order-1", "shop"))

	out, _, err = l.run(t, "replay", "order-1")
	require.NoError(t, err)
	require.Equal(t, "order.placed (order-1) is delivered to every subscriber again.\n", out)
	require.Equal(t, "waiting/2", l.status(t, "order-1", "log")) // it goes on
	require.Equal(t, "waiting/2", l.status(t, "order-1", "shop"))
	n, err := l.Dispatch(t.Context(), 10, func(everlatch.Event) []store.Target { return []store.Target{{Subscriber: "new"}} })
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, "waiting/1", l.status(t, "order-1", "new"))
}
