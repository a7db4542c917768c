package github_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/githubtest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/github"
)

// callbackURL has what breaks a URL that is put together by hand (docs/weak-spots.md#w47).
const callbackURL = "https://shop.example/callback?shop=a%26b&x=1"

// noon is what the clock says.
var noon = time.Date(2026, 7, 8, 12, 0, 0, 0, time.UTC)

// options are those of a provider for a server.
func options(s *githubtest.Server) github.Options {
	return github.Options{
		OAuthClient:           providers.OAuthClient{ClientID: s.ClientID, ClientSecret: s.ClientSecret, CallbackURL: callbackURL, AllowPrivate: true, HTTPTimeout: 10 * time.Second},
		AuthorizationEndpoint: s.AuthorizationEndpoint, TokenEndpoint: s.TokenEndpoint, APIEndpoint: s.APIEndpoint, Now: func() time.Time { return noon },
	}
}

// setup returns a provider and its server; change adapts the options.
func setup(t *testing.T, o githubtest.Options, change func(*github.Options)) (*github.Provider, *githubtest.Server) {
	t.Helper()
	server := githubtest.Start(t, o)
	opts := options(server)
	if change != nil {
		change(&opts)
	}
	p, err := github.New(opts)
	require.NoError(t, err)
	return p, server
}

// visit signs in at GitHub and returns the callback with a code.
func visit(t *testing.T, p *github.Provider, s *githubtest.Server) providers.Callback {
	t.Helper()
	verifier, state := oauth2.GenerateVerifier(), rand.Text()
	location, err := p.Begin(t.Context(), providers.Authorization{
		CallbackURL: callbackURL, State: state, Nonce: "nonce", CodeVerifier: verifier,
	})
	require.NoError(t, err)
	back := s.Visit(t, location)
	params := map[string]string{}
	for name, values := range back.Query() {
		params[name] = values[len(values)-1]
	}
	require.Equal(t, state, params["state"])
	return providers.Callback{CallbackURL: callbackURL, Code: params["code"], CodeVerifier: verifier, Params: params}
}

// signIn does it all.
func signIn(t *testing.T, p *github.Provider, s *githubtest.Server) (providers.Profile, error) {
	t.Helper()
	callback := visit(t, p, s)
	tokens, err := p.Exchange(t.Context(), callback)
	require.NoError(t, err)
	return p.Profile(t.Context(), tokens, callback)
}

func requireRefusal(t *testing.T, err error, message string) {
	t.Helper()
	e, ok := errors.AsType[*everlatch.Error](err)
	require.True(t, ok, "a refusal, got %v", err)
	require.Equal(t, everlatch.CodeUnauthorized, e.Code, "%v", e.Err)
	require.Equal(t, message, e.Message)
}

func requireUnavailable(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, everlatch.ErrUnavailable)
	require.EqualError(t, err, "GitHub is not available. Try again shortly.")
}

// requireNoSecrets looks for secrets in an error and all of its causes.
func requireNoSecrets(t *testing.T, err error, secrets ...string) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
			for _, secret := range secrets {
				require.NotEmpty(t, secret)
				require.NotContains(t, text, secret)
			}
		}
	}
}

// cause returns what is logged about an error.
func cause(err error) string {
	if inner := errors.Unwrap(err); inner != nil {
		return inner.Error()
	}
	return ""
}
