package providertest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/everlatch/everlatch/providers"
)

// RedirectCase describes a provider to [Redirect]. The provider asks a service
// that the suite runs: a recorder in front of Service, which breaks its answers
// now and then.
type RedirectCase struct {
	// New makes a provider whose endpoints are at the URL of a service, which is
	// http on 127.0.0.1. Every group of checks has one of its own.
	New func(tb testing.TB, service string) providers.Redirect
	// Service answers as the real one does: whoever visits the location is signed
	// in at once and sent back with a code; codes, clients and verifiers are
	// checked. A proxy to a fake that listens elsewhere does as well.
	Service func(tb testing.TB) http.Handler
	// CallbackURL is the configured one, and AllowedCallbackURLs are others that a
	// request may ask for. A query with signs that need escapes finds mistakes.
	CallbackURL         string
	AllowedCallbackURLs []string
	// Nonce says that the service puts a nonce into ID tokens.
	Nonce bool
	// Secrets are those of the configuration, such as the client secret, of at
	// least 8 bytes each. Codes, verifiers and tokens are known to the suite.
	Secrets []string
}

// Redirect checks a provider that sends people elsewhere.
func Redirect(tb testing.TB, c RedirectCase) {
	tb.Helper()
	if c.New == nil || c.Service == nil || c.CallbackURL == "" {
		tb.Fatalf("the case must have New, Service and CallbackURL")
	}
	checkSecrets(tb, c.Secrets)
	for _, group := range []struct {
		name  string
		check func(s *redirect)
	}{
		{"names", func(s *redirect) { checkNames(s.TB, s.p) }},
		{"callback URLs", (*redirect).checkCallbackURL},
		{"the location", (*redirect).checkBegin},
		{"a sign-in", (*redirect).checkSignIn},
		{"an exchange that is refused", (*redirect).checkRefused},
		{"answers to a code", (*redirect).checkExchangeAnswers},
		{"answers about a profile", (*redirect).checkProfileAnswers},
		{"hostile callbacks", (*redirect).checkHostile},
		{"explanations", (*redirect).checkExplain},
		{"at once", (*redirect).checkParallel},
		{"given up", (*redirect).checkCancelled},
	} {
		run(tb, group.name, func(tb testing.TB) {
			tb.Helper()
			s := &redirect{TB: tb, RedirectCase: c, service: startService(tb, c.Service(tb)), hidden: newSecrets(c.Secrets...)}
			if s.p = c.New(tb, s.service.URL); s.p == nil {
				tb.Fatalf("New returns no provider")
			}
			group.check(s)
		})
	}
}

// redirect calls a provider and looks at what comes back.
type redirect struct {
	testing.TB
	RedirectCase

	p       providers.Redirect
	service *service
	hidden  secrets
}

// visitor is somebody who comes back.
type visitor struct {
	callback providers.Callback
	tokens   providers.Tokens
}

// secrets are all that may not be found anywhere while somebody signs in.
func (s *redirect) secrets(v visitor) secrets {
	out := append(secrets{}, s.hidden...)
	for _, text := range []string{v.callback.Code, v.callback.CodeVerifier, v.tokens.AccessToken, v.tokens.RefreshToken, v.tokens.IDToken} {
		if len(text) >= minSecret {
			out = append(out, newSecret(text))
		}
	}
	return out
}

func (s *redirect) exchange(ctx context.Context, what string, v visitor) (tokens providers.Tokens, err error) {
	s.Helper()
	what = "Exchange of " + what
	given := v.callback
	given.Params = cloneParams(v.callback.Params)
	err = safely(s, what, func() (err error) {
		tokens, err = s.p.Exchange(ctx, given)
		return err
	})
	v.tokens = tokens
	checkError(s, what, err, s.secrets(v))
	if !same(given, v.callback) {
		s.Errorf("%s changes the callback that it was given: it must not, because the call may be repeated with it", what)
	}
	return tokens, err
}

// profile calls as the service does: tokens and callback were sealed meanwhile,
// and what is used up is gone.
func (s *redirect) profile(ctx context.Context, what string, v visitor) (profile providers.Profile, err error) {
	s.Helper()
	what = "Profile of " + what
	var tokens providers.Tokens
	callback := v.callback
	callback.Code, callback.CodeVerifier = "", ""
	s.throughJSON(v.tokens, &tokens)
	s.throughJSON(callback, &callback)
	err = safely(s, what, func() (err error) {
		profile, err = s.p.Profile(ctx, tokens, callback)
		return err
	})
	checkError(s, what, err, s.secrets(v))
	checkMetadata(s, what+": the user metadata", profile.UserMetadata, s.secrets(v))
	return profile, err
}

