//go:build linux

package crash_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// ledger is what the clients were promised, and what they saw that must not be.
type ledger struct {
	mu     sync.Mutex
	counts map[string]int
	faults []string

	accounts []*person // who must be able to sign in at the end
	removed  []*person // who must be gone
	invites  []invitation
	spans    []time.Duration // what answered requests took, retries included
}

// person is a customer or an administrator with the latest that the service has
// confirmed about them.
type person struct {
	email, password   string
	identity, account string
	// actorType is customer or user, and provider how they sign in.
	actorType, provider string
	// token and cookie are of their latest sign-in.
	token, cookie string
	// secondFactor says that a password alone does not sign them in.
	secondFactor bool
}

// invitation is one that was sent, and what became of it.
type invitation struct {
	id, email string
	accepted  bool
}

func newLedger() *ledger { return &ledger{counts: map[string]int{}} }

// fault notes what must not be.
func (l *ledger) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

// count notes what may be, and how often.
func (l *ledger) count(what string) { l.add(what, 1) }

func (l *ledger) add(what string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[what] += n
}

func (l *ledger) took(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spans = append(l.spans, d)
}

func (l *ledger) keep(p *person) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accounts = append(l.accounts, p)
}

func (l *ledger) remove(p *person) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.removed = append(l.removed, p)
}

func (l *ledger) invite(i invitation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.invites = append(l.invites, i)
}

// borrow takes an account of a customer, so that no other client changes it meanwhile; keep
// gives it back. It is nil while there is none.
func (l *ledger) borrow() *person {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, p := range l.accounts {
		if p.actorType == customerType && p.provider == emailpass && !p.secondFactor {
			l.accounts = slices.Delete(l.accounts, i, i+1)
			return p
		}
	}
	return nil
}

// tally returns the counts by name, in order.
func (l *ledger) tally() (names []string, counts map[string]int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts = maps.Clone(l.counts)
	return slices.Sorted(maps.Keys(counts)), counts
}
