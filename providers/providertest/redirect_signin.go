package providertest

import (
	"crypto/rand"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/oauth2"

	"github.com/everlatch/everlatch/providers"
)

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
		"code_challenge": oauth2.S256ChallengeFromVerifier(a.CodeVerifier), "code_challenge_method": "S256",
	}
	why := map[string]string{
		"state":          "it ties the answer to this sign-in",
		"code_challenge": "without PKCE a stolen code can be used", "code_challenge_method": "without PKCE a stolen code can be used",
		"redirect_uri": "the service must redirect the user to the chosen callback", "nonce": "it ties the ID token to this sign-in",
		"response_type": "a URL must not contain tokens",
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
		s.Errorf("Exchange sends the code %d times: it must be sent once, because it can be used only once", len(sent))
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

// checkRefused exchanges callbacks without a code and verifies invalid tokens.
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
