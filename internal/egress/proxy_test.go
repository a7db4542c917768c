package egress_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/egress"
)

// localProxy is an HTTP proxy on this machine, which is a private address. Its DNS
// knows one name, target.everlatch.example, and gives it the address of a server.
type localProxy struct {
	*httptest.Server

	mu    sync.Mutex
	asked []string
}

func newLocalProxy(t *testing.T, target string) *localProxy {
	t.Helper()
	p := &localProxy{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.Method+" "+r.Host)
		p.mu.Unlock()
		if r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		server, err := net.Dial("tcp", target)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			_ = server.Close()
			return
		}
		_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *localProxy) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// get makes one request and returns the status of its answer.
func get(ctx context.Context, client *http.Client, target string) (status int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// The tests of this file set the environment, so they do not run in parallel.

func TestProxyOfTheEnvironment(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Host", r.Host)
	}))
	t.Cleanup(server.Close)
	proxy := newLocalProxy(t, server.Listener.Addr().String())
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("NO_PROXY", "direct.everlatch.example")

	client := egress.Client(5*time.Second, false)
	_, err := get(t.Context(), client, "https://target.everlatch.example/hook")
	require.ErrorContains(t, err, "certificate", "TLS is between client and target, not with the proxy")
	require.Equal(t, []string{"CONNECT target.everlatch.example:443"}, proxy.requests())
	status, err := get(t.Context(), client, "http://target.everlatch.example/hook")
	require.NoError(t, err)
	require.Equal(t, http.StatusTeapot, status)
	require.Len(t, proxy.requests(), 2)

	// The guard holds: a proxy would reach what is private to it.
	for _, private := range []string{
		"http://169.254.169.254/latest/meta-data", "https://10.0.0.1/", "https://[fd00::1]/", "http://[::ffff:10.0.0.1]/",
		"https://temporal/", "http://metadata.google.internal/", "https://printer.local./", "https://db.default.svc/",
	} {
		_, err := get(t.Context(), client, private)
		require.ErrorIs(t, err, egress.ErrPrivate, private)
	}
	require.Len(t, proxy.requests(), 2, "the proxy was not asked")

	// What goes without the proxy is checked where it is dialled, the proxy's own
	// address included.
	u, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	_, err = get(t.Context(), client, "http://"+u.Host+"/")
	require.ErrorIs(t, err, egress.ErrPrivate)
	_, err = get(t.Context(), client, "https://direct.everlatch.example/")
	require.Error(t, err)
	require.Len(t, proxy.requests(), 2)

	trusting := egress.Client(5*time.Second, true)
	_, err = get(t.Context(), trusting, "http://10.0.0.1/")
	require.NoError(t, err, "private addresses are allowed")
	require.Len(t, proxy.requests(), 3)
	trusting.CloseIdleConnections()
}

func TestNoProxyByDefault(t *testing.T) { //nolint:paralleltest // it sets the environment
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		t.Setenv(name, "")
	}
	_, err := get(t.Context(), egress.Client(time.Second, false), "http://127.0.0.1:1/")
	require.ErrorIs(t, err, egress.ErrPrivate)
}
