package telemetry_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/telemetry"
)

// scrape returns what the metrics say, without the comments.
func scrape(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, telemetry.MetricsPath, nil))
	require.Equal(t, http.StatusOK, w.Code)
	var out strings.Builder
	for line := range strings.Lines(w.Body.String()) {
		if !strings.HasPrefix(line, "#") {
			out.WriteString(line)
		}
	}
	return out.String()
}

func TestCounts(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics()

	m.Request("POST", "/auth/:actor_type/:auth_provider", 401, 30*time.Millisecond)
	m.Request("GET", "", 404, time.Millisecond)
	m.Flow("Authenticate", "refused", 40*time.Millisecond)
	m.Refusal("sign_in", "account")
	m.HashWait(time.Second)
	m.Mail("auth.password_reset", "sent")
	m.WatchHashQueue(func() telemetry.HashQueue { return telemetry.HashQueue{Running: 2, Waiting: 5, Places: 128} })

	text := scrape(t, m)
	for _, line := range []string{
		`everlatch_http_requests_total{method="POST",route="/auth/:actor_type/:auth_provider",status="401"} 1`,
		`everlatch_http_requests_total{method="GET",route="unmatched",status="404"} 1`,
		`everlatch_http_request_duration_seconds_bucket{method="POST",route="/auth/:actor_type/:auth_provider",le="0.025"} 0`,
		`everlatch_http_request_duration_seconds_bucket{method="POST",route="/auth/:actor_type/:auth_provider",le="0.05"} 1`,
		`everlatch_flows_total{flow="Authenticate",outcome="refused"} 1`,
		`everlatch_flow_duration_seconds_sum{flow="Authenticate"} 0.04`,
		`everlatch_limit_refusals_total{request="sign_in",scope="account"} 1`,
		`everlatch_hash_queue_wait_seconds_count 1`,
		`everlatch_hash_queue_running 2`,
		`everlatch_hash_queue_waiting 5`,
		`everlatch_hash_queue_places 128`,
		`everlatch_mails_total{outcome="sent",template="auth.password_reset"} 1`,
		`everlatch_metrics_failed_reads_total 0`,
	} {
		require.Contains(t, text, line+"\n")
	}
	require.Contains(t, text, "go_goroutines ")
	require.Contains(t, text, "process_cpu_seconds_total ")
}

// TestDatabaseIsReadNowAndThen holds scrapes to one read in a while, however many
// scrape, and leaves out what cannot be read.
func TestDatabaseIsReadNowAndThen(t *testing.T) {
	t.Parallel()
	clock := clocktest.At(time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC))
	var reads, counts int
	var fault error
	m := telemetry.NewMetrics()
	m.WatchDatabase(telemetry.Database{
		Now: clock.Now,
		Backlog: func(context.Context) (telemetry.Backlog, error) {
			reads++
			return telemetry.Backlog{Lag: 90 * time.Second, Events: 1, Waiting: 2, Behind: 3, Dead: 4}, fault
		},
		Sessions: func(context.Context) (int, error) {
			counts++
			return 7, fault
		},
	})

	for range 3 {
		text := scrape(t, m)
		for _, line := range []string{
			`everlatch_outbox_lag_seconds 90`, `everlatch_outbox_events 1`, `everlatch_outbox_deliveries{state="waiting"} 2`,
			`everlatch_outbox_deliveries{state="behind"} 3`, `everlatch_outbox_deliveries{state="dead"} 4`, `everlatch_sessions 7`,
		} {
			require.Contains(t, text, line+"\n")
		}
	}
	require.Equal(t, 1, reads)
	clock.Advance(10 * time.Second)
	scrape(t, m)
	require.Equal(t, 2, reads)
	require.Equal(t, 1, counts, "a large table is counted once a minute")

	fault = errors.New("away")
	clock.Advance(time.Hour)
	require.NotContains(t, scrape(t, m), "everlatch_outbox_lag_seconds")
	fault = nil
	text := scrape(t, m)
	require.Contains(t, text, "everlatch_outbox_lag_seconds")
	require.Contains(t, text, "everlatch_metrics_failed_reads_total 2\n", "the outbox and the sessions")
}

func TestMetricsOfTheSDK(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics()
	h := m.TemporalHandler().WithTags(map[string]string{
		"namespace": "default", "client_name": "temporal_go", "workflow_type": "none", "activity_type": "none", "task_queue": "none", "worker_type": "none",
	})

	h.WithTags(map[string]string{"operation": "StartWorkflowExecution"}).Counter("temporal_request").Inc(3)
	h.WithTags(map[string]string{"operation": "PollWorkflowTaskQueue", "task_queue": "host-7:0b8b9f3e"}).Timer("temporal_request_latency").Record(20 * time.Millisecond)
	h.WithTags(map[string]string{"worker_type": "LocalActivityWorker", "a tag of tomorrow": "x"}).Gauge("temporal_worker_task_slots_available").Update(9)

	text := scrape(t, m)
	empty := func(given map[string]string) string {
		var labels []string
		for _, name := range []string{
			"activity_type", "cause", "failure_reason", "namespace", "operation", "poller_type", "status_code", "task_queue", "worker_type", "workflow_type",
		} {
			labels = append(labels, name+`="`+given[name]+`"`)
		}
		return "{" + strings.Join(labels, ",") + "}"
	}
	require.Contains(t, text, "temporal_request_total"+empty(map[string]string{"namespace": "default", "operation": "StartWorkflowExecution"})+" 3\n")
	require.Contains(t, text, "temporal_worker_task_slots_available"+
		empty(map[string]string{"namespace": "default", "worker_type": "LocalActivityWorker"})+" 9\n")
	require.Contains(t, text, `task_queue="sticky"`)
	require.NotContains(t, text, "host-7", "the name of a process is another after each start")
}

func TestOnlyMetricsAreServed(t *testing.T) {
	t.Parallel()
	handler := telemetry.NewMetrics().Handler()
	for path, status := range map[string]int{"/": 404, "/metrics": 200, "/health": 404, "/debug/pprof/": 404} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, status, w.Code, path)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, telemetry.MetricsPath, nil))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
}
