//go:build linux

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"
)

// driver carries a plan out.
type driver struct {
	cast   *cast
	ledger *ledger
}

// play breaks what the plan says, one failure after the other. After Temporal or
// PostgreSQL was killed it waits until the server is there again: otherwise a run would
// mostly show that nothing works without them. An API or a worker may be killed while
// it starts.
func (d *driver) play(ctx context.Context, t *testing.T, plan []point) {
	t.Helper()
	for i, p := range plan {
		rest(ctx, p.Gap)
		if ctx.Err() != nil {
			return
		}
		begun := time.Now()
		d.does(ctx, t, p)
		d.ledger.count(fmt.Sprintf("failure: %s", p.Action))
		if i%25 == 24 || testing.Verbose() {
			t.Logf("%s %d of %d: %v, took %s", begun.Format(time.TimeOnly), i+1, len(plan), p, time.Since(begun).Truncate(time.Millisecond))
		}
	}
}

func (d *driver) does(ctx context.Context, t *testing.T, p point) {
	t.Helper()
	switch target := p.Target; {
	case isWire(target):
		d.breaksWire(ctx, d.cast.wires[target], p)
	case target == theProxy:
		d.breaksProxy(ctx, p)
	default:
		d.breaksProcess(ctx, t, d.cast.processes[target], p)
	}
}

func (d *driver) breaksWire(ctx context.Context, w *wire, p point) {
	if p.Action == cut {
		w.cut()
		rest(ctx, p.Hold)
		w.mend()
		return
	}
	w.stall()
	rest(ctx, p.Hold)
	w.resume()
}

func (d *driver) breaksProxy(ctx context.Context, p point) {
	if p.Action == stop {
		d.cast.proxy.stop()
		rest(ctx, p.Hold)
		d.cast.proxy.resume()
		return
	}
	d.cast.proxy.kill()
	rest(ctx, p.Hold)
	if err := d.cast.proxy.start(ctx); err != nil && ctx.Err() == nil {
		d.ledger.fault("harness: %v", err)
	}
}

func (d *driver) breaksProcess(ctx context.Context, t *testing.T, target *process, p point) {
	t.Helper()
	if p.Action == stop {
		target.signal(syscall.SIGSTOP)
		rest(ctx, p.Hold)
		target.signal(syscall.SIGCONT)
		return
	}
	target.kill()
	rest(ctx, p.Hold)
	target.start(t) //nolint:contextcheck // it outlives the plan
	if p.Target != thePostgres && p.Target != theTemporal {
		return
	}
	if err := d.restarted(ctx, t, target); err != nil && ctx.Err() == nil {
		d.ledger.fault("%v; log: %s", err, target.tail())
	}
}

// restarted waits until a server is ready, and starts it again when it has given up,
// as an orchestrator does.
func (d *driver) restarted(ctx context.Context, t *testing.T, target *process) error {
	t.Helper()
	return await(ctx, startWithin, target.name+" is back", func() bool {
		d.restart(t, target) //nolint:contextcheck // likewise
		return target.ready(ctx)
	})
}

// supervise starts processes that have ended by themselves, until ctx ends: one that finds no
// database gives up, and an orchestrator tries again.
func (d *driver) supervise(ctx context.Context, t *testing.T) {
	t.Helper()
	for ctx.Err() == nil {
		for _, name := range append(append([]string{}, apiNames...), workerNames...) {
			d.restart(t, d.cast.processes[name]) //nolint:contextcheck // likewise
		}
		rest(ctx, time.Second)
	}
}

func (d *driver) restart(t *testing.T, target *process) {
	t.Helper()
	if target.gaveUp() {
		d.ledger.count("ended by itself: " + target.name)
		target.start(t) //nolint:contextcheck // it outlives the plan
	}
}

// recovers waits until everything is ready again.
func (d *driver) recovers(ctx context.Context, t *testing.T) error {
	t.Helper()
	var problems []error
	for _, p := range d.cast.processes {
		problems = append(problems, d.restarted(ctx, t, p))
	}
	return errors.Join(problems...)
}
