package oidc_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/oidctest"
	"github.com/everlatch/everlatch/providers/oidc"
)

// A provider has a public issuer, and this service reaches it by plain http on an
// internal network: codes and keys go there, browsers to the public address.
func TestInternalEndpointsBehindAPublicIssuer(t *testing.T) {
	t.Parallel()

	inside := make(chan string, 8)
	w := setup(t, oidctest.Options{}, func(o *oidc.Options) {
		public, err := url.Parse(o.Issuer)
		require.NoError(t, err)
		forward := httputil.NewSingleHostReverseProxy(public)
		internal := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			inside <- r.Method
			forward.ServeHTTP(rw, r)
		}))
		// Not the address of localhost, which may always be reached by plain http.
		require.NoError(t, internal.Listener.Close())
		internal.Listener, err = net.Listen("tcp", "127.0.0.2:0")
		require.NoError(t, err)
		internal.Start()
		t.Cleanup(internal.Close)
		port := internal.Listener.Addr().String()
		swap := func(endpoint string) string {
			u, err := url.Parse(endpoint)
			require.NoError(t, err)
			return "http://" + port + u.Path
		}
		o.TokenEndpoint, o.JWKSURI = swap(o.Issuer+"/token"), swap(o.Issuer+"/keys")
	})
	_, err := w.signIn(t)
	require.NoError(t, err)
	require.Equal(t, http.MethodPost, <-inside, "the code")
	require.Equal(t, http.MethodGet, <-inside, "the keys")
}
