package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
)

// logged returns the lines about requests.
func logged(t *testing.T, text string) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(text) {
		var record map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &record), line)
		if record["msg"] == "request" {
			out = append(out, record)
		}
	}
	return out
}

// beside returns another server over the parts of a world, with a log of its own at
// the level of production.
func (w *world) beside(o api.Options, change func(*api.Deps)) (*api.Server, *bytes.Buffer) {
	w.t.Helper()
	var log bytes.Buffer
	parts := w.parts
	parts.Log = slog.New(slog.NewJSONHandler(&log, nil))
	change(&parts)
	o.CookieSecrets = []string{cookieSecret}
	s, err := api.New(parts, o)
	require.NoError(w.t, err)
	return s, &log
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.customer("ada@example.com")
	server, log := w.beside(api.Options{LogRequests: true}, func(*api.Deps) {})
	send := func(method, path, body string, headers ...header) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		for _, h := range headers {
			h(r)
		}
		out := httptest.NewRecorder()
		server.Handler().ServeHTTP(out, r)
		return out
	}

	me := send("GET", "/store/customers/me?fields=secret-field", "", bearer(token))
	require.Equal(t, 200, me.Code, me.Body)
	require.Equal(t, 401, send("POST", "/auth/customer/emailpass?secret=1", `{"email":"eve@example.com","password":"wrong-Secret-1"}`).Code)
	require.Equal(t, 404, send("GET", "/nothing/at/ada@example.com?q=1", "").Code)
	require.Equal(t, 200, send("GET", "/health", "").Code)
	require.Equal(t, 200, send("POST", "/auth/customer/emailpass", `{"email":"ada@example.com","password":"supersecret"}`).Code)

	lines := logged(t, log.String())
	require.Len(t, lines, 4, "probes are no news:\n%s", log)
	require.Equal(t, "/store/customers/me", lines[0]["route"])
	require.InEpsilon(t, 200, lines[0]["status"], 0)
	require.InEpsilon(t, me.Body.Len(), lines[0]["bytes"], 0)
	require.Contains(t, lines[0], "ms")
	require.Equal(t, me.Header().Get("X-Request-Id"), lines[0]["request_id"])
	require.Regexp(t, "^authid_", lines[0]["identity_id"])
	require.Equal(t, "/auth/:actor_type/:auth_provider", lines[1]["route"])
	require.Equal(t, "unauthorized", lines[1]["code"])
	require.NotContains(t, lines[1], "identity_id")
	require.Empty(t, lines[2]["route"])
	require.Regexp(t, "^authid_", lines[3]["identity_id"], "of the one who has signed in")
	for _, secret := range []string{"@example.com", "secret", "Secret", "q=1", token, "/nothing"} {
		require.NotContains(t, log.String(), secret)
	}
}

func TestAccessLogCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	w := setup(t)
	server, log := w.beside(api.Options{}, func(*api.Deps) {})
	server.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/auth/customer/providers", nil))
	require.Empty(t, log.String())
}

// TestRequestsAreObserved tells who measures requests, with few names whatever callers
// send.
func TestRequestsAreObserved(t *testing.T) {
	t.Parallel()
	type key struct{}
	w := setup(t)
	var begun, served, ended []string
	server, log := w.beside(api.Options{LogRequests: true}, func(d *api.Deps) {
		d.Begin = func(r *http.Request, method, route string) (context.Context, func(int)) {
			begun = append(begun, method+" "+route)
			return context.WithValue(r.Context(), key{}, "traced"), func(status int) {
				ended = append(ended, http.StatusText(status))
			}
		}
		d.Served = func(method, route string, status int, took time.Duration) {
			require.GreaterOrEqual(t, took, time.Duration(0))
			served = append(served, method+" "+route+" "+http.StatusText(status))
		}
	})
	for _, r := range []*http.Request{
		httptest.NewRequest(http.MethodGet, "/AUTH/customer/providers/?a=b", nil),
		httptest.NewRequest(http.MethodHead, "/health", nil),
		httptest.NewRequest("SECRET-METHOD", "/ada@example.com", nil),
	} {
		server.Handler().ServeHTTP(httptest.NewRecorder(), r)
	}

	require.Equal(t, []string{"GET /auth/:actor_type/providers", "GET /health", "other "}, begun, "HEAD is GET")
	require.Equal(t, []string{"GET /auth/:actor_type/providers OK", "GET /health OK", "other  Not Found"}, served)
	require.Equal(t, []string{"OK", "OK", "Not Found"}, ended)
	require.NotContains(t, log.String(), "SECRET-METHOD")
}

// That a process is not ready is normal while it starts, and what its probes ask for.
func TestAccessLogOfProbes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.flows.failWith(everlatch.Unavailable("Temporal", errors.New("connection refused")))
	server, log := w.beside(api.Options{LogRequests: true}, func(*api.Deps) {})
	out := httptest.NewRecorder()
	server.Handler().ServeHTTP(out, httptest.NewRequest(http.MethodGet, "/ready", http.NoBody))
	require.Equal(t, http.StatusServiceUnavailable, out.Code)
	lines := logged(t, log.String())
	require.Len(t, lines, 1)
	require.Equal(t, "WARN", lines[0]["level"])
	require.NotContains(t, log.String(), "ERROR")
}
