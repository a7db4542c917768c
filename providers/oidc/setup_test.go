package oidc_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/oidctest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/oidc"
)

const callbackURL = "https://shop.example/callback"

// world is a provider, and the other side.
type world struct {
	*oidc.Provider

	idp   *oidctest.Provider
	clock *clocktest.Clock
}

// setup returns a world; change may be nil. ES256 is cheaper than RSA.
func setup(tb testing.TB, server oidctest.Options, change func(*oidc.Options)) world {
	tb.Helper()
	w := world{clock: clocktest.At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))}
	server.RedirectURIs = []string{callbackURL, "https://app.example/back?lang=de&x=1"}
	server.Now = w.clock.Now
	if server.Algorithm == "" {
		server.Algorithm = "ES256"
	}
	w.idp = oidctest.Start(tb, server)
	o := oidc.Options{
		OAuthClient: providers.OAuthClient{ClientID: w.idp.ClientID(), ClientSecret: w.idp.ClientSecret(), CallbackURL: callbackURL, AllowedCallbackURLs: []string{"https://app.example/back?lang=de&x=1"}, AllowPrivate: true, HTTPTimeout: time.Minute},
		Issuer:      w.idp.URL(), Now: w.clock.Now,
	}
	if change != nil {
		change(&o)
	}
	var err error
	w.Provider, err = oidc.New(o)
	require.NoError(tb, err)
	return w
}

// callback signs in at the provider and returns the callback.
func (w world) callback(tb testing.TB) providers.Callback {
	tb.Helper()
	c := providers.Callback{CallbackURL: callbackURL, Nonce: "nonce-" + rand.Text(), CodeVerifier: oauth2.GenerateVerifier()}
	location, err := w.Begin(tb.Context(), providers.Authorization{
		CallbackURL: c.CallbackURL, State: "state-" + rand.Text(), Nonce: c.Nonce, CodeVerifier: c.CodeVerifier,
	})
	require.NoError(tb, err)
	c.Params = w.idp.Follow(tb, location)
	c.Code = c.Params["code"]
	return c
}

// signIn is the whole way, until something is wrong.
func (w world) signIn(tb testing.TB) (providers.Profile, error) {
	tb.Helper()
	c := w.callback(tb)
	tokens, err := w.Exchange(tb.Context(), c)
	if err != nil {
		requireNothingLeaks(tb, err, c, tokens)
		return providers.Profile{}, err
	}
	profile, err := w.Profile(tb.Context(), tokens, c)
	requireNothingLeaks(tb, err, c, tokens)
	return profile, err
}

// requireNothingLeaks looks through an error and all of its causes.
func requireNothingLeaks(tb testing.TB, err error, c providers.Callback, t providers.Tokens) {
	tb.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		text := fmt.Sprintf("%v %+v", err, err)
		for _, secret := range []string{
			c.Code, c.CodeVerifier, c.Nonce, t.IDToken, t.AccessToken, t.RefreshToken, oidctest.DefaultClientSecret, "ada@example.com",
		} {
			if secret != "" {
				require.NotContains(tb, text, secret)
			}
		}
	}
}

func requireRefusal(tb testing.TB, err error, message string) {
	tb.Helper()
	e, ok := errors.AsType[*everlatch.Error](err)
	require.True(tb, ok, "a refusal, got %v", err)
	require.Equal(tb, everlatch.CodeUnauthorized, e.Code, "cause: %v", e.Err)
	require.Equal(tb, message, e.Message)
}

// requireFailed wants the contract's refusal, and a part of its cause.
func requireFailed(tb testing.TB, err error, cause string) {
	tb.Helper()
	requireRefusal(tb, err, "Authentication failed")
	require.ErrorContains(tb, errors.Unwrap(err), cause)
}

func requireAway(tb testing.TB, err error) {
	tb.Helper()
	require.ErrorIs(tb, err, everlatch.ErrUnavailable)
	require.EqualError(tb, err, "The sign-in provider is not available. Try again shortly.")
}
