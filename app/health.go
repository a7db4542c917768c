package app

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/everlatch/everlatch/internal/wire"
)

// readyWithin bounds the question whether the parts answer.
const readyWithin = 2500 * time.Millisecond

// health answers for a process that is only a worker, in the form of the API's
// /health and /ready.
func (a *App) health() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		wire.SecurityHeaders(w.Header(), false, 0)
		_, _ = w.Write([]byte("OK"))
	})
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, r *http.Request) {
		missing := a.missing(r.Context())
		wire.SecurityHeaders(w.Header(), false, 0)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		if len(missing) > 0 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"ready": len(missing) == 0, "missing": missing})
	})
	return mux
}

// missing names the parts that do not answer.
func (a *App) missing(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	out := []string{}
	if a.store.Ping(ctx) != nil {
		out = append(out, "database")
	}
	r := a.flows.Readiness(ctx)
	if r.Temporal != nil {
		out = append(out, "temporal")
	}
	if r.Namespace != nil {
		out = append(out, "namespace")
	}
	select {
	case <-a.started:
	default:
		out = append(out, "worker")
	}
	return out
}
