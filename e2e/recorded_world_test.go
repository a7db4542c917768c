package e2e_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// world is a running process, and what of the recordings is in it by now.
type world struct {
	*process
	mode mode
	cast *cast

	ids         map[string]string        // live ids of accounts and addresses, by recorded id
	sessions    map[string]sessionCookie // live cookies, by recorded session id
	minted      map[string]string        // live tokens for those that were made up
	issued      map[string]string        // live tokens for those that Medusa issued
	mailed      map[string]int           // links that were mailed, by address
	signIns     []*signIn                // elsewhere
	invited     map[string]string        // live tokens of invites, by recorded jti
	codes       map[string]string        // live codes that verify an address, and recovery codes, by recorded code
	secrets     map[string]string        // live secrets of authenticator apps, by recorded factor id
	publishable string
	restore     func() // what an exchange that was sent by another user leaves
	secretKey   string // of the first secret API key that an exchange made
}

func newWorld(t *testing.T, m mode, all []exchange) *world {
	t.Helper()
	w := &world{
		process:  startDev(t, devOptions{config: m.config}),
		mode:     m,
		cast:     newCast(t, all),
		ids:      map[string]string{},
		sessions: map[string]sessionCookie{},
		minted:   map[string]string{},
		issued:   map[string]string{},
		mailed:   map[string]int{},
		invited:  map[string]string{},
		codes:    map[string]string{},
		secrets:  map[string]string{},
	}
	w.publishable = w.createDefaultKey(t)
	w.signIns = w.cast.findSignIns(t, all)
	for _, s := range w.signIns {
		if s.early {
			w.begin(t, s)
		}
	}
	return w
}

// createDefaultKey makes the key that a new Medusa has from the start.
func (w *world) createDefaultKey(t *testing.T) string {
	t.Helper()
	out := w.command(t, "key", "create", "--type", "publishable", "--title", "Default Publishable API Key")
	key := publishableText.FindString(out)
	require.NotEmpty(t, key, "output of key create: %s", out)
	return key
}

// storefront are the headers of a request to /store.
func (w *world) storefront(token string) []string {
	return append(bearer(token), "X-Publishable-Api-Key", w.publishable)
}

// identity makes sure that a person is registered. A user of the recordings is
// created on the command line, as the first administrator is.
func (w *world) identity(t *testing.T, p *person, actorType string) {
	t.Helper()
	if p.live != "" {
		return
	}
	if p.provider != "" {
		token := w.signInElsewhere(t, p, actorType)
		p.live = text(claims(t, token), "auth_identity_id")
		p.tokens[tokenKind{actorType: actorType}] = token
		return
	}
	if p.links["user"] != "" && !p.invited {
		w.command(t, "user", "create", "-e", p.email, "-p", p.password)
		token := w.signIn(t, p, "user")
		payload := claims(t, token)
		p.live, p.actors["user"] = text(payload, "auth_identity_id"), text(payload, "actor_id")
		w.ids[p.links["user"]] = p.actors["user"]
		p.tokens[tokenKind{actorType: "user", linked: true}] = token
		return
	}
	a := w.call(t, "POST", "/auth/"+actorType+"/emailpass/register", object{"email": p.email, "password": p.password})
	require.Equal(t, 200, a.status, "registering %s: %s", p.email, a.raw)
	token := a.str(t, "token")
	p.live = text(claims(t, token), "auth_identity_id")
	p.tokens[tokenKind{actorType: actorType}] = token
}

// link makes sure that a person is registered and has the actor that it has in
// the recordings.
func (w *world) link(t *testing.T, p *person, actorType string) {
	t.Helper()
	if p.actors[actorType] != "" {
		return
	}
	w.identity(t, p, actorType)
	if p.actors[actorType] != "" {
		return
	}
	if p.provider != "" && actorType == "user" {
		a := w.call(t, "POST", "/auth/"+p.provider+"/user", nil, bearer(w.token(t, p, "user", false))...)
		require.Equal(t, 200, a.status, "making %s a user: %s", p.email, a.raw)
		w.linked(p, "user", a.str(t, "user.id"))
		return
	}
	require.Equal(t, "customer", actorType, "only customers, and users of providers elsewhere, can be made over HTTP")
	profile := p.profile
	if profile == nil {
		profile = object{"email": p.email}
	}
	a := w.call(t, "POST", "/store/customers", profile, w.storefront(w.token(t, p, "customer", false))...)
	require.Equal(t, 200, a.status, "making %s a customer: %s", p.email, a.raw)
	w.linked(p, "customer", a.str(t, "customer.id"))
}

