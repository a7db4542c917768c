package app

import (
	"context"
	"errors"
	"log/slog"
	"math/bits"
	"sync"
	"time"

	sdkworker "go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/outbox"
	"github.com/everlatch/everlatch/worker"
	"github.com/everlatch/everlatch/workflows"
)

// How long a worker waits between two attempts to reach Temporal.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = time.Second
	// polledWithin bounds the wait for the first poll.
	polledWithin = 3 * time.Second
)

var errNotPolled = errors.New("a queue is not polled yet")

// Run runs the parts of the process until ctx ends, and then stops gracefully: it
// takes no new requests, finishes those under way, and leaves flows to other
// workers at their next step. It returns nil when ctx has ended.
func (a *App) Run(ctx context.Context) error {
	if err := a.Listen(ctx); err != nil {
		return err
	}
	// Requests wait for flows, so the worker outlives them.
	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorking()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer stopWorking()
		return a.serve(ctx)
	})
	g.Go(func() error { return a.serveMetrics(working) })
	if a.holder {
		g.Go(func() error {
			a.rings.Run(working)
			return nil
		})
	}
	if len(a.queues()) > 0 {
		g.Go(func() error {
			a.work(working)
			return nil
		})
	} else {
		close(a.started)
	}
	if a.opts.parts != 0 && !a.opts.quiet {
		for _, f := range a.opts.background {
			g.Go(func() error { return f(ctx, a) })
		}
	}
	return g.Wait()
}

// Started is closed when everything that Run starts is running; a worker runs
// once it has reached Temporal.
func (a *App) Started() <-chan struct{} { return a.started }

// work runs flows until ctx ends.
func (a *App) work(ctx context.Context) {
	var workers []sdkworker.Worker
	err := a.retry(ctx, "start worker", func() (err error) {
		if err := a.flows.Ready(ctx); err != nil {
			return err
		}
		workers, err = a.startWorkers()
		return err
	})
	if err != nil {
		return // stopped before Temporal was reached
	}
	defer stop(workers)
	a.awaitPolls(ctx)
	close(a.started)
	a.log.InfoContext(ctx, "worker started",
		slog.String("task_queue", a.cfg.Temporal.TaskQueue), slog.Any("queues", a.queues()))
	if !a.tellsEvents() {
		<-ctx.Done()
		return
	}
	a.tell(ctx)
}

// tell keeps the schedules and tells subscribers about events, until ctx ends.
// Neither waits for the other.
func (a *App) tell(ctx context.Context) {
	var parts sync.WaitGroup
	parts.Go(func() { a.keepSchedules(ctx) })
	parts.Go(func() { a.renewSchedules(ctx) })
	parts.Go(func() { a.checkRetention(ctx) })
	parts.Go(func() { a.keepDeployment(ctx) })
	a.outbox().Run(ctx)
	parts.Wait()
}

// outbox dispatches events beside the worker that delivers them.
func (a *App) outbox() *outbox.Outbox {
	e := a.cfg.Events
	return &outbox.Outbox{
		Store: a.store, Flows: a.flows, Subscribers: a.subscribers, Now: a.opts.now, Log: a.log,
		Retry: workflows.DeliveryRetry{
			Initial: e.RetryInitial.Duration(), Max: e.RetryMax.Duration(), For: e.RetryFor.Duration(),
		},
	}
}

// retry calls do until it succeeds or ctx ends, which is its only error.
func (a *App) retry(ctx context.Context, what string, do func() error) error {
	attempt := 0
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		err := do()
		if err == nil {
			return nil
		}
		attempt++
		// An outage is logged again when it has lasted twice as long.
		if ctx.Err() == nil && !errors.Is(err, errNotPolled) && bits.OnesCount(uint(attempt)) == 1 {
			a.log.WarnContext(ctx, "Temporal does not answer, trying again",
				slog.String("what", what), slog.Duration("again_in", wait), slog.Any("error", everlatch.Cause(err)))
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// awaitPolls waits until Temporal has seen the workers of this process poll, which
// takes a moment: then /ready agrees that they run. It gives up soon, because a poll
// shows in no other way.
func (a *App) awaitPolls(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, polledWithin)
	defer cancel()
	_ = a.retry(ctx, "find workers", func() error {
		for _, q := range a.flows.Readiness(ctx).Unserved {
			if a.serves(worker.Queue(q)) {
				return errNotPolled
			}
		}
		return nil
	})
}

// startWorkers starts a worker for each queue, or none. One that failed to start
// cannot start again.
func (a *App) startWorkers() ([]sdkworker.Worker, error) {
	var started []sdkworker.Worker
	for _, q := range a.queues() {
		w := a.newWorker(q)
		if err := w.Start(); err != nil {
			stop(started)
			return nil, err
		}
		started = append(started, w)
	}
	if !a.servesNexus() {
		return started, nil
	}
	w, err := a.newNexusWorker()
	if err == nil {
		err = w.Start()
	}
	if err != nil {
		stop(started)
		return nil, err
	}
	return append(started, w), nil
}

// stop stops workers side by side: each waits for what it runs.
func stop(workers []sdkworker.Worker) {
	var stopping sync.WaitGroup
	for _, w := range workers {
		stopping.Go(w.Stop)
	}
	stopping.Wait()
}

func (a *App) newWorker(q worker.Queue) sdkworker.Worker {
	return worker.New(a.temporal, a.activities(), worker.Options{
		TaskQueue: a.cfg.Temporal.TaskQueue, Queue: q,
		StopWithin: a.cfg.Worker.StopWithin.Duration(),
		Workflows:  a.opts.workflows, Activities: a.opts.activities, Hooks: a.hookFunctions,
		Version: a.version, Behaviors: a.opts.behaviors,
		Ended: a.endedFlow(),
		Log:   a.log,
	})
}

// activities are the steps of flows.
func (a *App) activities() activities.All {
	return activities.New(activities.Deps{
		Store: a.store, Vault: a.vault, Providers: a.registry, Codes: a.codes, Tokens: a.tokens, Subscribers: a.subscribers,
		Now: a.opts.now, LoginEvents: a.cfg.Events.Logins, LinkByEmail: a.cfg.Auth.LinkByEmail, TrustMFA: a.cfg.Auth.MFA.TrustedProviders, Erasers: a.erasers,
		ActorTypes: a.actorTypes, AnyCustomerEmail: a.cfg.Compat.CustomerEmail == "free",
		Hooks:   a.hooks,
		Factors: a.factors, FactorKeys: a.rings.FactorKeys(), Rings: a.rings,
	})
}
