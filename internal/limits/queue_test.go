package limits_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/limits"
)

// till is a process with a queue, in which a hash takes as long as a test says.
type till struct {
	t       *testing.T
	limiter *limits.Limiter
	// mutex guards who had a turn, and who lost their place.
	mutex        sync.Mutex
	hashed, lost []string
}

// order returns who had a turn, in this order.
func (q *till) order() []string {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return slices.Clone(q.hashed)
}

// refused returns who lost their place.
func (q *till) refused() []string {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return slices.Clone(q.lost)
}

func (q *till) note(list *[]string, name string) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	*list = append(*list, name)
}

// newTill returns a queue in which one request at a time has its turn. It needs no
// store.
func newTill(t *testing.T, o limits.Options) *till {
	t.Helper()
	o.Hash, o.Now = hash, time.Now
	l, err := limits.New(nil, o)
	require.NoError(t, err)
	return &till{t: t, limiter: l}
}

// come has a request arrive. Its name is its address, or "device" and a name.
func (q *till) come(name string) {
	go func() {
		device, from := "", "192.0.2.1"
		if known, is := strings.CutPrefix(name, "device "); is {
			device = known
		} else {
			from = name
		}
		turn, err := q.limiter.Admit(q.t.Context(), addr(from), device)
		if err != nil {
			q.note(&q.lost, name)
			return
		}
		q.note(&q.hashed, name)
		time.Sleep(time.Second) // the hash
		turn.End(false, false)
	}()
	synctest.Wait()
}

// A flood of one network delays itself: those who come from elsewhere have every second
// turn, and networks of a flood have theirs one after the other.
func TestTurnsGoRound(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ come, want string }{
		"networks": {
			come: "198.51.100.1 198.51.100.1 198.51.100.1 203.0.113.1 203.0.113.1 2001:db8::1",
			want: "198.51.100.1 198.51.100.1 203.0.113.1 2001:db8::1 198.51.100.1 203.0.113.1",
		},
		"addresses of a network": {
			come: "203.0.113.1 198.51.100.1 198.51.100.1 198.51.100.1 198.51.100.2",
			want: "203.0.113.1 198.51.100.1 198.51.100.2 198.51.100.1 198.51.100.1",
		},
		"addresses of an IPv6 network": {
			come: "203.0.113.1 2001:db8::1 2001:db8::2 2001:db8:0:1::1",
			want: "203.0.113.1 2001:db8::1 2001:db8:0:1::1 2001:db8::2",
		},
		"an exempt network has its turn beside all strangers": {
			come: "203.0.113.1 203.0.113.1 198.51.100.1 198.51.101.1 10.0.0.1 10.0.0.1 10.0.0.2",
			want: "203.0.113.1 203.0.113.1 10.0.0.1 10.0.0.2 198.51.100.1 10.0.0.1 198.51.101.1",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newTill(t, limits.Options{AtOnce: 1, Queue: 100, QueueWait: time.Minute, Exempt: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
				for from := range strings.FieldsSeq(tt.come) {
					q.come(from)
				}
				time.Sleep(time.Minute)
				require.Equal(t, tt.want, strings.Join(q.order(), " "))
				require.Empty(t, q.refused())
			})
		})
	}
}

// 300 attackers with a network each and an endless supply of requests leave known
// devices two turns of three.
func TestKnownDevicesComeFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newTill(t, limits.Options{AtOnce: 1, Queue: 64, QueueWait: time.Hour})
		for i := range 300 {
			q.come(fmt.Sprintf("10.%d.%d.1", i/100, i%100))
		}
		require.Len(t, q.refused(), 300-64)
		for i := range 20 {
			q.come("device " + strconv.Itoa(i))
		}
		require.Len(t, q.refused(), 300-64+20, "strangers give up their places")
		time.Sleep(30*time.Second + time.Millisecond)
		devices := 0
		for _, name := range q.order()[1:31] {
			if strings.HasPrefix(name, "device ") {
				devices++
			}
		}
		require.Equal(t, 20, devices)
		time.Sleep(time.Hour) // the rest
	})
}

