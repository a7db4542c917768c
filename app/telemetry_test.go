package app_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/app"
)

func TestMetricsHaveAnAddressOfTheirOwn(t *testing.T) {
	t.Parallel()
	cfg := settings(t)
	cfg.Metrics.Address = "127.0.0.1:0"
	a := launch(t, cfg, app.WithParts(app.API|app.Worker))
	api, metrics := "http://"+a.Address(), "http://"+a.MetricsAddress()

	require.Equal(t, http.StatusOK, request(t, http.MethodGet, api+"/auth/customer/providers", "").status)
	require.Equal(t, http.StatusNotFound, request(t, http.MethodGet, api+"/metrics", "").status)
	require.Equal(t, http.StatusNotFound, request(t, http.MethodGet, metrics+"/auth/customer/providers", "").status)
	answer := request(t, http.MethodGet, metrics+"/metrics", "")
	require.Equal(t, http.StatusOK, answer.status)
	for _, line := range []string{
		`everlatch_http_requests_total{method="GET",route="/auth/:actor_type/providers",status="200"} 1`,
		`everlatch_http_requests_total{method="GET",route="unmatched",status="404"} 1`,
		"everlatch_hash_queue_waiting 0", "everlatch_outbox_lag_seconds 0", "everlatch_sessions 0",
		`go_sql_open_connections{db_name="writes"} 1`,
	} {
		require.Contains(t, answer.body, line+"\n")
	}
}

func TestMetricsAreOffByDefault(t *testing.T) {
	t.Parallel()
	a := launch(t, settings(t), app.WithParts(app.API))
	require.Empty(t, a.MetricsAddress())
	require.Equal(t, http.StatusNotFound, request(t, http.MethodGet, "http://"+a.Address()+"/metrics", "").status)
}

func TestMetricsOfAWorker(t *testing.T) {
	t.Parallel()
	cfg := settings(t)
	cfg.Metrics.Address = "127.0.0.1:0"
	a := launch(t, cfg, app.WithParts(app.Worker))
	answer := request(t, http.MethodGet, "http://"+a.MetricsAddress()+"/metrics", "")
	require.Contains(t, answer.body, "everlatch_outbox_lag_seconds 0\n")
	require.NotContains(t, answer.body, "everlatch_hash_queue_waiting", "the API has the queue")
}

func TestDevServesMetricsBesideTheAPI(t *testing.T) {
	t.Parallel()
	url := run(t, settings(t), app.WithParts(app.API), app.WithDevMetrics(), app.WithLocalHosts())
	answer := request(t, http.MethodGet, url+"/metrics", "")
	require.Equal(t, http.StatusOK, answer.status)
	require.Contains(t, answer.body, "go_goroutines")
	require.NotContains(t, answer.body, "everlatch_outbox_lag_seconds", "only who delivers events reads the outbox")
}

// A port that is taken is told with its setting, before anything runs.
func TestMetricsPortInUse(t *testing.T) {
	t.Parallel()
	cfg := settings(t)
	cfg.Metrics.Address = "127.0.0.1:0"
	first := launch(t, cfg, app.WithParts(app.API))
	cfg = settings(t)
	cfg.Metrics.Address = first.MetricsAddress()
	second, err := app.New(t.Context(), cfg, app.WithMigrations(), app.WithParts(app.API))
	require.NoError(t, err)
	require.ErrorContains(t, second.Listen(t.Context()), "metrics.address: ")
	require.NoError(t, second.Close())
}
