package oidc_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/oidctest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/oidc"
)

func (w world) begin(ctx context.Context) error {
	_, err := w.Begin(ctx, providers.Authorization{CallbackURL: callbackURL, State: "s", Nonce: "n", CodeVerifier: "v"})
	return err
}

func TestDiscoveryIsShared(t *testing.T) {
	t.Parallel()

	w := setup(t, oidctest.Options{}, nil)
	release := w.idp.Hold(oidctest.Discovery)
	// The first to ask gives up; the request goes on for the others.
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { left <- w.begin(ctx) }()
	require.Eventually(t, func() bool { return w.idp.Requests(oidctest.Discovery) == 1 }, time.Minute, time.Millisecond)
	cancel()
	err := <-left
	requireAway(t, err)
	require.ErrorIs(t, err, context.Canceled)

	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			if err := w.begin(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	release()
	all.Wait()
	require.Equal(t, 1, w.idp.Requests(oidctest.Discovery))
	require.Zero(t, w.idp.Requests(oidctest.Keys), "keys are fetched when a token comes")
}

func TestDiscoveryIsKept(t *testing.T) {
	t.Parallel()

	w := setup(t, oidctest.Options{}, func(o *oidc.Options) { o.DiscoveryTTL = 10 * time.Second })
	require.NoError(t, w.begin(t.Context()))
	w.clock.Advance(9 * time.Second)
	require.NoError(t, w.begin(t.Context()))
	require.Equal(t, 1, w.idp.Requests(oidctest.Discovery))
	w.clock.Advance(time.Second)
	require.NoError(t, w.begin(t.Context()))
	require.Equal(t, 2, w.idp.Requests(oidctest.Discovery), "as the TTL says, though it is short")
}

func TestFailedDiscoveryIsNotKept(t *testing.T) {
	t.Parallel()

	w := setup(t, oidctest.Options{}, nil)
	w.idp.Once(oidctest.ServerError.At(oidctest.Discovery))
	requireAway(t, w.begin(t.Context()))
	require.NoError(t, w.begin(t.Context()))
}

// What is old serves while the provider is away, which is asked again once a
// minute.
func TestOldDiscoveryServes(t *testing.T) {
	t.Parallel()

	w := setup(t, oidctest.Options{}, nil)
	_, err := w.signIn(t)
	require.NoError(t, err)
	for _, wrong := range []oidctest.Misbehaviour{oidctest.ServerError, oidctest.Garbage, oidctest.Huge, oidctest.Break} {
		w.idp.Behave()
		w.idp.Always(wrong.At(oidctest.Discovery), wrong.At(oidctest.Keys))
		w.clock.Advance(2 * time.Hour)
		before := w.idp.Requests(oidctest.Discovery)
		for range 3 {
			_, err = w.signIn(t)
			require.NoError(t, err, wrong)
		}
		require.Equal(t, before+1, w.idp.Requests(oidctest.Discovery), wrong)
		w.clock.Advance(time.Minute)
		require.NoError(t, w.begin(t.Context()))
		require.Equal(t, before+2, w.idp.Requests(oidctest.Discovery), wrong)
	}
	w.idp.Behave()
	w.clock.Advance(time.Minute)
	require.NoError(t, w.begin(t.Context()))
	before := w.idp.Requests(oidctest.Discovery)
	require.NoError(t, w.begin(t.Context()))
	require.Equal(t, before, w.idp.Requests(oidctest.Discovery), "it is fresh again")
}

func TestDiscoveryIsJudged(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		wrong oidctest.Misbehaviour
		cause string // "" for an outage
	}{
		"another issuer":    {oidctest.WrongIssuer.At(oidctest.Discovery), "discovery: the document is of issuer"},
		"insecure endpoint": {oidctest.Insecure.At(oidctest.Discovery), "OIDC 'token_endpoint' must use https"},
		"insecure details":  {oidctest.InsecureUserInfo.At(oidctest.Discovery), "OIDC 'userinfo_endpoint' must use https"},
		"not found":         {oidctest.Refuse.At(oidctest.Discovery), "discovery: status 400"},
		"no JSON":           {oidctest.Garbage.At(oidctest.Discovery), "invalid character"},
		"too long":          {oidctest.Huge.At(oidctest.Discovery), "discovery: the answer is longer than 1 MiB"},
		"sent elsewhere":    {oidctest.Redirect.At(oidctest.Discovery), "discovery: status 307"},
		"500":               {oidctest.ServerError.At(oidctest.Discovery), ""},
		"a broken answer":   {oidctest.Break.At(oidctest.Discovery), ""},
		"no answer":         {oidctest.Hang.At(oidctest.Discovery), ""},
		"no server":         {"", ""},
		"a private network": {"private", ""},
		"a caller who left": {"left", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := setup(t, oidctest.Options{}, func(o *oidc.Options) {
				if tt.wrong == oidctest.Hang.At(oidctest.Discovery) {
					o.HTTPTimeout = 50 * time.Millisecond
				}
				if tt.wrong == "private" {
					o.AllowPrivate, o.Issuer = false, "https://127.0.0.1:1"
				}
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tt.wrong == "" {
				w.idp.Stop()
			}
			if tt.wrong == "left" {
				cancel()
				w.idp.Always(oidctest.Hang.At(oidctest.Discovery))
			}
			w.idp.Always(tt.wrong)
			err := w.begin(ctx)
			require.Zero(t, w.idp.Trespasses())
			if tt.cause == "" {
				requireAway(t, err)
				return
			}
			requireFailed(t, err, tt.cause)
		})
	}
}

// Discovery is skipped when the options contain all endpoints.
func TestNoDiscovery(t *testing.T) {
	t.Parallel()

	w := setup(t, oidctest.Options{}, nil)
	o := oidc.Options{
		OAuthClient:           providers.OAuthClient{ClientID: w.idp.ClientID(), ClientSecret: w.idp.ClientSecret(), CallbackURL: callbackURL, AllowPrivate: true},
		Issuer:                w.idp.URL(),
		AuthorizationEndpoint: w.idp.Endpoint(oidctest.Authorization), TokenEndpoint: w.idp.Endpoint(oidctest.Token),
		JWKSURI: w.idp.Endpoint(oidctest.Keys), Now: w.clock.Now,
	}
	var err error
	w.Provider, err = oidc.New(o)
	require.NoError(t, err)
	_, err = w.signIn(t)
	require.NoError(t, err)
	require.Zero(t, w.idp.Requests(oidctest.Discovery))
	w.idp.Once(oidctest.NoIssParameter)
	_, err = w.signIn(t)
	require.NoError(t, err, "the provider does not announce the parameter")
	w.idp.Once(oidctest.WrongIssParameter)
	_, err = w.signIn(t)
	requireFailed(t, err, "the callback is of another issuer")

	// One of them takes the place of the provider's.
	o.AuthorizationEndpoint, o.TokenEndpoint = "", "https://127.0.0.1:1/token"
	w.Provider, err = oidc.New(o)
	require.NoError(t, err)
	_, err = w.signIn(t)
	requireAway(t, err)
	require.ErrorContains(t, errors.Unwrap(err), "127.0.0.1:1")
	require.Equal(t, 1, w.idp.Requests(oidctest.Discovery))
}
