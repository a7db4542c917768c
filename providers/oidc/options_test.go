package oidc_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/oidc"
)

func valid() oidc.Options {
	return oidc.Options{OAuthClient: providers.OAuthClient{ClientID: "shop", CallbackURL: "https://shop.example/callback"}, Issuer: "https://idp.example"}
}

func TestOptions(t *testing.T) {
	t.Parallel()

	const https = " must use https (http is only allowed for localhost outside of production)"
	tests := map[string]struct {
		change func(o *oidc.Options)
		want   []string // none: accepted
	}{
		"the least": {change: func(*oidc.Options) {}},
		"nothing": {
			change: func(o *oidc.Options) { *o = oidc.Options{} },
			want: []string{
				"OIDC provider requires an 'issuer' option", "OIDC provider requires an 'client_id' option",
				"OIDC provider requires an 'callback_url' option",
			},
		},
		"no URLs": {
			change: func(o *oidc.Options) {
				o.Issuer, o.CallbackURL = "idp", "://"
				o.AuthorizationEndpoint, o.TokenEndpoint, o.JWKSURI = "https://", "/token", "https://idp.example/keys#1"
				o.AllowedCallbackURLs = []string{"https://shop.example/", "https://me:pw@shop.example/"}
				o.UserInfoEndpoint = "userinfo"
			},
			want: []string{
				"OIDC 'issuer' must be a valid URL", "OIDC 'callback_url' must be a valid URL",
				"OIDC 'authorization_endpoint' must be a valid URL", "OIDC 'token_endpoint' must be a valid URL",
				"OIDC 'jwks_uri' must be a valid URL", "OIDC 'userinfo_endpoint' must be a valid URL", "OIDC 'allowed_callback_urls[1]' must be a valid URL",
			},
		},
		"without TLS": {
			change: func(o *oidc.Options) {
				o.Issuer, o.TokenEndpoint, o.CallbackURL = "http://localhost:9000", "ftp://idp.example/token", "myapp://callback"
			},
			want: []string{"OIDC 'issuer'" + https, "OIDC 'callback_url'" + https, "OIDC 'token_endpoint'" + https},
		},
		"localhost in development": {change: func(o *oidc.Options) {
			o.AllowPrivate = true
			o.Issuer, o.TokenEndpoint, o.JWKSURI = "http://localhost:9000", "http://127.0.0.1/token", "http://[::1]:1/keys"
		}},
		"without TLS and not localhost": {
			change: func(o *oidc.Options) { o.AllowPrivate, o.Issuer = true, "http://localhost.example" },
			want:   []string{"OIDC 'issuer'" + https},
		},
		"internal endpoints": {
			change: func(o *oidc.Options) {
				o.AllowPrivate = true
				o.TokenEndpoint, o.JWKSURI, o.UserInfoEndpoint = "http://keycloak:8080/token", "http://10.0.0.7/keys", "http://idp.corp.example/me"
			},
		},
		"internal endpoints that are not allowed": {
			change: func(o *oidc.Options) { o.TokenEndpoint = "http://keycloak:8080/token" },
			want:   []string{"OIDC 'token_endpoint'" + https},
		},
		"a sign-in page without TLS": {
			change: func(o *oidc.Options) { o.AllowPrivate, o.AuthorizationEndpoint = true, "http://keycloak:8080/auth" },
			want:   []string{"OIDC 'authorization_endpoint'" + https},
		},
		"callbacks of apps": {
			change: func(o *oidc.Options) {
				o.AllowedCallbackURLs = []string{"myapp://callback", "com.example.app:/oauth/callback", "capacitor://localhost/cb"}
			},
		},
		"callbacks that run or open something": {
			change: func(o *oidc.Options) {
				o.AllowedCallbackURLs = []string{"javascript://x/%0aalert(1)", "data:/x", "file:///etc/passwd", "http://shop.example/cb", "myapp:callback", "myapp://cb#x"}
			},
			want: []string{
				"OIDC 'allowed_callback_urls[0]'" + https, "OIDC 'allowed_callback_urls[1]' must be a valid URL",
				"OIDC 'allowed_callback_urls[2]' must be a valid URL", "OIDC 'allowed_callback_urls[3]'" + https,
				"OIDC 'allowed_callback_urls[4]' must be a valid URL", "OIDC 'allowed_callback_urls[5]' must be a valid URL",
			},
		},
		"an issuer with a query": {
			change: func(o *oidc.Options) { o.Issuer += "?tenant=1" },
			want:   []string{"OIDC 'issuer' must not have a query"},
		},
		"empty names": {
			change: func(o *oidc.Options) {
				o.ClaimMappings = map[string]string{"email": "", "": "sub"}
			},
			want: []string{
				`OIDC 'claim_mappings' has an empty name: "" is "sub"`, `OIDC 'claim_mappings' has an empty name: "email" is ""`,
			},
		},
		"no domains": {
			change: func(o *oidc.Options) {
				o.AllowedEmailDomains = []string{"", "@example.com", "*.example.com", "Example.com"}
			},
			want: []string{
				`OIDC 'allowed_email_domains' must hold names such as example.com, not ""`,
				`OIDC 'allowed_email_domains' must hold names such as example.com, not "@example.com"`,
				`OIDC 'allowed_email_domains' must hold names such as example.com, not "*.example.com"`,
			},
		},
		"times of the past": {
			change: func(o *oidc.Options) { o.ClockTolerance, o.DiscoveryTTL, o.HTTPTimeout = -1, -1, -1 },
			want: []string{
				"OIDC 'clock_tolerance_seconds' must not be negative", "OIDC 'discovery_cache_ttl_ms' must not be negative",
				"OIDC 'http_timeout_ms' must not be negative",
			},
		},
		"a large tolerance": {
			change: func(o *oidc.Options) { o.ClockTolerance = 2*time.Minute + 1 },
			want:   []string{"OIDC 'clock_tolerance_seconds' must be at most 120"},
		},
		"algorithms": {
			change: func(o *oidc.Options) { o.Algorithms = []string{"RS256", "none", "HS256", "rs256", "ES512"} },
			want: []string{
				`OIDC 'algorithms' must hold asymmetric algorithms such as RS256, not "none"`,
				`OIDC 'algorithms' must hold asymmetric algorithms such as RS256, not "HS256"`,
				`OIDC 'algorithms' must hold asymmetric algorithms such as RS256, not "rs256"`,
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			o := valid()
			tt.change(&o)
			_, err := oidc.New(o)
			if tt.want == nil {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, "oidc options: "+strings.Join(tt.want, "\n"), "all of them at once")
			require.ErrorIs(t, err, everlatch.ErrInvalidData)
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()

	o := valid()
	p, err := oidc.New(o)
	require.NoError(t, err)
	require.Equal(t, "oidc", p.Identifier())
	require.Equal(t, "OpenID Connect", p.DisplayName())

	o.DisplayName = "Okta"
	p, err = oidc.New(o)
	require.NoError(t, err)
	require.Equal(t, "Okta", p.DisplayName())
}

// docs/weak-spots.md#w46: the allow-list is not a matter of taste.
func TestCallbackURL(t *testing.T) {
	t.Parallel()

	o := valid()
	o.AllowedCallbackURLs = []string{"https://app.example/back?lang=de"}
	p, err := oidc.New(o)
	require.NoError(t, err)
	o.AllowedCallbackURLs[0] = "https://evil.example" // too late

	for requested, want := range map[string]string{
		"":                                 "https://shop.example/callback",
		"https://shop.example/callback":    "https://shop.example/callback",
		"https://app.example/back?lang=de": "https://app.example/back?lang=de",
	} {
		got, err := p.CallbackURL(requested)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, requested := range []string{
		"https://evil.example", "https://shop.example/callback/", "https://shop.example/callback?x=1", "https://SHOP.example/callback",
		"https://shop.example/callback#", "https://app.example/back", " ", "/callback", "https://shop.example/callback/../evil",
	} {
		_, err := p.CallbackURL(requested)
		requireRefusal(t, err, "The provided callback URL is not allowed")
	}
}

// docs/weak-spots.md#w53, #w47: openid is always asked for, and everything is encoded.
func TestBegin(t *testing.T) {
	t.Parallel()

	const hostile = "a&b=c#d e?f+g%h;i"
	for scopes, want := range map[providers.Scopes]string{
		"": "openid email profile", "email": "openid email", " profile   openid ": "profile openid", "groups": "openid groups",
	} {
		o := valid()
		o.Scopes, o.ClientID = scopes, hostile
		o.AuthorizationEndpoint = "https://idp.example/authorize?tenant=a%26b"
		o.TokenEndpoint, o.JWKSURI = "https://idp.example/token", "https://idp.example/keys"
		p, err := oidc.New(o)
		require.NoError(t, err)
		location, err := p.Begin(t.Context(), providers.Authorization{
			CallbackURL: "https://shop.example/?a=1&b=2", State: hostile, Nonce: hostile, CodeVerifier: hostile,
		})
		require.NoError(t, err)
		u, err := url.Parse(location)
		require.NoError(t, err)
		require.Equal(t, "https://idp.example/authorize", u.Scheme+"://"+u.Host+u.Path)
		require.Empty(t, u.Fragment)
		require.Equal(t, url.Values{
			"tenant": {"a&b"}, "client_id": {hostile}, "scope": {want}, "response_type": {"code"},
			"redirect_uri": {"https://shop.example/?a=1&b=2"}, "state": {hostile}, "nonce": {hostile},
			"code_challenge": {oauth2.S256ChallengeFromVerifier(hostile)}, "code_challenge_method": {"S256"},
		}, u.Query())
	}
}

func TestDefaultDurations(t *testing.T) {
	t.Parallel()

	o := oidc.Options{}.WithDefaults()
	require.Equal(t, 10*time.Second, o.HTTPTimeout)
	require.Equal(t, 5*time.Second, o.ClockTolerance)
	require.Equal(t, time.Hour, o.DiscoveryTTL)
}
