package egress

import (
	"crypto/tls"
	"net/http"
	"time"
)

// maxHeaders is how much of an answer's headers is read, in bytes.
const maxHeaders = 64 << 10

// Client makes requests through [Dialer], each within timeout. It follows no
// redirect, which would take what is secret elsewhere, and asks no proxy, which
// would connect to what we must not. How much of a body is read is up to the
// caller.
func Client(timeout time.Duration, allowPrivate bool) *http.Client {
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext:            Dialer(timeout, allowPrivate).DialContext,
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

// NoRedirect answers a request with the redirect itself.
func NoRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
