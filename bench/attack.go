package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"
)

const (
	// attackers guess passwords at once, as fast as they are answered.
	attackers = 300
	// owners sign in with the right password meanwhile.
	owners = 4
	// ownersFrom is the network of the owners, and guessesFrom that of attackers who
	// share one: documentation addresses of RFC 5737, which belong to no one.
	ownersFrom  = "203.0.113."
	guessesFrom = "198.51.100."
)

// phase is what happened while so many attacked.
type phase struct {
	Name string `json:"phase"`
	// OK are the owners' sign-ins a second, and Refused those of them that were not
	// answered by 200.
	OK      float64 `json:"owners_per_second"`
	P50     float64 `json:"owners_p50_ms"`
	P99     float64 `json:"owners_p99_ms"`
	Refused int     `json:"owners_refused"`
	// Hashes are passwords that were compared in a second, the owners' and the
	// attackers'.
	Hashes float64 `json:"hashes_per_second"`
	// Limited and Busy are answers of 429 and 503 to attackers.
	Limited int64 `json:"limited"`
	Busy    int64 `json:"busy"`
	// Recovered is how long after the attack an owner's sign-in was answered.
	Recovered float64 `json:"recovered_ms"`
}

// siege is a run with -attack.
type siege struct {
	b      *bench
	w      wire
	people crowd
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
	}
	var phases []phase
	for _, attack := range []struct {
		name string
		from func(i int) string
	}{
		{"quiet", nil},
		{"300 of one network", func(i int) string { return fmt.Sprint(guessesFrom, 1+i%254) }},
		{"quiet again", nil},
		{"300 networks", func(i int) string { return fmt.Sprintf("10.%d.%d.1", i/250, i%250) }},
	} {
		fmt.Fprintf(b.progress, "%s …\n", attack.name)
		phases = append(phases, s.measure(ctx, attack.name, attack.from))
	}
	if b.opts.json {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		return e.Encode(phases)
	}
	return writePhases(stdout, phases)
}

// measure runs one phase. from is the address of an attacker, nil for none.
func (s siege) measure(ctx context.Context, name string, from func(i int) string) phase {
	attack, stop := context.WithCancel(ctx)
	defer stop()
	p := phase{Name: name}
	var limited, busy, compared atomic.Int64
	var under sync.WaitGroup
	if from != nil {
		for i := range attackers {
			under.Go(func() { s.guess(attack, i, from(i), &limited, &busy, &compared) })
		}
	}
	all := load{
		target: s.b.opts.base, now: s.b.now, duration: s.b.opts.duration, requests: maxRequests,
		clients: make([]func() []byte, owners),
	}
	for i := range owners {
		request := s.w.request("POST", "/auth/customer/emailpass", credentials(s.people.email("p", i), s.people.password),
			"X-Forwarded-For", fmt.Sprint(ownersFrom, 1+i))
		all.clients[i] = func() []byte { return request }
	}
	found := all.run(ctx)
	stop()
	under.Wait()
	seconds := found.elapsed.Seconds()
	slices.Sort(found.latencies)
	p.OK, p.Refused = float64(len(found.latencies))/seconds, found.errors
	p.P50, p.P99 = milliseconds(percentile(found.latencies, 50)), milliseconds(percentile(found.latencies, 99))
	p.Hashes = (float64(len(found.latencies)) + float64(compared.Load())) / seconds
	p.Limited, p.Busy = limited.Load(), busy.Load()
	p.Recovered = milliseconds(s.recovery(ctx, all.clients[0]()))
	return p
}

// guess sends wrong passwords of different owners until ctx ends.
func (s siege) guess(ctx context.Context, i int, from string, limited, busy, compared *atomic.Int64) {
	c := &conn{target: s.b.opts.base, now: s.b.now}
	defer c.close()
	for n := 0; ctx.Err() == nil; n++ {
		// Another address each time: limits of one account would end this too soon.
		a, err := c.do(ctx, s.w.request("POST", "/auth/customer/emailpass",
			credentials(s.people.email(fmt.Sprint("x", i, "-"), n), wrongPassword), "X-Forwarded-For", from))
		switch {
		case err != nil:
		case a.status == http.StatusTooManyRequests:
			limited.Add(1)
		case a.status == http.StatusServiceUnavailable:
			busy.Add(1)
		case a.status == http.StatusUnauthorized:
			compared.Add(1)
		}
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
	}
	return s.b.now().Sub(began)
}

func writePhases(w io.Writer, phases []phase) error {
	quiet := phases[0]
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(t, "phase\towners/s\tp50 ms\tp99 ms\t× quiet\trefused\thashes/s\t× quiet\t429\t503\trecovered ms\t")
	for _, p := range phases {
		_, _ = fmt.Fprintf(t, "%s\t%.1f\t%.0f\t%.0f\t%.2f\t%d\t%.1f\t%.2f\t%d\t%d\t%.0f\t\n", p.Name, p.OK, p.P50, p.P99,
			p.P99/cmp.Or(quiet.P99, 1), p.Refused, p.Hashes, p.Hashes/cmp.Or(quiet.Hashes, 1), p.Limited, p.Busy, p.Recovered)
	}
	return t.Flush()
}
