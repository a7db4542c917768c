package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// comparison collects how a live answer differs from the recorded one.
type comparison struct {
	world       *world
	exchange    exchange
	deviations  *deviations
	differences []string
	// own are the live ids that a placeholder must stand for, by prefix: those
	// of the caller and of the path. Any id will do for other prefixes.
	own map[string][]string
}

// compare returns what differs beyond the general rows of docs/deviations.md.
func (w *world) compare(t *testing.T, d *deviations, e exchange, a answer) []string {
	t.Helper()
	c := &comparison{world: w, exchange: e, deviations: d}
	c.findOwn(t)
	if a.status != e.Response.Status {
		c.differ("status", e.Response.Status, a.status)
	}
	if want, got := e.Response.Headers.ContentType, a.header.Get("Content-Type"); want != got {
		c.differ("content-type", want, got)
	}
	c.cookies(e.Response.Headers.SetCookie, a.header.Values("Set-Cookie"))
	c.headers(a)
	c.body(t, a)
	for _, at := range slices.Sorted(maps.Keys(e.JWTs)) {
		c.token(t, at, a)
	}
	return c.differences
}

func (c *comparison) differ(where string, want, got any) {
	c.differences = append(c.differences, fmt.Sprintf("%s: want %s, got %s", where, show(want), show(got)))
}

func show(v any) string {
	if s, ok := v.(string); ok {
		return fmt.Sprintf("%q", s)
	}
	if raw, err := json.Marshal(v); err == nil {
		return string(raw)
	}
	return fmt.Sprint(v)
}

func (c *comparison) findOwn(t *testing.T) {
	t.Helper()
	c.own = map[string][]string{}
	add := func(id string) {
		if prefix, _, ok := strings.Cut(id, "_"); ok {
			c.own[prefix] = append(c.own[prefix], id)
		}
	}
	if p := c.world.cast.caller(t, c.exchange); p != nil {
		add(p.live)
		if token, ok := c.exchange.token(t); !ok || token.str("actor_id") != "" {
			for _, actor := range p.actors {
				add(actor)
			}
		}
	}
	// A read shows what its path names; the response to a change shows everything
	// that exists afterwards.
	reads := c.exchange.Request.Method == http.MethodGet || c.exchange.Response.Status >= 400
	for _, id := range recordedID.FindAllString(c.exchange.Request.Path, -1) {
		prefix, _, _ := strings.Cut(id, "_")
		if reads || len(c.own[prefix]) > 0 {
			add(c.world.liveID(id))
		}
	}
}

// comparedHeaders are the headers that mean something to clients. Where all
// headers were recorded, they must be the same or absent from both.
var comparedHeaders = []string{
	"vary", "allow", "access-control-allow-origin", "access-control-allow-credentials",
	"access-control-allow-methods", "access-control-allow-headers", "access-control-expose-headers",
	"content-security-policy", "x-content-type-options", "x-powered-by", "etag", "content-length",
}

func (c *comparison) headers(a answer) {
	if c.exchange.Response.Extra == nil {
		return
	}
	for _, name := range comparedHeaders {
		want, got := c.exchange.Response.Extra[name], strings.Join(a.header.Values(name), ", ")
		switch {
		case want == got, c.ofBytes(name, want):
		case want == "" && got != "" && c.deviations.everywhere("header "+name):
		case want != "" && got == "" && c.deviations.everywhere("no header "+name+c.circumstance(name)):
		default:
			c.differ("header "+name, want, got)
		}
	}
}

// circumstance narrows the general rows of headers that are left out in some
// answers only.
func (c *comparison) circumstance(header string) string {
	switch header {
	case "etag":
		return " to " + c.exchange.Request.Method
	case "content-length":
		return fmt.Sprintf(" with %d", c.exchange.Response.Status)
	}
	return ""
}

// ofBytes tells headers that depend on bytes which differ from run to run.
func (c *comparison) ofBytes(name, want string) bool {
	if name != "etag" && name != "content-length" || want == "" {
		return false
	}
	return bytes.Contains(c.exchange.Response.Body, []byte(`<jwt>`))
}

// cookies compares name, attributes and identity of session cookies.
func (c *comparison) cookies(want, got []string) {
	got = c.withoutAdded(want, got)
	if len(want) != len(got) {
		c.differ("set-cookie", want, got)
		return
	}
	for i := range want {
		recorded, live := parseCookie(want[i]), parseCookie(got[i])
		if recorded.name != live.name || (recorded.sid == "") != (live.sid == "") {
			c.differ("set-cookie", want[i], got[i])
			continue
		}
		expected, known := c.world.sessions[recorded.sid]
		switch {
		case known && expected.sid != live.sid:
			c.differ("session id", "the one that it was", "another")
		case !known && live.sid != "" && c.world.hasSession(live.sid):
			c.differ("session id", "a new one", "one that was there before")
		}
		c.attributes(cookieAttributes(want[i]), cookieAttributes(got[i]))
	}
}

