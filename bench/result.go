package main

import (
	"math"
	"runtime"
	"slices"
	"time"
)

// result is the figures of one scenario with one number of clients. Times are
// in milliseconds. A figure that could not be taken is absent.
type result struct {
	Scenario  string   `json:"scenario"`
	Clients   int      `json:"clients"`
	Requests  int      `json:"requests"` // answered by 200
	Errors    int      `json:"errors"`
	Error     string   `json:"error,omitempty"` // the first of them
	Seconds   float64  `json:"seconds"`
	PerSecond float64  `json:"per_second"`
	P50       float64  `json:"p50_ms"`
	P90       float64  `json:"p90_ms"`
	P99       float64  `json:"p99_ms"`
	CPU       *float64 `json:"cpu_ms,omitempty"`     // of the server, a request
	OwnCPU    *float64 `json:"own_cpu_ms,omitempty"` // of this command, a request
	RSS       *float64 `json:"rss_mib,omitempty"`    // of the server, at the end
	Others    *float64 `json:"others,omitempty"`     // share of the machine, 0 to 1
	Ratio     *ratio   `json:"ratio,omitempty"`      // to the baseline
}

// result condenses a tally.
func (t tally) result(scenario string, clients int) result {
	slices.Sort(t.latencies)
	r := result{
		Scenario: scenario, Clients: clients, Requests: len(t.latencies), Errors: t.errors,
		Seconds: t.elapsed.Seconds(),
		P50:     milliseconds(percentile(t.latencies, 50)),
		P90:     milliseconds(percentile(t.latencies, 90)),
		P99:     milliseconds(percentile(t.latencies, 99)),
	}
	if t.elapsed > 0 {
		r.PerSecond = float64(r.Requests) / t.elapsed.Seconds()
	}
	if t.first != nil {
		r.Error = t.first.Error()
	}
	return r
}

// charge divides what was used between two moments by the requests sent.
func (r *result) charge(before, after snapshot, server bool) {
	sent := float64(r.Requests + r.Errors)
	if sent == 0 {
		return
	}
	spent := after.server.cpu - before.server.cpu
	own := after.own.cpu - before.own.cpu
	if server {
		r.CPU = new(milliseconds(spent) / sent)
		r.RSS = new(mebibytes(after.server.rss))
	}
	if !before.known || !after.known {
		return
	}
	r.OwnCPU = new(milliseconds(own) / sent)
	if server && r.Seconds > 0 {
		others := after.machine - before.machine - spent - own
		share := others.Seconds() / (r.Seconds * float64(runtime.NumCPU()))
		r.Others = new(max(0, share)) // the counters are read one after another
	}
}

// percentile returns the smallest value that p per cent of the sorted values do
// not exceed (nearest rank), and 0 for none.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func mebibytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
