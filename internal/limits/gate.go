package limits

import (
	"sync"
	"time"
)

const (
	// gateFor is how long a refusal is believed without asking the store. Another
	// process may lift a lock meanwhile.
	gateFor = 5 * time.Second
	// gateSize bounds the memory of a flood from many networks.
	gateSize = 1 << 16
)

// gate remembers refusals, so that a flood of them costs no statement.
type gate[K comparable] struct {
	mu sync.Mutex
	// closed is until when a key is refused, and until when that is believed.
	closed map[K]refused
}

type refused struct{ until, believed time.Time }

// wait returns for how long a key is refused, as far as is known.
func (g *gate[K]) wait(key K, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	r, known := g.closed[key]
	if !known {
		return 0
	}
	if !now.Before(r.believed) || !now.Before(r.until) {
		delete(g.closed, key)
		return 0
	}
	return r.until.Sub(now)
}

// close remembers that a key is refused. It reports whether that is news.
func (g *gate[K]) close(key K, now time.Time, wait time.Duration) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	former, known := g.closed[key]
	if g.closed == nil {
		g.closed = map[K]refused{}
	}
	if !known && len(g.closed) >= gateSize {
		g.makeRoom(now)
	}
	g.closed[key] = refused{until: now.Add(wait), believed: now.Add(min(wait, gateFor))}
	return !known || !now.Before(former.until)
}

// makeRoom forgets what is over, and everything if that is not enough: the store
// knows it.
func (g *gate[K]) makeRoom(now time.Time) {
	for key, r := range g.closed {
		if !now.Before(r.believed) {
			delete(g.closed, key)
		}
	}
	if len(g.closed) >= gateSize {
		clear(g.closed)
	}
}

func (g *gate[K]) open(key K) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.closed, key)
}
