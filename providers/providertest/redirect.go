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

// RedirectCase describes a provider to [Redirect]. The provider sends its requests
// to a recorder that the suite runs in front of Service and that sometimes breaks
// the responses.
type RedirectCase struct {
	// New creates a provider whose endpoints are at the URL of a service, which
	// is http on 127.0.0.1. Every group of checks gets a new one.
	New func(tb testing.TB, service string) providers.Redirect
	// Service behaves like the real one: it signs in every visitor of the location
	// immediately, redirects back with a code, and checks codes, clients and
	// verifiers. A proxy to a fake server works as well.
	Service func(tb testing.TB) http.Handler
	// CallbackURL is the configured one, and AllowedCallbackURLs are others that a
	// request may choose. Use a query with characters that need escaping.
	CallbackURL         string
	AllowedCallbackURLs []string
	// Nonce is true if the service puts a nonce into ID tokens.
	Nonce bool
	// Secrets are the configured secrets, such as the client secret, of at least 8
	// bytes each. The suite already knows codes, verifiers and tokens.
	Secrets []string
}

// Redirect checks a [providers.Redirect] provider.
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

// redirect calls a provider and checks its results.
type redirect struct {
	testing.TB
	RedirectCase

	p       providers.Redirect
	service *service
	hidden  secrets
}

// visitor is a user who was redirected back with a callback.
type visitor struct {
	callback providers.Callback
	tokens   providers.Tokens
}

// secrets returns all secrets of a sign-in, which must not leak.
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

// profile calls Profile like Everlatch does: tokens and callback went through JSON,
// and the used code and verifier are gone.
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

// begin returns the location and a visitor whose callback has no code yet.
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

// visit signs in at the service and returns the callback with a code.
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
		return v, errors.New("the callback has a different state than Begin was given: the location must contain it, properly encoded")
	}
	v.callback.Code = v.callback.Params["code"]
	return v, nil
}

// visitor is a visit that must succeed.
func (s *redirect) visitor() visitor {
	s.Helper()
	v, err := s.visit()
	if err != nil {
		s.Fatalf("the sign-in fails: %v", err)
	}
	return v
}
