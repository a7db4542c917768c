package providertest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"

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
		CallbackURL: s.CallbackURL, Nonce: "nonce+/=&" + rand.Text(), CodeVerifier: oauth2.GenerateVerifier(),
	}
	a = providers.Authorization{
		CallbackURL: s.CallbackURL, State: "state+/= &%é" + rand.Text(), Nonce: v.callback.Nonce, CodeVerifier: v.callback.CodeVerifier,
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