// linked notes the live id of an actor.
func (w *world) linked(p *person, actorType, live string) {
	p.actors[actorType] = live
	if recorded := p.links[actorType]; recorded != "" {
		w.ids[recorded] = live
	}
}

// token returns a live token of a person, with or without an actor.
func (w *world) token(t *testing.T, p *person, actorType string, linked bool) string {
	t.Helper()
	if linked {
		w.link(t, p, actorType)
	} else {
		w.identity(t, p, actorType)
	}
	kind := tokenKind{actorType: actorType, linked: linked}
	if p.tokens[kind] == "" {
		signedIn := w.signIn(t, p, actorType)
		if hasActor := text(claims(t, signedIn), "actor_id") != ""; hasActor != linked {
			require.False(t, linked, "%s has no %s", p.email, actorType)
			// A token from before the account was created, which was not recorded.
			signedIn = w.mode.resign(t, signedIn, object{"actor_id": "", "app_metadata": object{}})
		}
		p.tokens[kind] = signedIn
	}
	return p.tokens[kind]
}

func (w *world) signIn(t *testing.T, p *person, actorType string) string {
	t.Helper()
	if p.provider != "" {
		return w.signInElsewhere(t, p, actorType)
	}
	a := w.call(t, "POST", "/auth/"+actorType+"/emailpass", object{"email": p.email, "password": p.password})
	require.Equal(t, 200, a.status, "signing %s in: %s", p.email, a.raw)
	return a.str(t, "token")
}

// session returns the live cookie that stands for a recorded one.
func (w *world) session(t *testing.T, recorded sessionCookie) sessionCookie {
	t.Helper()
	live, known := w.sessions[recorded.sid]
	owner := w.cast.owners[recorded.sid]
	switch {
	case known:
	case owner == nil: // made up, with a good signature
		live = sessionCookie{sid: recorded.sid, signature: signSID(recorded.sid, w.mode.cookieSecret)}
	default:
		a := w.call(t, "POST", "/auth/session", nil, bearer(w.token(t, owner, "customer", true))...)
		require.Equal(t, 200, a.status, "signing %s in with a session: %s", owner.email, a.raw)
		live = parseCookie(a.header.Get("Set-Cookie"))
		w.sessions[recorded.sid] = live
	}
	live.name, live.encoded = recorded.name, recorded.encoded
	if tail := recorded.tamperedTail(t); tail > 0 {
		kept := len(live.signature) - tail
		live.signature = live.signature[:kept] + recorded.signature[kept:]
	}
	return live
}

// prepare makes true what an exchange takes for granted.
func (w *world) prepare(t *testing.T, e exchange) {
	t.Helper()
	step := leftOut[e.id()]
	if step == nil {
		step = factorsLeftOut()[e.id()]
	}
	if step != nil {
		step(t, w)
	}
	w.prepareChallenge(t, e)
	w.prepareCallback(t, e)
	w.inviteLeftOut(t, e)
	for _, id := range recordedID.FindAllString(e.Request.Path, -1) {
		if p, actorType := w.cast.ofActor(id); p != nil {
			w.link(t, p, actorType)
		}
	}
	for _, event := range e.Events {
		if p := w.cast.ofEmail(text(event.Data, "entity_id")); p != nil && event.Name == "auth.password_reset" {
			w.identity(t, p, "customer")
		}
	}
	if !e.isLogin() {
		return
	}
	actorType := loginPath.FindStringSubmatch(e.Request.Path)[1]
	if email, _ := e.credentials(); w.cast.ofEmail(email) != nil {
		w.identity(t, w.cast.ofEmail(email), "customer")
	}
	for _, j := range e.JWTs {
		p := w.cast.people[text(j.Payload, "auth_identity_id")]
		w.identity(t, p, actorType)
		metadata, _ := j.Payload["app_metadata"].(object)
		for linkedType, recorded := range p.links {
			if text(metadata, linkedType+"_id") == recorded {
				w.link(t, p, linkedType)
			}
		}
	}
}

