package telemetry

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// Kinds of metrics.
const (
	counter   = "counter"
	gauge     = "gauge"
	histogram = "histogram"
)

// unmatched stands for the route of a request that no route matches.
const unmatched = "unmatched"

// Definition is one metric of Everlatch's own.
type Definition struct {
	// Name is everlatch_ and what it counts, with its unit.
	Name string
	// Kind is counter, gauge or histogram.
	Kind string
	// Labels have few values, none of which a caller can choose.
	Labels []string
	// Help is what /metrics and docs/reference/metrics.md say.
	Help string
}

var (
	requestsTotal = Definition{
		"everlatch_http_requests_total", counter,
		[]string{"method", "route", "status"},
		"Answered requests. route is the template, such as /auth/:actor_type/:auth_provider, or unmatched.",
	}
	requestSeconds = Definition{
		"everlatch_http_request_duration_seconds", histogram,
		[]string{"method", "route"},
		"Time from the arrival of a request to its answer.",
	}
	flowsTotal = Definition{
		"everlatch_flows_total", counter,
		[]string{"flow", "outcome"},
		"Flows that have ended in this process. outcome is that of the search attribute, such as signed_in, refused or expired, or succeeded, cancelled, failed. DirectSignIn are sign-ins without a workflow.",
	}
	flowSeconds = Definition{
		"everlatch_flow_duration_seconds", histogram,
		[]string{"flow"},
		"Time from the start of a flow to its end, the waits for a person included.",
	}
	refusalsTotal = Definition{
		"everlatch_limit_refusals_total", counter,
		[]string{"request", "scope"},
		"Requests that a limit has refused, by the kind of request and by what was counted. scope queue: no room among those that wait for a password hash.",
	}
	hashRunning = Definition{
		"everlatch_hash_queue_running", gauge, nil,
		"Requests whose turn it is to compute a password hash.",
	}
	hashWaiting = Definition{
		"everlatch_hash_queue_waiting", gauge, nil,
		"Requests that wait for their turn.",
	}
	hashPlaces = Definition{
		"everlatch_hash_queue_places", gauge, nil,
		"Requests that may run or wait at the same time (limits.queue).",
	}
	hashWaitSeconds = Definition{
		"everlatch_hash_queue_wait_seconds", histogram, nil,
		"How long requests have waited for their turn.",
	}
	mailsTotal = Definition{
		"everlatch_mails_total", counter,
		[]string{"template", "outcome"},
		"Attempts to send a mail. outcome is sent, failed (it is tried again) or refused (it would fail each time).",
	}
	outboxLag = Definition{
		"everlatch_outbox_lag_seconds", gauge, nil,
		"How long the first event waits to be dispatched, or the first delivery to be started; 0 when none does.",
	}
	outboxEvents = Definition{
		"everlatch_outbox_events", gauge, nil,
		"Events that wait to be dispatched, counted to 10,000.",
	}
	outboxDeliveries = Definition{
		"everlatch_outbox_deliveries", gauge,
		[]string{"state"},
		"Deliveries that can be started (waiting), that wait for another one of their identity (behind), or that were given up (dead), each counted to 10,000.",
	}
	sessions = Definition{
		"everlatch_sessions", gauge, nil,
		"Browser sessions that have not expired, counted once a minute and to 1,000,000.",
	}
	failedReadsTotal = Definition{
		"everlatch_metrics_failed_reads_total", counter, nil,
		"Scrapes that could not read the database: the gauges of outbox and sessions are missing from them.",
	}
)

// Definitions are all metrics of Everlatch's own, in the order of the documentation.
func Definitions() []Definition {
	return []Definition{
		requestsTotal, requestSeconds, flowsTotal, flowSeconds, hashRunning, hashWaiting, hashPlaces, hashWaitSeconds,
		refusalsTotal, mailsTotal, outboxLag, outboxEvents, outboxDeliveries, sessions, failedReadsTotal,
	}
}

var (
	// requestBuckets are for what a caller waits for.
	requestBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	// flowBuckets are for what takes a moment, and for what waits for a person.
	flowBuckets = []float64{.01, .025, .05, .1, .25, .5, 1, 5, 15, 60, 300, 900, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600}
)

func options(d Definition) prometheus.Opts { return prometheus.Opts{Name: d.Name, Help: d.Help} }

func histogramOptions(d Definition, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{Name: d.Name, Help: d.Help, Buckets: buckets}
}

func counters(d Definition) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts(options(d)), slices.Clone(d.Labels))
}

func histograms(d Definition, buckets []float64) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(histogramOptions(d, buckets), slices.Clone(d.Labels))
}
