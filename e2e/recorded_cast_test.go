package e2e_test

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// recordedSecret signed every token and cookie of the recordings.
const recordedSecret = "supersecret"

// person is a user in the recordings, and the live identity in their place.
type person struct {
	recorded        string // auth identity id in the recordings
	email, password string
	provider        string            // elsewhere, where they prove who they are; "" = by e-mail and password
	subject         string            // who they are there
	claims          object            // what it tells of them
	profile         object            // what POST /store/customers is told
	links           map[string]string // recorded actor ids by actor type
	invited         bool              // became a user by an invite of the sample

	live   string            // auth identity id here; "" = not registered yet
	actors map[string]string // live actor ids by actor type
	tokens map[tokenKind]string
}

// tokenKind tells the tokens of a person apart.
type tokenKind struct {
	actorType string
	linked    bool   // names an actor
	passed    string // when a second factor was passed, in the recordings; "" = never
}

// cast is everybody in the recordings of one mode. The recordings are a
// sample: most people appear without their registration, and what is known of
// them is put together from their tokens and from the answers that they got.
type cast struct {
	people  map[string]*person       // by recorded identity id
	owners  map[string]*person       // of sessions, by recorded session id
	invites map[string]recordedToken // a token of each invite, by recorded id
	pending map[string]recordedToken // the token of each challenge, by its recorded id
}

// emailHints are the addresses of people who appear by a token alone and whom
// another exchange means by their address.
var emailHints = map[string]string{
	"authid_01M84AK03M0EJAKD4MMGFSH2J2": "reg-taken@example.com", // registered one second before register/success
	"authid_01M84AMBG5MMVG0YMBSGZMBYSH": "ver1@example.com",      // whose address verification/request is for
	"authid_01M84AMHF7CPHKBDQJ9B0F3Y22": "del1@example.com",      // whom deletion/admin-delete-customer deletes
}

var recordedID = regexp.MustCompile(`\b(authid|authmfa|authmfachal|cus|user|cuaddr|apk|invite)_[0-9A-HJKMNP-TV-Z]{26}\b`)

func newCast(t *testing.T, all []exchange) *cast {
	t.Helper()
	c := &cast{people: map[string]*person{}, owners: map[string]*person{}, invites: map[string]recordedToken{}, pending: map[string]recordedToken{}}
	for _, e := range all {
		if token, ok := e.token(t); ok {
			c.meet(token.payload)
			c.findChallenge(e, token)
		}
		for _, j := range e.JWTs {
			p := c.meet(j.Payload)
			if email, password := e.credentials(); p != nil && email != "" {
				p.email, p.password = email, password
			}
		}
	}
	for _, e := range all {
		for _, row := range slices.Concat(e.DBAfter, e.Identities) {
			c.name(row)
		}
	}
	for id, email := range emailHints {
		if p := c.people[id]; p != nil {
			p.email = email
		}
	}
	c.findOwners(t, all)
	c.findInvited(t, all)
	for _, p := range c.people {
		if p.provider != "" {
			p.email = text(p.claims, "email")
		}
		if p.email == "" {
			p.email = "person-" + strings.ToLower(p.recorded[len(p.recorded)-8:]) + "@example.com"
		}
		if p.password == "" {
			p.password = password
		}
	}
	return c
}

// name notes the names of a person, from a row of provider identities.
func (c *cast) name(row object) {
	p := c.people[cmp.Or(text(row, "auth_identity_id"), text(row, "id"))]
	if p == nil {
		return
	}
	switch text(row, "provider") {
	case "emailpass":
		p.email = text(row, "entity_id")
	case p.provider:
		p.subject = text(row, "entity_id")
	}
}

// meet notes who a token belongs to; nil if no one, because some tokens were made
// up.
func (c *cast) meet(payload object) *person {
	id := text(payload, "auth_identity_id")
	if !recordedID.MatchString(id) {
		return nil
	}
	p := c.people[id]
	if p == nil {
		p = &person{recorded: id, links: map[string]string{}, actors: map[string]string{}, tokens: map[tokenKind]string{}}
		c.people[id] = p
	}
	if provider := text(payload, "auth_provider"); provider != "" && provider != "emailpass" && p.provider == "" {
		p.provider, p.subject = provider, "sub-"+strings.ToLower(id[len(id)-8:])
		p.claims, _ = payload["user_metadata"].(object)
	}
	metadata, _ := payload["app_metadata"].(object)
	for key := range metadata {
		actorType, isLink := strings.CutSuffix(key, "_id")
		if actor := text(metadata, key); isLink && recordedID.MatchString(actor) {
			p.links[actorType] = actor
		}
	}
	return p
}

