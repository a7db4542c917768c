package google

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/oidc"
)

// Identifier is the kind of this provider and the id under which it is
// registered by default.
const Identifier = "google"

// Google's issuer and its endpoints. Some of its tokens name the issuer without
// the scheme, which go-oidc accepts for Google alone.
const (
	DefaultIssuer                = "https://accounts.google.com"
	DefaultAuthorizationEndpoint = "https://accounts.google.com/o/oauth2/v2/auth"
	DefaultTokenEndpoint         = "https://oauth2.googleapis.com/token"
	DefaultJWKSURI               = "https://www.googleapis.com/oauth2/v3/certs"
)

// Options configures a [Provider]. ClientID, ClientSecret and CallbackURL are
// what Google's console says; everything else has a default.
type Options struct {
	ClientID     string
	ClientSecret string
	// CallbackURL is where the provider redirects users by default.
	CallbackURL string
	// AllowedCallbackURLs are other URLs that a request may choose, compared
	// byte for byte (docs/weak-spots.md#w46).
	AllowedCallbackURLs []string
	// Issuer is for tests; "" is Google. Another one is asked for its endpoints.
	Issuer string
	// The endpoints, "" for Google's.
	AuthorizationEndpoint, TokenEndpoint, JWKSURI string
	// AllowPrivate admits addresses of the operator's own network, and http for
	// localhost.
	AllowPrivate bool
	// HTTPTimeout bounds each request; 0 is [oidc.DefaultHTTPTimeout].
	HTTPTimeout time.Duration
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// HTTPClient makes the requests, for tests; see [oidc.Options].
	HTTPClient *http.Client
}

var _ providers.Redirect = (*Provider)(nil)

// Provider implements [providers.Redirect]. It is safe for concurrent use and
// works under any id (docs/weak-spots.md#w23).
type Provider struct{ *oidc.Provider }

// New returns a provider, or every problem of its options. It makes no request.
func New(o Options) (*Provider, error) {
	var problems []error
	need := func(label string, value *string, placeholder string) {
		if *value == "" {
			problems = append(problems, &everlatch.Error{Code: everlatch.CodeInvalidData, Message: "Google " + label + " is required"})
			*value = placeholder // so that the others are looked at too
		}
	}
	need("clientId", &o.ClientID, "missing")
	need("clientSecret", &o.ClientSecret, "missing")
	need("callbackUrl", &o.CallbackURL, "https://missing.example")

	p, err := oidc.New(o.preset())
	if err := errors.Join(append(problems, err)...); err != nil {
		return nil, fmt.Errorf("google options: %w", err)
	}
	return &Provider{p}, nil
}

func (o Options) preset() oidc.Options {
	if o.Issuer == "" || o.Issuer == DefaultIssuer {
		o.Issuer = DefaultIssuer
		o.AuthorizationEndpoint = cmp.Or(o.AuthorizationEndpoint, DefaultAuthorizationEndpoint)
		o.TokenEndpoint = cmp.Or(o.TokenEndpoint, DefaultTokenEndpoint)
		o.JWKSURI = cmp.Or(o.JWKSURI, DefaultJWKSURI)
	}
	return oidc.Options{
		Issuer:                o.Issuer,
		ClientID:              o.ClientID,
		ClientSecret:          o.ClientSecret,
		CallbackURL:           o.CallbackURL,
		AllowedCallbackURLs:   o.AllowedCallbackURLs,
		Scopes:                "email profile openid",
		AuthorizationEndpoint: o.AuthorizationEndpoint,
		TokenEndpoint:         o.TokenEndpoint,
		JWKSURI:               o.JWKSURI,
		ClaimMappings: map[string]string{
			"picture": "picture", "given_name": "given_name", "family_name": "family_name",
		},
		RequireVerifiedEmail: new(false), // Profile requires it, in the contract's words
		DisplayName:          "Google Authentication",
		HTTPTimeout:          o.HTTPTimeout,
		AllowPrivate:         o.AllowPrivate,
		Algorithms:           []string{"RS256"}, // docs/contract.md#s3-4
		Now:                  o.Now,
		HTTPClient:           o.HTTPClient,
	}
}

// Identifier implements [providers.Provider].
func (*Provider) Identifier() string { return Identifier }

// Profile implements [providers.Redirect]. People whose address Google does not
// vouch for are refused.
func (p *Provider) Profile(ctx context.Context, t providers.Tokens, c providers.Callback) (providers.Profile, error) {
	profile, err := p.Provider.Profile(ctx, t, c)
	if err != nil {
		return providers.Profile{}, err
	}
	if !profile.EmailVerified {
		return providers.Profile{}, &everlatch.Error{
			Code: everlatch.CodeUnauthorized, Message: "Email not verified, cannot proceed with authentication",
		}
	}
	return profile, nil
}
