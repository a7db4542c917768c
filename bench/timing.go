package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"
)

const (
	// leastPairs is the default number of pairs.
	leastPairs = 500
	// maxPairs bounds -n, because each pair costs three accounts.
	maxPairs = 20_000
	// warmPairs come before those that count.
	warmPairs = 10
)

// errTells ends a run that found a difference.
var errTells = errors.New("some answers tell by their time whether an address exists")

// timing is what a run with -timing found.
type timing struct {
	Base    string    `json:"base"`
	Started time.Time `json:"started"`
	Probes  []leak    `json:"probes"`
}

// leak compares the times of one probe. Times are in milliseconds.
type leak struct {
	Probe   string  `json:"probe"`
	Pairs   int     `json:"pairs"`
	Known   float64 `json:"known_p50_ms"`
	Unknown float64 `json:"unknown_p50_ms"`
	AUC     float64 `json:"auc"`
	// Differ is the number of pairs whose answers differ in status or body; then
	// the time matters little.
	Differ int `json:"answers_differ"`
}

// tells says whether the times alone give something away.
func (l leak) tells() bool { return l.AUC > maxAUC && l.Differ == 0 }

// time runs the probes one after the other, on one connection.
func (b *bench) time(ctx context.Context) (*timing, error) {
	c := &conn{target: b.opts.base, now: b.now}
	defer c.close()
	s := stage{
		wire:      wire{host: b.opts.base.host, publishableKey: b.opts.publishableKey},
		people:    newCrowd(b.opts.emailPrefix),
		newcomers: new(atomic.Int64),
	}
	var chosen []probe
	for _, p := range probes() { // in their own order, see register
		if slices.Contains(b.opts.scenarios, p.name) {
			chosen = append(chosen, p)
		}
	}
	out := &timing{Base: "http://" + b.opts.base.host, Started: b.now().UTC().Truncate(time.Second)}
	pairs, err := b.makePairs(ctx, c, s, chosen)
	if err != nil {
		return nil, err
	}
	for _, p := range chosen {
		fmt.Fprintf(b.progress, "%s, %d pairs …\n", p.name, b.opts.requests)
		found, err := b.compare(ctx, c, s.wire, p, pairs)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		out.Probes = append(out.Probes, found)
	}
	return out, nil
}

// compare asks each pair in an order of its own, so that whatever changes with
// time hits both kinds alike.
func (b *bench) compare(ctx context.Context, c *conn, w wire, p probe, pairs []pair) (leak, error) {
	var known, unknown []time.Duration
	differ := 0
	for i, pair := range pairs {
		ofKnown, ofUnknown := p.ask(w, pair)
		order := []*question{{request: ofKnown}, {request: ofUnknown}}
		if coin() {
			slices.Reverse(order)
		}
		for _, q := range order {
			if err := b.answer(ctx, c, q); err != nil {
				return leak{}, err
			}
		}
		if string(order[0].request) != string(ofKnown) {
			slices.Reverse(order)
		}
		if got := order[0].got; p.status != 0 && got.status != p.status {
			return leak{}, unexpected(got)
		}
		if i < warmPairs {
			continue
		}
		known, unknown = append(known, order[0].took), append(unknown, order[1].took)
		if !sameAnswer(order[0].got, order[1].got, pair) {
			differ++
		}
	}
	result := leak{Probe: p.name, Pairs: len(known), AUC: auc(known, unknown), Differ: differ}
	slices.Sort(known)
	slices.Sort(unknown)
	result.Known, result.Unknown = milliseconds(percentile(known, 50)), milliseconds(percentile(unknown, 50))
	return result, nil
}

// coin is true half of the time.
func coin() bool {
	var b [1]byte
	_, _ = rand.Read(b[:]) // never fails
	return b[0]&1 == 1
}

// question is a request and what came of it.
type question struct {
	request []byte
	took    time.Duration
	got     answer
}

func (b *bench) answer(ctx context.Context, c *conn, q *question) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("interrupted: %w", err)
	}
	sent := b.now()
	got, err := c.do(ctx, q.request)
	q.took = b.now().Sub(sent)
	switch {
	case err != nil:
		return err
	case got.status == http.StatusTooManyRequests:
		return errLimited
	case got.status >= http.StatusInternalServerError:
		return unexpected(got)
	}
	got.body = slices.Clone(got.body)
	q.got = got
	return nil
}

func unexpected(got answer) error {
	return &statusError{status: got.status, body: string(got.body[:min(len(got.body), maxShown)])}
}

func (t *timing) tells() bool { return slices.ContainsFunc(t.Probes, leak.tells) }

func (t *timing) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(t)
}

func (t *timing) writeTable(w io.Writer) error {
	fmt.Fprintf(w, "%s at %s\n\n", t.Base, t.Started.Format(time.RFC3339))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(cells ...string) { fmt.Fprintln(table, strings.Join(cells, "\t")+"\t") }
	row("probe", "pairs", "known p50 ms", "unknown p50 ms", "AUC", "answers", "")
	for _, l := range t.Probes {
		answers, verdict := "same", "ok"
		if l.Differ > 0 {
			answers, verdict = fmt.Sprintf("%d differ", l.Differ), "the answer tells"
		}
		if l.tells() {
			verdict = "the time tells"
		}
		row(l.Probe, fmt.Sprint(l.Pairs), fmt.Sprintf("%.2f", l.Known), fmt.Sprintf("%.2f", l.Unknown), fmt.Sprintf("%.3f", l.AUC), answers, verdict)
	}
	return table.Flush()
}
