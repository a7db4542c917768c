package oidc_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/oidctest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/oidc"
)

func TestKeyRotation(t *testing.T) {
	t.Parallel()

	w := setup(t, oidctest.Options{}, nil)
	_, err := w.signIn(t)
	require.NoError(t, err)
	require.Equal(t, 1, w.idp.Requests(oidctest.Keys))

	w.idp.Rotate()
	_, err = w.signIn(t)
	require.NoError(t, err, "right after the first request too")
	require.Equal(t, 2, w.idp.Requests(oidctest.Keys))

	w.idp.Rotate()
	_, err = w.signIn(t)
	requireFailed(t, err, "a key that the provider does not publish") // the keys were fetched less than a minute ago
	require.Equal(t, 2, w.idp.Requests(oidctest.Keys))
	w.clock.Advance(time.Minute)
	_, err = w.signIn(t)
	require.NoError(t, err)
	require.Equal(t, 3, w.idp.Requests(oidctest.Keys))

	w.clock.Advance(time.Minute)
	w.idp.Always(oidctest.RetiredKey)
	for range 3 {
		_, err = w.signIn(t)
		requireFailed(t, err, "a key that the provider does not publish")
	}
	require.Equal(t, 4, w.idp.Requests(oidctest.Keys), "one request a minute")

	// An outage of the key endpoint is reported as an outage, not as a refusal.
	w.clock.Advance(time.Minute)
	w.idp.Always(oidctest.ServerError.At(oidctest.Keys))
	for range 2 {
		_, err = w.signIn(t)
		requireAway(t, err)
	}
	require.Equal(t, 5, w.idp.Requests(oidctest.Keys))
	w.idp.Behave()
	_, err = w.signIn(t)
	require.NoError(t, err, "known keys serve")
}

// Some providers replace a key and keep its ID: a wrong signature fetches the keys
// again, at most once a minute.
func TestKeyIsReplacedUnderItsID(t *testing.T) {
	t.Parallel()

	w := setup(t, oidctest.Options{}, nil)
	_, err := w.signIn(t)
	require.NoError(t, err)

	w.idp.Replace()
	_, err = w.signIn(t)
	require.NoError(t, err)
	require.Equal(t, 2, w.idp.Requests(oidctest.Keys))

	w.idp.Replace()
	for range 3 {
		_, err = w.signIn(t)
		requireFailed(t, err, "the signature of the ID token is wrong")
	}
	require.Equal(t, 2, w.idp.Requests(oidctest.Keys), "one request a minute")
	w.clock.Advance(time.Minute)
	_, err = w.signIn(t)
	require.NoError(t, err)
	require.Equal(t, 3, w.idp.Requests(oidctest.Keys))

	// Without the keys the signature cannot be verified, which is an outage.
	w.clock.Advance(time.Minute)
	w.idp.Replace()
	w.idp.Once(oidctest.ServerError.At(oidctest.Keys))
	_, err = w.signIn(t)
	requireAway(t, err)
}

// Concurrent tokens with a new key share one request for the keys.
func TestKeyRotationIsShared(t *testing.T) {
	t.Parallel()

	w := setup(t, oidctest.Options{}, nil)
	_, err := w.signIn(t)
	require.NoError(t, err)
	w.idp.Rotate()
	payload, err := json.Marshal(w.claimsOf(nil))
	require.NoError(t, err)
	tokens := providers.Tokens{IDToken: w.idp.Sign(payload)}

	release := w.idp.Hold(oidctest.Keys)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			if _, err := w.Profile(t.Context(), tokens, providers.Callback{Nonce: "n"}); err != nil {
				t.Error(err, errors.Unwrap(err))
			}
		})
	}
	require.Eventually(t, func() bool { return w.idp.Requests(oidctest.Keys) == 2 }, time.Minute, time.Millisecond)
	release()
	all.Wait()
	require.Equal(t, 2, w.idp.Requests(oidctest.Keys))
}

