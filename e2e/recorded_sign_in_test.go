package e2e_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/oidctest"
)

// signIn is a sign-in elsewhere of which the recordings show the end, and the
// live one that stands for it. The recorded code and state belong together; so
// do the live ones.
type signIn struct {
	provider  string
	actorType string // of the callback
	begunAs   string // actor type, where it is another
	who       oidctest.Person
	early     bool // begun with the world, to be late when it ends

	state, code         string // recorded; "" = not shown
	liveState, liveCode string // "" = not begun
	begun               time.Time
	given               int // codes that the OpenID provider had exchanged before the callback
}

// signInHint is what the recordings say of a sign-in only in the names and notes
// of exchanges.
type signInHint struct {
	claims  oidctest.Person // beside or instead of those of the answer; nil takes one out
	begunAs string
	early   bool
	wrong   oidctest.Misbehaviour // of the provider, at the exchange
	// before sends what the sample leaves out between beginning and this.
	before func(t *testing.T, w *world, s *signIn)
}

var signInHints = map[string]signInHint{
	"callback/google-callback-state-replayed":                     {before: googleRecovers},
	"callback/github-callback-state-replayed":                     {before: signsIn},
	"callback/oidc-callback-right-code-after-wrong-code":          {before: bringsWrongCode},
	"callback/oidc-callback-expired-id-token":                     {wrong: oidctest.Expired},
	"callback/oidc-callback-email-verified-missing":               {claims: oidctest.Person{"email_verified": nil}},
	"callback/oidc-callback-email-verified-string":                {claims: oidctest.Person{"email_verified": "true"}},
	"callback/oidc-callback-missing-sub":                          {claims: oidctest.Person{"sub": nil}},
	"callback/oidc-callback-started-as-user-finished-as-customer": {begunAs: "user"},
	"callback/oidc-strict-state-expired":                          {early: true},
	"mfa/oidc-callback-mfa-required":                              {before: addsAppElsewhere},
	"callback/oidc-lax-unverified-ok-mapped-claims":               {claims: oidctest.Person{"email_verified": false}},
}

// googleRecovers ends the outage, which has not used the state (docs/weak-spots.md#w52): the same
// callback signs in, and then the state is used.
func googleRecovers(t *testing.T, w *world, s *signIn) {
	t.Helper()
	w.mode.idps.google.Behave()
	signsIn(t, w, s)
}

func signsIn(t *testing.T, w *world, s *signIn) {
	t.Helper()
	a := w.finish(t, s, s.liveCode)
	require.Equal(t, 200, a.status, "%s", a.raw)
}

// addsAppElsewhere signs the user in once before, to enable an authenticator app.
func addsAppElsewhere(t *testing.T, w *world, s *signIn) {
	t.Helper()
	for _, p := range w.cast.people {
		if p.provider == s.provider && p.subject == s.who["sub"] {
			token := w.token(t, p, s.actorType, false)
			w.addApp(t, token, "authmfa_elsewhere", object{"provider": "totp"})
			w.enableApp(t, token, "authmfa_elsewhere")
			return
		}
	}
	require.FailNow(t, "not recorded", "%v", s.who)
}

func bringsWrongCode(t *testing.T, w *world, s *signIn) {
	t.Helper()
	a := w.finish(t, s, "wrong")
	require.Equal(t, 401, a.status, "%s", a.raw)
	require.Equal(t, "Authentication failed", a.str(t, "message"))
}

var (
	callbackPath = regexp.MustCompile(`^/auth/([^/?]+)/([^/?]+)/callback(?:\?|$)`)
	madeState    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	madeCode     = regexp.MustCompile(`^[0-9a-f]{16}$`)
	noState      = strings.Repeat("0", 64)
)

// callbackParams returns code and state of a callback, "" for each that was
// never given out: those that the recording made up are sent as they are.
func (e exchange) callbackParams(t *testing.T) (code, state string) {
	t.Helper()
	if !callbackPath.MatchString(e.Request.Path) {
		return "", ""
	}
	params := url.Values{}
	if _, query, ok := strings.Cut(e.Request.Path, "?"); ok {
		var err error
		params, err = url.ParseQuery(query)
		require.NoError(t, err)
	}
	fields := e.bodyFields()
	code = cmp.Or(params.Get("code"), text(fields, "code"))
	state = cmp.Or(params.Get("state"), text(fields, "state"))
	if !madeState.MatchString(state) || state == noState {
		state = ""
	}
	if state == "" && !madeCode.MatchString(code) {
		code = ""
	}
	return code, state
}

// findSignIns puts together what the exchanges show of each sign-in elsewhere.
func (c *cast) findSignIns(t *testing.T, all []exchange) []*signIn {
	t.Helper()
	var out []*signIn
	byState := map[string]*signIn{}
	for _, e := range all {
		code, state := e.callbackParams(t)
		if state == "" {
			continue
		}
		s := byState[state]
		if s == nil {
			path := callbackPath.FindStringSubmatch(e.Request.Path)
			s = &signIn{actorType: path[1], provider: path[2], state: state, who: anyUser()}
			byState[state], out = s, append(out, s)
		}
		s.code = cmp.Or(s.code, code)
		for _, j := range e.JWTs {
			s.who = c.people[text(j.Payload, "auth_identity_id")].atHome(j.Payload)
		}
		hint := signInHints[e.id()]
		maps.Copy(s.who, hint.claims)
		s.begunAs, s.early = cmp.Or(s.begunAs, hint.begunAs), s.early || hint.early
	}
	return out
}

