package app

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/github"
	"github.com/everlatch/everlatch/providers/google"
	"github.com/everlatch/everlatch/providers/oidc"
)

// registered is what every provider elsewhere needs to know of its registration there,
// as it stands in the YAML file.
type registered struct {
	ClientID            string   `json:"client_id" doc:"The client ID that the provider has assigned to this service." source:"3.4–3.6"`
	ClientSecret        string   `json:"client_secret" doc:"The client secret. It is sent in a request body, never in a URL." source:"3.4–3.6"`
	CallbackURL         string   `json:"callback_url" doc:"The page of your site to which the provider redirects users by default. Register it with the provider too." source:"3.4–3.6"`
	AllowedCallbackURLs []string `json:"allowed_callback_urls" default:"[]" doc:"Other pages that a request may choose as callback_url, compared byte for byte." source:"3.6"`
	AllowPrivate        bool     `json:"allow_private" default:"false" doc:"Permit a provider in your private network and plain http: with github anywhere, with google and oidc on localhost. By default only https and public addresses are permitted." source:"3.6"`
	HTTPTimeout         millis   `json:"http_timeout_ms" default:"10000" doc:"How long one request to the provider may take." source:"3.6"`
}

// githubOptions are the options of a github registration (docs/contract.md#s3-5).
type githubOptions struct {
	registered

	Scopes                words  `json:"scopes" default:"read:user user:email" doc:"The requested scopes. Without user:email GitHub returns no addresses. A GitHub App ignores scopes and uses its permissions instead." source:"W49"`
	AuthorizationEndpoint string `json:"authorization_endpoint" default:"https://github.com/login/oauth/authorize" doc:"Where users are redirected to sign in. Change this and the next two for a GitHub Enterprise Server." source:"3.5"`
	TokenEndpoint         string `json:"token_endpoint" default:"https://github.com/login/oauth/access_token" doc:"Where codes are exchanged." source:"3.5"`
	APIEndpoint           string `json:"api_endpoint" default:"https://api.github.com" doc:"GitHub's API. For an Enterprise Server use https://HOST/api/v3." source:"3.5"`
	KeepTokens            bool   `json:"keep_tokens" default:"false" doc:"Store GitHub's tokens with the identity, encrypted. By default they are discarded after use." source:"W50"`
	RequireVerifiedEmail  *bool  `json:"require_verified_email" default:"true" doc:"Refuse users whose primary address GitHub has not verified. With false they sign in without an address: an unverified address is never returned." source:"W49"`
}

func newGithub(in githubOptions) (providers.Provider, error) {
	return github.New(github.Options{
		ClientID: in.ClientID, ClientSecret: in.ClientSecret, CallbackURL: in.CallbackURL,
		AllowedCallbackURLs: in.AllowedCallbackURLs, Scopes: string(in.Scopes),
		AuthorizationEndpoint: in.AuthorizationEndpoint, TokenEndpoint: in.TokenEndpoint, APIEndpoint: in.APIEndpoint,
		KeepTokens: in.KeepTokens, RequireVerifiedEmail: in.RequireVerifiedEmail, AllowPrivate: in.AllowPrivate,
		HTTPTimeout: time.Duration(in.HTTPTimeout),
	})
}

// googleOptions are the options of a google registration (docs/contract.md#s3-4).
type googleOptions struct {
	registered

	Issuer                string `json:"issuer" default:"https://accounts.google.com" doc:"For tests: the issuer of an OpenID provider that replaces Google. Its discovery document supplies the endpoints." source:"3.4"`
	AuthorizationEndpoint string `json:"authorization_endpoint" default:"https://accounts.google.com/o/oauth2/v2/auth" doc:"Where users are redirected to sign in." source:"3.4"`
	TokenEndpoint         string `json:"token_endpoint" default:"https://oauth2.googleapis.com/token" doc:"Where codes are exchanged." source:"3.4"`
	JWKSURI               string `json:"jwks_uri" default:"https://www.googleapis.com/oauth2/v3/certs" doc:"The URL of the keys that sign ID tokens." source:"3.4"`
}

func newGoogle(in googleOptions) (providers.Provider, error) {
	return google.New(google.Options{
		ClientID: in.ClientID, ClientSecret: in.ClientSecret, CallbackURL: in.CallbackURL,
		AllowedCallbackURLs: in.AllowedCallbackURLs, Issuer: in.Issuer, AuthorizationEndpoint: in.AuthorizationEndpoint,
		TokenEndpoint: in.TokenEndpoint, JWKSURI: in.JWKSURI, AllowPrivate: in.AllowPrivate, HTTPTimeout: time.Duration(in.HTTPTimeout),
	})
}

