package providertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// service is a proxy between a provider and its service: it records requests,
// and answers those with a certain secret as a check requires.
type service struct {
	URL string

	real http.Handler
	stop chan struct{}

	mu       sync.Mutex
	requests []request
	secret   string
	fault    http.HandlerFunc
}

type request struct {
	uri, text string // text is the header and the body
}

// elsewhere is the target of redirects.
const elsewhere = "/providertest-elsewhere"

func startService(tb testing.TB, real http.Handler) *service {
	tb.Helper()
	s := &service{real: real, stop: make(chan struct{})}
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("providertest: %v", err)
	}
	// An httptest.Server that closes breaks connections of http.DefaultTransport,
	// which the provider of a parallel check may be using.
	server := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	tb.Cleanup(func() {
		close(s.stop) // releases hanging responses
		_ = server.Close()
		<-done
	})
	s.URL = "http://" + listener.Addr().String()
	return s
}

// ServeHTTP implements [http.Handler].
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	got := request{uri: r.RequestURI, text: fmt.Sprint(r.Header) + "\n" + string(body)}
	s.mu.Lock()
	s.requests = append(s.requests, got)
	fault := s.fault
	if s.secret == "" || find(got.uri+"\n"+got.text, s.secret) == "" {
		fault = nil
	}
	s.mu.Unlock()
	if fault != nil {
		fault(w, r)
		return
	}
	s.real.ServeHTTP(w, r)
}

// answerWith lets a fault answer the requests that carry a secret; nil ends the
// fault. It clears the recorded requests.
func (s *service) answerWith(secret string, fault http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secret, s.fault, s.requests = secret, fault, nil
}

// seen returns the recorded requests.
func (s *service) seen() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// carrying returns the requests that carry a secret.
func (s *service) carrying(secret string) []request {
	return slices.DeleteFunc(s.seen(), func(r request) bool { return find(r.uri+"\n"+r.text, secret) == "" })
}

// visit opens a location like a browser, and returns the parameters of the
// callback.
func (s *service) visit(ctx context.Context, location *url.URL) (map[string]string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, location.String(), http.NoBody)
	if err != nil {
		return nil, errors.New("the location cannot be visited")
	}
	req.RequestURI, req.RemoteAddr = location.RequestURI(), "127.0.0.1:1" // as a server has it
	answer := httptest.NewRecorder()
	s.real.ServeHTTP(answer, req)
	back, err := url.Parse(answer.Header().Get("Location"))
	if answer.Code < 300 || answer.Code > 399 || err != nil || back.Query().Get("code") == "" {
		return nil, fmt.Errorf("the Service of the case answers a visit of the location with %d and no code: it must send the person back at once",
			answer.Code)
	}
	params := map[string]string{}
	for name, values := range back.Query() {
		params[name] = values[len(values)-1]
	}
	return params, nil
}

// The faults. Each leaks what was sent, as no service should.

func answers(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		said := strings.Join([]string{string(body), fmt.Sprint(form), fmt.Sprint(r.Header)}, " ")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"error":%q,"error_description":%q}`, said, said) //nolint:gosec // to repeat it is the fault
	}
}

func answersText(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, text)
		if strings.HasPrefix(text, "<") {
			_, _ = io.Copy(w, r.Body)
		}
	}
}

func redirects(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Location", elsewhere)
	w.WriteHeader(http.StatusTemporaryRedirect)
}

func drops(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// endless sends an excessive response, and reports whether all of it was read.
func (s *service) endless(taken chan<- bool) http.HandlerFunc {
	const much = 1024 // of huge
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, err := io.WriteString(w, `{"padding":"`)
		part := bytes.Repeat([]byte("x"), huge)
		for i := 0; i < much && err == nil; i++ {
			_, err = w.Write(part)
		}
		taken <- err == nil
	}
}

// hangs does not respond until the client has disconnected.
func (s *service) hangs(arrived func()) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		arrived()
		select {
		case <-r.Context().Done():
		case <-s.stop:
		}
		panic(http.ErrAbortHandler)
	}
}

var errNoService = errors.New("the location is not at the service of the case")
