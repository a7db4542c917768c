package app_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
)

// A process that is told to stop is not ready first, and answers until balancers
// have noticed.
func TestDrain(t *testing.T) {
	t.Parallel()
	cfg := settings(t)
	cfg.HTTP.DrainDelay = config.Span(2 * time.Second)
	cfg.Worker.APIQueues = nil // there is no Temporal
	a, err := app.New(t.Context(), cfg, app.WithMigrations(), app.WithParts(app.API))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	require.NoError(t, a.Listen(ctx))
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	<-a.Started()
	base := "http://" + a.Address()
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{}}
	ask := func(path string) (status int, body string, closes bool) {
		resp, err := client.Get(base + path)
		require.NoError(t, err)
		defer func() { _ = resp.Body.Close() }()
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(text), resp.Close
	}
	status, _, closes := ask("/health")
	require.Equal(t, 200, status)
	require.False(t, closes)

	began := time.Now()
	stop()

	require.Eventually(t, func() bool {
		_, body, _ := ask("/ready")
		return body == `{"ready":false,"missing":["stopping"]}`
	}, time.Second, 10*time.Millisecond)
	status, _, closes = ask("/health")
	require.Equal(t, 200, status, "requests are answered, on new connections too")
	require.True(t, closes, "and their clients connect elsewhere next")
	require.NoError(t, <-ended)
	require.GreaterOrEqual(t, time.Since(began), 2*time.Second)
	resp, err := client.Get(base + "/health")
	if err == nil {
		require.NoError(t, resp.Body.Close())
	}
	require.Error(t, err)
}
