package api

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/labstack/echo/v4"
)

// cookieJar signs and reads session cookies in the format of express-session:
// "s:" + id + "." + HMAC-SHA256 in base64 without padding, percent-encoded. So
// a cookie that Medusa signed with the same secret has a good signature here,
// and proxies and tests that know the format keep working.
type cookieJar struct {
	secrets []string
	opts    CookieOptions
	// trustProxy lets X-Forwarded-Proto say how the client came.
	trustProxy bool
}

func newCookieJar(o Options) cookieJar {
	return cookieJar{secrets: o.CookieSecrets, opts: o.Cookie, trustProxy: o.TrustProxy > 0}
}

// sessionIDBytes gives a session id 192 random bits, as express-session does.
const sessionIDBytes = 24

// newSessionID returns the secret that a cookie holds. It never reaches the
// store: see secretHash.
func newSessionID() string {
	raw := make([]byte, sessionIDBytes)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(raw)
}

// secretHash is what the store keeps of a secret with enough random bits: a
// session id, or a secret API key (W20).
func secretHash(secret string) string {
	return tokens.HashSecret(secret)
}

// sign returns the value of a cookie, not yet percent-encoded.
func (j cookieJar) sign(id string) string { return "s:" + id + "." + signature(id, j.secrets[0]) }

// verify returns the session id of a cookie value, "" when the signature is
// not one of ours.
func (j cookieJar) verify(value string) string {
	signed, ok := strings.CutPrefix(value, "s:")
	if !ok {
		return ""
	}
	dot := strings.LastIndexByte(signed, '.')
	if dot < 0 {
		return ""
	}
	id, given := signed[:dot], []byte(signed[dot+1:])
	for _, secret := range j.secrets {
		if subtle.ConstantTimeCompare(given, []byte(signature(id, secret))) == 1 {
			return id
		}
	}
	return ""
}

func signature(id, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(id))
	return base64.RawStdEncoding.EncodeToString(mac.Sum(nil))
}

// sessionID returns the session id that a request proves to have, or "".
func (j cookieJar) sessionID(r *http.Request) string {
	value, ok := cookieValue(r.Header.Values("Cookie"), j.opts.Name)
	if !ok {
		return ""
	}
	if decoded, err := url.PathUnescape(value); err == nil {
		value = decoded
	}
	return j.verify(value)
}

// cookieValue finds the first cookie of a name.
func cookieValue(headers []string, name string) (string, bool) {
	for _, header := range headers {
		for pair := range strings.SplitSeq(header, ";") {
			key, value, ok := strings.Cut(pair, "=")
			if ok && strings.TrimSpace(key) == name {
				return strings.Trim(strings.TrimSpace(value), `"`), true
			}
		}
	}
	return "", false
}

// set hands a session to the browser.
func (j cookieJar) set(c echo.Context, id string, expires time.Time) {
	cookie := j.cookie(c) //nolint:gosec // see cookie
	cookie.Value, cookie.Expires = url.QueryEscape(j.sign(id)), expires
	c.SetCookie(cookie)
}

// clear takes it back.
func (j cookieJar) clear(c echo.Context) {
	cookie := j.cookie(c) //nolint:gosec // see cookie
	cookie.Expires = time.Unix(0, 0)
	c.SetCookie(cookie)
}

// cookie has the attributes of contract 4.2, and SameSite always (W40).
func (j cookieJar) cookie(c echo.Context) *http.Cookie {
	secure := isHTTPS(c.Request(), j.trustProxy)
	if j.opts.Secure != nil {
		secure = *j.opts.Secure
	}
	return &http.Cookie{ //nolint:gosec // Secure and SameSite are the operator's, safe by default
		Name: j.opts.Name, Path: j.opts.Path, Domain: j.opts.Domain,
		HttpOnly: true, Secure: secure, SameSite: sameSites[j.opts.SameSite],
	}
}

// isHTTPS says how the client came, which the first proxy knows best.
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