// play sends the request of an exchange with live ids, tokens, keys and
// sessions in the place of the recorded ones.
func (w *world) play(t *testing.T, e exchange) answer {
	t.Helper()
	var body io.Reader
	if raw := e.body(t); raw != nil {
		body = bytes.NewReader(w.withAppCode(t, e, w.withLiveCodes(w.withLiveInvites(t, w.signInOf(t, e).inBody(t, e, raw)))))
	}
	req, err := http.NewRequestWithContext(t.Context(), e.Request.Method, w.base, body)
	require.NoError(t, err)
	req.URL.Path, req.URL.Opaque = "", w.livePath(t, e) // as it is, also where it is no valid URL
	for name, value := range e.Request.Headers {
		req.Header.Set(name, w.liveHeader(t, e, name, value))
	}
	if callbackPath.MatchString(e.Request.Path) { // docs/weak-spots.md#w44
		req.Header.Set(namesItself[0], namesItself[1])
	}
	resp, err := plainClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	if e.Request.Method == http.MethodDelete && e.Request.Path == "/auth/session" && resp.StatusCode == http.StatusOK {
		if owner := w.cast.owners[parseCookie(e.Request.Headers["cookie"]).sid]; owner != nil {
			clear(owner.tokens)
		} // docs/weak-spots.md#w31: the sign-in has ended, and its tokens with it
	}
	return answer{status: resp.StatusCode, header: resp.Header, raw: raw}
}

// plainClient asks for no compression, which would hide Content-Length.
var plainClient = &http.Client{
	Timeout:       30 * time.Second,
	Transport:     &http.Transport{DisableCompression: true},
	CheckRedirect: httpClient.CheckRedirect,
}

func (w *world) livePath(t *testing.T, e exchange) string {
	t.Helper()
	path := jwtText.ReplaceAllStringFunc(w.signInOf(t, e).inQuery(e.Request.Path), func(text string) string {
		if invite, ok := asInvite(text); ok {
			return w.inviteToken(t, invite)
		}
		return w.liveToken(t, e)
	})
	return recordedID.ReplaceAllStringFunc(path, w.liveID)
}

func (w *world) liveHeader(t *testing.T, e exchange, name, value string) string {
	t.Helper()
	switch name {
	case "x-publishable-api-key":
		return w.publishable
	case "cookie":
		return w.session(t, parseCookie(value)).header()
	case "authorization":
		scheme, credentials, _ := strings.Cut(value, " ")
		if plain, err := base64.StdEncoding.DecodeString(credentials); err == nil && strings.EqualFold(scheme, "basic") {
			return scheme + " " + base64.StdEncoding.EncodeToString([]byte(w.liveSecretKey(t, string(plain))))
		}
		value = w.liveSecretKey(t, value)
		return jwtText.ReplaceAllStringFunc(value, func(string) string { return w.liveToken(t, e) })
	}
	return value
}

func (w *world) liveSecretKey(t *testing.T, value string) string {
	t.Helper()
	return secretText.ReplaceAllStringFunc(value, func(string) string {
		require.NotEmpty(t, w.secretKey, "no exchange has made a secret API key yet")
		return w.secretKey
	})
}

// liveID returns the live id for a recorded one; made-up ids stay.
func (w *world) liveID(recorded string) string {
	if live := w.ids[recorded]; live != "" {
		return live
	}
	if p := w.cast.people[recorded]; p != nil && p.live != "" {
		return p.live
	}
	return recorded
}

// strOr is [answer.str] for bodies that may be anything.
func (a answer) strOr(t *testing.T, path string) string {
	t.Helper()
	if !bytes.HasPrefix(a.raw, []byte("{")) {
		return ""
	}
	return a.str(t, path)
}
