package app

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// readyPath starts the paths that balancers ask.
const readyPath = "/ready"

// drained answers that the process is not ready while it drains, and asks clients
// to connect again elsewhere.
func (a *App) drained(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.draining.Load() {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		if !strings.HasPrefix(strings.ToLower(r.URL.Path), readyPath) {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/json; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"ready":false,"missing":["stopping"]}`))
	})
}

// drain answers requests as before, but is not ready, for http.drain_delay: a
// balancer, or the cluster's DNS, learns only after a while that this process
// stops, and sends requests until then. It returns early when the server fails.
func (a *App) drain(ctx context.Context, failed <-chan error) error {
	delay := a.cfg.HTTP.DrainDelay.Duration()
	if delay <= 0 || !a.has(API) {
		return nil
	}
	a.draining.Store(true)
	a.log.InfoContext(ctx, "stopping: not ready, and answering requests for a while", slog.String("for", delay.String()))
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case err := <-failed:
		return err
	case <-timer.C:
		return nil
	}
}
