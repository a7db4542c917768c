package pagestest

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
)

// API is a fake of the service's API. A route that no test has answered is unknown.
type API struct {
	mu      sync.Mutex
	answers map[string]http.HandlerFunc
	other   http.HandlerFunc
	calls   []Call
}

// Call is a request that the API got.
type Call struct {
	// Method and Path are those of the request, Query is what follows the path.
	Method, Path, Query string
	// Bearer is the token, "" for none.
	Bearer string
	Header http.Header
	// Body is the JSON of the request, nil for none.
	Body map[string]any
}

// On answers a route, such as POST /auth/customer/emailpass, with a status and JSON. Pairs
// of names and values are headers of the answer.
func (a *API) On(route string, status int, body string, header ...string) {
	a.Handle(route, func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Add(header[i], header[i+1])
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// Handle answers a route with a function.
func (a *API) Handle(route string, handle http.HandlerFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.answers == nil {
		a.answers = map[string]http.HandlerFunc{}
	}
	a.answers[route] = handle
}

// Otherwise answers all routes that no test has answered.
func (a *API) Otherwise(handle http.HandlerFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.other = handle
}

// Calls returns what the API was asked since the last call of Calls.
func (a *API) Calls() []Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.calls
	a.calls = nil
	return out
}

// Routes returns the routes of calls, for comparison.
func Routes(calls []Call) []string {
	out := make([]string, len(calls))
	for i, c := range calls {
		out[i] = c.Method + " " + c.Path
	}
	return out
}

// ServeHTTP implements [http.Handler].
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := Call{
		Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery,
		Bearer: strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), Header: maps.Clone(r.Header),
	}
	if text, err := io.ReadAll(r.Body); err == nil && len(text) > 0 {
		_ = json.Unmarshal(text, &c.Body)
	}
	a.mu.Lock()
	a.calls = append(a.calls, c)
	handle := a.answers[r.Method+" "+r.URL.Path]
	if handle == nil {
		handle = a.other
	}
	a.mu.Unlock()
	if handle == nil {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"type":"not_found","message":"This route has no answer."}`)
		return
	}
	handle(w, r)
}
