package wire

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// Cookies signs and reads session cookies in the format of express-session:
// "s:" + id + "." + HMAC-SHA256 in base64 without padding, percent-encoded. A
// cookie that Medusa signed with the same secret therefore verifies here, and
// proxies and tests that know the format keep working.
type Cookies struct {
	// Secrets sign the cookie: the first one signs, all verify.
	Secrets []string
	// Ring, if set, returns the secrets instead. unknown asks for newer ones, because those
	// that it has returned did not verify a cookie.
	Ring func(unknown bool) []string
	// Name, Path, Domain and SameSite are the attributes of the cookie.
	Name, Path, Domain string
	SameSite           http.SameSite
	// Secure sets the attribute always or never; nil sets it when the request
	// came by HTTPS.
	Secure *bool
	// TrustProxy lets X-Forwarded-Proto say how the client connected.
	TrustProxy bool
}

// sessionIDBytes gives a session id 192 random bits, as express-session does.
const sessionIDBytes = 24

// NewSessionID returns the secret that a session cookie holds. The store keeps only
// its hash.
func NewSessionID() string {
	raw := make([]byte, sessionIDBytes)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(raw)
}

// sign returns the value of a cookie, not yet percent-encoded.
func (j Cookies) sign(id string) string { return "s:" + id + "." + signature(id, j.secrets(false)[0]) }

// verify returns the session id of a cookie value, "" unless one of our secrets
// signed it.
func (j Cookies) verify(value string) string {
	signed, ok := strings.CutPrefix(value, "s:")
	if !ok {
		return ""
	}
	dot := strings.LastIndexByte(signed, '.')
	if dot < 0 {
		return ""
	}
	id, given := signed[:dot], []byte(signed[dot+1:])
	if signed := func(secrets []string) bool {
		return slices.ContainsFunc(secrets, func(secret string) bool {
			return subtle.ConstantTimeCompare(given, []byte(signature(id, secret))) == 1
		})
	}; signed(j.secrets(false)) || j.Ring != nil && signed(j.secrets(true)) {
		return id
	}
	return ""
}

func (j Cookies) secrets(unknown bool) []string {
	if j.Ring != nil {
		return j.Ring(unknown)
	}
	return j.Secrets
}

func signature(id, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(id))
	return base64.RawStdEncoding.EncodeToString(mac.Sum(nil))
}

// maxCookies bounds how many cookies of one name are looked at.
const maxCookies = 8

// SessionIDs returns the session ids of a request's signed cookies, in the order of
// the request. A browser sends several cookies of one name when they were set for
// different paths or domains, such as by an earlier installation, and their order
// says nothing about which one is ours (RFC 6265, section 5.4).
func (j Cookies) SessionIDs(r *http.Request) []string {
	var ids []string
	for _, value := range cookieValues(r, j.Name) {
		if decoded, err := url.PathUnescape(value); err == nil {
			value = decoded
		}
		if id := j.verify(value); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// CookieValue returns the first cookie of a name.
func CookieValue(r *http.Request, name string) (value string, ok bool) {
	values := cookieValues(r, name)
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}

// cookieValues returns the first cookies of a name, at most maxCookies.
func cookieValues(r *http.Request, name string) []string {
	var values []string
	for _, header := range r.Header.Values("Cookie") {
		for pair := range strings.SplitSeq(header, ";") {
			key, value, ok := strings.Cut(pair, "=")
			if !ok || strings.TrimSpace(key) != name {
				continue
			}
			values = append(values, strings.Trim(strings.TrimSpace(value), `"`))
			if len(values) == maxCookies {
				return values
			}
		}
	}
	return values
}

// Set gives the browser a session id.
func (j Cookies) Set(w http.ResponseWriter, r *http.Request, id string, expires time.Time) {
	cookie := j.New(r) //nolint:gosec // see New
	cookie.Value, cookie.Expires = url.QueryEscape(j.sign(id)), expires
	http.SetCookie(w, cookie)
}

// Clear removes the session cookie.
func (j Cookies) Clear(w http.ResponseWriter, r *http.Request) {
	cookie := j.New(r) //nolint:gosec // see New
	cookie.Expires = time.Unix(0, 0)
	http.SetCookie(w, cookie)
}

// New returns an empty session cookie with the attributes of docs/contract.md#s4-2, and
// SameSite always (docs/weak-spots.md#w40).
func (j Cookies) New(r *http.Request) *http.Cookie {
	secure := isHTTPS(r, j.TrustProxy)
	if j.Secure != nil {
		secure = *j.Secure
	}
	if j.SameSite == http.SameSiteNoneMode {
		secure = true // browsers drop the cookie otherwise
	}
	return &http.Cookie{ //nolint:gosec // Secure and SameSite are the operator's, safe by default
		Name: j.Name, Path: j.Path, Domain: j.Domain, HttpOnly: true, Secure: secure, SameSite: j.SameSite,
	}
}

// isHTTPS reports whether the client connected by HTTPS, as the first proxy saw it.
func isHTTPS(r *http.Request, trustProxy bool) bool {
	if r.TLS != nil {
		return true
	}
	if !trustProxy {
		return false
	}
	first, _, _ := strings.Cut(r.Header.Get(echo.HeaderXForwardedProto), ",")
	return strings.EqualFold(strings.TrimSpace(first), "https")
}