// anyUser is the user where the recording does not say who signs in.
func anyUser() oidctest.Person {
	return oidctest.Person{"sub": "sub-1", "email": "oidc@acme.test", "email_verified": true, "name": "Oidc User"}
}

// atHome returns what the provider of a person says of them: the claims of a
// recorded token.
func (p *person) atHome(token object) oidctest.Person {
	who := oidctest.Person{"sub": p.subject, "email_verified": true}
	claims, _ := token["user_metadata"].(object)
	maps.Copy(who, claims)
	return who
}

// signInOf returns the sign-in that an exchange is about; nil = none. A code
// alone tells it too: the state beside it may be wrong.
func (w *world) signInOf(t *testing.T, e exchange) *signIn {
	t.Helper()
	code, state := e.callbackParams(t)
	for _, s := range w.signIns {
		if state != "" && s.state == state || state == "" && code != "" && s.code == code {
			return s
		}
	}
	return nil
}

// begin starts a sign-in and follows it to the callback at the storefront, whose
// parameters are kept until they are played.
func (w *world) begin(t *testing.T, s *signIn) {
	t.Helper()
	if s.liveState != "" {
		return
	}
	a := w.call(t, "POST", "/auth/"+cmp.Or(s.begunAs, s.actorType)+"/"+s.provider, object{}, namesItself...)
	require.Equal(t, 200, a.status, "starting a sign-in with %s: %s", s.provider, a.raw)
	params := w.mode.idps.visit(t, s.provider, a.str(t, "location"), s.who)
	s.liveState, s.liveCode, s.begun = params.Get("state"), params.Get("code"), time.Now()
	require.NotEmpty(t, s.liveState)
	require.NotEmpty(t, s.liveCode)
}

// finish ends a sign-in with a code.
func (w *world) finish(t *testing.T, s *signIn, code string) answer {
	t.Helper()
	params := url.Values{"code": {code}, "state": {s.liveState}}
	return w.call(t, "GET", "/auth/"+s.actorType+"/"+s.provider+"/callback?"+params.Encode(), nil, namesItself...)
}

// signInElsewhere signs a person in whom the recordings know by a token.
func (w *world) signInElsewhere(t *testing.T, p *person, actorType string) (token string) {
	t.Helper()
	s := &signIn{provider: p.provider, actorType: actorType, who: p.atHome(object{"user_metadata": p.claims})}
	w.begin(t, s)
	a := w.finish(t, s, s.liveCode)
	require.Equal(t, 200, a.status, "signing %v in with %s: %s", s.who, p.provider, a.raw)
	return a.str(t, "token")
}

// prepareCallback creates what a callback requires: a sign-in that was started, and
// the actor that the response names.
func (w *world) prepareCallback(t *testing.T, e exchange) {
	t.Helper()
	s := w.signInOf(t, e)
	if s == nil {
		return
	}
	w.begin(t, s)
	if s.early {
		require.Eventually(t, func() bool { return time.Since(s.begun) > strictTTL }, 2*strictTTL, tick)
	}
	for _, j := range e.JWTs {
		p := w.cast.people[text(j.Payload, "auth_identity_id")]
		metadata, _ := j.Payload["app_metadata"].(object)
		for actorType, recorded := range p.links {
			if text(metadata, actorType+"_id") == recorded {
				w.link(t, p, actorType)
			}
		}
	}
	hint := signInHints[e.id()]
	if hint.before != nil {
		hint.before(t, w, s)
	}
	if hint.wrong != "" {
		w.mode.idps.openID.Once(hint.wrong)
	}
	s.given = w.mode.idps.openID.Exchanged()
}

// checkCallback looks at why a callback failed: where the provider is to say
// something wrong, it must have come to speak.
func (w *world) checkCallback(t *testing.T, e exchange) {
	t.Helper()
	if hint := signInHints[e.id()]; hint.wrong != "" || hint.claims != nil {
		require.Equal(t, w.signInOf(t, e).given+1, w.mode.idps.openID.Exchanged(), "codes that were exchanged")
	}
}

// inQuery puts the live code and state into a path.
func (s *signIn) inQuery(path string) string {
	if s == nil {
		return path
	}
	address, query, _ := strings.Cut(path, "?")
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		switch pair {
		case "code=" + s.code:
			pairs[i] = "code=" + url.QueryEscape(s.liveCode)
		case "state=" + s.state:
			pairs[i] = "state=" + s.liveState
		}
	}
	if query == "" {
		return address
	}
	return address + "?" + strings.Join(pairs, "&")
}

// inBody puts them into a body.
func (s *signIn) inBody(t *testing.T, e exchange, raw []byte) []byte {
	t.Helper()
	fields := e.bodyFields()
	if s == nil || text(fields, "state") != s.state {
		return raw
	}
	fields["state"], fields["code"] = s.liveState, s.liveCode
	out, err := json.Marshal(fields)
	require.NoError(t, err)
	return out
}
