package github_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/githubtest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/github"
)

const noVerifiedEmail = "Your GitHub account has no verified primary email address. Verify one at GitHub and try again."

func TestProfile(t *testing.T) {
	t.Parallel()

	p, server := setup(t, githubtest.Options{ExpiringTokens: true}, nil)
	profile, err := signIn(t, p, server)
	require.NoError(t, err)
	require.Equal(t, providers.Profile{
		EntityID: "583231", Email: "ada@example.com", EmailVerified: true,
		UserMetadata: everlatch.Metadata{
			"profile_url": "https://github.com/ada", "avatar": "https://avatars.githubusercontent.com/u/583231",
			"email": "ada@example.com", "name": "Ada Lovelace", "company": "@analytical", "two_factor_authentication": false,
		},
	}, profile, "and no tokens")
}

// docs/weak-spots.md#w51: the metadata are those of today, and the same tokens can be used again.
func TestProfileIsRefreshed(t *testing.T) {
	t.Parallel()

	p, server := setup(t, githubtest.Options{}, func(o *github.Options) { o.Scopes, o.KeepTokens = "user", true })
	callback := visit(t, p, server)
	tokens, err := p.Exchange(t.Context(), callback)
	require.NoError(t, err)
	first, err := p.Profile(t.Context(), tokens, callback)
	require.NoError(t, err)
	require.Equal(t, &tokens, first.Secrets)

	ada := githubtest.Ada()
	ada.Name, ada.Company, ada.TwoFactor, ada.Login = nil, nil, true, "countess"
	server.SetPerson(ada)
	second, err := p.Profile(t.Context(), tokens, callback)
	require.NoError(t, err)
	require.Equal(t, first.EntityID, second.EntityID)
	require.Equal(t, everlatch.Metadata{
		"profile_url": "https://github.com/countess", "avatar": "https://avatars.githubusercontent.com/u/583231",
		"email": "ada@example.com", "name": nil, "company": nil, "two_factor_authentication": true,
	}, second.UserMetadata)
}

func TestEmails(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		emails   []githubtest.Email
		scopes   providers.Scopes
		step     githubtest.Misbehaviour
		optional bool
		want     string // "" is a refusal, or no address when it is optional
	}{
		"verified":                             {emails: githubtest.Ada().Emails, want: "ada@example.com"},
		"verified, optional":                   {emails: githubtest.Ada().Emails, optional: true, want: "ada@example.com"},
		"primary, not verified":                {emails: []githubtest.Email{{Email: "a@b.c", Primary: true}}},
		"primary, not verified, optional":      {emails: []githubtest.Email{{Email: "a@b.c", Primary: true}}, optional: true},
		"verified, not primary":                {emails: []githubtest.Email{{Email: "a@b.c", Verified: true}}},
		"two that are half":                    {emails: []githubtest.Email{{Email: "a@b.c", Verified: true}, {Email: "d@e.f", Primary: true}}},
		"an empty one":                         {emails: []githubtest.Email{{Primary: true, Verified: true}}},
		"none":                                 {},
		"none, optional":                       {optional: true},
		"without the scope":                    {emails: githubtest.Ada().Emails, scopes: "read:user"},
		"without the scope, optional":          {emails: githubtest.Ada().Emails, scopes: "read:user", optional: true},
		"without the app's permission":         {emails: githubtest.Ada().Emails, step: githubtest.Forbidden},
		"without the app's permission, option": {emails: githubtest.Ada().Emails, step: githubtest.Forbidden, optional: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			ada := githubtest.Ada()
			ada.Emails = tt.emails
			p, server := setup(t, githubtest.Options{Person: &ada}, func(o *github.Options) {
				o.Scopes = tt.scopes
				if tt.optional {
					o.RequireVerifiedEmail = new(false)
				}
			})
			server.Script(githubtest.Emails, tt.step)
			profile, err := signIn(t, p, server)

			if tt.want == "" && !tt.optional {
				requireRefusal(t, err, noVerifiedEmail)
				require.NotEmpty(t, cause(err))
				require.Empty(t, profile)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "583231", profile.EntityID)
			require.Equal(t, tt.want, profile.Email)
			require.Equal(t, tt.want != "", profile.EmailVerified)
			if tt.want == "" {
				require.Contains(t, profile.UserMetadata, "email")
				require.Nil(t, profile.UserMetadata["email"], "the profile's own address proves nothing")
			}
		})
	}
}

