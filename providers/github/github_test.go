package github_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/everlatch/everlatch/internal/githubtest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/github"
)

func TestBegin(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		endpoint  string
		scopes    providers.Scopes
		wantStart string
		wantScope string
		wantExtra string // the parameter "extra"
	}{
		"the defaults":          {wantStart: "https://github.com/login/oauth/authorize?", wantScope: "read:user user:email"},
		"other scopes":          {scopes: " user  read:org ", wantStart: "https://github.com/login/oauth/authorize?", wantScope: "user read:org"},
		"endpoint with a query": {endpoint: "https://github.example/a?extra=1", wantStart: "https://github.example/a?", wantScope: "read:user user:email", wantExtra: "1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p, err := github.New(github.Options{
				OAuthClient:           providers.OAuthClient{ClientID: "cl&ient", ClientSecret: "topsecret", CallbackURL: callbackURL},
				AuthorizationEndpoint: tt.endpoint, Scopes: tt.scopes,
			})
			require.NoError(t, err)
			location, err := p.Begin(t.Context(), providers.Authorization{
				CallbackURL: callbackURL, State: "st&te#=", Nonce: "nonce", CodeVerifier: "verifier",
			})
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(location, tt.wantStart), location)
			require.NotContains(t, location, "topsecret")

			u, err := url.Parse(location)
			require.NoError(t, err)
			require.Empty(t, u.Fragment)
			want := url.Values{
				"client_id": {"cl&ient"}, "redirect_uri": {callbackURL}, "response_type": {"code"}, "scope": {tt.wantScope},
				"state": {"st&te#="}, "code_challenge": {oauth2.S256ChallengeFromVerifier("verifier")}, "code_challenge_method": {"S256"},
			}
			if tt.wantExtra != "" {
				want.Set("extra", tt.wantExtra)
			}
			require.Equal(t, want, u.Query())
		})
	}
}

// Begin refuses an authorization without a callback URL, state or PKCE verifier.
func TestBeginNeedsEverything(t *testing.T) {
	t.Parallel()

	p, _ := setup(t, githubtest.Options{}, nil)
	for _, a := range []providers.Authorization{
		{State: "state", CodeVerifier: "verifier"},
		{CallbackURL: callbackURL, CodeVerifier: "verifier"},
		{CallbackURL: callbackURL, State: "state"},
	} {
		_, err := p.Begin(t.Context(), a)
		require.Error(t, err)
	}
}

// docs/weak-spots.md#w49: tokens that do not expire are tokens.
func TestExchange(t *testing.T) {
	t.Parallel()

	p, server := setup(t, githubtest.Options{}, nil)
	tokens, err := p.Exchange(t.Context(), visit(t, p, server))
	require.NoError(t, err)
	require.Contains(t, server.Secrets(), tokens.AccessToken)
	require.Equal(t, providers.Tokens{AccessToken: tokens.AccessToken}, tokens)
	require.Equal(t, 1, server.Exchanges())

	p, server = setup(t, githubtest.Options{ExpiringTokens: true}, nil)
	tokens, err = p.Exchange(t.Context(), visit(t, p, server))
	require.NoError(t, err)
	require.Contains(t, server.Secrets(), tokens.RefreshToken)
	require.Equal(t, noon.Add(githubtest.ExpiresIn*time.Second), tokens.AccessTokenExpiresAt)
	require.Equal(t, noon.Add(githubtest.RefreshTokenExpiresIn*time.Second), tokens.RefreshTokenExpiresAt)
}

// What GitHub refuses: the words are the same, the log knows why.
func TestExchangeRefused(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		options func(*github.Options)
		change  func(*providers.Callback)
		want    string
		cause   string
	}{
		"another verifier":     {change: func(c *providers.Callback) { c.CodeVerifier = "topsecret-other" }, cause: "github refuses the code with 200 and bad_verification_code"},
		"no verifier":          {change: func(c *providers.Callback) { c.CodeVerifier = "" }, cause: "github refuses the code with 200 and bad_verification_code"},
		"another code":         {change: func(c *providers.Callback) { c.Code = "topsecret-other" }, cause: "github refuses the code with 200 and bad_verification_code"},
		"another callback URL": {change: func(c *providers.Callback) { c.CallbackURL = "https://evil.example" }, cause: "github refuses the code with 200 and redirect_uri_mismatch"},
		"a wrong secret":       {options: func(o *github.Options) { o.ClientSecret = "topsecret-other" }, cause: "github refuses the code with 200 and incorrect_client_credentials"},
		"no code":              {change: func(c *providers.Callback) { c.Code = "" }, want: "No code provided"},
		"an error":             {change: func(c *providers.Callback) { c.Params["error"] = "access_denied" }, cause: "github sends the person back with access_denied"},
		"an invented error":    {change: func(c *providers.Callback) { c.Params["error"] = "topsecret-other" }, cause: "github sends the person back with an unknown error"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p, server := setup(t, githubtest.Options{}, tt.options)
			callback := visit(t, p, server)
			if tt.change != nil {
				tt.change(&callback)
			}
			_, err := p.Exchange(t.Context(), callback)

			if tt.want == "" {
				tt.want = "Authentication failed"
			}
			requireRefusal(t, err, tt.want)
			require.Equal(t, tt.cause, cause(err))
			requireNoSecrets(t, err, append(server.Secrets(), "topsecret-other")...)
			require.Zero(t, server.Exchanges())
		})
	}
}

