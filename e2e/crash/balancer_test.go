//go:build linux

package crash_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// balancer is the proxy in front of the APIs. It asks them for /ready?for=reads, as
// docs/operation.md tells operators to, sends a request to the next one that is ready, and
// to another one only if the first refuses the connection. When none is ready, it tries
// all. Like a process, it can be killed and stopped.
type balancer struct {
	address  string
	backends []*backend
	next     atomic.Uint64

	mu      sync.Mutex
	server  *http.Server // nil while it is killed
	serving chan struct{}
}

type backend struct {
	address string
	ready   atomic.Bool
	proxy   *httputil.ReverseProxy
}

// probeEvery is how often an API is asked whether it is ready; http.drain_delay must be
// longer.
const probeEvery = 200 * time.Millisecond

func newBalancer(tb testing.TB, addresses []string) *balancer {
	tb.Helper()
	b := &balancer{serving: make(chan struct{})}
	close(b.serving)
	for _, address := range addresses {
		b.backends = append(b.backends, newBackend(address))
	}
	ctx, cancel := context.WithCancel(context.Background())
	var probes sync.WaitGroup
	for _, each := range b.backends {
		probes.Go(func() { each.probe(ctx) })
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	b.address = l.Addr().String()
	b.serve(l)
	tb.Cleanup(func() {
		b.resume()
		b.kill()
		cancel()
		probes.Wait()
	})
	return b
}

// newBackend has a connection for each request: one that is kept may be closed by a
// stopping API at the moment at which it is used.
func newBackend(address string) *backend {
	target := &url.URL{Scheme: "http", Host: address}
	return &backend{address: address, proxy: &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{Timeout: time.Second}).DialContext},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.WriteHeader(http.StatusBadGateway)
		},
	}}
}

func (b *backend) probe(ctx context.Context) {
	ready := answers("http://" + b.address + "/ready?for=reads")
	for ctx.Err() == nil {
		b.ready.Store(ready(ctx))
		select {
		case <-ctx.Done():
		case <-time.After(probeEvery):
		}
	}
}

// ServeHTTP implements [http.Handler].
func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	serving := b.serving
	b.mu.Unlock()
	select {
	case <-serving:
	case <-r.Context().Done():
		return
	}
	begin := b.next.Add(1)
	for _, ready := range []bool{true, false} {
		for i := range b.backends {
			chosen := b.backends[(begin+uint64(i))%uint64(len(b.backends))]
			if chosen.ready.Load() == ready && chosen.accepts(r.Context()) {
				chosen.proxy.ServeHTTP(w, r)
				return
			}
		}
	}
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
}

// accepts says whether the API takes connections.
func (b *backend) accepts(ctx context.Context) bool {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", b.address)
	if err != nil {
		return false
	}
	reset(c.(*net.TCPConn)) //nolint:forcetypeassert // it dials TCP
	return true
}

func (b *balancer) serve(l net.Listener) {
	server := &http.Server{Handler: b, ReadHeaderTimeout: time.Minute}
	b.mu.Lock()
	b.server = server
	b.mu.Unlock()
	go func() { _ = server.Serve(l) }()
}

// kill breaks all connections and closes the port.
func (b *balancer) kill() {
	b.mu.Lock()
	server := b.server
	b.server = nil
	b.mu.Unlock()
	if server != nil {
		_ = server.Close()
	}
}

// start listens again after kill.
func (b *balancer) start(ctx context.Context) error {
	return await(ctx, startWithin, "the proxy's port is free", func() bool {
		l, err := net.Listen("tcp", b.address)
		if err == nil {
			b.serve(l)
		}
		return err == nil
	})
}

// stop lets requests wait until resume.
func (b *balancer) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.serving = make(chan struct{})
}

func (b *balancer) resume() {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-b.serving:
	default:
		close(b.serving)
	}
}