// oidcOptions are the options of an oidc registration, by the names of the
// contract (docs/contract.md#s3-6).
type oidcOptions struct {
	registered

	Issuer                string            `json:"issuer" doc:"The provider's issuer URL, compared byte for byte. The discovery document is below it." source:"3.6"`
	Scopes                words             `json:"scopes" default:"openid email profile" doc:"The requested scopes. openid is always included." source:"3.6"`
	AuthorizationEndpoint string            `json:"authorization_endpoint" doc:"Where users are redirected to sign in. This and the next two come from discovery by default; if all three are set, discovery is skipped." source:"3.6"`
	TokenEndpoint         string            `json:"token_endpoint" doc:"Where codes are exchanged." source:"3.6"`
	JWKSURI               string            `json:"jwks_uri" doc:"The URL of the keys that sign ID tokens." source:"3.6"`
	UserInfoEndpoint      string            `json:"userinfo_endpoint" doc:"The UserInfo endpoint, which supplies the address if the ID token has none. By default from discovery." source:"–"`
	EndSessionEndpoint    string            `json:"end_session_endpoint" doc:"Accepted but ignored, as in Medusa." source:"3.6"`
	ClaimMappings         map[string]string `json:"claim_mappings" default:"{entity_id: sub, email: email, name: name}" doc:"Maps keys to claims of the ID token. entity_id permanently identifies a user; every other key goes into user_metadata. Entries are added to the default." source:"3.6"`
	RequireVerifiedEmail  *bool             `json:"require_verified_email" default:"true" doc:"Refuse users whose address the provider has not verified: email_verified must be true, and the mapped claim must be email." source:"3.6"`
	AllowedEmailDomains   []string          `json:"allowed_email_domains" default:"[]" doc:"The allowed domains of email addresses; an empty list allows all. It checks only the address, so it restricts access only together with require_verified_email." source:"3.6"`
	ClockTolerance        seconds           `json:"clock_tolerance_seconds" default:"5" doc:"The tolerated difference between the provider's clock and ours. 0 means the default; the maximum is 120." source:"3.6"`
	StateTTL              seconds           `json:"state_ttl_seconds" doc:"How long a user may take to sign in at the provider. By default auth.redirect.ttl, which is 10 minutes." source:"3.6"`
	DisplayName           string            `json:"display_name" default:"OpenID Connect" doc:"The name shown in the list of providers." source:"3.6"`
	DiscoveryTTL          millis            `json:"discovery_cache_ttl_ms" default:"3600000" doc:"How long the provider's discovery document and keys are cached. A token with an unknown key fetches the keys sooner." source:"3.6"`
	Algorithms            []string          `json:"algorithms" default:"[RS256, PS256, ES256, EdDSA]" doc:"The allowed signature algorithms of ID tokens. RS384, RS512, PS384, PS512, ES384 and ES512 are also supported; algorithms with a shared secret are not." source:"3.6"`
}

func newOIDC(in oidcOptions) (providers.Provider, error) {
	p, err := oidc.New(oidc.Options{
		Issuer: in.Issuer, ClientID: in.ClientID, ClientSecret: in.ClientSecret, CallbackURL: in.CallbackURL,
		AllowedCallbackURLs: in.AllowedCallbackURLs, Scopes: string(in.Scopes),
		AuthorizationEndpoint: in.AuthorizationEndpoint, TokenEndpoint: in.TokenEndpoint, JWKSURI: in.JWKSURI,
		UserInfoEndpoint: in.UserInfoEndpoint,
		ClaimMappings:    in.ClaimMappings, RequireVerifiedEmail: in.RequireVerifiedEmail, AllowedEmailDomains: in.AllowedEmailDomains,
		ClockTolerance: time.Duration(in.ClockTolerance), DisplayName: in.DisplayName, DiscoveryTTL: time.Duration(in.DiscoveryTTL),
		HTTPTimeout: time.Duration(in.HTTPTimeout), AllowPrivate: in.AllowPrivate, Algorithms: in.Algorithms,
	})
	if err != nil || in.StateTTL == 0 {
		return p, err
	}
	return paced{p, time.Duration(in.StateTTL)}, nil
}

// paced is an OpenID provider at which people may take a time of its own.
type paced struct {
	*oidc.Provider

	within time.Duration
}

var _ providers.Paced = paced{}

// SignInWithin implements [providers.Paced].
func (p paced) SignInWithin() time.Duration { return p.within }

// words is a list of words, or one text with blanks between them.
type words string

// UnmarshalJSON implements [json.Unmarshaler].
func (w *words) UnmarshalJSON(text []byte) error {
	var list []string
	if json.Unmarshal(text, &list) == nil {
		*w = words(strings.Join(list, " "))
		return nil
	}
	var one string
	if err := json.Unmarshal(text, &one); err != nil {
		return fmt.Errorf("%s is neither a list of words nor a text", text)
	}
	*w = words(one)
	return nil
}

// seconds and millis are whole numbers, or spans as everywhere else: 5, "5s".
type (
	seconds time.Duration
	millis  time.Duration
)

// UnmarshalJSON implements [json.Unmarshaler].
func (s *seconds) UnmarshalJSON(text []byte) error {
	d, err := spanIn(text, "s")
	*s = seconds(d)
	return err
}

// UnmarshalJSON implements [json.Unmarshaler].
func (m *millis) UnmarshalJSON(text []byte) error {
	d, err := spanIn(text, "ms")
	*m = millis(d)
	return err
}

// spanIn reads a span. A number is one of units, also in quotes, in which
// templates like to put it. A key that was left empty is no span.
func spanIn(text []byte, unit string) (time.Duration, error) {
	if string(text) == "null" {
		return 0, nil
	}
	plain := strings.Trim(string(text), `"`)
	if _, err := strconv.ParseFloat(plain, 64); err == nil {
		plain += unit
	}
	span, err := config.ParseSpan(plain)
	return span.Duration(), err
}
