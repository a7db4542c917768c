package limits

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/everlatch/everlatch"
)

// queueWait is what a caller is told for whom the queue has no room.
const queueWait = 2 * time.Second

// queue lets so many requests at once compute password hashes. The others wait, as
// many as there are places.
//
// Those that wait are let in by turns, as start-time fair queueing does it: first
// by class, then by network, then by address. So a flood delays itself, and the
// places that it takes are given to those who come from elsewhere. A network whose
// sign-ins are refused has its turn less often.
type queue struct {
	slots, places int
	scores        scores

	mu               sync.Mutex
	running, waiting int
	root             node
	// moment counts arrivals and turns.
	moment int64
}

// waiter is a request that waits for its turn.
type waiter struct {
	path [levels]*node
	// turn gets nil when the request may go on, and errFull when it has lost its
	// place.
	turn chan error
}

var errFull = errors.New("too many requests wait for a password hash")

// queued says who waits: a class, a network and an address in it, and how many
// steps each of them goes back when it has had a turn.
type queued struct {
	keys  [levels]nodeKey
	steps [levels]float64
}

// enter waits for a turn, for wait at most. Its error is errFull, or that of ctx.
func (q *queue) enter(ctx context.Context, who queued, wait time.Duration) error {
	q.mu.Lock()
	if q.waiting == 0 && q.running < q.slots {
		q.running++
		q.mu.Unlock()
		return nil
	}
	w := q.join(who)
	if q.running+q.waiting > q.places {
		last := q.root.worst(w)
		q.remove(last)
		last.turn <- errFull
	}
	q.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	var err error
	select {
	case err = <-w.turn:
		return err
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = errFull
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case lost := <-w.turn: // meanwhile
		if lost == nil {
			q.pass()
		}
	default:
		q.remove(w)
	}
	return err
}

// QueueState says how many requests compute a password hash, or may now, how many wait
// for their turn, and how many may do either.
type QueueState struct{ Running, Waiting, Places int }

// Queue returns the state of the queue.
func (l *Limiter) Queue() QueueState {
	q := &l.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	return QueueState{Running: q.running, Waiting: q.waiting, Places: q.places}
}

// full reports whether a request would be refused at once.
func (q *queue) full(who queued) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.running+q.waiting < q.places {
		return false
	}
	w := q.join(who)
	last := q.root.worst(w)
	q.remove(w)
	return last == w
}

// leave ends a turn.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pass()
}

// pass gives a turn on.
func (q *queue) pass() {
	q.running--
	for q.running < q.slots && q.waiting > 0 {
		q.moment++
		w := q.root.pick(q.moment)
		q.remove(w)
		q.running++
		w.turn <- nil
	}
	if q.waiting == 0 {
		q.root = node{} // no one is behind or ahead
	}
}

// join appends a waiter to its line.
func (q *queue) join(who queued) *waiter {
	w := &waiter{turn: make(chan error, 1)}
	q.waiting++
	q.moment++
	n := &q.root
	n.waiting++
	for i, key := range who.keys {
		n = n.kid(key, q.moment)
		n.step = who.steps[i]
		n.waiting++
		w.path[i] = n
	}
	n.line = append(n.line, w)
	return w
}

func (q *queue) remove(w *waiter) {
	q.waiting--
	q.root.waiting--
	for _, n := range w.path {
		n.waiting--
	}
	w.path[levels-1].drop(w)
}

// Turn is the permission to compute a password hash. Its nil value is one that
// does not count.
type Turn struct {
	limiter *Limiter
	who     queued
	// scored are the networks to whose account the outcome goes.
	scored []netip.Prefix
	held   bool
}

// Admit waits until a request may compute a password hash, or refuses it with
// [everlatch.CodeUnavailable]: what waits too long is done for a caller who has
// gone. It is asked before the vault is written and before Temporal is asked. device
// is that of a known device, "" for none. The turn must be ended.
func (l *Limiter) Admit(ctx context.Context, addr netip.Addr, device string) (*Turn, error) {
	if l.opts.Disabled {
		return nil, nil //nolint:nilnil // see Turn
	}
	t := &Turn{limiter: l}
	t.who, t.scored = l.queued(addr, device)
	return t.admitted(ctx)
}

// AdmitProgram is [Limiter.Admit] for a program that signs users in by the service. All of
// them wait together, in the class of exempt networks: they send the requests of many.
func (l *Limiter) AdmitProgram(ctx context.Context) (*Turn, error) {
	if l.opts.Disabled {
		return nil, nil //nolint:nilnil // see Turn
	}
	return (&Turn{limiter: l, who: queued{keys: [levels]nodeKey{{class: exempted}}, steps: [levels]float64{1, 1, 1}}}).admitted(ctx)
}

func (t *Turn) admitted(ctx context.Context) (*Turn, error) {
	if err := t.enter(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// Crowded reports whether [Limiter.Admit] would refuse a request at once that comes
// from no known device.
func (l *Limiter) Crowded(addr netip.Addr) bool {
	if l.opts.Disabled {
		return false
	}
	who, _ := l.queued(addr, "")
	return l.queue.full(who)
}

// Busy is the error of [Limiter.Admit] for a request that is refused.
func (l *Limiter) Busy() error {
	r := Refusal{Op: SignIn, Scope: ScopeQueue, Wait: queueWait}
	l.opts.Observe(r)
	return everlatch.Unavailable("The service", r)
}

func (t *Turn) enter(ctx context.Context) error {
	now := t.limiter.opts.Now
	asked := now()
	err := t.limiter.queue.enter(ctx, t.who, t.limiter.opts.QueueWait)
	if errors.Is(err, errFull) {
		return t.limiter.Busy()
	}
	if t.held = err == nil; t.held {
		t.limiter.opts.Waited(now().Sub(asked))
	}
	return err
}

// pause lets others go on while wait does something else.
func (t *Turn) pause(ctx context.Context, wait func() error) error {
	if t == nil {
		return wait()
	}
	t.release()
	if err := wait(); err != nil {
		return err
	}
	return t.enter(ctx)
}

func (t *Turn) release() {
	if t.held {
		t.held = false
		t.limiter.queue.leave()
	}
}

// End gives the turn to the next one. It is told whether the request was accepted or
// refused; neither means that it failed.
func (t *Turn) End(accepted, refused bool) {
	if t == nil {
		return
	}
	t.release()
	if accepted || refused {
		t.limiter.queue.scores.add(t.scored, refused, t.limiter.opts.Now())
	}
}

// queued says where a request belongs in the queue.
func (l *Limiter) queued(addr netip.Addr, device string) (who queued, scored []netip.Prefix) {
	narrow, wide := networks(addr)
	who.keys = [levels]nodeKey{{class: strangers}, {network: wide}, {network: narrow}}
	who.steps = [levels]float64{1, 1, 1}
	switch {
	case device != "":
		who.keys = [levels]nodeKey{{class: familiar}, {device: device}, {}}
	case contains(l.opts.Exempt, addr):
		who.keys[0].class = exempted
	default:
		scored = []netip.Prefix{wide, narrow}
		now := l.opts.Now()
		who.steps = [levels]float64{strangerStep, l.queue.scores.step(wide, now), l.queue.scores.step(narrow, now)}
	}
	return who, scored
}