// withoutAdded leaves out the cookies that Everlatch adds to an answer; that it
// does so is in docs/deviations.md.
func (c *comparison) withoutAdded(want, got []string) []string {
	recorded := map[string]bool{}
	for _, header := range want {
		recorded[parseCookie(header).name] = true
	}
	return slices.DeleteFunc(slices.Clone(got), func(header string) bool {
		name := parseCookie(header).name
		return !recorded[name] && c.deviations.everywhere("cookie "+name)
	})
}

func (w *world) hasSession(sid string) bool {
	for _, s := range w.sessions {
		if s.sid == sid {
			return true
		}
	}
	return false
}

func cookieAttributes(header string) map[string]string {
	out := map[string]string{}
	_, rest, _ := strings.Cut(header, ";")
	for attribute := range strings.SplitSeq(rest, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(attribute), "=")
		out[name] = value
	}
	return out
}

func (c *comparison) attributes(want, got map[string]string) {
	all := maps.Clone(want)
	maps.Copy(all, got)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		wanted, inWant := want[name]
		value, inGot := got[name]
		switch {
		case inWant && inGot && name == "Expires":
			c.expiry(wanted, value)
		case inWant == inGot && wanted == value:
		case !inWant && c.deviations.everywhere("cookie attribute "+strings.TrimSuffix(name+"="+value, "=")):
		default:
			c.differ("cookie attribute "+name, wanted, value)
		}
	}
}

// expiry compares when the browser forgets a cookie: at the end of the mode's
// session, or long ago.
func (c *comparison) expiry(want, got string) {
	at, err := http.ParseTime(got)
	left := time.Until(at)
	const slack = 10 * time.Second
	switch recorded, _ := http.ParseTime(want); {
	case err != nil:
		c.differ("cookie expiry", want, got)
	case recorded.Year() == 1970:
		if want != got {
			c.differ("cookie expiry", want, got)
		}
	case left < c.world.mode.sessionTTL-slack || left > c.world.mode.sessionTTL+slack:
		c.differ("cookie expiry", c.world.mode.sessionTTL.String(), left.String())
	}
}

func (c *comparison) body(t *testing.T, a answer) {
	t.Helper()
	want, isJSON := decodeBody(t, c.exchange.Response.Body)
	if !isJSON {
		if text, _ := want.(string); text != string(a.raw) {
			c.differ("body", want, string(a.raw))
		}
		return
	}
	var got any
	decoder := json.NewDecoder(bytes.NewReader(a.raw))
	decoder.UseNumber()
	if decoder.Decode(&got) != nil {
		c.differ("body", want, string(a.raw))
		return
	}
	c.value("body", want, got)
}

// decodeBody returns a recorded body; text is not JSON, whatever it looks like.
func decodeBody(t *testing.T, raw json.RawMessage) (body any, isJSON bool) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&body))
	_, isText := body.(string)
	return body, !isText
}

func (c *comparison) value(at string, want, got any) {
	switch w := want.(type) {
	case object:
		g, ok := got.(object)
		if !ok {
			c.differ(at, want, got)
			return
		}
		c.object(at, w, g)
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			c.differ(at, want, got)
			return
		}
		for i := range w {
			c.value(fmt.Sprintf("%s[%d]", at, i), w[i], g[i])
		}
	case string:
		if !c.text(w, got) {
			c.differ(at, want, got)
		}
	default:
		if want != got {
			c.differ(at, want, got)
		}
	}
}

func (c *comparison) object(at string, want, got object) {
	all := maps.Clone(want)
	maps.Copy(all, got)
	_, isContext := want["auth_identity_id"]
	isContext = isContext || isInvite(want)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		w, inWant := want[key]
		g, inGot := got[key]
		switch {
		case inWant && inGot && at+"."+key == "body.location":
			c.location("body.location", fmt.Sprint(w), g)
		case inWant && inGot:
			c.value(at+"."+key, w, g)
		case inWant:
			c.differ(at+"."+key, w, "nothing")
		case isContext && c.deviations.everywhere("claim "+key):
		default:
			c.differ(at+"."+key, "nothing", g)
		}
	}
}
