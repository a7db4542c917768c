package oidc_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/oidctest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/oidc"
)

// The server refuses what is wrong about a form, so this test is about docs/weak-spots.md#w47 too.
func TestExchange(t *testing.T) {
	t.Parallel()

	for name, server := range map[string]oidctest.Options{
		"with a secret":   {},
		"a public client": {Public: true},
		"hostile names":   {ClientID: "a&b=c#d e", ClientSecret: "s&code=x%+ #"},
		"a choice":        {AuthMethods: []string{"client_secret_basic", "client_secret_post"}},
		"in the header":   {AuthMethods: []string{"client_secret_basic"}, ClientID: "a:b c", ClientSecret: "s:ü%+ #"},
		"no choice":       {AuthMethods: []string{"private_key_jwt", "client_secret_post"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := setup(t, server, nil)
			c := w.callback(t)
			tokens, err := w.Exchange(t.Context(), c)
			require.NoError(t, err)
			require.Regexp(t, "^access-", tokens.AccessToken)
			require.Regexp(t, "^refresh-", tokens.RefreshToken)
			require.Equal(t, w.clock.Now().Add(time.Hour), tokens.AccessTokenExpiresAt)
			require.Zero(t, tokens.RefreshTokenExpiresAt)
			require.Equal(t, 1, w.idp.Exchanged())

			_, err = w.Exchange(t.Context(), c)
			requireFailed(t, err, "exchange: status 400: invalid_grant")
			requireNothingLeaks(t, err, c, tokens)
			require.Equal(t, 1, w.idp.Exchanged())
			require.Equal(t, 1, w.idp.Replays())
		})
	}
}

func TestExchangeWithAnotherCallbackURL(t *testing.T) {
	t.Parallel()

	w := setup(t, oidctest.Options{}, nil)
	requested, err := w.CallbackURL("https://app.example/back?lang=de&x=1")
	require.NoError(t, err)
	location, err := w.Begin(t.Context(), providers.Authorization{CallbackURL: requested, State: "s", Nonce: "n", CodeVerifier: "v"})
	require.NoError(t, err)
	params := w.idp.Follow(t, location)
	require.Equal(t, "de", params["lang"])
	_, err = w.Exchange(t.Context(), providers.Callback{
		CallbackURL: requested, Code: params["code"], Nonce: "n", CodeVerifier: "v", Params: params,
	})
	require.NoError(t, err)
}

// A refusal before the exchange spends nothing.
func TestCallbackIsRefused(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		wrong  oidctest.Misbehaviour
		change func(c *providers.Callback)
		cause  string
	}{
		"the person said no":   {wrong: oidctest.AccessDenied, cause: `the provider says "access_denied"`},
		"of another issuer":    {wrong: oidctest.WrongIssParameter, cause: "the callback is of another issuer"},
		"of an unknown issuer": {wrong: oidctest.NoIssParameter, cause: "does not name its issuer"},
		"an error beside a code": {
			change: func(c *providers.Callback) { c.Params["error"] = "server_error\n" + c.Code }, cause: `"server_error [secret]"`,
		},
		"an empty issuer": {change: func(c *providers.Callback) { c.Params["iss"] = "" }, cause: "another issuer"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := setup(t, oidctest.Options{}, nil)
			if tt.wrong != "" {
				w.idp.Once(tt.wrong)
			}
			c := w.callback(t)
			if tt.change != nil {
				tt.change(&c)
			}
			_, err := w.Exchange(t.Context(), c)
			requireFailed(t, err, tt.cause)
			requireNothingLeaks(t, err, c, providers.Tokens{})
			require.Zero(t, w.idp.Requests(oidctest.Token))
		})
	}

	w := setup(t, oidctest.Options{}, nil)
	_, err := w.Exchange(t.Context(), providers.Callback{Params: map[string]string{"state": "s"}})
	requireRefusal(t, err, "No code provided")
}

func TestExchangeIsRefused(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		change func(c *providers.Callback)
		cause  string
	}{
		"another verifier":     {func(c *providers.Callback) { c.CodeVerifier += "x" }, "exchange: status 400: invalid_grant"},
		"no verifier":          {func(c *providers.Callback) { c.CodeVerifier = "" }, "exchange: status 400: invalid_grant"},
		"another code":         {func(c *providers.Callback) { c.Code += "&grant_type=x" }, "invalid_grant"},
		"another redirect URI": {func(c *providers.Callback) { c.CallbackURL += "/" }, "exchange: status 400: invalid_grant"},
	}
	w := setup(t, oidctest.Options{}, nil)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := w.callback(t)
			tt.change(&c)
			_, err := w.Exchange(t.Context(), c)
			requireFailed(t, err, tt.cause)
			requireNothingLeaks(t, err, c, providers.Tokens{})
		})
	}

	t.Run("another secret", func(t *testing.T) {
		t.Parallel()

		w := setup(t, oidctest.Options{}, func(o *oidc.Options) { o.ClientSecret = "another secret" })
		_, err := w.signIn(t)
		requireFailed(t, err, "exchange: status 400: invalid_client")
	})
	t.Run("a refusal that quotes the header", func(t *testing.T) {
		t.Parallel()

		w := setup(t, oidctest.Options{AuthMethods: []string{"client_secret_basic"}}, nil)
		w.idp.Once(oidctest.Refuse.At(oidctest.Token)) // and tells everything that it was sent
		_, err := w.signIn(t)
		requireFailed(t, err, "exchange: status 400: invalid_grant")
	})
	t.Run("too late", func(t *testing.T) {
		t.Parallel()

		w := setup(t, oidctest.Options{}, nil)
		c := w.callback(t)
		w.clock.Advance(time.Minute)
		_, err := w.Exchange(t.Context(), c)
		requireFailed(t, err, "exchange: status 400: invalid_grant")
	})
}