func (s *redirect) throughJSON(from, to any) {
	s.Helper()
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, to)
	}
	if err != nil {
		s.Errorf("%T does not survive JSON: %v", from, err)
	}
}

// begin returns the location, and who will come back from it but for the code.
func (s *redirect) begin(ctx context.Context) (location string, a providers.Authorization, v visitor, err error) {
	s.Helper()
	v.callback = providers.Callback{
		CallbackURL: s.CallbackURL, Nonce: "nonce+/=&" + rand.Text(), CodeVerifier: rand.Text() + rand.Text(),
	}
	challenge := sha256.Sum256([]byte(v.callback.CodeVerifier))
	a = providers.Authorization{
		CallbackURL: s.CallbackURL, State: "state+/= &%é" + rand.Text(), Nonce: v.callback.Nonce,
		CodeChallenge: base64.RawURLEncoding.EncodeToString(challenge[:]),
	}
	err = safely(s, "Begin", func() (err error) {
		location, err = s.p.Begin(ctx, a)
		return err
	})
	checkError(s, "Begin", err, s.secrets(v))
	return location, a, v, err
}

// visit goes to the service and comes back with a code.
func (s *redirect) visit() (v visitor, err error) {
	s.Helper()
	location, a, v, err := s.begin(s.Context())
	if err != nil {
		return v, err
	}
	at, err := url.Parse(location)
	if err != nil || !strings.HasPrefix(location, s.service.URL) {
		return v, errNoService
	}
	if v.callback.Params, err = s.service.visit(s.Context(), at); err != nil {
		return v, err
	}
	if v.callback.Params["state"] != a.State {
		return v, errors.New("the state that comes back is not the one that was given: it must stand in the location, properly encoded")
	}
	v.callback.Code = v.callback.Params["code"]
	return v, nil
}

// visitor is a visit that must succeed.
func (s *redirect) visitor() visitor {
	s.Helper()
	v, err := s.visit()
	if err != nil {
		s.Fatalf("nobody can sign in: %v", err)
	}
	return v
}

func (s *redirect) checkCallbackURL() {
	s.Helper()
	got, err := s.p.CallbackURL("")
	if err != nil || got != s.CallbackURL {
		s.Errorf("CallbackURL of nothing is %s (%v): it must be the configured one, %s", brief(got), err, s.CallbackURL)
	}
	allowed := append([]string{s.CallbackURL}, s.AllowedCallbackURLs...)
	known := map[string]bool{}
	for _, requested := range allowed {
		known[requested] = true
		if got, err := s.p.CallbackURL(requested); err != nil || got != requested {
			s.Errorf("CallbackURL of %s, which is allowed, is %s (%v): it must be the same, byte for byte", brief(requested), brief(got), err)
		}
	}
	foreign := []string{
		"https://evil.example/callback", "//evil.example", "/callback", "javascript:alert(1)", " ", "\x00", "\xff", "https://[", "%",
		strings.Repeat("a", huge),
	}
	for _, base := range allowed {
		foreign = append(foreign, base+"/", base+"#", base+"?x=2", base+"&x=2", base+".evil.example", base+"/../evil", " "+base, base+"\n",
			strings.ToUpper(base), strings.Replace(base, "://", "://evil@", 1), strings.Replace(base, "://", "://x.", 1),
			strings.Replace(base, "https://", "http://", 1), base[:len(base)-1])
	}
	for _, requested := range foreign {
		if known[requested] {
			continue
		}
		what := "CallbackURL of " + brief(requested)
		err := safely(s, what, func() error {
			got, err := s.p.CallbackURL(requested)
			if err == nil {
				s.Errorf("%s, which is not allowed, is %s: only URLs of a list may be accepted, compared byte for byte, or codes are sent to strangers",
					what, brief(got))
			}
			return err
		})
		if err != nil {
			checkError(s, what, err, s.hidden)
			wantRefusal(s, what, err)
		}
	}
}

