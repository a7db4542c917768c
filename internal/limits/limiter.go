package limits

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// TooMany is the reason of every refusal. Its detail [RetryAfter] is in whole
// seconds; it names neither what was counted nor whether it exists.
const TooMany everlatch.Reason = "too_many_requests"

// RetryAfter is the detail of an error that says after how many seconds the same
// request may succeed.
const RetryAfter = "retry_after"

// Scope is what a counter is about.
type Scope string

// The scopes.
const (
	ScopeAccount   Scope = "account"
	ScopeDevice    Scope = "device" // an account, tried from a known device
	ScopeCaller    Scope = "caller" // a signed-in identity
	ScopeRecipient Scope = "recipient"
	ScopeAddress   Scope = "address" // IPv4 /32, IPv6 /64
	ScopeNetwork   Scope = "network" // IPv4 /24, IPv6 /48
	ScopeQueue     Scope = "queue"   // all that wait for a password hash
)

// Refusal is what [Options.Observe] is told.
type Refusal struct { //nolint:errname // it is read as what it is
	Op    Op
	Scope Scope
	Wait  time.Duration
	// Began says that the counter refused nothing before, as far as this process
	// knows: an event may be recorded now and not for each of a thousand refusals.
	Began bool
	// Key stands for what is counted. It is a keyed hash, and "" for a network that
	// this process remembers to be refused, and for the queue.
	Key string
}

// Error implements error: a refusal is the private cause of the errors of this
// package.
func (r Refusal) Error() string {
	return "limit of " + string(r.Op) + " for the " + string(r.Scope) + " is reached"
}

// IsRefusal reports whether an error is, or wraps, one of this package that refuses
// a request.
func IsRefusal(err error) bool {
	_, refused := errors.AsType[Refusal](err)
	return refused
}

// Limiter counts requests. It is safe for concurrent use.
type Limiter struct {
	store *store.Store
	opts  Options
	// gate is that of accounts, callers and recipients, by counter.
	gate     gate[string]
	networks gate[networkKey]
	queue    queue
	brake    brake
}

// networkKey is what one kind of request of a network is counted under.
type networkKey struct {
	op      Op
	network netip.Prefix
}

// New returns a limiter over the counters of a store, or what is wrong with the
// options.
func New(s *store.Store, o Options) (*Limiter, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	return &Limiter{store: s, opts: o, queue: queue{slots: min(o.AtOnce, o.Queue), places: o.Queue}}, nil
}

// Client returns the address of the machine that sent a request.
func (l *Limiter) Client(r *http.Request) netip.Addr { return l.opts.Proxies.Client(r) }

// Devices returns the tokens of known devices.
func (l *Limiter) Devices() Devices {
	return Devices{Hash: l.opts.Hash, TTL: l.opts.DeviceTTL, Now: l.opts.Now}
}

// counter is one budget and what it is about.
type counter struct {
	op     Op
	scope  Scope
	budget store.Budget
	// network is the one that is counted, invalid for something else.
	network netip.Prefix
}

func (l *Limiter) counter(op Op, scope Scope, rate Rate, what ...string) counter {
	id := l.opts.Hash(append([]string{"limits", string(op), string(scope), rate.Per.String()}, what...)...)
	return counter{op: op, scope: scope, budget: store.Budget{ID: id, Size: rate.Count, Every: rate.every()}}
}

func (l *Limiter) networkCounter(op Op, scope Scope, rate Rate, network netip.Prefix) counter {
	c := l.counter(op, scope, rate, network.String())
	c.network = network
	return c
}

// counted reports whether a kind of request is counted by network.
func (l *Limiter) counted(op Op, addr netip.Addr) bool {
	return !l.opts.Disabled && l.opts.Rates[op].Count > 0 && !contains(l.opts.Exempt, addr)
}

// ofNetwork returns the counters of an address, none if it is exempt or nothing
// is limited.
func (l *Limiter) ofNetwork(op Op, addr netip.Addr) []counter {
	if !l.counted(op, addr) {
		return nil
	}
	rate := l.opts.Rates[op]
	narrow, wide := networks(addr)
	return []counter{
		l.networkCounter(op, ScopeAddress, rate, narrow),
		l.networkCounter(op, ScopeNetwork, rate.times(l.opts.NetworkFactor), wide),
	}
}

