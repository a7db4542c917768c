package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
)

// checkOrigin guards requests that a cookie authenticates and that change
// something: they must come from a page of this host or from an origin that
// the prefix trusts. SameSite=Lax alone would trust every sibling host (W40).
//
// A request that says nothing about its origin comes from no browser, which
// would send at least Sec-Fetch-Site, and so from nobody's stolen browser.
func (s *Server) checkOrigin(c echo.Context) error {
	r := c.Request()
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	if origin := r.Header.Get(echo.HeaderOrigin); origin != "" {
		if s.sameHost(r, origin) || callOf(c).origins.allows(origin) {
			return nil
		}
		return errForeignOrigin()
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return nil
	default:
		return errForeignOrigin()
	}
}

func errForeignOrigin() error {
	return &everlatch.Error{
		Code:    everlatch.CodeForbidden,
		Message: "Requests with a session cookie are not accepted from this origin.",
	}
}

// sameHost compares hosts and ports. The scheme is left out: behind a proxy
// the server may not know its own.
func (s *Server) sameHost(r *http.Request, origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	if strings.EqualFold(u.Host, r.Host) {
		return true
	}
	return s.opts.TrustProxy > 0 && strings.EqualFold(u.Host, r.Header.Get("X-Forwarded-Host"))
}