func TestExchangeMisbehaves(t *testing.T) {
	t.Parallel()

	//nolint:exhaustive // those of an endpoint
	tests := map[oidctest.Misbehaviour]struct {
		cause string
		again bool // the same call may be made again
	}{
		oidctest.ServerError: {"exchange: status 500", true},
		oidctest.Hang:        {"exchange: Post", true},
		oidctest.Break:       {"unexpected EOF", true},
		oidctest.Refuse:      {"exchange: status 400: invalid_grant", false},
		oidctest.Huge:        {"exchange: the answer is longer than 1 MiB", false},
		oidctest.Garbage:     {"exchange: the answer is not a token response", false},
		oidctest.Redirect:    {"exchange: status 307", false},
	}
	for wrong, tt := range tests {
		t.Run(string(wrong), func(t *testing.T) {
			t.Parallel()

			w := setup(t, oidctest.Options{}, func(o *oidc.Options) {
				if wrong == oidctest.Hang {
					o.HTTPTimeout = 2 * time.Second // the second call must make it on a busy machine
				}
			})
			c := w.callback(t)
			w.idp.Once(wrong.At(oidctest.Token))
			_, err := w.Exchange(t.Context(), c)
			if tt.again {
				requireAway(t, err)
				require.ErrorContains(t, errors.Unwrap(err), tt.cause)
			} else {
				requireFailed(t, err, tt.cause)
			}
			requireNothingLeaks(t, err, c, providers.Tokens{})
			require.Zero(t, w.idp.Trespasses(), "redirects are not followed")
			require.Equal(t, 1, w.idp.Requests(oidctest.Token), "nothing is repeated in secret")

			_, err = w.Exchange(t.Context(), c)
			require.NoError(t, err, "the code was not spent")
			require.Equal(t, 1, w.idp.Exchanged())
		})
	}
	t.Run("no ID token", func(t *testing.T) {
		t.Parallel()

		w := setup(t, oidctest.Options{}, nil)
		w.idp.Once(oidctest.NoIDToken)
		_, err := w.signIn(t)
		requireFailed(t, err, "exchange: the answer has no ID token")
	})
	t.Run("a caller who left", func(t *testing.T) {
		t.Parallel()

		w := setup(t, oidctest.Options{}, nil)
		c := w.callback(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := w.Exchange(ctx, c)
		requireAway(t, err)
		requireNothingLeaks(t, err, c, providers.Tokens{})
	})
}

// Answers of real providers are not all alike.
func TestTokenResponses(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		body  string
		life  time.Duration
		cause string
	}{
		"the least":             {body: `{"access_token":"a","id_token":"x"}`},
		"no access token":       {body: `{"id_token":"x"}`, cause: "with an access token"},
		"a life":                {body: `{"access_token":"a","id_token":"x","expires_in":60}`, life: time.Minute},
		"a life as text":        {body: `{"access_token":"a","id_token":"x","expires_in":"60"}`, life: time.Minute},
		"a life of null":        {body: `{"access_token":"a","id_token":"x","expires_in":null}`},
		"a life below zero":     {body: `{"access_token":"a","id_token":"x","expires_in":-60}`},
		"a fraction":            {body: `{"access_token":"a","id_token":"x","expires_in":1.5}`, cause: "not a token response"},
		"a life without end":    {body: `{"access_token":"a","id_token":"x","expires_in":99999999999999999999}`, cause: "not a token response"},
		"no life":               {body: `{"access_token":"a","id_token":"x","expires_in":"soon"}`, cause: "not a token response"},
		"an error beside all":   {body: `{"access_token":"a","id_token":"x","error":"invalid_grant"}`, cause: "exchange: status 200: invalid_grant"},
		"an error that echoes":  {body: `{"error":"the-code the-verifier"}`, cause: "exchange: status 200: [secret] [secret]"},
		"an ID token of null":   {body: `{"access_token":"a","id_token":null}`, cause: "no ID token"},
		"an ID token, a number": {body: `{"access_token":"a","id_token":12345678}`, cause: "no ID token"},
		"a list":                {body: `[]`, cause: "not a token response"},
		"null":                  {body: `null`, cause: "not a token response"},
		"nothing":               {body: ``, cause: "not a token response"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Write([]byte(tt.body))
			}))
			t.Cleanup(server.Close)
			w := setup(t, oidctest.Options{}, func(o *oidc.Options) {
				o.AuthorizationEndpoint, o.TokenEndpoint, o.JWKSURI = server.URL, server.URL, server.URL
			})
			tokens, err := w.Exchange(t.Context(), providers.Callback{Code: "the-code", CodeVerifier: "the-verifier", Params: map[string]string{}})
			if tt.cause != "" {
				requireFailed(t, err, tt.cause)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "x", tokens.IDToken)
			if tt.life == 0 {
				require.Zero(t, tokens.AccessTokenExpiresAt)
			} else {
				require.Equal(t, w.clock.Now().Add(tt.life), tokens.AccessTokenExpiresAt)
			}
		})
	}
}

// Exchange does not modify the callback's parameters, which belong to the caller.
func TestExchangeLeavesParametersAlone(t *testing.T) {
	t.Parallel()

	w := setup(t, oidctest.Options{}, nil)
	c := w.callback(t)
	before := maps.Clone(c.Params)
	_, err := w.Exchange(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, before, c.Params)
}
