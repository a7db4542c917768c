package egress

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// special lists non-public networks that netip does not cover. netip covers
// loopback, link-local (with cloud metadata services), private, unique local,
// multicast and unspecified addresses.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),        // this host (RFC 1122)
	netip.MustParsePrefix("100.64.0.0/10"),    // carriers (RFC 6598), and Alibaba's metadata
	netip.MustParsePrefix("168.63.129.16/32"), // Azure's metadata
	netip.MustParsePrefix("192.0.0.0/24"),     // protocols (RFC 6890), and Oracle's metadata
	netip.MustParsePrefix("192.0.2.0/24"),     // documentation (RFC 5737)
	netip.MustParsePrefix("192.88.99.0/24"),   // 6to4 relays (RFC 7526)
	netip.MustParsePrefix("198.18.0.0/15"),    // benchmarks (RFC 2544)
	netip.MustParsePrefix("198.51.100.0/24"),  // documentation
	netip.MustParsePrefix("203.0.113.0/24"),   // documentation
	netip.MustParsePrefix("240.0.0.0/4"),      // reserved, and broadcast
	netip.MustParsePrefix("2001::/23"),        // protocols, Teredo among them, which embeds IPv4
	netip.MustParsePrefix("2001:db8::/32"),    // documentation
	netip.MustParsePrefix("2002::/16"),        // 6to4, which embeds IPv4
	netip.MustParsePrefix("3fff::/20"),        // documentation (RFC 9637)
}

var (
	// nat64 embeds an IPv4 address in its last four bytes (RFC 6052).
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
	// public6 contains all public IPv6 addresses.
	public6 = netip.MustParsePrefix("2000::/3")
)

// isPublic reports whether an address is public. Unknown ranges count as private,
// because databases and metadata services on private networks trust every client
// that can connect.
func isPublic(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if nat64.Contains(a) {
		raw := a.As16()
		a = netip.AddrFrom4([4]byte(raw[12:]))
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.Is6() && !public6.Contains(a) {
		return false
	}
	return !slices.ContainsFunc(special, func(network netip.Prefix) bool { return network.Contains(a) })
}

// ErrPrivate is the error of a [Client] for an address that is not public.
var ErrPrivate = errors.New("the address is private")

// dialer connects to public addresses only, unless private ones are allowed. It
// checks the resolved address at dial time, which defeats DNS rebinding.
func dialer(timeout time.Duration, allowPrivate bool) *net.Dialer {
	d := &net.Dialer{Timeout: timeout}
	if allowPrivate {
		return d
	}
	d.Control = func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !isPublic(to.Addr()) {
			return ErrPrivate
		}
		return nil
	}
	return d
}
