package workflows

import (
	"cmp"
	"encoding/json"
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
)

// firstRequestWithin is how long an execution waits for the request that it was
// started for.
const firstRequestWithin = time.Minute

// flow is what one kind of long flow adds to the loop of [exchange].
type flow interface {
	// deadline is when the flow acts by itself, such as the expiry of a token. The
	// zero time says that nothing is open.
	deadline() time.Time
	// expire acts when the deadline has passed, with the lock held. It ends the
	// flow or sets another deadline.
	expire(ctx workflow.Context) error
	// renew is the error that continues the flow as new, with what is open.
	renew(ctx workflow.Context) error
}

// exchange is the loop that all long flows share. It serves updates one at a
// time, acts at the deadline, continues as new when the history grows long, and
// lets no execution end before its handlers have.
//
// A cancelled execution takes no further step, waits for its handlers, which
// undo what they have begun, and ends as cancelled, unless the flow was over.
type exchange struct {
	flow  flow
	mutex workflow.Mutex
	// waitUntil is how long to wait for the first request.
	waitUntil time.Time
	// signals, where the flow has any, are served by receive.
	signals workflow.ReceiveChannel
	receive func(ctx workflow.Context, signals workflow.ReceiveChannel) error
	served  int
	// answers are those to the latest requests, for when they are repeated after
	// the flow has continued as new.
	answers answers
	// outcome is how the flow has ended, "" while it goes on.
	outcome string
	// about is what the flow has found out about whom it is for.
	about About
	// told are lines about what has happened.
	told []string
	// faulty says that a handler failed. One of its steps may have taken effect
	// without its answer arriving.
	faulty bool
	// attention is why an operator has to look at this execution.
	attention error
	// invalid is a declaration that the SDK refuses.
	invalid error
}

// newExchange returns the loop of a flow, which was given these answers by the
// execution before it.
func newExchange(ctx workflow.Context, f flow, given ...answered) *exchange {
	return &exchange{flow: f, answers: given, mutex: workflow.NewMutex(ctx), waitUntil: workflow.Now(ctx).Add(firstRequestWithin)}
}

// end notes how the flow has ended; the first outcome counts.
func (x *exchange) end(outcome string) {
	if x.outcome == "" {
		x.outcome = outcome
	}
}

// onSignal serves a signal. The handler runs with the lock held and receives one.
func onSignal(ctx workflow.Context, x *exchange, name string, handler func(workflow.Context, workflow.ReceiveChannel) error) {
	x.signals, x.receive = workflow.GetSignalChannel(ctx, name), handler
}

// on serves an update. The handler runs with the lock held. What one of the
// checks refuses leaves no trace in history, so the handler has to apply them
// again: another update may have been faster.
func on[I, O any](
	ctx workflow.Context, x *exchange, name string, handler func(workflow.Context, I) (O, error),
	checks ...func(workflow.Context, I) *everlatch.Refusal,
) {
	locked := func(ctx workflow.Context, in I) (out O, err error) {
		unlock, err := x.lock(ctx)
		if err != nil {
			return out, err
		}
		defer unlock()
		if first, known := x.answers.find(ctx); known {
			return out, json.Unmarshal(first, &out) //workflowcheck:ignore
		}
		out, err = handler(ctx, in)
		x.faulty = x.faulty || err != nil
		x.tellHandled(ctx, name, out, err)
		if isNeedsAttention(err) {
			x.attention = err
		}
		if err == nil {
			err = x.answers.keep(ctx, out)
		}
		return out, err
	}
	validator := func(ctx workflow.Context, in I) error {
		if _, known := x.answers.find(ctx); known || x.unheard() {
			return nil
		}
		for _, check := range checks {
			if refusal := check(ctx, in); refusal != nil {
				return refusal.Err() // the interceptor of the worker encodes it
			}
		}
		return nil
	}
	x.invalid = errors.Join(x.invalid,
		workflow.SetUpdateHandlerWithOptions(ctx, name, locked, workflow.UpdateHandlerOptions{Validator: validator}))
}

