package outbox

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/subscribers"
	"github.com/everlatch/everlatch/workflows"
)

// Deliverer starts the flow of a delivery, once for each generation of it.
type Deliverer interface {
	Deliver(ctx context.Context, d everlatch.Delivery, retry workflows.DeliveryRetry) error
}

// Outbox dispatches. Any number of processes may run one.
type Outbox struct {
	Store       *store.Store
	Flows       Deliverer
	Subscribers *subscribers.Registry
	// Retry is the retry policy of deliveries; its Attempt is set here, for
	// each subscriber.
	Retry workflows.DeliveryRetry
	// Every is how often an idle outbox polls the database; 0 is [DefaultEvery].
	Every time.Duration
	// Parallel is how many flows are started at the same time; 0 is
	// [DefaultParallel].
	Parallel int
	// Lease is how long other workers leave alone what this one has claimed; 0 is
	// [DefaultLease].
	Lease time.Duration
	// Now is the clock of leases, the same as the store's.
	Now func() time.Time
	Log *slog.Logger

	// failing says that the last starts failed.
	failing atomic.Bool
}

const (
	// DefaultEvery is how soon an idle process notices an event that another one
	// released.
	DefaultEvery = time.Second
	// DefaultParallel keeps a worker busy while Temporal answers, and is far below
	// what Temporal takes from one client.
	DefaultParallel = 8
	// DefaultLease is several times what the starts of one batch take, so that
	// only a worker that died loses its claim.
	DefaultLease = 30 * time.Second
)

const (
	// batch bounds one step, so that no transaction is long.
	batch = 100
	// attemptMargin is what an attempt may take beside the subscriber's own time.
	attemptMargin = 5 * time.Second
)

// Progress says how much a [Outbox.Pass] found to do.
type Progress int

const (
	// Idle found nothing.
	Idle Progress = iota
	// Worked found something, and there may be more soon.
	Worked
	// More found a full batch, and there is probably more now.
	More
)

// Run dispatches until ctx ends.
func (o *Outbox) Run(ctx context.Context) {
	every := o.Every
	if every == 0 {
		every = DefaultEvery
	}
	p := pace{longest: every}
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	for ctx.Err() == nil {
		progress, err := o.Pass(ctx)
		if err != nil && ctx.Err() == nil {
			o.Log.WarnContext(ctx, "events wait", slog.Any("error", everlatch.Cause(err)))
		}
		wait := p.next(progress, err != nil)
		if wait == 0 {
			continue
		}
		released := o.Store.Released()
		if err != nil {
			released = nil // each event would be another attempt in vain
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-released:
		}
	}
}

// Pass dispatches a batch of events, and claims and starts a batch of deliveries
// that are next in their order. Both are done even if the other fails. When
// nothing is due, it reads one row.
func (o *Outbox) Pass(ctx context.Context) (Progress, error) {
	due, err := o.Store.Due(ctx)
	if err != nil || due == (store.Due{}) {
		return Idle, err
	}
	var dispatched, looked int
	var notDispatched error
	if due.Events {
		dispatched, notDispatched = o.Store.Dispatch(ctx, batch, o.targets)
	}
	if due.Deliveries || dispatched > 0 {
		looked, err = o.deliver(ctx)
	}
	if dispatched == batch || looked == batch {
		return More, errors.Join(notDispatched, err)
	}
	return Worked, errors.Join(notDispatched, err)
}

func (o *Outbox) targets(e everlatch.Event) []store.Target {
	var out []store.Target
	for _, s := range o.Subscribers.Matching(e) {
		out = append(out, store.Target{Subscriber: s.Name, Ordered: s.Ordered})
	}
	return out
}

func (o *Outbox) retry(d everlatch.Delivery) workflows.DeliveryRetry {
	retry := o.Retry
	retry.Attempt = subscribers.DefaultTimeout
	if s, ok := o.Subscribers.Get(d.Subscriber); ok && s.Timeout > 0 {
		retry.Attempt = s.Timeout
	}
	retry.Attempt += attemptMargin
	return retry
}
