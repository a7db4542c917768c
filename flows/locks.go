package flows

import (
	"context"
	"sync"
)

// locks let this process send one update of a flow at a time. A flow handles its
// updates one by one anyway; but Temporal admits only a few that wait
// (history.maxInFlightUpdates, 10 by default), and a refusal beyond them makes the
// server forget the workflow task that is under way: a hundred updates at once
// would keep a flow from ever answering.
type locks struct {
	mu   sync.Mutex
	held map[string]*keyedLock
}

type keyedLock struct {
	// free holds a value while the lock is free.
	free chan struct{}
	// users hold the lock or wait for it.
	users int
}

// lock waits for the lock of a flow and returns the unlock function. Its error is
// that of ctx.
func (l *locks) lock(ctx context.Context, id string) (unlock func(), err error) {
	mine := l.join(id)
	select {
	case <-mine.free:
		return func() {
			mine.free <- struct{}{}
			l.leave(id, mine)
		}, nil
	case <-ctx.Done():
		l.leave(id, mine)
		return nil, ctx.Err()
	}
}

func (l *locks) join(id string) *keyedLock {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[string]*keyedLock{}
	}
	mine := l.held[id]
	if mine == nil {
		mine = &keyedLock{free: make(chan struct{}, 1)}
		mine.free <- struct{}{}
		l.held[id] = mine
	}
	mine.users++
	return mine
}

func (l *locks) leave(id string, mine *keyedLock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if mine.users--; mine.users == 0 {
		delete(l.held, id)
	}
}
