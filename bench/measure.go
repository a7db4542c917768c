package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"time"
)

// bench is one run of this command.
type bench struct {
	opts     options
	now      func() time.Time
	proc     procFS
	progress io.Writer
}

// measure makes people and drives every scenario with every number of clients.
func (b *bench) measure(ctx context.Context) (_ *report, err error) {
	idle, err := b.proc.processes(b.opts.pids)
	if err != nil {
		return nil, err
	}
	r := &report{
		Base: "http://" + b.opts.base.host, Started: b.now().UTC().Truncate(time.Second),
		Cores: runtime.NumCPU(), PIDs: b.opts.pids, RSS: mebibytes(idle.rss),
	}
	s := stage{
		wire:      wire{host: b.opts.base.host, publishableKey: b.opts.publishableKey},
		people:    newCrowd(b.opts.emailPrefix),
		newcomers: new(atomic.Int64), adminToken: b.opts.adminToken,
		filled: b.opts.filled, filledPassword: b.opts.filledPassword,
	}
	people, err := b.invite(ctx, s)
	if err != nil {
		return nil, err
	}
	s.crew = people
	if r.Hashing = b.opts.hash; r.Hashing != nil {
		if err := b.hash(ctx, r.Hashing); err != nil {
			return nil, err
		}
		defer func() {
			if err == nil {
				err = b.hash(ctx, r.Hashing)
			}
		}()
	}
	for _, name := range b.opts.scenarios {
		for _, clients := range b.opts.clients {
			fmt.Fprintf(b.progress, "%s with %d clients …\n", name, clients)
			result, err := b.scenario(ctx, s, scenarioNamed(name), people[:clients])
			if err != nil {
				return nil, err
			}
			r.Results = append(r.Results, result)
		}
	}
	return r, nil
}

// invite makes a person for each client, and more if they are asked for.
func (b *bench) invite(ctx context.Context, s stage) ([]person, error) {
	n := max(b.opts.people, slices.Max(b.opts.clients))
	fmt.Fprintf(b.progress, "making %d people …\n", n)
	c := &conn{target: b.opts.base, now: b.now}
	defer c.close()
	admin := &conn{target: b.opts.adminBase, now: b.now}
	defer admin.close()
	people := make([]person, n)
	for i := range people {
		var err error
		if b.opts.system != "" {
			people[i], err = b.inviteElsewhere(ctx, c, admin, s, i)
		} else {
			people[i], err = invite(ctx, c, s.wire, s.people, i)
		}
		if err != nil {
			return nil, err
		}
	}
	return people, nil
}

// scenario warms up, then measures.
func (b *bench) scenario(ctx context.Context, s stage, sc scenario, people []person) (result, error) {
	l := load{target: b.opts.base, now: b.now, duration: b.opts.warm, requests: b.opts.requests}
	for _, p := range people {
		l.clients = append(l.clients, sc.requests(s, p))
	}
	if b.opts.warm > 0 {
		l.run(ctx)
	}
	l.duration = b.opts.duration

	before, err := b.snapshot()
	if err != nil {
		return result{}, err
	}
	t := l.run(ctx)
	after, err := b.snapshot()
	if err != nil {
		return result{}, err
	}
	if err := ctx.Err(); err != nil {
		return result{}, fmt.Errorf("interrupted: %w", err)
	}
	r := t.result(sc.name, len(people))
	r.charge(before, after, len(b.opts.pids) > 0)
	return r, nil
}

// snapshot is what had been used at one moment.
type snapshot struct {
	server, own usage
	machine     time.Duration
	// known is false where there is no /proc; then only what was asked for by
	// -pids is an error.
	known bool
}

func (b *bench) snapshot() (s snapshot, err error) {
	if s.server, err = b.proc.processes(b.opts.pids); err != nil {
		return s, err
	}
	own, errOwn := b.proc.process(os.Getpid())
	machine, errMachine := b.proc.machine()
	s.own, s.machine, s.known = own, machine, errOwn == nil && errMachine == nil
	return s, nil
}
