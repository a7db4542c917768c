package oidc_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/oidctest"
	"github.com/everlatch/everlatch/providers/oidc"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	w := setup(t, oidctest.Options{}, nil)
	got, err := w.Probe(t.Context())
	require.NoError(t, err)
	require.Equal(t, "issuer "+w.idp.URL()+", signing keys: 1", got.Found)
	require.Equal(t, w.clock.Now(), got.At)
	require.WithinDuration(t, time.Now(), got.Clock, time.Hour, "the server's own clock")
	require.Zero(t, w.idp.Exchanged())

	_, err = w.Probe(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, w.idp.Requests(oidctest.Discovery), "a probe asks again, whatever is cached")

	w.idp.Stop()
	_, err = w.Probe(t.Context())
	require.ErrorIs(t, err, everlatch.ErrUnavailable)
}

// A provider that is given all its endpoints has no discovery document to read.
func TestProbeWithoutDiscovery(t *testing.T) {
	t.Parallel()
	idp := oidctest.Start(t, oidctest.Options{Algorithm: "ES256"})
	w := setup(t, oidctest.Options{}, func(o *oidc.Options) {
		o.AuthorizationEndpoint, o.TokenEndpoint, o.JWKSURI = idp.Endpoint(oidctest.Authorization), idp.Endpoint(oidctest.Token), idp.Endpoint(oidctest.Keys)
	})
	_, err := w.Probe(t.Context())
	require.NoError(t, err)
	require.Zero(t, idp.Requests(oidctest.Discovery)+w.idp.Requests(oidctest.Discovery))
	require.Equal(t, 1, idp.Requests(oidctest.Keys))
}
