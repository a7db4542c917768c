package egress

import (
	"crypto/tls"
	"net/http"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// maxHeaders limits the response headers, in bytes.
const maxHeaders = 64 << 10

// Client returns an HTTP client that connects to public addresses only, unless
// private ones are allowed, and limits each request to timeout. It follows no
// redirects, which could leak secrets. The caller limits the response body.
//
// A proxy that the environment names (HTTPS_PROXY, HTTP_PROXY, NO_PROXY; http,
// https or socks5) is used, and may have any address itself: an operator chose it.
// It resolves the names of its targets, so the check is made on what they resolve to
// here; a name that only the proxy can resolve is left to the rules of the proxy.
func Client(timeout time.Duration, allowPrivate bool) *http.Client {
	direct := &http.Transport{
		DialContext:            dialer(timeout, allowPrivate).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    timeout,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaders,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        time.Minute,
	}
	client := &http.Client{Timeout: timeout, Transport: direct, CheckRedirect: NoRedirect}
	if settings := httpproxy.FromEnvironment(); settings.HTTPSProxy != "" || settings.HTTPProxy != "" {
		client.Transport = newProxied(direct, settings.ProxyFunc(), timeout, allowPrivate)
	}
	return client
}

// NoRedirect makes a client return the redirect response itself.
func NoRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
