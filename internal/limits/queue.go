package limits

import (
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/everlatch/everlatch"
)

// queueWait is what a caller is told for whom the queue has no room.
const queueWait = 2 * time.Second

// queue counts the requests of this process that wait for a password hash.
type queue struct {
	mu    sync.Mutex
	total int
	of    map[netip.Prefix]int
}

// Admit lets a request wait for a password hash, or refuses it at once with
// [everlatch.CodeUnavailable]: what waits too long is done for a caller who has
// gone. It is asked before the vault is written and before Temporal is asked. done
// must be called when the request is over.
//
// One address gets half of the queue, so that a single flood leaves room for
// everyone else.
func (l *Limiter) Admit(addr netip.Addr) (done func(), err error) {
	if l.opts.Disabled {
		return func() {}, nil
	}
	narrow, _ := networks(addr)
	most := (l.opts.Queue + 1) / 2
	if contains(l.opts.Exempt, addr) {
		most = l.opts.Queue
	}
	if !l.queue.enter(narrow, most, l.opts.Queue) {
		l.opts.Observe(Refusal{Op: SignIn, Scope: ScopeQueue, Wait: queueWait})
		return nil, everlatch.Unavailable("The service", errors.New("too many requests wait for a password hash"))
	}
	return sync.OnceFunc(func() { l.queue.leave(narrow) }), nil
}

func (q *queue) enter(network netip.Prefix, most, total int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.total >= total || q.of[network] >= most {
		return false
	}
	if q.of == nil {
		q.of = map[netip.Prefix]int{}
	}
	q.total++
	q.of[network]++
	return true
}

func (q *queue) leave(network netip.Prefix) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.total--
	if q.of[network]--; q.of[network] == 0 {
		delete(q.of, network)
	}
}
