// Package hostguard refuses requests that a browser was led to by a name that is not
// ours. A page can point its own name at a loopback address after it was loaded (DNS
// rebinding), and then reads what a service on that machine answers. The Host header
// still tells the page's name.
package hostguard

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Guard knows the hosts that a service answers to.
type Guard struct {
	names map[string]bool
	// anyIP accepts every IP address as host. No page can have one as its own name
	// and be led elsewhere.
	anyIP bool
}

// New returns a guard that accepts loopback names and addresses, the host of the
// address that is listened on, and names. A service that listens on every interface
// is reached by each of its IP addresses too.
func New(address string, names ...string) *Guard {
	g := &Guard{names: map[string]bool{}}
	host := hostOf(address)
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		g.anyIP = true
	}
	for _, name := range append(names, host) {
		g.names[hostOf(name)] = true
	}
	delete(g.names, "")
	return g
}

// Allows reports that the value of a Host header is accepted.
func (g *Guard) Allows(header string) bool {
	host := hostOf(header)
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().IsLoopback() || g.anyIP || g.names[host]
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || g.names[host]
}

// Handler answers 421 where the guard does not accept the host.
func (g *Guard) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.Allows(r.Host) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(http.StatusMisdirectedRequest)
		// The host that was asked for is left out: it came from elsewhere.
		_, _ = w.Write([]byte(`{"type":"not_allowed","message":"This service does not answer to this host. http.allowed_hosts adds one."}`))
	})
}

// hostOf returns the host of host, host:port or [ip]:port, in lower case and without
// the final dot, which browsers keep.
func hostOf(text string) string {
	host := text
	if h, _, err := net.SplitHostPort(text); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}
