package oidc_test

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/oidctest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/oidc"
	"github.com/everlatch/everlatch/providers/providertest"
)

// The promises that every provider keeps.
func TestConformance(t *testing.T) {
	t.Parallel()

	const other = "https://app.example/back?lang=de&x=a%26b"
	var idp *oidctest.Provider
	providertest.Redirect(t, providertest.RedirectCase{
		Service: func(tb testing.TB) http.Handler {
			tb.Helper()
			idp = oidctest.Start(tb, oidctest.Options{RedirectURIs: []string{callbackURL, other}})
			to, err := url.Parse(idp.URL())
			require.NoError(tb, err)
			return httputil.NewSingleHostReverseProxy(to)
		},
		New: func(tb testing.TB, service string) providers.Redirect {
			tb.Helper()
			p, err := oidc.New(oidc.Options{
				OAuthClient:           providers.OAuthClient{ClientID: idp.ClientID(), ClientSecret: idp.ClientSecret(), CallbackURL: callbackURL, AllowedCallbackURLs: []string{other}, AllowPrivate: true},
				Issuer:                idp.URL(),
				AuthorizationEndpoint: service + string(oidctest.Authorization), TokenEndpoint: service + string(oidctest.Token),
				JWKSURI: service + string(oidctest.Keys),
			})
			require.NoError(tb, err)
			return p
		},
		CallbackURL: callbackURL, AllowedCallbackURLs: []string{other}, Nonce: true, Secrets: []string{oidctest.DefaultClientSecret},
	})
}