// The network of a full queue gives up its last place to one that has fewer. What is
// refused can be told before.
func TestPlacesAreShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newTill(t, limits.Options{AtOnce: 1, Queue: 8, QueueWait: time.Minute})
		for range 10 {
			q.come("198.51.100.1")
		}
		require.Len(t, q.refused(), 2)
		require.True(t, q.limiter.Crowded(addr("198.51.100.1")))
		require.True(t, q.limiter.Crowded(addr("198.51.100.1")), "asking changes nothing")
		require.False(t, q.limiter.Crowded(addr("198.51.100.2")))
		require.False(t, q.limiter.Crowded(addr("203.0.113.1")))
		q.come("203.0.113.1")
		q.come("203.0.113.2")
		q.come("203.0.114.1")
		require.Equal(t, strings.Fields("198.51.100.1 198.51.100.1 198.51.100.1 198.51.100.1 198.51.100.1"), q.refused())
		time.Sleep(time.Minute)
		require.Len(t, q.order(), 8)
		require.False(t, q.limiter.Crowded(addr("198.51.100.1")))
	})
}

// A network whose sign-ins are refused has its turn less often, until it is
// forgotten or signs in.
func TestRefusedNetworksWaitLonger(t *testing.T) {
	t.Parallel()
	const honest, guessing = "203.0.113.1", "198.51.100.1"
	tests := map[string]struct {
		before func(refuse, accept func())
		want   string
	}{
		"refused four times": {
			before: func(refuse, _ func()) { refuse(); refuse(); refuse(); refuse() },
			want:   "198.51.100.1 203.0.113.1 203.0.113.1 203.0.113.1 203.0.113.1 198.51.100.1 198.51.100.1 198.51.100.1",
		},
		"accepted as often": {
			before: func(refuse, accept func()) { refuse(); accept(); refuse(); accept() },
			want:   "198.51.100.1 203.0.113.1 198.51.100.1 203.0.113.1 198.51.100.1 203.0.113.1 198.51.100.1 203.0.113.1",
		},
		"long ago": {
			before: func(refuse, _ func()) { refuse(); refuse(); refuse(); refuse(); time.Sleep(10 * time.Minute) },
			want:   "198.51.100.1 203.0.113.1 198.51.100.1 203.0.113.1 198.51.100.1 203.0.113.1 198.51.100.1 203.0.113.1",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newTill(t, limits.Options{AtOnce: 1, Queue: 100, QueueWait: time.Minute})
				end := func(accepted bool) func() {
					return func() {
						turn, err := q.limiter.Admit(t.Context(), addr(guessing), "")
						require.NoError(t, err)
						turn.End(accepted, !accepted)
					}
				}
				tt.before(end(false), end(true))
				q.come("192.0.2.1")
				for range 4 {
					q.come(guessing)
					q.come(honest)
				}
				time.Sleep(time.Minute)
				require.Equal(t, "192.0.2.1 "+tt.want, strings.Join(q.order(), " "))
			})
		})
	}
}

// Who has waited too long is refused, and who has gone waits no more. Neither has a
// turn.
func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newTill(t, limits.Options{AtOnce: 1, Queue: 8, QueueWait: 3 * time.Second})
		turn, err := q.limiter.Admit(t.Context(), addr("192.0.2.1"), "")
		require.NoError(t, err)
		began := time.Now()
		_, err = q.limiter.Admit(t.Context(), addr("192.0.2.2"), "")
		require.ErrorIs(t, err, everlatch.ErrUnavailable)
		require.True(t, limits.IsRefusal(err))
		require.Equal(t, 3*time.Second, time.Since(began))

		gone, leave := context.WithCancel(t.Context())
		left := make(chan error)
		go func() {
			_, err := q.limiter.Admit(gone, addr("192.0.2.3"), "")
			left <- err
		}()
		synctest.Wait()
		leave()
		require.ErrorIs(t, <-left, context.Canceled)
		turn.End(false, false)
		next, err := q.limiter.Admit(t.Context(), addr("192.0.2.4"), "")
		require.NoError(t, err)
		next.End(false, false)
		next.End(false, false) // twice is once
		for range 2 {
			q.come("192.0.2.5")
		}
		require.Len(t, q.order(), 1, "still one at a time")
		time.Sleep(time.Minute)
	})
}

