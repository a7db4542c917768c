package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// giveUpAfter is how many errors in a row end a client: a server that is gone
// refuses connections faster than a loop can be stopped by its clock.
const giveUpAfter = 20

// load is one closed loop to run.
type load struct {
	target target
	now    func() time.Time
	// clients holds what makes the requests of each client.
	clients []func() []byte
	// duration and requests bound it together; the first to be reached ends it.
	duration time.Duration
	requests int
	// pause is how long a client waits after each answer: the way of the next request
	// to the server and back. Latencies do not include it.
	pause time.Duration
}

// tally is what came of a load.
type tally struct {
	latencies []time.Duration // of the right answers, in no order
	errors    int
	first     error // one of the errors
	elapsed   time.Duration
}

// run drives the load and returns when every client has its last answer.
func (l load) run(ctx context.Context) tally {
	var left atomic.Int64
	left.Store(int64(l.requests))
	tallies := make([]tally, len(l.clients))
	began := l.now()
	until := began.Add(l.duration)
	var wg sync.WaitGroup
	for i, next := range l.clients {
		wg.Go(func() { tallies[i] = l.drive(ctx, next, &left, until) })
	}
	wg.Wait()
	total := tally{elapsed: l.now().Sub(began)}
	for _, t := range tallies {
		total.latencies = append(total.latencies, t.latencies...)
		total.errors += t.errors
		if total.first == nil {
			total.first = t.first
		}
	}
	return total
}

// drive is one client.
func (l load) drive(ctx context.Context, next func() []byte, left *atomic.Int64, until time.Time) (t tally) {
	c := &conn{target: l.target, now: l.now}
	defer c.close()
	inARow := 0
	for sent := l.now(); sent.Before(until) && left.Add(-1) >= 0; {
		_, err := expect(ctx, c, next())
		if ctx.Err() != nil {
			break
		}
		answered, wait := l.now(), time.Duration(0)
		if err != nil {
			t.errors++
			if t.first == nil {
				t.first = err
			}
			wait = retryAfter(err)
			if inARow++; inARow >= giveUpAfter && wait == 0 {
				break
			}
		} else {
			inARow = 0
			t.latencies = append(t.latencies, answered.Sub(sent))
		}
		pause(ctx, max(wait, l.pause))
		sent = l.now()
	}
	return t
}

// retryAfter is when to come again, as an answer says: a server that says so is
// there.
func retryAfter(err error) time.Duration {
	answered, ok := errors.AsType[*statusError](err)
	if !ok {
		return 0
	}
	return answered.retryAfter
}

// pause waits unless ctx ends before.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
