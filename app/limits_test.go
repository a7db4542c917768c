package app_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/app"
)

// A program counts what the limits refuse, for its metrics.
func TestLimitObserver(t *testing.T) {
	t.Parallel()
	cfg := cluster(t)
	cfg.Limits.Refresh, cfg.Limits.ExemptNetworks = "2/1m", nil
	var mu sync.Mutex
	var seen []app.Limited
	url := run(t, cfg, app.WithLimitObserver(func(l app.Limited) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, l)
	}))
	for _, want := range []int{401, 401, 429, 429} {
		require.Equal(t, want, request(t, http.MethodPost, url+"/auth/token/refresh", "{}").status)
	}

	mu.Lock()
	defer mu.Unlock()
	require.Len(t, seen, 3, "the second request is one too many for the next")
	for i, l := range seen {
		require.Equal(t, "refresh", l.Request)
		require.Equal(t, "address", l.Scope)
		require.Equal(t, i == 0, l.Began)
		require.InDelta(t, 30*time.Second, l.Wait, float64(10*time.Second))
	}
}
