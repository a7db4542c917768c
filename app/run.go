package app

import (
	"context"
	"log/slog"
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
	lastRetry  = 5 * time.Second
)

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
	if a.has(Worker) {
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
	var w sdkworker.Worker
	err := a.retry(ctx, "start worker", func() error {
		if err := a.flows.Ready(ctx); err != nil {
			return err
		}
		w = a.newWorker() // one that failed to start cannot start again
		return w.Start()
	})
	if err != nil {
		return // stopped before Temporal was reached
	}
	defer w.Stop()
	close(a.started)
	a.log.InfoContext(ctx, "worker started", slog.String("task_queue", a.cfg.Temporal.TaskQueue))
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
	parts.Go(func() { a.checkRetention(ctx) })
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
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		err := do()
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
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

func (a *App) newWorker() sdkworker.Worker {
	return worker.New(a.temporal, activities.New(activities.Deps{
		Store: a.store, Vault: a.vault, Providers: a.registry, Tokens: a.tokens, Subscribers: a.subscribers,
		Now: a.opts.now, LoginEvents: a.cfg.Events.Logins, LinkByEmail: a.cfg.Auth.LinkByEmail, Erasers: a.erasers,
		ActorTypes: a.actorTypes, AnyCustomerEmail: a.cfg.Compat.CustomerEmail == "free",
	}), worker.Options{
		TaskQueue:  a.cfg.Temporal.TaskQueue,
		StopWithin: a.cfg.Worker.StopWithin.Duration(),
		Workflows:  a.opts.workflows, Activities: a.opts.activities,
		Log: a.log,
	})
}