// Closed returns the error with which [Limiter.Enter] would refuse a request of a
// network, as far as this process remembers. It costs next to nothing.
func (l *Limiter) Closed(op Op, addr netip.Addr) error {
	if !l.counted(op, addr) {
		return nil
	}
	now := l.opts.Now()
	narrow, wide := networks(addr)
	if wait := l.networks.wait(networkKey{op, narrow}, now); wait > 0 {
		return l.refuse(op, ScopeAddress, "", wait, false)
	}
	if wait := l.networks.wait(networkKey{op, wide}, now); wait > 0 {
		return l.refuse(op, ScopeNetwork, "", wait, false)
	}
	return nil
}

// Enter lets a request of a network in, or returns an error of
// [everlatch.CodeRateLimited]. Kinds of which only refused requests count are
// counted by [Limiter.Refused].
func (l *Limiter) Enter(ctx context.Context, op Op, addr netip.Addr) error {
	if err := l.Closed(op, addr); err != nil {
		return err
	}
	return l.pass(ctx, !onlyRefused[op], l.ofNetwork(op, addr))
}

// Refused counts a request that was let in and then refused, where that counts. It
// returns an error of [everlatch.CodeRateLimited], with a [Refusal] as its cause, if
// that is one too many: the next one is refused at once.
func (l *Limiter) Refused(ctx context.Context, op Op, addr netip.Addr) error {
	if !onlyRefused[op] {
		return nil
	}
	var last error
	for _, c := range l.ofNetwork(op, addr) {
		wait, err := l.store.OverspendBudget(ctx, c.budget)
		if err != nil {
			return err
		}
		if wait > 0 && last == nil {
			last = l.exhausted(c, wait)
		}
	}
	return last
}

// Caller lets a request of a signed-in identity in, and counts it.
func (l *Limiter) Caller(ctx context.Context, op Op, identityID string) error {
	rate := l.opts.Rates[op]
	if l.opts.Disabled || rate.Count == 0 {
		return nil
	}
	return l.pass(ctx, true, []counter{l.counter(op, ScopeCaller, rate, identityID)})
}

// SendMail lets a mail to an address go out, for all callers together for it, and counts it.
// Addresses that are the same mailbox share their counter.
func (l *Limiter) SendMail(ctx context.Context, address string) error {
	if l.opts.Disabled {
		return nil
	}
	counters := make([]counter, 0, len(l.opts.Mail))
	for _, rate := range l.opts.Mail {
		if rate.Count > 0 {
			counters = append(counters, l.counter(Mail, ScopeRecipient, rate, mailbox(address)))
		}
	}
	return l.pass(ctx, true, counters)
}

// pass asks every counter, the memory first, and spends a unit of each.
func (l *Limiter) pass(ctx context.Context, spend bool, counters []counter) error {
	now := l.opts.Now()
	for _, c := range counters {
		if wait := l.gate.wait(c.budget.ID, now); !c.network.IsValid() && wait > 0 {
			return l.refuse(c.op, c.scope, c.budget.ID, wait, false)
		}
	}
	if spend {
		return l.spend(ctx, counters)
	}
	budgets := make([]store.Budget, len(counters))
	for i, c := range counters {
		budgets[i] = c.budget
	}
	waits, err := l.store.BudgetWaits(ctx, budgets...)
	if err != nil {
		return err
	}
	for i, c := range counters {
		if i < len(waits) && waits[i] > 0 {
			return l.exhausted(c, waits[i])
		}
	}
	return nil
}

func (l *Limiter) spend(ctx context.Context, counters []counter) error {
	for _, c := range counters {
		wait, err := l.store.SpendBudget(ctx, c.budget)
		if err != nil {
			return err
		}
		if wait > 0 {
			return l.exhausted(c, wait)
		}
	}
	return nil
}

// exhausted remembers that a counter refuses, and refuses.
func (l *Limiter) exhausted(c counter, wait time.Duration) error {
	if c.network.IsValid() {
		return l.refuse(c.op, c.scope, c.budget.ID, wait, l.networks.close(networkKey{c.op, c.network}, l.opts.Now(), wait))
	}
	return l.refuse(c.op, c.scope, c.budget.ID, wait, l.gate.close(c.budget.ID, l.opts.Now(), wait))
}

func (l *Limiter) refuse(op Op, scope Scope, key string, wait time.Duration, began bool) error {
	r := Refusal{Op: op, Scope: scope, Wait: wait, Began: began, Key: key}
	l.opts.Observe(r)
	return r.refusal()
}

// refusal is the same for every counter but for the time, which is rounded up: an
// answer must not tell what it was that ran out.
func (r Refusal) refusal() error {
	seconds := int((r.Wait + time.Second - 1) / time.Second)
	return &everlatch.Error{
		Code: everlatch.CodeRateLimited, Reason: TooMany, Err: r,
		Details: map[string]string{RetryAfter: strconv.Itoa(max(1, seconds))},
	}
}
