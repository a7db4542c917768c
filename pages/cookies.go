package pages

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"
)

// Names of the cookies. None of them identifies a person: the session is the API's cookie.
const (
	pendingCookie  = "everlatch.pending"
	browserCookie  = "everlatch.pages"
	noticeCookie   = "everlatch.notice"
	languageCookie = "lang"
)

const (
	pendingFor  = time.Hour
	browserFor  = 30 * 24 * time.Hour
	noticeFor   = time.Minute
	languageFor = 365 * 24 * time.Hour
	// maxCookie is what browsers keep of one, in bytes.
	maxCookie = 3800
)

// Pending is what waits between the pages of one sign-in, in a cookie of its actor type that
// no script gets. It is not signed: everything in it is checked
// where it is used, the tokens by the API.
type Pending struct {
	// Token is a token of the API that is not a full one yet: a second factor is due, an
	// address has to be verified, or there is no account.
	Token string `json:"t,omitempty"`
	// Link is the token or code of a link in a mail, and Email the address that came with
	// it or was typed.
	Link  string `json:"l,omitempty"`
	Email string `json:"e,omitempty"`
	// Challenge is the second factor that is due.
	Challenge *Challenge `json:"c,omitempty"`
	// Prompted is the method that has sent its code.
	Prompted string `json:"q,omitempty"`
	// Linking is the provider whose account is to become a way to sign in.
	Linking string `json:"k,omitempty"`
	// ReturnTo is where the sign-in leads, with the State of the storefront that sent the
	// visitor here, and the challenge of the one-time code that it gets (RFC 7636).
	ReturnTo        string `json:"r,omitempty"`
	State           string `json:"s,omitempty"`
	CodeChallenge   string `json:"p,omitempty"`
	ChallengeMethod string `json:"m,omitempty"`
}

// Challenge is a second factor that is due: the API's challenge.
type Challenge struct {
	ID      string   `json:"id"`
	Methods []string `json:"methods"`
}

// Pending returns what waits, the zero value without anything.
func (v *Visit) Pending() (p Pending) {
	if v.pending != nil {
		return *v.pending
	}
	name, _ := v.pendingCookie()
	if cookie, err := v.R.Cookie(name); err == nil {
		unpack(cookie.Value, &p)
	}
	return p
}

// pendingCookie is the name and the path of what waits. With https, browsers take the cookie
// from this host alone: what another host of the domain plants could lead its visitor into
// the account of an attacker (login CSRF). The prefix demands the path /.
func (v *Visit) pendingCookie() (name, path string) {
	if v.secure() {
		return hostPrefix + pendingCookie + "." + v.ActorType, "/"
	}
	return pendingCookie, v.Path("")
}

// noticeCookie is the name of the cookie of a notice, which has text that pages show.
func (v *Visit) noticeCookie() string {
	if v.secure() {
		return hostPrefix + noticeCookie
	}
	return noticeCookie
}

func (v *Visit) secure() bool { return secure(v.R, v.site.opts.TrustProxy) }

// hostPrefix begins the names of cookies that only this host can set (RFC 6265bis, 4.1.3.2).
const hostPrefix = "__Host-"

// Keep stores what waits, for an hour.
func (v *Visit) Keep(p Pending) {
	if p.empty() {
		v.Forget()
		return
	}
	v.pending = &p
	name, path := v.pendingCookie()
	v.setCookie(name, path, pack(p), pendingFor)
}

func (p Pending) empty() bool { return p.Challenge == nil && p == Pending{} }

// Forget removes what waits.
func (v *Visit) Forget() {
	v.pending = &Pending{}
	name, path := v.pendingCookie()
	if _, err := v.R.Cookie(name); err == nil {
		v.setCookie(name, path, "", -time.Second)
	}
}

// browser is what the API knows the browser by. Its own cookie has another path, so the
// pages have one, as a storefront does that keeps no cookies of the API.
func (v *Visit) browser() string {
	if cookie, err := v.R.Cookie(browserCookie); err == nil && len(cookie.Value) >= 16 && len(cookie.Value) <= 128 {
		return cookie.Value
	}
	value := rand.Text()
	v.R.AddCookie(&http.Cookie{Name: browserCookie, Value: value}) //nolint:gosec // of this visit's other calls, not sent
	v.setCookie(browserCookie, Prefix, value, browserFor)
	return value
}

// notice is what the next page says about what was done.
type notice struct {
	ID    string `json:"i"`
	Value string `json:"v,omitempty"`
}

// Notice has the next page show a message, whose placeholder Value may be filled.
func (v *Visit) Notice(id, value string) {
	v.setCookie(v.noticeCookie(), "/", pack(notice{id, value}), noticeFor)
}

// takeNotice returns the notice for this page, which is then gone. Its message is one of
// the site's, also when another program wrote the cookie.
func (v *Visit) takeNotice() *notice {
	cookie, err := v.R.Cookie(v.noticeCookie())
	if err != nil || v.R.Method != http.MethodGet {
		return nil
	}
	v.setCookie(v.noticeCookie(), "/", "", -time.Second)
	var n notice
	if !unpack(cookie.Value, &n) || !v.language.has(n.ID) {
		return nil
	}
	return &n
}

// setCookie sets a cookie that scripts cannot read; a life below zero removes it. Lax is
// enough to return from a provider, and every form is checked for its origin.
func (v *Visit) setCookie(name, path, value string, life time.Duration) {
	cookie := &http.Cookie{ //nolint:gosec // secure with https; a service of development has none
		Name: name, Value: value, Path: path, MaxAge: int(life / time.Second), HttpOnly: true,
		Secure: v.secure(), SameSite: http.SameSiteLaxMode,
	}
	h := v.W.Header()
	kept := h.Values("Set-Cookie")
	h.Del("Set-Cookie")
	for _, line := range kept { // the last one counts
		if set, err := http.ParseSetCookie(line); err != nil || set.Name != name || set.Path != path {
			h.Add("Set-Cookie", line)
		}
	}
	http.SetCookie(v.W, cookie)
}

func pack(value any) string {
	text, err := json.Marshal(value)
	if err != nil || len(text) > maxCookie/4*3 {
		return "" // nothing that waits is larger, apart from what was made up
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func unpack(text string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && json.Unmarshal(raw, into) == nil
}
