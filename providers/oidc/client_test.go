package oidc_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/oidc"
)

// The check is made on the address that is dialled, whatever name led there.
func TestPrivateAddressesAreRefused(t *testing.T) {
	t.Parallel()

	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the request has arrived") }))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	require.NoError(t, err)

	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "0.0.0.0", "10.0.0.1", "169.254.169.254"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()

			o := valid()
			o.Issuer = "https://" + host + ":" + u.Port()
			p, err := oidc.New(o)
			require.NoError(t, err)
			_, err = p.Begin(t.Context(), providers.Authorization{})
			requireAway(t, err)
			require.ErrorContains(t, errors.Unwrap(err), "the address is private")

			o.AuthorizationEndpoint, o.TokenEndpoint, o.JWKSURI = o.Issuer, o.Issuer+"/token", o.Issuer+"/keys"
			p, err = oidc.New(o)
			require.NoError(t, err)
			_, err = p.Exchange(t.Context(), providers.Callback{Code: "the-code", CodeVerifier: "the-verifier"})
			requireAway(t, err)
			require.ErrorContains(t, errors.Unwrap(err), "the address is private")
		})
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()

	for version, cause := range map[uint16]string{tls.VersionTLS11: "protocol version", tls.VersionTLS12: "certificate"} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the request has arrived") }))
		server.TLS = &tls.Config{MinVersion: version, MaxVersion: version}
		server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		server.StartTLS()
		t.Cleanup(server.Close)
		o := valid()
		o.Issuer, o.AllowPrivate = server.URL, true
		p, err := oidc.New(o)
		require.NoError(t, err)
		_, err = p.Begin(t.Context(), providers.Authorization{})
		requireAway(t, err)
		require.ErrorContains(t, errors.Unwrap(err), cause)
	}
}

// roundTrip answers without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Whatever an error of the transport says, the secrets are not in it.
func TestTransportErrorsAreRedacted(t *testing.T) {
	t.Parallel()

	const code, verifier, secret = "the+code/=", "the verifier", "the&secret"
	o := valid()
	o.ClientSecret = secret
	o.AuthorizationEndpoint, o.TokenEndpoint, o.JWKSURI = "https://idp.example/a", "https://idp.example/t", "https://idp.example/k"
	o.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		return nil, errors.New("malformed: " + string(body) + " " + code + "\n" + verifier + " " + secret + string(bytes.Repeat([]byte("€"), 1000)))
	})}
	p, err := oidc.New(o)
	require.NoError(t, err)
	_, err = p.Exchange(t.Context(), providers.Callback{Code: code, CodeVerifier: verifier, CallbackURL: o.CallbackURL})
	requireAway(t, err)
	text := errors.Unwrap(err).Error()
	for _, s := range []string{code, verifier, secret, url.QueryEscape(code), url.QueryEscape(verifier), url.QueryEscape(secret), "\n"} {
		require.NotContains(t, text, s)
	}
	require.Contains(t, text, "code=[secret]")
	require.Less(t, len(text), 400)
	require.NoError(t, errors.Unwrap(errors.Unwrap(err)), "the error of the transport is not kept")
}

// A custom client keeps its limits and does not follow redirects either.
func TestHTTPClient(t *testing.T) {
	t.Parallel()

	var requests int
	client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		requests++
		return &http.Response{
			StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://idp.example/elsewhere"}}, Body: http.NoBody,
		}, nil
	})}
	o := valid()
	o.HTTPClient = client
	p, err := oidc.New(o)
	require.NoError(t, err)
	_, err = p.Begin(t.Context(), providers.Authorization{})
	requireFailed(t, err, "discovery: status 302")
	require.Equal(t, 1, requests)
	require.Nil(t, client.CheckRedirect, "it is left as it was")
	require.Zero(t, client.Timeout)
}