func TestCodeIsGoodForOneExchange(t *testing.T) {
	t.Parallel()

	p, server := setup(t, githubtest.Options{}, nil)
	callback := visit(t, p, server)
	_, err := p.Exchange(t.Context(), callback)
	require.NoError(t, err)
	_, err = p.Exchange(t.Context(), callback)
	requireRefusal(t, err, "Authentication failed")
	require.Equal(t, 1, server.Exchanges())
}

func TestPersonRefuses(t *testing.T) {
	t.Parallel()

	p, server := setup(t, githubtest.Options{}, nil)
	server.Script(githubtest.Authorize, githubtest.Denied)
	callback := visit(t, p, server)
	require.Empty(t, callback.Code)
	_, err := p.Exchange(t.Context(), callback)
	requireRefusal(t, err, "Authentication failed")
	require.Equal(t, "github sends the person back with access_denied", cause(err))
	require.Zero(t, server.Requests(githubtest.Token))
}

// Answers are refusals, outages can be tried again.
func TestExchangeMisbehaviour(t *testing.T) {
	t.Parallel()

	const outage = "outage"
	const unverified = "Your GitHub account has no verified primary email address. Verify one at GitHub and try again."
	tests := map[string]struct {
		step  githubtest.Misbehaviour
		want  string // the refusal, "" for the usual one
		cause string
	}{
		"an error with 200":  {step: githubtest.ErrorWith200, cause: "github refuses the code with 200 and bad_verification_code"},
		"not verified":       {step: githubtest.Unverified, want: unverified, cause: "github refuses the code with unverified_user_email"},
		"400":                {step: githubtest.BadRequest, cause: "github refuses the code with 400 and an unknown error"},
		"401":                {step: githubtest.Unauthorized, cause: "github refuses the code with 401 and an unknown error"},
		"403":                {step: githubtest.Forbidden, cause: "github refuses the code with 403 and an unknown error"},
		"404":                {step: githubtest.NotFound, cause: "github refuses the code with 404 and an unknown error"},
		"429":                {step: githubtest.TooManyRequests, cause: "github refuses the code with 429 and an unknown error"},
		"a redirect":         {step: githubtest.Redirect, cause: "github answers 307 to a code"},
		"not JSON":           {step: githubtest.Garbage, cause: "github's answer to a code cannot be read"},
		"2 MiB":              {step: githubtest.Huge, cause: "github's answer is larger than 1 MiB"},
		"500":                {step: githubtest.ServerError, want: outage, cause: "github answers 500"},
		"no answer":          {step: githubtest.Drop, want: outage, cause: "github gives no answer that can be read"},
		"half an answer":     {step: githubtest.HalfAnswer, want: outage, cause: "github gives no answer that can be read"},
		"a slow answer":      {step: githubtest.Slow, want: outage, cause: "github does not answer in time"},
		"an answer got lost": {step: githubtest.Lost, want: outage, cause: "github gives no answer that can be read"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p, server := setup(t, githubtest.Options{}, func(o *github.Options) {
				if tt.step == githubtest.Slow {
					o.HTTPTimeout = 500 * time.Millisecond
				}
			})
			callback := visit(t, p, server)
			server.Script(githubtest.Token, tt.step)
			_, err := p.Exchange(t.Context(), callback)

			switch tt.want {
			case outage:
				requireUnavailable(t, err)
			case "":
				requireRefusal(t, err, "Authentication failed")
			default:
				requireRefusal(t, err, tt.want)
			}
			require.Equal(t, tt.cause, cause(err))
			requireNoSecrets(t, err, append(server.Secrets(), callback.CodeVerifier, server.TokenEndpoint)...)
			require.Equal(t, 1, server.Requests(githubtest.Token), "the provider repeats nothing itself")
			require.Zero(t, server.Requests(githubtest.Elsewhere))
			if tt.want != outage || tt.step == githubtest.Slow {
				return
			}
			_, err = p.Exchange(t.Context(), callback)
			if tt.step == githubtest.Lost {
				requireRefusal(t, err, "Authentication failed")
				return
			}
			require.NoError(t, err)
		})
	}
}