func TestProfileMisbehaviour(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		step   githubtest.Misbehaviour
		outage bool
		cause  string // of both endpoints; %s is what was asked for
		emails string // the refusal where it is another one for addresses
	}{
		"400":              {step: githubtest.BadRequest, cause: "github answers 400 to a question for the %s"},
		"401":              {step: githubtest.Unauthorized, cause: "github answers 401 to a question for the %s"},
		"403":              {step: githubtest.Forbidden, cause: "github answers 403 to a question for the %s", emails: noVerifiedEmail},
		"404":              {step: githubtest.NotFound, cause: "github answers 404 to a question for the %s", emails: noVerifiedEmail},
		"a redirect":       {step: githubtest.Redirect, cause: "github answers 307 to a question for the %s"},
		"not JSON":         {step: githubtest.Garbage, cause: "github's answer about the %s cannot be read"},
		"2 MiB":            {step: githubtest.Huge, cause: "github's answer is larger than 1 MiB"},
		"the rate limit":   {step: githubtest.RateLimit, outage: true, cause: "github answers 403: too many requests"},
		"a second limit":   {step: githubtest.SecondaryLimit, outage: true, cause: "github answers 403: too many requests"},
		"429":              {step: githubtest.TooManyRequests, outage: true, cause: "github answers 429: too many requests"},
		"500":              {step: githubtest.ServerError, outage: true, cause: "github answers 500"},
		"no answer":        {step: githubtest.Drop, outage: true, cause: "github gives no answer that can be read"},
		"a lost answer":    {step: githubtest.Lost, outage: true, cause: "github gives no answer that can be read"},
		"half an answer":   {step: githubtest.HalfAnswer, outage: true, cause: "github gives no answer that can be read"},
		"a slow answer":    {step: githubtest.Slow, outage: true, cause: "github does not answer in time"},
		"an error as such": {step: githubtest.ErrorWith200},
	}
	for name, tt := range tests {
		for _, endpoint := range []githubtest.Endpoint{githubtest.User, githubtest.Emails} {
			what := "user"
			if endpoint == githubtest.Emails {
				what = "addresses"
			}
			t.Run(name+" about the "+what, func(t *testing.T) {
				t.Parallel()

				p, server := setup(t, githubtest.Options{}, nil)
				callback := visit(t, p, server)
				tokens, err := p.Exchange(t.Context(), callback)
				require.NoError(t, err)
				server.Script(endpoint, tt.step, tt.step) // the second for the transport, which repeats a dropped GET once
				slow := p
				if tt.step == githubtest.Slow {
					opts := options(server)
					opts.HTTPTimeout = 500 * time.Millisecond
					slow, err = github.New(opts)
					require.NoError(t, err)
				}
				profile, err := slow.Profile(t.Context(), tokens, callback)

				require.Empty(t, profile)
				switch {
				case tt.outage:
					requireUnavailable(t, err)
				case tt.emails != "" && endpoint == githubtest.Emails:
					requireRefusal(t, err, tt.emails)
				default:
					requireRefusal(t, err, "Authentication failed")
				}
				if tt.cause != "" {
					require.Contains(t, []string{tt.cause, fmt.Sprintf(tt.cause, what)}, cause(err))
				}
				requireNoSecrets(t, err, append(server.Secrets(), server.APIEndpoint)...)
				require.Zero(t, server.Requests(githubtest.Elsewhere))
			})
		}
	}
}

func TestProfileNeedsAToken(t *testing.T) {
	t.Parallel()

	p, server := setup(t, githubtest.Options{}, nil)
	for _, token := range []string{"", "topsecret\r\nX-Evil: 1"} {
		_, err := p.Profile(t.Context(), providers.Tokens{AccessToken: token}, providers.Callback{})
		requireRefusal(t, err, "Authentication failed")
		requireNoSecrets(t, err, "topsecret")
	}
	require.Zero(t, server.Requests(githubtest.User))
	_, err := p.Profile(t.Context(), providers.Tokens{AccessToken: "gho_revoked"}, providers.Callback{})
	requireRefusal(t, err, "Authentication failed")
}

// The id is text from the first digit to the last.
func TestEntityID(t *testing.T) {
	t.Parallel()

	tests := map[string]struct{ user, want string }{
		"one":                  {`{"id":1}`, "1"},
		"beyond floats":        {`{"id":9007199254740993}`, "9007199254740993"},
		"the largest int64":    {`{"id":9223372036854775807}`, "9223372036854775807"},
		"beyond 64 bits":       {`{"id":123456789012345678901234567890}`, "123456789012345678901234567890"},
		"too many digits":      {`{"id":1234567890123456789012345678901234567890}`, ""},
		"a float":              {`{"id":1.5}`, ""},
		"an exponent":          {`{"id":1e3}`, ""},
		"negative":             {`{"id":-1}`, ""},
		"zero":                 {`{"id":0}`, ""},
		"a text":               {`{"id":"17"}`, ""},
		"null":                 {`{"id":null}`, ""},
		"true":                 {`{"id":true}`, ""},
		"a list":               {`{"id":[1]}`, ""},
		"missing":              {`{"login":"ada"}`, ""},
		"no object":            {`[1]`, ""},
		"JSON null":            {`null`, ""},
		"two documents":        {`{"id":1}{"id":2}`, ""},
		"a name that is a map": {`{"id":1,"name":{}}`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			mux := http.NewServeMux()
			mux.HandleFunc("/user", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(tt.user)) })
			mux.HandleFunc("/user/emails", func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(`[{"email":"ada@example.com","primary":true,"verified":true}]`))
			})
			server := httptest.NewServer(mux)
			defer server.Close()
			p, err := github.New(github.Options{
				OAuthClient: providers.OAuthClient{ClientID: "client", ClientSecret: "secret", CallbackURL: callbackURL, AllowPrivate: true},
				APIEndpoint: server.URL + "/",
			})
			require.NoError(t, err)
			profile, err := p.Profile(t.Context(), providers.Tokens{AccessToken: "token"}, providers.Callback{})

			if tt.want == "" {
				requireRefusal(t, err, "Authentication failed")
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, profile.EntityID)
		})
	}
}
