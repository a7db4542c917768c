package emailpass_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailpass"
)

// gate lets a test hold hashes at the moment at which they have their memory.
type gate struct {
	running atomic.Int32
	open    chan struct{}
}

func (g *gate) pass(string) {
	g.running.Add(1)
	<-g.open
}

// docs/weak-spots.md#w20: no more memory than configured is in use at once, however many people
// sign in, and large hashes weigh more.
func TestConcurrentMemoryIsBounded(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		room int64 // in hashes of our own
		rec  *providers.Record
		want int32
	}{
		"one at a time":                       {room: 1, want: 1},
		"three at a time":                     {room: 3, want: 3},
		"all at once":                         {room: 100, want: 8},
		"bcrypt needs a core like the others": {room: 3, rec: record("$2y$04$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTTOq"), want: 3},
		"a hash that is twice as large":       {room: 4, rec: record(phc("$argon2id$v=19$m=128,t=1,p=1$", make([]byte, 32))), want: 2},
		"a hash that is larger than the room": {room: 2, rec: record(phc("$argon2id$v=19$m=4096,t=1,p=1$", make([]byte, 32))), want: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				g := gate{open: make(chan struct{})}
				p, _ := setup(t, emailpass.Options{OnHash: g.pass, MaxConcurrentMemoryKiB: tt.room * int64(cheap.MemoryKiB)})
				var refused atomic.Int32
				for range 8 {
					go func() {
						if _, err := p.Authenticate(t.Context(), input("ada@example.com", "supersecret"), tt.rec); err != nil {
							refused.Add(1)
						}
					}()
				}
				synctest.Wait()
				require.Equal(t, tt.want, g.running.Load())
				close(g.open)
				synctest.Wait()
				require.Equal(t, int32(8), g.running.Load(), "everybody's turn comes")
				require.Equal(t, int32(8), refused.Load())
			})
		})
	}
}

// docs/weak-spots.md#w20: a caller whose context ends leaves the queue; the error is not a refusal.
func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		g := gate{open: make(chan struct{})}
		p, _ := setup(t, emailpass.Options{OnHash: g.pass, MaxConcurrentMemoryKiB: int64(cheap.MemoryKiB)})
		go func() { _, _ = p.Authenticate(t.Context(), input("ada@example.com", "supersecret"), nil) }()
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		calls := map[string]func() error{
			"login":        func() error { _, err := p.Authenticate(ctx, input("b@example.com", "supersecret"), nil); return err },
			"registration": func() error { _, err := p.Register(ctx, input("b@example.com", "supersecret"), nil); return err },
			"repeated registration": func() error {
				_, err := p.Register(ctx, input("b@example.com", "supersecret"), record(recordedHash))
				return err
			},
		}
		for name, call := range calls {
			err := call()
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			require.Equal(t, everlatch.CodeInternal, everlatch.ErrorCode(err), "an outage, which may be retried: %s", name)
		}
		require.Equal(t, int32(1), g.running.Load())
		close(g.open)
	})
}

// The password was right: that the new hash has to wait must not undo it.
func TestLoginStandsWhenRenewingHasToWait(t *testing.T) {
	t.Parallel()

	ctx, cancel := context.WithCancel(t.Context())
	p, _ := setup(t, emailpass.Options{OnHash: func(format string) {
		if format == "bcrypt" {
			cancel() // while the old hash is being verified
		}
	}})
	verdict, err := p.Authenticate(ctx, input("ada@example.com", "supersecret"), record(foreign(t, "supersecret")["bcrypt 2b"]))
	require.NoError(t, err)
	require.Equal(t, providers.Verdict{}, verdict)
}

// With MedusaHashes the second work may have to wait in vain as well.
func TestEveningOutEndsWithTheContext(t *testing.T) {
	t.Parallel()

	ctx, cancel := context.WithCancel(t.Context())
	p, _ := setup(t, emailpass.Options{MedusaHashes: true, OnHash: func(string) { cancel() }})
	_, err := p.Authenticate(ctx, input("ada@example.com", "supersecret"), nil)
	require.ErrorIs(t, err, context.Canceled)
}