func (s *redirect) checkBegin() {
	s.Helper()
	location, a, v, err := s.begin(s.Context())
	if !wantSuccess(s, "Begin", err) {
		return
	}
	at, err := url.Parse(location)
	if err != nil || at.Scheme != "https" && at.Scheme != "http" || at.Host == "" || at.User != nil || strings.Contains(location, "#") ||
		strings.ContainsFunc(location, func(r rune) bool { return r <= ' ' || r > '~' }) {
		s.Errorf("the location %s is no absolute URL in ASCII: a browser is sent there", brief(location))
		return
	}
	if !strings.HasPrefix(location, s.service.URL) {
		s.Errorf("the location is not at the service that New was given, so nothing more can be checked")
		return
	}
	query, err := url.ParseQuery(at.RawQuery)
	if err != nil {
		s.Errorf("the query of the location cannot be read: %v; build it with url.Values", err)
	}
	want := map[string]string{
		"response_type": "code", "redirect_uri": a.CallbackURL, "state": a.State,
		"code_challenge": a.CodeChallenge, "code_challenge_method": "S256",
	}
	why := map[string]string{
		"state":          "it ties the answer to this sign-in",
		"code_challenge": "without PKCE a stolen code is good", "code_challenge_method": "without PKCE a stolen code is good",
		"redirect_uri": "the person must come back to where it was decided", "nonce": "it ties the ID token to this sign-in",
		"response_type": "tokens may not come back in a URL",
	}
	if s.Nonce {
		want["nonce"] = a.Nonce
	}
	for name, value := range want {
		if got := query[name]; len(got) != 1 || got[0] != value {
			s.Errorf("the location must have %s=%s once, encoded, and has %q: %s", name, brief(value), got, why[name])
		}
	}
	if where := s.secrets(v).in(location); where != "" {
		s.Errorf("the location holds %s: it must hold none, because browsers, proxies and logs see it", where)
	}
	if seen := s.service.seen(); len(seen) > 0 {
		for _, r := range seen {
			if where := s.secrets(v).in(r.uri); where != "" {
				s.Errorf("Begin asks for a URL that holds %s", where)
			}
		}
	}
	if again, _, _, err := s.begin(s.Context()); err == nil && again == location {
		s.Errorf("Begin gives the same location for another state")
	}
	_ = safely(s, "Begin with nothing", func() error {
		_, err := s.p.Begin(s.Context(), providers.Authorization{})
		return err
	})
}

func (s *redirect) checkSignIn() {
	s.Helper()
	v := s.visitor()
	s.service.answerWith("", nil)
	var err error
	if v.tokens, err = s.exchange(s.Context(), "a code", v); !wantSuccess(s, "Exchange of a code", err) {
		return
	}
	sent := s.service.carrying(v.callback.Code)
	if len(sent) != 1 {
		s.Errorf("Exchange sends the code %d times: it must be sent once, because it is good for one answer", len(sent))
	}
	for _, r := range sent {
		if find(r.text, v.callback.CodeVerifier) == "" {
			s.Errorf("Exchange does not send the CodeVerifier: without it PKCE protects nothing")
		}
		if find(r.text, s.CallbackURL) == "" {
			s.Errorf("Exchange does not send the CallbackURL of the callback as redirect_uri: services compare it")
		}
	}
	profile, err := s.profile(s.Context(), "tokens", v)
	if !wantSuccess(s, "Profile of the tokens", err) {
		return
	}
	s.checkProfile(profile)
	again, err := s.profile(s.Context(), "tokens, once more", v)
	if wantSuccess(s, "Profile of the same tokens, once more,", err) && again.EntityID != profile.EntityID {
		s.Errorf("Profile of the same tokens gives another EntityID: it must identify a person for ever, or they get a new account")
	}
	for _, r := range s.service.seen() {
		if where := s.secrets(v).in(r.uri); where != "" {
			s.Errorf("a request goes to a URL that holds %s: send secrets in a body or a header, because URLs are logged", where)
		}
	}
	v.tokens = providers.Tokens{}
	other := s.visitor()
	if other.tokens, err = s.exchange(s.Context(), "a second code", other); wantSuccess(s, "Exchange of a second code", err) {
		next, err := s.profile(s.Context(), "a second sign-in", other)
		if wantSuccess(s, "Profile of a second sign-in", err) && next.EntityID != profile.EntityID {
			s.Errorf("Profile of a second sign-in of the same person gives another EntityID: it must be what the service never changes, such as the number of the account")
		}
	}
	checkFormatted(s, s.p, s.secrets(other)[len(s.hidden):])
}

func (s *redirect) checkProfile(p providers.Profile) {
	s.Helper()
	if strings.TrimSpace(p.EntityID) == "" || !utf8.ValidString(p.EntityID) || strings.ContainsFunc(p.EntityID, unicode.IsControl) {
		s.Errorf("Profile gives the EntityID %s: it must be printable text, because everything about a person hangs on it", brief(p.EntityID))
	}
	if p.Email != "" && strings.EqualFold(p.EntityID, p.Email) {
		s.Errorf("Profile gives the address as EntityID: take the number of the account, because addresses change hands")
	}
	if p.EmailVerified && p.Email == "" {
		s.Errorf("Profile says EmailVerified without an Email: nothing was verified")
	}
}