// What the queue tells: who runs and waits, and how long each has waited.
func TestQueueIsObserved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var waits []time.Duration
		q := newTill(t, limits.Options{AtOnce: 1, Queue: 3, QueueWait: 10 * time.Second, Waited: func(d time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			waits = append(waits, d)
		}})
		require.Equal(t, limits.QueueState{Places: 3}, q.limiter.Queue())
		for _, name := range []string{"192.0.2.1", "198.51.100.1", "203.0.113.1", "203.0.113.2"} {
			q.come(name)
		}
		require.Equal(t, limits.QueueState{Running: 1, Waiting: 2, Places: 3}, q.limiter.Queue())
		require.Len(t, q.refused(), 1)
		time.Sleep(time.Minute)
		require.Equal(t, limits.QueueState{Places: 3}, q.limiter.Queue())
		mu.Lock()
		defer mu.Unlock()
		require.Equal(t, []time.Duration{0, time.Second, 2 * time.Second}, waits, "who is refused has had no turn")
	})
}

// A hundred callers who come, go and give up leave the queue as it was: no turn is
// lost, none is given twice.
func TestTurnsAreExact(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		l := w.process(t, limits.Options{AtOnce: 3, Queue: 100, QueueWait: 2 * time.Millisecond})
		busy := make(chan struct{}, 3) // a fourth would block for ever
		for range 5 {
			passed := inParallel(t.Context(), func(ctx context.Context, i int) error {
				ctx, cancel := context.WithTimeout(ctx, time.Duration(1+i%5)*time.Millisecond)
				defer cancel()
				turn, err := l.Admit(ctx, netip.AddrFrom4([4]byte{192, 0, byte(i % 7), byte(i)}), "")
				if err != nil {
					return err
				}
				select {
				case busy <- struct{}{}:
				default:
					return errors.New("more than three at once")
				}
				<-busy
				turn.End(i%2 == 0, i%2 != 0)
				return nil
			})
			require.Positive(t, passed)
		}
		for range 3 {
			_, err := l.Admit(t.Context(), addr("203.0.113.1"), "")
			require.NoError(t, err)
		}
		_, err := l.Admit(t.Context(), addr("203.0.113.1"), "")
		require.ErrorIs(t, err, everlatch.ErrUnavailable, "none was given twice")
	})
}

// A network that goes on while it is refused is answered once a second, and too many
// of them are not answered on connections that are kept. Everyone else is answered
// at once.
func TestHold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newTill(t, limits.Options{Exempt: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}).limiter
		took := func(from string) time.Duration {
			began := time.Now()
			require.False(t, l.Hold(t.Context(), addr(from)))
			return time.Since(began)
		}
		for range 2 {
			require.Zero(t, took("203.0.113.1"))
		}
		require.Equal(t, time.Second, took("203.0.113.2"))
		require.Zero(t, took("203.0.113.1"), "the next second")
		for range 10 {
			require.Zero(t, took("10.0.0.1"))
		}
		var hungUp int
		for i := range 2100 {
			go func() {
				if l.Hold(t.Context(), netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})) {
					hungUp++
				}
			}()
			synctest.Wait()
		}
		require.Equal(t, 2100-2-2048, hungUp)
		time.Sleep(time.Second)
		gone, leave := context.WithCancel(t.Context())
		leave()
		began := time.Now()
		for range 5 {
			l.Hold(gone, addr("203.0.114.1"))
		}
		require.Zero(t, time.Since(began), "a caller who has gone is not held")
	})
}
