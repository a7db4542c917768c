package github_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/github"
)

// docs/contract.md#s3-5: the words; every problem at once.
func TestNewReportsEveryProblemAtOnce(t *testing.T) {
	t.Parallel()

	_, err := github.New(github.Options{})
	require.EqualError(t, err, "github options: Github clientId is required\nGithub clientSecret is required\nGithub callbackUrl is required")

	_, err = github.New(github.Options{
		OAuthClient:           providers.OAuthClient{CallbackURL: "/callback", AllowedCallbackURLs: []string{"https://shop.example", "topsecret"}, HTTPTimeout: -1},
		AuthorizationEndpoint: "http://topsecret.example", TokenEndpoint: "https://u:topsecret@github.example", APIEndpoint: "ftp://topsecret",
	})
	for _, want := range []string{
		"Github clientId is required", "Github clientSecret is required", "the callback URL is not an absolute URL",
		"allowed callback URL 2 is not", "the authorization endpoint must be https", "the token endpoint has a name or password",
		"the API endpoint is not a URL", "the timeout is negative",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "topsecret", "a value may be in the wrong place")
}

func TestNew(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		change func(*github.Options)
		want   string // "" is no problem
	}{
		"the least":                    {change: func(*github.Options) {}},
		"an app's own scheme":          {change: func(o *github.Options) { o.CallbackURL = "shop://callback" }},
		"a callback at home":           {change: func(o *github.Options) { o.CallbackURL = "http://localhost:3000/callback" }},
		"a callback with a fragment":   {change: func(o *github.Options) { o.CallbackURL += "#a" }, want: "the callback URL"},
		"a callback without a host":    {change: func(o *github.Options) { o.CallbackURL = "javascript:alert(1)" }, want: "the callback URL"},
		"a callback with a name":       {change: func(o *github.Options) { o.CallbackURL = "https://a@shop.example" }, want: "the callback URL"},
		"an enterprise server":         {change: func(o *github.Options) { o.APIEndpoint = "https://github.example/api/v3/" }},
		"http":                         {change: func(o *github.Options) { o.TokenEndpoint = "http://github.example" }, want: "the token endpoint must be https"},
		"http in a private network":    {change: func(o *github.Options) { o.TokenEndpoint, o.AllowPrivate = "http://github.example", true }},
		"an API with a query":          {change: func(o *github.Options) { o.APIEndpoint = "https://github.example?a=b" }, want: "the API endpoint has a query"},
		"an endpoint that is a path":   {change: func(o *github.Options) { o.TokenEndpoint = "/token" }, want: "the token endpoint is not a URL"},
		"an endpoint that is no URL":   {change: func(o *github.Options) { o.TokenEndpoint = "https://a b%" }, want: "the token endpoint is not a URL"},
		"an endpoint with a fragment":  {change: func(o *github.Options) { o.TokenEndpoint = "https://github.example#" }, want: "the token endpoint is not a URL"},
		"an endpoint without a name":   {change: func(o *github.Options) { o.TokenEndpoint = "https://:443/" }, want: "the token endpoint is not a URL"},
		"no client secret":             {change: func(o *github.Options) { o.ClientSecret = "" }, want: "Github clientSecret is required"},
		"an authorization with a name": {change: func(o *github.Options) { o.AuthorizationEndpoint = "https://a:b@github.example" }, want: "the authorization endpoint has a name"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			o := github.Options{OAuthClient: providers.OAuthClient{ClientID: "client", ClientSecret: "secret", CallbackURL: callbackURL}}
			tt.change(&o)
			p, err := github.New(o)

			if tt.want != "" {
				require.ErrorContains(t, err, tt.want)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "github", p.Identifier())
			require.Equal(t, "Github Authentication", p.DisplayName())
		})
	}
}

// docs/weak-spots.md#w46: what is not allow-listed is refused, however similar.
func TestCallbackURL(t *testing.T) {
	t.Parallel()

	allowed := []string{"https://admin.example/callback", "shop://callback"}
	p, err := github.New(github.Options{
		OAuthClient: providers.OAuthClient{ClientID: "client", ClientSecret: "secret", CallbackURL: callbackURL, AllowedCallbackURLs: allowed},
	})
	require.NoError(t, err)
	allowed[0] = "https://evil.example" // too late

	for requested, want := range map[string]string{
		"": callbackURL, callbackURL: callbackURL, "shop://callback": "shop://callback",
		"https://admin.example/callback": "https://admin.example/callback",
	} {
		got, err := p.CallbackURL(requested)
		require.NoError(t, err, requested)
		require.Equal(t, want, got)
	}
	for _, requested := range []string{
		"https://evil.example", "https://admin.example/callback/", "https://admin.example/callback?a=b", " ",
		"https://admin.example/callback/../evil", "HTTPS://admin.example/callback", "https://admin.example/callback#",
		"https://admin.example", strings.Repeat("x", 10_000),
	} {
		_, err := p.CallbackURL(requested)
		requireRefusal(t, err, "The provided callback URL is not allowed")
	}
}

func TestPrintingTellsNoSecret(t *testing.T) {
	t.Parallel()
	p, err := github.New(github.Options{OAuthClient: providers.OAuthClient{ClientID: "the-app", ClientSecret: "the-secret-of-the-app", CallbackURL: "https://shop.example/cb"}})
	require.NoError(t, err)
	for _, text := range []string{fmt.Sprint(p), fmt.Sprintf("%+v", p), fmt.Sprintf("%#v", p), p.LogValue().String()} {
		require.Equal(t, "[github the-app]", text)
	}
	require.Equal(t, "Denied, read more at: undefined", p.Explain(map[string]string{"error_description": "Denied"}))
}