// Answers that only another server would give.
func TestTokenAnswers(t *testing.T) {
	t.Parallel()

	never := providers.Tokens{AccessToken: "gho_topsecret"}
	tests := map[string]struct {
		answer string
		want   *providers.Tokens // nil is a refusal
	}{
		"the least":                   {answer: `{"access_token":"gho_topsecret"}`, want: &never},
		"lifetimes null":              {answer: `{"access_token":"gho_topsecret","expires_in":null,"refresh_token_expires_in":null}`, want: &never},
		"a lifetime that is none":     {answer: `{"access_token":"gho_topsecret","expires_in":"soon"}`},
		"another that is none":        {answer: `{"access_token":"gho_topsecret","refresh_token_expires_in":{}}`, want: &never},
		"another of ages":             {answer: `{"access_token":"gho_topsecret","refresh_token_expires_in":1e300}`, want: &never},
		"a negative lifetime":         {answer: `{"access_token":"gho_topsecret","expires_in":-5}`, want: &never},
		"a lifetime of ages":          {answer: `{"access_token":"gho_topsecret","expires_in":1e300}`},
		"a lifetime as text":          {answer: `{"access_token":"gho_topsecret","expires_in":"60"}`, want: &providers.Tokens{AccessToken: "gho_topsecret", AccessTokenExpiresAt: noon.Add(time.Minute)}},
		"no token":                    {answer: `{}`},
		"a token that is none":        {answer: `{"access_token":17}`},
		"a token with a line feed":    {answer: `{"access_token":"gho_topsecret\r\nX-Evil: 1"}`},
		"a token of 5 kB":             {answer: `{"access_token":"` + strings.Repeat("x", 5000) + `"}`},
		"a token of another type":     {answer: `{"access_token":"gho_topsecret","token_type":"mac"}`},
		"null":                        {answer: `null`},
		"a list":                      {answer: `["gho_topsecret"]`},
		"an error that is the secret": {answer: `{"error":"topsecret","error_description":"topsecret"}`},
		"a token and an error":        {answer: `{"access_token":"gho_topsecret","error":"invalid_grant"}`},
		"a form that says JSON":       {answer: `access_token=gho_topsecret`},
		"nothing":                     {},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p := answering(t, http.StatusOK, tt.answer)
			tokens, err := p.Exchange(t.Context(), providers.Callback{CallbackURL: callbackURL, Code: "code", CodeVerifier: "verifier"})

			if tt.want != nil {
				require.NoError(t, err)
				require.Equal(t, *tt.want, tokens)
				return
			}
			requireRefusal(t, err, "Authentication failed")
			requireNoSecrets(t, err, "topsecret")
			require.Empty(t, tokens)
		})
	}
}

// answering returns a provider whose GitHub gives one answer to everything.
func answering(t *testing.T, status int, text string) *github.Provider {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(server.Close)
	p, err := github.New(github.Options{
		OAuthClient:   providers.OAuthClient{ClientID: "client", ClientSecret: "secret", CallbackURL: callbackURL, AllowPrivate: true},
		TokenEndpoint: server.URL, APIEndpoint: server.URL, Now: func() time.Time { return noon },
	})
	require.NoError(t, err)
	return p
}

func TestCallerGoesAway(t *testing.T) {
	t.Parallel()

	p, server := setup(t, githubtest.Options{}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	callback := visit(t, p, server)
	cancel()
	_, err := p.Exchange(ctx, callback)
	requireUnavailable(t, err)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, server.Exchanges())
}

// Private addresses are not dialled, whatever name resolves to them.
func TestPrivateAddresses(t *testing.T) {
	t.Parallel()

	var asked bool
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	for _, endpoint := range []string{server.URL, strings.Replace(server.URL, "127.0.0.1", "localhost", 1)} {
		p, err := github.New(github.Options{
			OAuthClient:   providers.OAuthClient{ClientID: "client", ClientSecret: "secret", CallbackURL: callbackURL},
			TokenEndpoint: endpoint, APIEndpoint: endpoint,
		})
		require.NoError(t, err)
		_, err = p.Exchange(t.Context(), providers.Callback{CallbackURL: callbackURL, Code: "code", CodeVerifier: "verifier"})
		requireUnavailable(t, err)
		require.Equal(t, "github cannot be reached: the address is private", cause(err))
		_, err = p.Profile(t.Context(), providers.Tokens{AccessToken: "token"}, providers.Callback{})
		requireUnavailable(t, err)
	}

	// With AllowPrivate it is dialled, and its certificate is not believed.
	p, err := github.New(github.Options{
		OAuthClient:   providers.OAuthClient{ClientID: "client", ClientSecret: "secret", CallbackURL: callbackURL, AllowPrivate: true},
		TokenEndpoint: server.URL,
	})
	require.NoError(t, err)
	_, err = p.Exchange(t.Context(), providers.Callback{CallbackURL: callbackURL, Code: "code", CodeVerifier: "verifier"})
	requireUnavailable(t, err)
	require.Equal(t, "github's certificate is not trusted", cause(err))
	server.Close()
	require.False(t, asked)

	_, err = p.Exchange(t.Context(), providers.Callback{CallbackURL: callbackURL, Code: "code", CodeVerifier: "verifier"})
	requireUnavailable(t, err)
	require.Equal(t, "github cannot be reached: connection refused", cause(err))
}