// findOwners finds the owner of each session, and the data of accounts: a session
// belongs to the owner of the token that created it; one created before the sample
// begins belongs to the person whose address it showed.
func (c *cast) findOwners(t *testing.T, all []exchange) {
	t.Helper()
	for _, e := range all {
		for _, header := range e.Response.Headers.SetCookie {
			if token, ok := e.token(t); ok {
				c.own(parseCookie(header).sid, c.people[token.str("auth_identity_id")])
			}
		}
	}
	byEmail := map[string]*person{}
	for _, e := range all {
		if account := e.account(); account != nil && e.Request.Method == http.MethodGet {
			if p := c.caller(t, e); p != nil {
				p.describe(account)
				byEmail[p.email] = p
			}
		}
	}
	for _, e := range all {
		if account := e.account(); account != nil && e.Request.Method == http.MethodGet && c.caller(t, e) == nil {
			c.own(parseCookie(e.Request.Headers["cookie"]).sid, byEmail[text(account, "email")])
		}
	}
}

func (c *cast) own(sid string, p *person) {
	if sid != "" && p != nil {
		c.owners[sid] = p
	}
}

// caller returns who sent a request, nil if unknown.
func (c *cast) caller(t *testing.T, e exchange) *person {
	t.Helper()
	if token, ok := e.token(t); ok {
		if p := c.ofToken(token); p != nil {
			return p
		}
	}
	return c.owners[parseCookie(e.Request.Headers["cookie"]).sid]
}

// ofToken returns the person of a token, made-up ones included: those name at
// least the actor, in one claim or another.
func (c *cast) ofToken(token recordedToken) *person {
	if p := c.people[token.str("auth_identity_id")]; p != nil {
		return p
	}
	metadata, _ := token.payload["app_metadata"].(object)
	for _, p := range c.people {
		for actorType, actor := range p.links {
			if actor == token.str("actor_id") || actor == text(metadata, actorType+"_id") {
				return p
			}
		}
	}
	if entity := token.str("entity_id"); entity != "" {
		return c.ofEmail(entity)
	}
	return nil
}

// ofActor returns whose actor a recorded id is.
func (c *cast) ofActor(id string) (p *person, actorType string) {
	for _, p := range c.people {
		for actorType, actor := range p.links {
			if actor == id {
				return p, actorType
			}
		}
	}
	return nil, ""
}

// ofEmail returns the person who signs in with an address, the first of those
// who have had it, or nil.
func (c *cast) ofEmail(email string) (first *person) {
	for _, p := range c.people {
		if p.email == email && p.provider == "" && (first == nil || p.recorded < first.recorded) {
			first = p
		}
	}
	return first
}

// describe takes what an account looks like from the first answer that shows
// it.
func (p *person) describe(account object) {
	if p.profile != nil {
		return
	}
	p.profile = object{}
	for _, field := range []string{"email", "first_name", "last_name", "company_name", "phone", "metadata"} {
		if value := account[field]; value != nil {
			p.profile[field] = value
		}
	}
	if p.email == "" {
		p.email = text(account, "email")
	}
}

func text(o object, key string) string {
	s, _ := o[key].(string)
	return s
}

// sessionCookie is a session cookie taken apart, out of a Cookie or Set-Cookie
// header. The zero value means that there was none.
type sessionCookie struct {
	name           string
	value          string // as in the header
	sid, signature string
	encoded        bool // percent-encoded, as browsers return it
}

func parseCookie(header string) sessionCookie {
	pair, _, _ := strings.Cut(header, ";")
	name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
	if !ok {
		return sessionCookie{}
	}
	out := sessionCookie{name: name, value: value}
	plain, err := url.PathUnescape(value)
	if err != nil {
		return out
	}
	out.encoded = plain != value
	if signed, ok := strings.CutPrefix(plain, "s:"); ok {
		out.sid, out.signature, _ = strings.Cut(signed, ".")
	}
	return out
}

// signSID is how the session cookie is signed, by Medusa and here.
func signSID(sid, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(sid))
	return base64.RawStdEncoding.EncodeToString(mac.Sum(nil))
}

// header writes the cookie as a client sends it.
func (c sessionCookie) header() string {
	plain := "s:" + c.sid + "." + c.signature
	if c.encoded {
		plain = strings.NewReplacer(":", "%3A", "+", "%2B", "/", "%2F", "=", "%3D").Replace(plain)
	}
	return c.name + "=" + plain
}

// tamperedTail returns how many characters at the end of a recorded signature
// are not what the secret gives; 0 = it is right.
func (c sessionCookie) tamperedTail(t *testing.T) int {
	t.Helper()
	right := signSID(c.sid, recordedSecret)
	require.Len(t, c.signature, len(right), c.value)
	for i := range right {
		if right[i] != c.signature[i] {
			return len(right) - i
		}
	}
	return 0
}
