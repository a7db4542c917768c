package wire

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// OriginCheck protects requests that a session cookie authenticates and that
// change something: they must come from a page of this host or from an origin
// that their path trusts. SameSite=Lax alone would trust every sibling host (docs/weak-spots.md#w40).
//
// [http.CrossOriginProtection] decides by Sec-Fetch-Site, Origin and Host. What it
// cannot know is added here: lists of trusted origins that depend on the path and
// hold patterns, and the host in front of a proxy.
type OriginCheck struct {
	protection *http.CrossOriginProtection
	trustProxy bool
}

// NewOriginCheck returns a check. With trustProxy, X-Forwarded-Host also names
// this host.
func NewOriginCheck(trustProxy bool) OriginCheck {
	return OriginCheck{protection: http.NewCrossOriginProtection(), trustProxy: trustProxy}
}

// Allow reports whether a request may use its session cookie. trusted are the
// origins that its path trusts.
func (o OriginCheck) Allow(r *http.Request, trusted *Origins) bool {
	if trusted.allows(r.Header.Get(echo.HeaderOrigin)) || o.protection.Check(r) == nil {
		return true
	}
	host := r.Header.Get("X-Forwarded-Host")
	if !o.trustProxy || host == "" {
		return false
	}
	outside := *r
	outside.Host = host
	return o.protection.Check(&outside) == nil
}
