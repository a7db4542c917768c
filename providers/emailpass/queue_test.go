package emailpass_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers/emailpass"
)

// Two providers share the memory and the places of one queue: of 60 sign-ins at
// once, as many as have a place are answered, and the others at once.
func TestProvidersShareAQueue(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		g := gate{open: make(chan struct{})}
		queue := emailpass.NewQueue(2*int64(cheap.MemoryKiB), 7)
		a, _ := setup(t, emailpass.Options{OnHash: g.pass})
		b, _ := setup(t, emailpass.Options{OnHash: g.pass})
		require.Same(t, queue, a.Share(queue))
		b.Share(a.Share(nil))
		var busy, wrong atomic.Int32
		for i := range 60 {
			p := []*emailpass.Provider{a, b}[i%2]
			go func() {
				switch _, err := p.Authenticate(t.Context(), input("ada@example.com", "supersecret"), nil); everlatch.ErrorCode(err) {
				case everlatch.CodeUnavailable:
					busy.Add(1)
				case everlatch.CodeUnauthorized:
					wrong.Add(1)
				default: // counted as neither
				}
			}()
		}
		synctest.Wait()
		require.Equal(t, int32(2), g.running.Load(), "hash at once")
		require.Equal(t, int32(53), busy.Load(), "are refused without waiting")
		close(g.open)
		synctest.Wait()
		require.Equal(t, int32(7), wrong.Load())

		_, err := a.Authenticate(t.Context(), input("ada@example.com", "supersecret"), nil)
		require.ErrorIs(t, err, everlatch.ErrUnauthorized, "places are given back")
	})
}

// A full queue makes who sets a password wait; a refusal would be the answer to
// every repetition.
func TestRegistrationsWaitInAFullQueue(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		g := gate{open: make(chan struct{})}
		p, _ := setup(t, emailpass.Options{OnHash: g.pass})
		p.Share(emailpass.NewQueue(int64(cheap.MemoryKiB), 1))
		go func() { _, _ = p.Authenticate(t.Context(), input("ada@example.com", "supersecret"), nil) }()
		synctest.Wait()
		registered := make(chan error, 1)
		go func() {
			_, err := p.Register(t.Context(), input("b@example.com", "an unusual phrase"), nil)
			registered <- err
		}()
		synctest.Wait()
		require.Empty(t, registered)
		close(g.open)
		require.NoError(t, <-registered)
	})
}

// Nothing is hashed for a caller who has gone, even where there is room.
func TestNothingIsHashedForACallerWhoHasGone(t *testing.T) {
	t.Parallel()

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var hashes atomic.Int32
	p, _ := setup(t, emailpass.Options{OnHash: func(string) { hashes.Add(1) }})
	_, err := p.Authenticate(gone, input("ada@example.com", "supersecret"), nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = p.Register(gone, input("b@example.com", "an unusual phrase"), nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, hashes.Load())
}
