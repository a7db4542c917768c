package flows

import (
	"slices"
	"sync"
	"time"
)

const (
	// resetSignalsAtMost is how many requests for one actor type reach one reset while a
	// link of it is good, however many callers ask. Actor types that are not configured
	// count as one: requests for made-up ones must not use up those of the owner.
	resetSignalsAtMost = 32
	// resetsRemembered bounds the memory of the gate. Beyond it, the resets that were
	// asked for longest ago are forgotten.
	resetsRemembered = 20_000
)

// resetGate keeps requests for a reset from becoming signals. Everyone who knows an address
// can ask as often as they like, and each signal is kept in the history of the flow: it
// would end at its size limit, and with it the reset of the owner.
//
// A request that equals an earlier one of the last moments is folded into it: the flow
// would do the same. It is a gate of this process alone. Others add as much, which the
// flow bears.
type resetGate struct {
	// fold is for how long equal requests are one, within for how long signals are
	// counted.
	fold, within time.Duration
	// types are the actor types that are counted apart.
	types []string

	mu    sync.Mutex
	known map[string]*resetSignals
	// oldest is the order in which they were asked for first.
	oldest []string
}

// resetSignals are those of one reset.
type resetSignals struct {
	since time.Time
	// sent counts by actor type, those that are not configured under "".
	sent map[string]int
	// last is when each equal request was sent.
	last map[string]time.Time
}

// admit reports that a request for an actor type is to be sent, and counts it.
func (g *resetGate) admit(id, actorType string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.known[id]
	if r != nil && now.Sub(r.since) >= g.within {
		// The count begins again; what was asked for just now is still folded.
		r.since, r.sent = now, map[string]int{}
	}
	if r == nil {
		r = g.remember(id, now)
	}
	counted := ""
	if slices.Contains(g.types, actorType) {
		counted = actorType
	}
	if last, asked := r.last[actorType]; asked && now.Sub(last) < g.fold || r.sent[counted] >= resetSignalsAtMost {
		return false
	}
	if len(r.last) >= resetSignalsAtMost+len(g.types) {
		clear(r.last)
	}
	r.sent[counted]++
	r.last[actorType] = now
	return true
}

// forget lets the next request through at once: the reset was used, or the signal did
// not arrive.
func (g *resetGate) forget(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r := g.known[id]; r != nil {
		clear(r.last)
	}
}

func (g *resetGate) remember(id string, now time.Time) *resetSignals {
	if g.known == nil {
		g.known = map[string]*resetSignals{}
	}
	if len(g.oldest) >= resetsRemembered {
		delete(g.known, g.oldest[0])
		g.oldest = g.oldest[1:]
	}
	r := &resetSignals{since: now, sent: map[string]int{}, last: map[string]time.Time{}}
	g.known[id] = r
	g.oldest = append(g.oldest, id)
	return r
}
