package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// attackers guess passwords at once, as fast as they are answered.
	attackers = 300
	// owners sign in with the right password meanwhile. Eight keep the service busy,
	// so that the phases without attackers show what it can do.
	owners = 8
)

// The networks of owners and attackers are documentation addresses (RFC 3849 and
// 5737), private ones, or ones for measurements (RFC 2544), which belong to no one.
func ownerFrom(i int) string    { return fmt.Sprintf("2001:db8:%d::1", i) }
func neighbour(i int) string    { return fmt.Sprint("198.51.100.", 1+i%254) }
func ofOwnNetwork(i int) string { return fmt.Sprintf("10.%d.%d.1", i/250, i%250) }

// scene is one phase of an attack.
type scene struct {
	name string
	// from is the address of an attacker, nil for none.
	from func(i int) string
	// known says that the owners show that their devices have signed in before.
	known bool
}

func scenes() []scene {
	return []scene{
		{name: "quiet"},
		{name: "300 of one network", from: neighbour},
		{name: "quiet again"},
		{name: "300 networks", from: ofOwnNetwork},
		{name: "300 networks, known devices", from: func(i int) string { return ofOwnNetwork(attackers + i) }, known: true},
		{name: "quiet at the end"},
	}
}

// siege is a run with -attack.
type siege struct {
	b       *bench
	w       wire
	people  crowd
	devices []string
}

// runAttack measures sign-ins in peace, while attackers of one network guess
// passwords, and while each attacker has a network of its own.
func (b *bench) runAttack(ctx context.Context, stdout io.Writer) error {
	s := siege{
		b: b, people: newCrowd(b.opts.emailPrefix),
		w: wire{host: b.opts.base.host, publishableKey: b.opts.publishableKey},
	}
	c := &conn{target: b.opts.base, now: b.now}
	defer c.close()
	for i := range owners {
		if _, err := invite(ctx, c, s.w, s.people, i); err != nil {
			return err
		}
		a, err := expect(ctx, c, s.signIn(i, "new"))
		if err != nil {
			return err
		}
		s.devices = append(s.devices, a.header.Get(headerDevice))
	}
	var phases []phase
	for _, sc := range scenes() {
		fmt.Fprintf(b.progress, "%s …\n", sc.name)
		p, err := s.measure(ctx, sc)
		if err != nil {
			return err
		}
		phases = append(phases, p)
	}
	if b.opts.json {
		return writePhasesJSON(stdout, phases)
	}
	return writePhases(stdout, phases, len(b.opts.pids) > 0)
}

// headerDevice carries the token of a known device.
const headerDevice = "X-Everlatch-Device"

func (s siege) signIn(i int, device string) []byte {
	header := []string{"X-Forwarded-For", ownerFrom(i)}
	if device != "" {
		header = append(header, headerDevice, device)
	}
	return s.w.request("POST", "/auth/customer/emailpass", credentials(s.people.email("p", i), s.people.password), header...)
}

// seen counts what attackers are told.
type seen struct{ limited, busy, compared atomic.Int64 }

// measure runs one phase.
func (s siege) measure(ctx context.Context, sc scene) (phase, error) {
	attack, stop := context.WithCancel(ctx)
	defer stop()
	before, err := s.b.snapshot()
	if err != nil {
		return phase{}, err
	}
	var told seen
	var under sync.WaitGroup
	if sc.from != nil {
		for i := range attackers {
			under.Go(func() { s.guess(attack, i, sc.from(i), &told) })
		}
	}
	all := load{
		target: s.b.opts.base, now: s.b.now, duration: s.b.opts.duration, requests: maxRequests,
		clients: make([]func() []byte, owners), pause: s.b.opts.rtt,
	}
	for i := range owners {
		device := ""
		if sc.known {
			device = s.devices[i]
		}
		all.clients[i] = always(s.signIn(i, device))
	}
	found := all.run(ctx)
	after, err := s.b.snapshot()
	if err != nil {
		return phase{}, err
	}
	compared := told.compared.Load()
	stop()
	recovered := s.recovery(ctx, all.clients[0]())
	under.Wait()
	slices.Sort(found.latencies)
	p := phase{
		Name: sc.name, Refused: found.errors, Limited: told.limited.Load(), Busy: told.busy.Load(),
		OK:        float64(len(found.latencies)) / found.elapsed.Seconds(),
		P50:       milliseconds(percentile(found.latencies, 50)),
		P99:       milliseconds(percentile(found.latencies, 99)),
		Recovered: milliseconds(recovered),
	}
	hashes := float64(len(found.latencies)) + float64(compared)
	p.Hashes = hashes / found.elapsed.Seconds()
	p.charge(hashes, found.elapsed, before, after)
	return p, nil
}

// guess sends wrong passwords of different owners until ctx ends.
func (s siege) guess(ctx context.Context, i int, from string, told *seen) {
	c := &conn{target: s.b.opts.base, now: s.b.now}
	defer c.close()
	defer context.AfterFunc(ctx, c.hangUp)() // an attack that ends does not wait for its answers
	for n := 0; ctx.Err() == nil; n++ {
		// Another address each time: limits of one account would end this too soon.
		a, err := c.do(ctx, s.w.request("POST", "/auth/customer/emailpass",
			credentials(s.people.email(fmt.Sprint("x", i, "-"), n), wrongPassword), "X-Forwarded-For", from))
		switch {
		case err != nil:
		case a.status == http.StatusTooManyRequests:
			told.limited.Add(1)
		case a.status == http.StatusServiceUnavailable:
			told.busy.Add(1)
		case a.status == http.StatusUnauthorized:
			told.compared.Add(1)
		}
		pause(ctx, s.b.opts.rtt)
	}
}

// recovery returns how long it takes until an owner's sign-in is answered.
func (s siege) recovery(ctx context.Context, request []byte) time.Duration {
	c := &conn{target: s.b.opts.base, now: s.b.now}
	defer c.close()
	began := s.b.now()
	for ctx.Err() == nil {
		if _, err := expect(ctx, c, request); err == nil {
			break
		}
		pause(ctx, 10*time.Millisecond)
	}
	return s.b.now().Sub(began)
}
