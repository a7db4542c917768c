package limits_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/limits"
)

// One address gets half of the queue, all together the whole of it; who leaves
// makes room.
func TestAdmit(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		l := w.process(t, limits.Options{Queue: 8})
		require.Equal(t, 4, inParallel(t.Context(), func(context.Context, int) error {
			_, err := l.Admit(addr("203.0.113.1"))
			return err
		}))
		_, err := l.Admit(addr("203.0.113.1"))
		require.ErrorIs(t, err, everlatch.ErrUnavailable)
		last, err := l.Admit(addr("198.51.100.1"))
		require.NoError(t, err, "everyone else has the other half")
		require.Equal(t, 3, inParallel(t.Context(), func(_ context.Context, i int) error {
			_, err := l.Admit(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}))
			return err
		}))
		last()
		last() // twice is once
		require.Equal(t, 1, inParallel(t.Context(), func(_ context.Context, i int) error {
			_, err := l.Admit(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}))
			return err
		}))
		require.Equal(t, limits.ScopeQueue, w.seen[0].Scope)
	})
}