// checkRefused brings back what is no code.
func (s *redirect) checkRefused() {
	s.Helper()
	for what, params := range map[string]map[string]string{
		"an error callback":             {"error": "access_denied", "error_description": "No.", "state": "s"},
		"a callback of nothing":         {},
		"a callback without parameters": nil,
	} {
		s.service.answerWith("", nil)
		v := visitor{callback: providers.Callback{CallbackURL: s.CallbackURL, CodeVerifier: rand.Text() + rand.Text(), Params: params}}
		_, err := s.exchange(s.Context(), what, v)
		wantRefusal(s, "Exchange of "+what, err)
		if len(s.service.carrying(v.callback.CodeVerifier)) > 0 {
			s.Errorf("Exchange of %s sends the verifier somewhere: without a code there is nothing to exchange", what)
		}
	}
	for what, tokens := range map[string]providers.Tokens{
		"no tokens": {}, "a broken token": {AccessToken: "a\r\nb: c", IDToken: "a.b.c"}, "a token that is no text": {AccessToken: "\xff\x00", IDToken: ".."},
	} {
		_, err := s.profile(s.Context(), what, visitor{tokens: tokens, callback: providers.Callback{CallbackURL: s.CallbackURL}})
		wantRefusal(s, "Profile of "+what, err)
	}
}

// answer is what a service may say, and what it means.
type answer struct {
	fault  http.HandlerFunc
	outage bool
}

func answersTable() map[string]answer {
	return map[string]answer{
		"400":                         {fault: answers(http.StatusBadRequest)},
		"401":                         {fault: answers(http.StatusUnauthorized)},
		"404":                         {fault: answers(http.StatusNotFound)},
		"200 and no JSON":             {fault: answersText("<html>")},
		"200 and nothing":             {fault: answersText("")},
		"200 and an empty object":     {fault: answersText("{}")},
		"200 and other types":         {fault: answersText(`{"access_token":1,"id":[],"id_token":{},"sub":null,"token_type":[]}`)},
		"200 and null":                {fault: answersText("null")},
		"a redirect":                  {fault: redirects},
		"500":                         {fault: answers(http.StatusInternalServerError), outage: true},
		"503":                         {fault: answers(http.StatusServiceUnavailable), outage: true},
		"a connection that is closed": {fault: drops, outage: true},
	}
}

// judge looks at the error after an answer.
func (s *redirect) judge(what string, a answer, err error) {
	s.Helper()
	if a.outage {
		wantOutage(s, what, err)
		return
	}
	wantRefusal(s, what, err)
}

func (s *redirect) followed() bool {
	for _, r := range s.service.seen() {
		if strings.HasPrefix(r.uri, elsewhere) {
			return true
		}
	}
	return false
}

func (s *redirect) checkExchangeAnswers() {
	s.Helper()
	for said, a := range answersTable() {
		v := s.visitor()
		s.service.answerWith(v.callback.Code, a.fault)
		_, err := s.exchange(s.Context(), "a code that is answered with "+said, v)
		s.judge("Exchange of a code that is answered with "+said, a, err)
		if n := len(s.service.carrying(v.callback.Code)); n != 1 && !s.followed() {
			s.Errorf("Exchange of a code that is answered with %s sends it %d times: send it once and let the service decide about a repetition", said, n)
		}
		if s.followed() {
			s.Errorf("Exchange follows a redirect: it must not, because the code and the client secret would go elsewhere")
		}
		if a.outage {
			s.service.answerWith("", nil)
			_, err := s.exchange(s.Context(), "the same code after an outage", v)
			wantSuccess(s, "Exchange of the same code after an outage", err)
		}
	}
	v := s.visitor()
	taken := make(chan bool, parallel)
	s.service.answerWith(v.callback.Code, s.service.endless(taken))
	_, err := s.exchange(s.Context(), "a code that is answered without an end", v)
	if err == nil {
		s.Errorf("Exchange of a code that is answered without an end is accepted")
	}
	if <-taken {
		s.Errorf("Exchange reads an answer of 64 MiB: read through an io.LimitReader, because a service gone wrong would fill the memory")
	}
}

