package flows

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTurns(t *testing.T) {
	t.Parallel()
	var (
		turns   turns
		inside  atomic.Int32
		entered atomic.Int32
		wg      sync.WaitGroup
	)
	for range 100 {
		wg.Go(func() {
			pass, err := turns.take(t.Context(), "a dance")
			if err != nil {
				return
			}
			defer pass()
			if inside.Add(1) == 1 {
				entered.Add(1)
			}
			inside.Add(-1)
		})
	}
	wg.Wait()
	require.EqualValues(t, 100, entered.Load(), "everybody alone")
	require.Empty(t, turns.busy, "nothing is remembered")

	pass, err := turns.take(t.Context(), "a dance")
	require.NoError(t, err)
	other, err := turns.take(t.Context(), "another dance")
	require.NoError(t, err)
	other()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = turns.take(gone, "a dance")
	require.ErrorIs(t, err, context.Canceled)
	pass()
	require.Empty(t, turns.busy)
}
