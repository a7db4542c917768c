package app

import (
	"encoding/json"
	"fmt"
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
	ClientID            string   `json:"client_id"`
	ClientSecret        string   `json:"client_secret"`
	CallbackURL         string   `json:"callback_url"`
	AllowedCallbackURLs []string `json:"allowed_callback_urls"`
	AllowPrivate        bool     `json:"allow_private"`
	HTTPTimeout         millis   `json:"http_timeout_ms"`
}

// githubOptions are the options of a github registration (contract 3.5).
type githubOptions struct {
	registered

	Scopes                words  `json:"scopes"`
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	TokenEndpoint         string `json:"token_endpoint"`
	APIEndpoint           string `json:"api_endpoint"`
	KeepTokens            bool   `json:"keep_tokens"`
	RequireVerifiedEmail  *bool  `json:"require_verified_email"`
}

func newGithub(raw map[string]any) (providers.Provider, error) {
	var in githubOptions
	if err := decodeOptions(raw, &in); err != nil {
		return nil, err
	}
	return github.New(github.Options{
		ClientID: in.ClientID, ClientSecret: in.ClientSecret, CallbackURL: in.CallbackURL,
		AllowedCallbackURLs: in.AllowedCallbackURLs, Scopes: string(in.Scopes),
		AuthorizationEndpoint: in.AuthorizationEndpoint, TokenEndpoint: in.TokenEndpoint, APIEndpoint: in.APIEndpoint,
		KeepTokens: in.KeepTokens, RequireVerifiedEmail: in.RequireVerifiedEmail, AllowPrivate: in.AllowPrivate,
		HTTPTimeout: time.Duration(in.HTTPTimeout),
	})
}

// googleOptions are the options of a google registration (contract 3.4).
type googleOptions struct {
	registered

	Issuer                string `json:"issuer"`
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	TokenEndpoint         string `json:"token_endpoint"`
	JWKSURI               string `json:"jwks_uri"`
}

func newGoogle(raw map[string]any) (providers.Provider, error) {
	var in googleOptions
	if err := decodeOptions(raw, &in); err != nil {
		return nil, err
	}
	return google.New(google.Options{
		ClientID: in.ClientID, ClientSecret: in.ClientSecret, CallbackURL: in.CallbackURL,
		AllowedCallbackURLs: in.AllowedCallbackURLs, Issuer: in.Issuer, AuthorizationEndpoint: in.AuthorizationEndpoint,
		TokenEndpoint: in.TokenEndpoint, JWKSURI: in.JWKSURI, AllowPrivate: in.AllowPrivate, HTTPTimeout: time.Duration(in.HTTPTimeout),
	})
}

// oidcOptions are the options of an oidc registration, by the names of the
// contract (3.6).
type oidcOptions struct {
	registered

	Issuer                string            `json:"issuer"`
	Scopes                words             `json:"scopes"`
	AuthorizationEndpoint string            `json:"authorization_endpoint"`
	TokenEndpoint         string            `json:"token_endpoint"`
	JWKSURI               string            `json:"jwks_uri"`
	UserInfoEndpoint      string            `json:"userinfo_endpoint"`
	EndSessionEndpoint    string            `json:"end_session_endpoint"` // nobody uses it, as in Medusa
	ClaimMappings         map[string]string `json:"claim_mappings"`
	RequireVerifiedEmail  *bool             `json:"require_verified_email"`
	AllowedEmailDomains   []string          `json:"allowed_email_domains"`
	ClockTolerance        seconds           `json:"clock_tolerance_seconds"`
	StateTTL              seconds           `json:"state_ttl_seconds"`
	DisplayName           string            `json:"display_name"`
	DiscoveryTTL          millis            `json:"discovery_cache_ttl_ms"`
	Algorithms            []string          `json:"algorithms"`
}

func newOIDC(raw map[string]any) (providers.Provider, error) {
	var in oidcOptions
	if err := decodeOptions(raw, &in); err != nil {
		return nil, err
	}
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
	d, err := spanIn(text, time.Second)
	*s = seconds(d)
	return err
}

// UnmarshalJSON implements [json.Unmarshaler].
func (m *millis) UnmarshalJSON(text []byte) error {
	d, err := spanIn(text, time.Millisecond)
	*m = millis(d)
	return err
}

func spanIn(text []byte, unit time.Duration) (time.Duration, error) {
	var n uint32
	if json.Unmarshal(text, &n) == nil {
		return time.Duration(n) * unit, nil
	}
	span, err := config.ParseSpan(strings.Trim(string(text), `"`))
	return span.Duration(), err
}
