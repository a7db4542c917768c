package limits

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// promptRefusals are how many requests of one network are refused at once in a
	// second. Further ones are refused after holdFor: a client that does not read
	// Retry-After must not be able to spend what others need.
	promptRefusals = 2
	holdFor        = time.Second
	// heldAtOnce bounds the memory that held requests take, 20 kB each. Beyond it,
	// connections are closed.
	heldAtOnce = 2048
	// brakeSize bounds the memory of a flood from many networks.
	brakeSize = 1 << 16
)

// brake slows networks down that go on while they are refused.
type brake struct {
	held atomic.Int64

	mu sync.Mutex
	of map[netip.Prefix]pace
}

// pace is how many requests were refused in a second.
type pace struct {
	second  int64
	refused int
}

// count counts a refused request and reports whether it is one too many.
func (b *brake) count(network netip.Prefix, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.of[network]
	if second := now.Unix(); p.second != second {
		p = pace{second: second}
	}
	p.refused++
	if b.of == nil || len(b.of) >= brakeSize {
		b.of = map[netip.Prefix]pace{}
	}
	b.of[network] = p
	return p.refused > promptRefusals
}

// Hold counts a request of a network that is refused, and waits before the answer
// if the network goes on regardless, which also costs it turns in the queue. It
// reports whether the connection should be closed instead, because too many wait
// already.
func (l *Limiter) Hold(ctx context.Context, addr netip.Addr) (hangUp bool) {
	narrow, wide := networks(addr)
	now := l.opts.Now()
	if l.opts.Disabled || contains(l.opts.Exempt, addr) || !l.brake.count(wide, now) {
		return false
	}
	l.queue.scores.add([]netip.Prefix{wide, narrow}, true, now)
	if l.brake.held.Add(1) > heldAtOnce {
		l.brake.held.Add(-1)
		return true
	}
	defer l.brake.held.Add(-1)
	_ = sleep(ctx, holdFor) // it is over in either case
	return false
}
