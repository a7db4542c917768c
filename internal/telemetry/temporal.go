package telemetry

import (
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
)

// sdkLabels are the tags of the SDK's metrics that become labels, for all of them the
// same: Prometheus takes one that is empty for one that is absent. Other tags are
// dropped.
var sdkLabels = []string{
	"namespace", "task_queue", "worker_type", "poller_type", "workflow_type", "activity_type", "operation",
	"status_code", "failure_reason", "cause",
}

// sdkLabelCount is the length of sdkLabels.
const sdkLabelCount = 10

// sdkBuckets are for calls to Temporal and for tasks.
var sdkBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60}

// none is how the SDK writes a tag without a value.
const none = "none"

// TemporalHandler takes the metrics of Temporal's SDK: calls, pollers, slots, tasks,
// caches. They have the names that Temporal's own dashboards expect: counters end with
// _total, times with _seconds.
func (m *Metrics) TemporalHandler() client.MetricsHandler { return &sdkHandler{metrics: m.temporal} }

// sdkMetrics are made when the SDK first uses them.
type sdkMetrics struct {
	registry   prometheus.Registerer
	counters   family[*prometheus.CounterVec]
	gauges     family[*prometheus.GaugeVec]
	histograms family[*prometheus.HistogramVec]
}

func newSDKMetrics(r prometheus.Registerer) *sdkMetrics { return &sdkMetrics{registry: r} }

// family are the metrics of one kind, by name.
type family[V prometheus.Collector] struct {
	mu     sync.RWMutex
	byName map[string]V
}

func (f *family[V]) get(name string, r prometheus.Registerer, make func() V) V {
	f.mu.RLock()
	found, ok := f.byName[name]
	f.mu.RUnlock()
	if ok {
		return found
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if found, ok := f.byName[name]; ok {
		return found
	}
	made := make()
	if f.byName == nil {
		f.byName = map[string]V{}
	}
	f.byName[name] = made
	_ = r.Register(made) // a name that is taken by another kind is counted, and not shown
	return made
}

// sdkHandler is a set of tags.
type sdkHandler struct {
	metrics *sdkMetrics
	values  [sdkLabelCount]string
}

// WithTags implements [client.MetricsHandler].
func (h *sdkHandler) WithTags(tags map[string]string) client.MetricsHandler {
	out := &sdkHandler{metrics: h.metrics, values: h.values}
	for i, label := range sdkLabels {
		if value, given := tags[label]; given {
			out.values[i] = labelValue(label, value)
		}
	}
	return out
}

// labelValue keeps the values of a label few: the queue that belongs to one worker
// has the name of its process, which is another after each start.
func labelValue(label, value string) string {
	switch {
	case value == none:
		return ""
	case label == "task_queue" && strings.Contains(value, ":"):
		return "sticky"
	}
	return value
}

const sdkHelp = "Of Temporal's SDK, see https://docs.temporal.io/references/sdk-metrics."

// Counter implements [client.MetricsHandler].
func (h *sdkHandler) Counter(name string) client.MetricsCounter {
	vec := h.metrics.counters.get(name, h.metrics.registry, func() *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: strings.TrimSuffix(name, "_total") + "_total", Help: sdkHelp}, sdkLabels)
	})
	return sdkCounter{vec.WithLabelValues(h.values[:]...)}
}

// Gauge implements [client.MetricsHandler].
func (h *sdkHandler) Gauge(name string) client.MetricsGauge {
	vec := h.metrics.gauges.get(name, h.metrics.registry, func() *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: sdkHelp}, sdkLabels)
	})
	return sdkGauge{vec.WithLabelValues(h.values[:]...)}
}

// Timer implements [client.MetricsHandler].
func (h *sdkHandler) Timer(name string) client.MetricsTimer {
	vec := h.metrics.histograms.get(name, h.metrics.registry, func() *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name + "_seconds", Help: sdkHelp, Buckets: sdkBuckets}, sdkLabels)
	})
	return sdkTimer{vec.WithLabelValues(h.values[:]...)}
}

type sdkCounter struct{ prometheus.Counter }

// Inc implements [client.MetricsCounter].
func (c sdkCounter) Inc(n int64) { c.Add(float64(n)) }

type sdkGauge struct{ prometheus.Gauge }

// Update implements [client.MetricsGauge].
func (g sdkGauge) Update(value float64) { g.Set(value) }

type sdkTimer struct{ prometheus.Observer }

// Record implements [client.MetricsTimer].
func (t sdkTimer) Record(took time.Duration) { t.Observe(took.Seconds()) }
