package egress

import (
	"crypto/tls"
	"net/http"
	"time"
)

// maxHeaders limits the response headers, in bytes.
const maxHeaders = 64 << 10

// Client returns an HTTP client that dials with dialer and limits each request
// to timeout. It follows no redirects, which could leak secrets, and uses no
// proxy, which would bypass the address check. The caller limits the response
// body.
func Client(timeout time.Duration, allowPrivate bool) *http.Client {
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext:            dialer(timeout, allowPrivate).DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    timeout,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeaders,
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        time.Minute,
		},
		CheckRedirect: NoRedirect,
	}
}

// NoRedirect makes a client return the redirect response itself.
func NoRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
