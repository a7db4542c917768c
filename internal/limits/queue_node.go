package limits

import (
	"math"
	"net/netip"
	"slices"
)

// levels of the queue: class, network, address.
const levels = 3

// class is what is told apart before networks are.
type class int

const (
	strangers class = iota
	// familiar devices have signed in before.
	familiar
	// exempted networks send the requests of many.
	exempted
)

// strangerStep gives strangers a fifth of the turns while all classes wait.
const strangerStep = 2

// maxIdle bounds how many nodes remember that they are ahead of the others.
const maxIdle = 1024

// nodeKey tells the children of a node apart.
type nodeKey struct {
	class   class
	network netip.Prefix
	device  string
}

// node is the queue, a class, a network or an address.
type node struct {
	kids map[nodeKey]*node
	// line are those that wait here, at the lowest level.
	line    []*waiter
	waiting int
	// clock is the virtual time of the children: where the last turn was.
	clock float64
	// next is where the next turn of this node is, in the time of its parent, and
	// step how far each turn moves it.
	next, step float64
	// since is when it began to wait or had its last turn, which decides between
	// equals.
	since int64
}

// kid returns a child, which begins to wait now if it did not.
func (n *node) kid(key nodeKey, now int64) *node {
	found := n.kids[key]
	if found == nil {
		if n.kids == nil {
			n.kids = map[nodeKey]*node{}
		}
		n.bound()
		found = &node{}
		n.kids[key] = found
	}
	if found.waiting == 0 {
		found.since = now
	}
	return found
}

// bound keeps the memory of a flood from many networks small.
func (n *node) bound() {
	for _, until := range []float64{n.clock, math.Inf(1)} {
		if len(n.kids) > maxIdle+n.waiting {
			n.forget(until)
		}
	}
}

// forget drops children in which no request waits and whose next turn is no later than
// a point in time.
func (n *node) forget(until float64) {
	for key, kid := range n.kids {
		if kid.waiting == 0 && kid.next <= until {
			delete(n.kids, key)
		}
	}
}

// pick returns the waiter whose turn it is. It must be removed.
func (n *node) pick(now int64) *waiter {
	if n.kids == nil {
		return n.line[0]
	}
	var best *node
	at := math.Inf(1)
	for _, kid := range n.kids {
		start := max(kid.next, n.clock)
		if kid.waiting > 0 && (start < at || start == at && kid.since < best.since) {
			best, at = kid, start
		}
	}
	n.clock = at
	best.next, best.since = at+best.step, now
	n.forget(n.clock)
	return best.pick(now)
}

// worst returns the waiter who loses their place: the last one of the line that is
// longest for what its owner may have, latest if it is one of those.
func (n *node) worst(latest *waiter) *waiter {
	for level := 0; n.kids != nil; level++ {
		var worst *node
		if level == 0 || n == latest.path[level-1] {
			worst = latest.path[level]
		}
		for _, kid := range n.kids {
			if kid.waiting > 0 && (worst == nil || kid.cost() > worst.cost()) {
				worst = kid
			}
		}
		n = worst
	}
	return n.line[len(n.line)-1]
}

// cost is how much is waited for here, for what it may have.
func (n *node) cost() float64 { return float64(n.waiting) * n.step }

func (n *node) drop(w *waiter) {
	n.line = slices.DeleteFunc(n.line, func(other *waiter) bool { return other == w })
}
