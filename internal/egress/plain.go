package egress

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// errPublic is the error of a request by plain http that would leave the private
// network.
var errPublic = errors.New("plain http is used for private addresses only")

// PlainPrivate returns a copy of a [Client] whose requests by plain http reach
// private addresses only, without a proxy: on the way to a public one, everyone
// could read and change them.
func PlainPrivate(client *http.Client) *http.Client {
	out := *client
	dialer := &net.Dialer{Timeout: client.Timeout, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || isPublic(to.Addr()) {
			return errPublic
		}
		return nil
	}}
	out.Transport = bySchemes{others: client.Transport, plain: &http.Transport{
		DialContext:            dialer.DialContext,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaders,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        time.Minute,
	}}
	return &out
}

type bySchemes struct {
	others http.RoundTripper
	plain  http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (b bySchemes) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "http" {
		return b.plain.RoundTrip(r)
	}
	return b.others.RoundTrip(r)
}
