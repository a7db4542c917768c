package outbox

import (
	"context"
	"log/slog"
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
	// Every is how often the database is polled when this process has released no
	// event; 0 is [DefaultEvery].
	Every time.Duration
	Log   *slog.Logger
}

// DefaultEvery is how soon an event is noticed that another process released.
const DefaultEvery = time.Second

// batch bounds one step, so that no transaction is long.
const batch = 100

// attemptMargin is what an attempt may take beside the subscriber's own time.
const attemptMargin = 5 * time.Second

// Run dispatches until ctx ends.
func (o *Outbox) Run(ctx context.Context) {
	every := o.Every
	if every == 0 {
		every = DefaultEvery
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for ctx.Err() == nil {
		more, err := o.Pass(ctx)
		if err != nil && ctx.Err() == nil {
			o.Log.WarnContext(ctx, "events wait", slog.Any("error", everlatch.Cause(err)))
		}
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		case <-o.Store.Released():
		}
	}
}

// Pass dispatches a batch of events and starts a batch of deliveries that
// are next in their order. It reports whether there may be more to do at once.
func (o *Outbox) Pass(ctx context.Context) (more bool, err error) {
	dispatched, err := o.Store.Dispatch(ctx, batch, o.targets)
	if err != nil {
		return false, err
	}
	startable, err := o.Store.StartableDeliveries(ctx, batch)
	if err != nil {
		return false, err
	}
	for _, d := range startable {
		if err := o.Flows.Deliver(ctx, d, o.retry(d)); err != nil {
			return false, err
		}
		if err := o.Store.DeliveryStarted(ctx, d); err != nil {
			return false, err
		}
	}
	return dispatched == batch || len(startable) == batch, nil
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
