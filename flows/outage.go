package flows

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

const (
	// suspectAfter is how long a sign-in waits before it asks whether Temporal is there at
	// all, and suspectAgain how soon it does so again.
	suspectAfter = 200 * time.Millisecond
	suspectAgain = time.Second
	// askWithin is how long Temporal may take to say that it is healthy, which costs it
	// nothing: a busy one does in milliseconds.
	askWithin = 2 * time.Second
	// askAgain is how often one that is away is asked.
	askAgain = 250 * time.Millisecond
)

// errAway is the cause of a context that ended because Temporal is away.
var errAway = errors.New("no connection to Temporal, or no answer")

// outage knows whether Temporal is away, so that sign-ins learn it once and not each by a
// timeout of its own. Away is one that can't be reached or doesn't answer at all; a slow or
// busy one is not. It is asked only when a sign-in waits longer than it should.
type outage struct {
	temporal client.Client
	log      *slog.Logger
	now      func() time.Time
	// life ends with the client.
	life context.Context //nolint:containedctx // of what runs in the background
	end  context.CancelFunc
	work sync.WaitGroup
	// passed counts the sign-ins that went on directly in this outage.
	passed atomic.Int64

	mu sync.Mutex
	// there ends when Temporal is found to be away, and is another one when it is back.
	there    context.Context //nolint:containedctx // as above
	begins   context.CancelFunc
	checking bool
}

func newOutage(temporal client.Client, now func() time.Time, log *slog.Logger) *outage {
	o := &outage{temporal: temporal, log: log, now: now}
	o.life, o.end = context.WithCancel(context.Background())
	o.there, o.begins = context.WithCancel(o.life)
	return o
}

// close ends what runs in the background, and waits for it.
func (o *outage) close() {
	o.end()
	o.work.Wait()
}

func (o *outage) presence() context.Context {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.there
}

// isOn reports whether Temporal is known to be away.
func (o *outage) isOn() bool { return o.presence().Err() != nil && o.life.Err() == nil }

// watch returns a context that ends, with errAway as its cause, when Temporal is found to
// be away, and has that looked into while the sign-in takes longer than it should.
func (o *outage) watch(ctx context.Context) (watched context.Context, stop func()) {
	watched, cancel := context.WithCancelCause(ctx)
	there := o.presence()
	go func() {
		for wait := suspectAfter; ; wait = suspectAgain {
			timer := time.NewTimer(wait)
			select {
			case <-watched.Done():
				timer.Stop()
				return
			case <-there.Done():
				timer.Stop()
				if o.life.Err() == nil {
					cancel(errAway)
				}
				return
			case <-timer.C:
				o.suspect() //nolint:contextcheck // the answer is for all sign-ins
			}
		}
	}()
	return watched, func() { cancel(nil) }
}

// suspect asks Temporal in the background whether it is there, one question at a time.
func (o *outage) suspect() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.checking || o.life.Err() != nil {
		return
	}
	o.checking = true
	o.work.Go(func() {
		if !o.answers() && o.life.Err() == nil {
			o.last()
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		o.checking = false
	})
}

// last is an outage, from its discovery to its end.
func (o *outage) last() {
	since := o.now()
	o.mu.Lock()
	o.begins()
	o.mu.Unlock()
	o.log.Warn("Temporal is away: sign-ins that need no further step go on without it")
	for !o.answers() {
		timer := time.NewTimer(askAgain)
		select {
		case <-o.life.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
	o.log.Info("Temporal is back: sign-ins are workflows again",
		slog.String("away", o.now().Sub(since).Round(time.Millisecond).String()), slog.Int64("direct_sign_ins", o.passed.Swap(0)))
	o.mu.Lock()
	defer o.mu.Unlock()
	o.there, o.begins = context.WithCancel(o.life)
}

// answers asks Temporal whether it is healthy. A refusal to answer is an answer.
func (o *outage) answers() bool {
	ctx, cancel := context.WithTimeout(o.life, askWithin)
	defer cancel()
	_, err := o.temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
	_, unreachable := errors.AsType[*serviceerror.Unavailable](err)
	return err == nil || !unreachable && ctx.Err() == nil
}
