package egress

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// proxied sends a request through a proxy where one is named for its URL. It has a
// transport of its own for that: only connections to the proxy may go to a private
// address, and only those do.
type proxied struct {
	direct, through *http.Transport
	proxyOf         func(*url.URL) (*url.URL, error)
	allowPrivate    bool
}

func newProxied(
	direct *http.Transport, proxyOf func(*url.URL) (*url.URL, error), timeout time.Duration, allowPrivate bool,
) *proxied {
	through := direct.Clone()
	through.DialContext = dialer(timeout, true).DialContext
	through.Proxy = func(r *http.Request) (*url.URL, error) { return proxyOf(r.URL) }
	return &proxied{direct: direct, through: through, proxyOf: proxyOf, allowPrivate: allowPrivate}
}

// RoundTrip implements [http.RoundTripper].
func (p *proxied) RoundTrip(r *http.Request) (*http.Response, error) {
	proxy, err := p.proxyOf(r.URL)
	if err != nil {
		return nil, err
	}
	if proxy == nil {
		return p.direct.RoundTrip(r)
	}
	if !p.allowPrivate && !isPublicName(r.Context(), r.URL.Hostname()) {
		return nil, ErrPrivate
	}
	return p.through.RoundTrip(r)
}

// CloseIdleConnections is for [http.Client.CloseIdleConnections].
func (p *proxied) CloseIdleConnections() {
	p.direct.CloseIdleConnections()
	p.through.CloseIdleConnections()
}

// internalNames end names that no public DNS answers for.
var internalNames = []string{".internal", ".local", ".localhost", ".localdomain", ".lan", ".home.arpa", ".svc"}

// isPublicName reports whether a proxy may be asked for a host: neither its name nor
// an address that it has here is internal.
func isPublicName(ctx context.Context, host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		return isPublic(address)
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	if !strings.Contains(name, ".") {
		return false
	}
	for _, end := range internalNames {
		if strings.HasSuffix(name, end) {
			return false
		}
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return true // behind many proxies there is no DNS for the world outside
	}
	for _, address := range addresses {
		if !isPublic(address) {
			return false
		}
	}
	return true
}
