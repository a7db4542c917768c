package flows

import (
	"context"
	"sync"
)

// turns lets one move of a dance at a time through this process. A dance takes
// its moves one by one anyway; but Temporal admits only a few that wait
// (history.maxInFlightUpdates, 10 by default), and a refusal beyond them makes
// the server forget the workflow task that is under way. Whoever fires a hundred
// moves at one dance would keep it from ever answering.
type turns struct {
	mu   sync.Mutex
	busy map[string]*turn
}

type turn struct {
	// free holds a value when nobody has the turn.
	free chan struct{}
	// users have the turn or wait for it.
	users int
}

// take waits for the turn of a dance and returns the function that passes it
// on. Its error is that of ctx.
func (t *turns) take(ctx context.Context, id string) (pass func(), err error) {
	t.mu.Lock()
	if t.busy == nil {
		t.busy = map[string]*turn{}
	}
	mine := t.busy[id]
	if mine == nil {
		mine = &turn{free: make(chan struct{}, 1)}
		mine.free <- struct{}{}
		t.busy[id] = mine
	}
	mine.users++
	t.mu.Unlock()
	select {
	case <-mine.free:
		return func() {
			mine.free <- struct{}{}
			t.leave(id, mine)
		}, nil
	case <-ctx.Done():
		t.leave(id, mine)
		return nil, ctx.Err()
	}
}

func (t *turns) leave(id string, mine *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if mine.users--; mine.users == 0 {
		delete(t.busy, id)
	}
}
