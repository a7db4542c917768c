package pages

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// headers are sent with every page.
type headers struct {
	policy, hsts string
}

// newHeaders allows a page its own style sheet, script and forms, and the logo. Browsers
// count where the answer to a form redirects as a target of the form, so a page that leads
// elsewhere does it with [Visit.Leave].
func newHeaders(logo string, hsts time.Duration) headers {
	h := headers{policy: "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'" + logo +
		"; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}
	if hsts > 0 {
		h.hsts = "max-age=" + strconv.Itoa(int(hsts/time.Second))
	}
	return h
}

func (h headers) set(to http.Header, secure bool) {
	to.Set("Content-Security-Policy", h.policy)
	to.Set("X-Content-Type-Options", "nosniff")
	to.Set("Referrer-Policy", "same-origin")
	to.Set("Cross-Origin-Opener-Policy", "same-origin")
	to.Set("Cache-Control", "no-store")
	if secure && h.hsts != "" {
		to.Set("Strict-Transport-Security", h.hsts)
	}
}

// secure reports whether a visitor uses https.
func secure(r *http.Request, trustProxy bool) bool {
	if r.TLS != nil {
		return true
	}
	proto, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	return trustProxy && strings.EqualFold(strings.TrimSpace(proto), "https")
}

// imageSource returns the origin of a logo for the policy, "" for this one.
func imageSource(logo string) (string, error) {
	if logo == "" || strings.HasPrefix(logo, "/") && !strings.HasPrefix(logo, "//") {
		return "", nil
	}
	u, err := url.Parse(logo)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.ContainsAny(u.Host, " ;,") {
		return "", errors.New("the logo is not a URL, such as https://shop.example/logo.svg")
	}
	return " " + u.Scheme + "://" + u.Host, nil
}
