package flows

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLocks(t *testing.T) {
	t.Parallel()
	var (
		locks   locks
		inside  atomic.Int32
		entered atomic.Int32
		wg      sync.WaitGroup
	)
	for range 100 {
		wg.Go(func() {
			unlock, err := locks.lock(t.Context(), "a flow")
			if err != nil {
				return
			}
			defer unlock()
			if inside.Add(1) == 1 {
				entered.Add(1)
			}
			inside.Add(-1)
		})
	}
	wg.Wait()
	require.EqualValues(t, 100, entered.Load(), "each alone")
	require.Empty(t, locks.held, "nothing is remembered")

	unlock, err := locks.lock(t.Context(), "a flow")
	require.NoError(t, err)
	other, err := locks.lock(t.Context(), "another flow")
	require.NoError(t, err)
	other()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = locks.lock(gone, "a flow")
	require.ErrorIs(t, err, context.Canceled)
	unlock()
	require.Empty(t, locks.held)
}