// unheard reports that a request is under way, or waits to be served, which may
// have taken effect already: a mail may be out whose token this execution does
// not know yet. Until then it cannot tell what to refuse.
func (x *exchange) unheard() bool { return x.mutex.IsLocked() || x.waiting() }

// waiting reports that a signal waits to be served.
func (x *exchange) waiting() bool { return x.signals != nil && x.signals.Len() > 0 }

// lock serializes what changes the flow and returns the unlock function. Signals
// that arrived earlier are served first.
func (x *exchange) lock(ctx workflow.Context) (unlock func(), err error) {
	if err := x.mutex.Lock(ctx); err != nil {
		return nil, err
	}
	for x.waiting() {
		if err := x.receive(ctx, x.signals); err != nil {
			x.mutex.Unlock()
			return nil, err
		}
	}
	return func() {
		x.served++
		x.mutex.Unlock()
	}, nil
}

// deadline is when the loop acts by itself. An execution that has served requests
// and has nothing open is over.
func (x *exchange) deadline() time.Time {
	at := x.flow.deadline()
	if at.IsZero() && x.served == 0 {
		return x.waitUntil
	}
	return at
}

func (x *exchange) due(ctx workflow.Context) bool { return !workflow.Now(ctx).Before(x.deadline()) }

// serve runs the loop until the flow is over.
func (x *exchange) serve(ctx workflow.Context) error {
	if x.invalid != nil {
		return x.invalid
	}
	err := x.loop(ctx)
	if x.faulty && x.attention == nil {
		// What was undone has no events any more. The others tell of what has happened.
		err = cmp.Or(releaseEvents(ctx), err)
	}
	if err != nil {
		return err
	}
	return conclude(ctx, x.outcome, x.about)
}

func (x *exchange) loop(ctx workflow.Context) error {
	for {
		err := x.next(ctx)
		x.finishHandlers(ctx)
		if err == nil && x.outcome == "" && !x.waiting() && x.due(ctx) {
			err = x.expire(ctx)
			x.finishHandlers(ctx)
		}
		switch {
		case err == nil && x.waiting(): // a signal arrived meanwhile
		case x.outcome != "":
			return x.attention
		case err != nil:
			return cmp.Or(x.attention, err)
		case workflow.GetInfo(ctx).GetContinueAsNewSuggested():
			return x.flow.renew(ctx)
		}
	}
}

// next waits until a request was served or the deadline has passed, and serves
// the signals. Its error is that of a cancellation, or of a signal that could not
// be served.
func (x *exchange) next(ctx workflow.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	served := x.served
	if remaining := x.deadline().Sub(workflow.Now(ctx)); remaining > 0 {
		waiting, stop := workflow.WithCancel(ctx)
		_, err := workflow.AwaitWithOptions(waiting, workflow.AwaitOptions{
			Timeout: remaining, TimerOptions: workflow.TimerOptions{Summary: "Wait until " + clockTime(x.deadline())},
		}, func() bool { return x.served > served || x.waiting() })
		stop() // a timer that is left behind would wake the flow when nothing is due
		if err != nil {
			return err
		}
	}
	if !x.waiting() {
		return nil
	}
	return x.locked(ctx, func() error { return nil })
}

// finishHandlers waits for all handlers, also when the execution is cancelled: one
// that is cut off would leave behind what it was about to undo.
func (x *exchange) finishHandlers(ctx workflow.Context) {
	waiting, _ := workflow.NewDisconnectedContext(ctx)
	// Only a cancellation could fail, and this context has none.
	_ = workflow.Await(waiting, func() bool { return workflow.AllHandlersFinished(ctx) })
}

// expire lets the flow act at its deadline, unless a request was faster.
func (x *exchange) expire(ctx workflow.Context) error {
	return x.locked(ctx, func() error {
		if x.outcome != "" || !x.due(ctx) {
			return nil
		}
		err := x.flow.expire(ctx)
		x.show(ctx)
		return err
	})
}

func (x *exchange) locked(ctx workflow.Context, do func() error) error {
	unlock, err := x.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return do()
}
