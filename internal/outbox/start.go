package outbox

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

const (
	// startMargin is more than a start may take: what cannot be started before the
	// lease ends is left to the next claim.
	startMargin = 5 * time.Second
	// retryAfter is when a delivery that could not be started is claimed again. The
	// others of its batch go on.
	retryAfter = 5 * time.Second
	// endWithin bounds the last statement of a claim, also of a worker that stops.
	endWithin = 5 * time.Second
)

// deliver claims a batch of deliveries, starts their flows, and records which
// were started. It returns how many deliveries were looked at. While starts fail it
// claims few, because all of them have to be given back.
func (o *Outbox) deliver(ctx context.Context) (int, error) {
	lease := o.Lease
	if lease == 0 {
		lease = DefaultLease
	}
	limit := batch
	if o.failing.Load() {
		limit = o.parallel()
	}
	claim, err := o.Store.ClaimDeliveries(ctx, limit, lease)
	if err != nil || len(claim.Deliveries) == 0 {
		return claim.Looked, err
	}
	unstarted, err := o.start(ctx, claim)
	o.failing.Store(err != nil)
	// A worker that stops gives back what it has not started, instead of letting
	// the lease run out.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	return claim.Looked, errors.Join(err, o.Store.EndClaim(ctx, claim, unstarted...))
}

// start starts the flows of a claim, some at a time, and returns those that it
// did not start, with the first reason. During an outage it does not try them all.
func (o *Outbox) start(ctx context.Context, claim store.Claim) ([]store.Unstarted, error) {
	var (
		mu        sync.Mutex
		unstarted []store.Unstarted
		failure   error
		away      atomic.Bool
	)
	leave := func(d everlatch.Delivery, retryAt time.Time, err error) {
		mu.Lock()
		defer mu.Unlock()
		unstarted = append(unstarted, store.Unstarted{Delivery: d, RetryAt: retryAt})
		if failure == nil {
			failure = err
		}
	}
	one := func(d everlatch.Delivery) {
		if now := o.Now(); away.Load() || ctx.Err() != nil || now.Add(startMargin).After(claim.Until) {
			leave(d, now, nil)
			return
		}
		if err := o.Flows.Deliver(ctx, d, o.retry(d)); err != nil {
			away.Store(true)
			leave(d, o.Now().Add(retryAfter), err)
		}
	}
	var starting sync.WaitGroup
	free := make(chan struct{}, o.parallel())
	for _, d := range claim.Deliveries {
		free <- struct{}{}
		starting.Go(func() {
			defer func() { <-free }()
			one(d)
		})
	}
	starting.Wait()
	return unstarted, failure
}

func (o *Outbox) parallel() int {
	if o.Parallel > 0 {
		return o.Parallel
	}
	return DefaultParallel
}