// A retired key is accepted until the cache TTL ends, even if no token uses a new key.
func TestRetiredKeyExpires(t *testing.T) {
	t.Parallel()

	w := setup(t, oidctest.Options{}, nil)
	_, err := w.signIn(t)
	require.NoError(t, err)
	w.idp.Rotate()
	w.idp.Always(oidctest.RetiredKey)
	w.clock.Advance(59 * time.Minute)
	_, err = w.signIn(t)
	require.NoError(t, err)
	w.clock.Advance(time.Minute)
	_, err = w.signIn(t)
	requireFailed(t, err, "a key that the provider does not publish")
}

func TestKeysMisbehave(t *testing.T) {
	t.Parallel()

	for wrong, cause := range map[oidctest.Misbehaviour]string{ //nolint:exhaustive // those of an endpoint
		oidctest.ServerError: "", oidctest.Break: "",
		oidctest.Huge: "keys: the answer is longer than 1 MiB", oidctest.Garbage: "keys: invalid character",
		oidctest.Redirect: "keys: status 307", oidctest.Refuse: "keys: status 400",
	} {
		t.Run(string(wrong), func(t *testing.T) {
			t.Parallel()

			w := setup(t, oidctest.Options{}, nil)
			c := w.callback(t)
			tokens, err := w.Exchange(t.Context(), c)
			require.NoError(t, err)
			w.idp.Once(wrong.At(oidctest.Keys))
			_, err = w.Profile(t.Context(), tokens, c)
			if cause == "" {
				requireAway(t, err)
			} else {
				requireFailed(t, err, cause)
			}
			requireNothingLeaks(t, err, c, tokens)
			require.Zero(t, w.idp.Trespasses())
			_, err = w.Profile(t.Context(), tokens, c)
			require.NoError(t, err, "the failure is not kept")
		})
	}
}

// Keys that are unsuitable for signatures are ignored.
func TestUnusableKeys(t *testing.T) {
	t.Parallel()

	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	vast := rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 16384, 1), E: 65537}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	for name, keys := range map[string][]any{
		"none":            {},
		"a shared secret": {jose.JSONWebKey{Key: []byte(strings.Repeat("s", 32)), KeyID: "key-1"}},
		"a private key":   {jose.JSONWebKey{Key: private, KeyID: "key-1", Algorithm: "ES256"}},
		"a small key":     {jose.JSONWebKey{Key: small.Public(), KeyID: "key-1", Algorithm: "RS256"}},
		"a huge key":      {jose.JSONWebKey{Key: &vast, KeyID: "key-1", Algorithm: "RS256"}},
		"for encryption":  {jose.JSONWebKey{Key: private.Public(), KeyID: "key-1", Use: "enc"}},
		"no keys":         {1, "x", nil, map[string]any{"kty": "RSA"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			body, err := json.Marshal(map[string]any{"keys": keys})
			require.NoError(t, err)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(body) }))
			t.Cleanup(server.Close)
			w := setup(t, oidctest.Options{}, func(o *oidc.Options) { o.JWKSURI = server.URL })
			_, err = w.signIn(t)
			requireFailed(t, err, "keys: the provider publishes none that can be used")
		})
	}
}

// A token without a key ID is tried with every key, so the number of keys is limited.
func TestNumberOfKeys(t *testing.T) {
	t.Parallel()

	public, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	for count, cause := range map[int]string{100: "signed by a key that the provider does not publish", 101: "keys: the provider publishes more than 100"} {
		keys := make([]any, count)
		for i := range keys {
			keys[i] = jose.JSONWebKey{Key: public, KeyID: "x", Algorithm: "EdDSA"}
		}
		body, err := json.Marshal(map[string]any{"keys": keys})
		require.NoError(t, err)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(body) }))
		t.Cleanup(server.Close)
		w := setup(t, oidctest.Options{}, func(o *oidc.Options) { o.JWKSURI = server.URL })
		_, err = w.signIn(t)
		requireFailed(t, err, cause)
	}
}
