package limits

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are trusted to say who their client is. The zero value trusts none.
type Proxies struct {
	// Networks are those of the proxies. An entry of X-Forwarded-For is believed
	// only if all that come after it are proxies too.
	Networks []netip.Prefix
	// Hops is how many proxies are in front, where Networks is empty. A client
	// that reaches the service without passing them can forge its address.
	Hops int
}

// Client returns the address of the machine that sent a request. Without trusted
// proxies it is the other end of the connection, whatever the headers say.
func (p Proxies) Client(r *http.Request) netip.Addr {
	client := peer(r.RemoteAddr)
	if len(p.Networks) == 0 && p.Hops == 0 {
		return client
	}
	entries := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	slices.Reverse(entries)
	for hop, entry := range entries {
		if !p.trusts(client, hop) {
			return client
		}
		next, err := netip.ParseAddr(strings.TrimSpace(entry))
		if err != nil {
			if next = peer(strings.TrimSpace(entry)); !next.IsValid() {
				return client // the last one that is known
			}
		}
		client = next.Unmap().WithZone("")
	}
	return client
}

func (p Proxies) trusts(client netip.Addr, hop int) bool {
	if len(p.Networks) == 0 {
		return hop < p.Hops
	}
	return contains(p.Networks, client)
}

// peer is the address of host:port, invalid where there is none.
func peer(hostport string) netip.Addr {
	ap, err := netip.ParseAddrPort(hostport)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

func contains(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// Network returns the network of an address that a scope is about, "" for a scope
// that is about something else.
func Network(scope Scope, addr netip.Addr) string {
	narrow, wide := networks(addr)
	switch scope {
	case ScopeAddress:
		return narrow.String()
	case ScopeNetwork:
		return wide.String()
	default:
		return ""
	}
}

// networks returns what one subscriber usually has, and what one organization
// has: IPv4 /32 and /24, IPv6 /64 and /48.
func networks(addr netip.Addr) (narrow, wide netip.Prefix) {
	bits := [2]int{32, 24}
	if addr.Is6() {
		bits = [2]int{64, 48}
	}
	narrow, _ = addr.Prefix(bits[0]) // an invalid address has invalid networks
	wide, _ = addr.Prefix(bits[1])
	return narrow, wide
}
