package telemetry

import (
	"database/sql"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// MetricsPath is where a process serves its metrics.
const MetricsPath = "/metrics"

const (
	// scrapesAtOnce bounds what those who can reach the metrics can make a process do.
	scrapesAtOnce = 4
	// scrapeWithin is Prometheus' own default.
	scrapeWithin = 10 * time.Second
)

// Metrics are those of one process. They may be used by many goroutines.
type Metrics struct {
	registry *prometheus.Registry
	temporal *sdkMetrics

	requests    *prometheus.CounterVec
	requestTime *prometheus.HistogramVec
	flows       *prometheus.CounterVec
	flowTime    *prometheus.HistogramVec
	refusals    *prometheus.CounterVec
	hashWait    prometheus.Histogram
	mails       *prometheus.CounterVec
	failedReads prometheus.Counter
}

// NewMetrics returns metrics that count from zero.
func NewMetrics() *Metrics {
	r := prometheus.NewRegistry()
	m := &Metrics{
		registry:    r,
		temporal:    newSDKMetrics(r),
		requests:    counters(requestsTotal),
		requestTime: histograms(requestSeconds, requestBuckets),
		flows:       counters(flowsTotal),
		flowTime:    histograms(flowSeconds, flowBuckets),
		refusals:    counters(refusalsTotal),
		hashWait:    prometheus.NewHistogram(histogramOptions(hashWaitSeconds, requestBuckets)),
		mails:       counters(mailsTotal),
		failedReads: prometheus.NewCounter(prometheus.CounterOpts(options(failedReadsTotal))),
	}
	r.MustRegister(
		m.requests, m.requestTime, m.flows, m.flowTime, m.refusals, m.hashWait, m.mails, m.failedReads,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector(),
	)
	return m
}

// Handler serves the metrics in the text format, to every caller who can reach it.
func (m *Metrics) Handler() http.Handler {
	serve := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: scrapesAtOnce, Timeout: scrapeWithin, ErrorHandling: promhttp.ContinueOnError,
	})
	mux := http.NewServeMux()
	mux.Handle("GET "+MetricsPath, serve)
	return mux
}

// Request counts a request that was answered. method is one of those of HTTP, or
// "other", and route a template, "" where none matched.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	if route == "" {
		route = unmatched
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.requestTime.WithLabelValues(method, route).Observe(took.Seconds())
}

// Flow counts an execution that has ended, and how long it took.
func (m *Metrics) Flow(flow, outcome string, took time.Duration) {
	m.flows.WithLabelValues(flow, outcome).Inc()
	m.flowTime.WithLabelValues(flow).Observe(took.Seconds())
}

// Refusal counts a request of a kind that a limit has refused.
func (m *Metrics) Refusal(request, scope string) { m.refusals.WithLabelValues(request, scope).Inc() }

// ExpectRefusals counts a kind from zero, so that the first refusal shows in a rate.
func (m *Metrics) ExpectRefusals(request, scope string) { m.refusals.WithLabelValues(request, scope) }

// HashWait counts a request that has got its turn to compute a password hash.
func (m *Metrics) HashWait(took time.Duration) { m.hashWait.Observe(took.Seconds()) }

// Mail counts an attempt to send a mail.
func (m *Metrics) Mail(template, outcome string) { m.mails.WithLabelValues(template, outcome).Inc() }

// HashQueue is the state of the queue for password hashes.
type HashQueue struct{ Running, Waiting, Places int }

// WatchHashQueue reads the state of the queue at each scrape.
func (m *Metrics) WatchHashQueue(read func() HashQueue) {
	for _, g := range []struct {
		definition Definition
		value      func(HashQueue) int
	}{
		{hashRunning, func(q HashQueue) int { return q.Running }},
		{hashWaiting, func(q HashQueue) int { return q.Waiting }},
		{hashPlaces, func(q HashQueue) int { return q.Places }},
	} {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts(options(g.definition)), func() float64 {
			return float64(g.value(read()))
		}))
	}
}

// WatchPool reads the state of a pool of database connections at each scrape.
func (m *Metrics) WatchPool(name string, db *sql.DB) {
	m.registry.MustRegister(collectors.NewDBStatsCollector(db, name))
}