func (s *redirect) checkProfileAnswers() {
	s.Helper()
	v := s.visitor()
	var err error
	if v.tokens, err = s.exchange(s.Context(), "a code", v); !wantSuccess(s, "Exchange of a code", err) {
		return
	}
	token := v.tokens.AccessToken
	s.service.answerWith("", nil)
	_, err = s.profile(s.Context(), "tokens", v)
	if token == "" || len(s.service.carrying(token)) == 0 || !wantSuccess(s, "Profile of the tokens", err) {
		s.Logf("Profile does not send the access token: answers to it were not checked")
		return
	}
	for said, a := range answersTable() {
		s.service.answerWith(token, a.fault)
		_, err := s.profile(s.Context(), "tokens that are answered with "+said, v)
		s.judge("Profile of tokens that are answered with "+said, a, err)
		if s.followed() {
			s.Errorf("Profile follows a redirect: it must not, because the token would go elsewhere")
		}
	}
	s.service.answerWith("", nil)
	_, err = s.profile(s.Context(), "tokens after outages", v)
	wantSuccess(s, "Profile of the same tokens after outages", err)
}

// checkHostile brings back what strangers make up.
func (s *redirect) checkHostile() {
	s.Helper()
	for i, value := range strange() {
		text, ok := value.(string)
		if !ok || text == "" {
			continue
		}
		what := fmt.Sprintf("strange code %d", i)
		v := visitor{callback: providers.Callback{
			CallbackURL: s.CallbackURL, Code: text, CodeVerifier: text, Nonce: text, Params: map[string]string{"code": text, "state": text, text: text},
		}}
		err := safely(s, what, func() error {
			_, err := s.p.Exchange(s.Context(), v.callback)
			return err
		})
		checkError(s, "Exchange of "+what, err, s.hidden)
		wantRefusal(s, "Exchange of "+what, err)
	}
}

func (s *redirect) checkExplain() {
	s.Helper()
	e, ok := s.p.(providers.Explainer)
	if !ok {
		s.Logf("the provider is no providers.Explainer: people are told that the authentication failed")
		return
	}
	code := rand.Text()
	cases := []map[string]string{
		nil, {}, {"error": "access_denied"}, {"error": "access_denied", "error_description": "No.", "error_uri": "https://example.com", "code": code, "state": code},
	}
	for _, value := range strange() {
		if text, ok := value.(string); ok {
			cases = append(cases, map[string]string{"error": text, "error_description": text, "error_uri": text})
		}
	}
	for i, params := range cases {
		var message string
		err := safely(s, "Explain", func() error { message = e.Explain(params); return nil })
		if err == nil && message == "" {
			s.Errorf("Explain gives no message for callback %d: people must be told something", i)
		}
		if where := append(newSecrets(code), s.hidden...).in(message); where != "" {
			s.Errorf("Explain gives a message that holds %s: it must repeat neither code nor state, because it is shown and logged", where)
		}
	}
}

func (s *redirect) checkParallel() {
	s.Helper()
	atOnce(func(int) {
		s.Helper()
		v, err := s.visit()
		if !wantSuccess(s, "a visit, while others sign in,", err) {
			return
		}
		if v.tokens, err = s.exchange(s.Context(), "a code, at once", v); !wantSuccess(s, "Exchange of a code, while others sign in,", err) {
			return
		}
		_, err = s.profile(s.Context(), "tokens, at once", v)
		wantSuccess(s, "Profile of tokens, while others sign in,", err)
	})
}

// checkCancelled gives up calls while the service thinks.
func (s *redirect) checkCancelled() {
	s.Helper()
	giveUp := func(what, secret string, call func(ctx context.Context) error) {
		s.Helper()
		ctx, cancel := context.WithCancel(s.Context())
		defer cancel()
		s.service.answerWith(secret, s.service.hangs(cancel))
		if err, ended := ends(s, what, func() error { return call(ctx) }); ended {
			wantOutage(s, what, err)
		}
		s.service.answerWith("", nil)
		if err, ended := ends(s, what, func() error { return call(over(s)) }); ended {
			wantOutage(s, what+" before it began,", err)
		}
	}
	v := s.visitor()
	giveUp("Exchange that is given up", v.callback.Code, func(ctx context.Context) error {
		_, err := s.exchange(ctx, "a code, given up", v)
		return err
	})
	var err error
	if v.tokens, err = s.exchange(s.Context(), "a code", v); !wantSuccess(s, "Exchange of a code that was given up before it was sent", err) {
		return
	}
	s.service.answerWith("", nil)
	if _, err = s.profile(s.Context(), "tokens", v); err != nil || v.tokens.AccessToken == "" || len(s.service.carrying(v.tokens.AccessToken)) == 0 {
		return // it does not ask anybody
	}
	giveUp("Profile that is given up", v.tokens.AccessToken, func(ctx context.Context) error {
		_, err := s.profile(ctx, "tokens, given up", v)
		return err
	})
}

func cloneParams(params map[string]string) map[string]string {
	if params == nil {
		return nil
	}
	out := make(map[string]string, len(params))
	maps.Copy(out, params)
	return out
}
