package telemetry

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// readWithin bounds what a scrape waits for the database.
	readWithin = 2 * time.Second
	// backlogEvery and sessionsEvery are how often the database is read, however often
	// metrics are scraped.
	backlogEvery  = 5 * time.Second
	sessionsEvery = time.Minute
)

// Backlog is the state of the outbox.
type Backlog struct {
	Lag                           time.Duration
	Events, Waiting, Behind, Dead int
}

// Database reads what only the database knows.
type Database struct {
	Backlog  func(context.Context) (Backlog, error)
	Sessions func(context.Context) (int, error)
	Now      func() time.Time
}

// WatchDatabase reads it when it is scraped. Each process that is given a database
// has the same numbers.
func (m *Metrics) WatchDatabase(d Database) {
	m.registry.MustRegister(&databaseCollector{
		failed:   m.failedReads,
		backlog:  remembered[Backlog]{read: d.Backlog, every: backlogEvery, now: d.Now},
		sessions: remembered[int]{read: d.Sessions, every: sessionsEvery, now: d.Now},
	})
}

type databaseCollector struct {
	failed   prometheus.Counter
	backlog  remembered[Backlog]
	sessions remembered[int]
}

func description(d Definition) *prometheus.Desc {
	return prometheus.NewDesc(d.Name, d.Help, d.Labels, nil)
}

var (
	outboxLagDesc        = description(outboxLag)
	outboxEventsDesc     = description(outboxEvents)
	outboxDeliveriesDesc = description(outboxDeliveries)
	sessionsDesc         = description(sessions)
)

// Describe implements [prometheus.Collector].
func (c *databaseCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{outboxLagDesc, outboxEventsDesc, outboxDeliveriesDesc, sessionsDesc} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector]. What cannot be read is left out.
func (c *databaseCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readWithin)
	defer cancel()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	if b, err := c.backlog.get(ctx); err != nil {
		c.failed.Inc()
	} else {
		gauge(outboxLagDesc, b.Lag.Seconds())
		gauge(outboxEventsDesc, float64(b.Events))
		gauge(outboxDeliveriesDesc, float64(b.Waiting), "waiting")
		gauge(outboxDeliveriesDesc, float64(b.Behind), "behind")
		gauge(outboxDeliveriesDesc, float64(b.Dead), "dead")
	}
	if n, err := c.sessions.get(ctx); err != nil {
		c.failed.Inc()
	} else {
		gauge(sessionsDesc, float64(n))
	}
}

// remembered is a value that is read now and then.
type remembered[T any] struct {
	read  func(context.Context) (T, error)
	every time.Duration
	now   func() time.Time

	mu    sync.Mutex
	value T
	until time.Time
}

func (r *remembered[T]) get(ctx context.Context) (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if now.Before(r.until) {
		return r.value, nil
	}
	value, err := r.read(ctx)
	if err != nil {
		return value, err
	}
	r.value, r.until = value, now.Add(r.every)
	return value, nil
}
