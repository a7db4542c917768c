package google

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/oidc"
)

// Identifier is the kind of this provider and the id under which it is
// registered by default.
const Identifier = "google"

// Google's issuer and its endpoints. Some of its tokens name the issuer without
// the scheme, which go-oidc accepts only for Google.
const (
	defaultIssuer                = "https://accounts.google.com"
	defaultAuthorizationEndpoint = "https://accounts.google.com/o/oauth2/v2/auth"
	defaultTokenEndpoint         = "https://oauth2.googleapis.com/token"
	defaultJWKSURI               = "https://www.googleapis.com/oauth2/v3/certs"
)

// Options configures a [Provider]. ClientID, ClientSecret and CallbackURL are
// required; a zero field has its default. The JSON names are those of the
// configuration.
//
// The comment of each field is its description in docs/guides/provider-options.md.
type Options struct {
	providers.OAuthClient

	// The domain of the Google Workspace organization whose accounts may sign in;
	// `*` permits all organizations and no other accounts. Empty permits every
	// account. (docs/weak-spots.md#w6)
	HostedDomain string `json:"hd"`
	// For tests: the issuer of an OpenID provider that replaces Google. Its
	// discovery document supplies the endpoints. (docs/contract.md#s3-4)
	Issuer string `json:"issuer"`
	// Where users are redirected to sign in. (docs/contract.md#s3-4)
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	// Where codes are exchanged. (docs/contract.md#s3-4)
	TokenEndpoint string `json:"token_endpoint"`
	// The URL of the keys that sign ID tokens. (docs/contract.md#s3-4)
	JWKSURI string `json:"jwks_uri"`

	// Now is the clock; nil is the system's.
	Now func() time.Time `json:"-"`
	// HTTPClient makes the requests, for tests; see [oidc.Options].
	HTTPClient *http.Client `json:"-"`
}

var (
	_ providers.Redirect     = (*Provider)(nil)
	_ providers.AddressOwner = (*Provider)(nil)
)

// Provider implements [providers.Redirect]. It is safe for concurrent use and
// works under any id (docs/weak-spots.md#w23).
type Provider struct {
	*oidc.Provider

	hostedDomain string
}

const (
	// claimHostedDomain names the organization of a Workspace account. It has the
	// same name in the user metadata.
	claimHostedDomain = "hd"
	anyHostedDomain   = "*"
)

// New returns a provider, or every problem of its options. It makes no request.
func New(o Options) (*Provider, error) {
	var problems []error
	need := func(label string, value *string, placeholder string) {
		if *value == "" {
			problems = append(problems, &everlatch.Error{Code: everlatch.CodeInvalidData, Message: "Google " + label + " is required"})
			*value = placeholder // so that the other options are checked too
		}
	}
	need("clientId", &o.ClientID, "missing")
	need("clientSecret", &o.ClientSecret, "missing")
	need("callbackUrl", &o.CallbackURL, "https://missing.example")

	p, err := oidc.New(o.preset())
	if err := errors.Join(append(problems, err)...); err != nil {
		return nil, fmt.Errorf("google options: %w", err)
	}
	return &Provider{p, o.HostedDomain}, nil
}

// WithDefaults returns o with its defaults, as [New] uses them.
func (o Options) WithDefaults() Options {
	o.OAuthClient = o.OAuthClient.WithDefaults()
	o.Issuer = cmp.Or(o.Issuer, defaultIssuer)
	if o.Issuer == defaultIssuer { // another issuer's come from its discovery document
		o.AuthorizationEndpoint = cmp.Or(o.AuthorizationEndpoint, defaultAuthorizationEndpoint)
		o.TokenEndpoint = cmp.Or(o.TokenEndpoint, defaultTokenEndpoint)
		o.JWKSURI = cmp.Or(o.JWKSURI, defaultJWKSURI)
	}
	return o
}

func (o Options) preset() oidc.Options {
	o = o.WithDefaults()
	return oidc.Options{
		OAuthClient:           o.OAuthClient,
		Issuer:                o.Issuer,
		Scopes:                "email profile openid",
		AuthorizationEndpoint: o.AuthorizationEndpoint,
		TokenEndpoint:         o.TokenEndpoint,
		JWKSURI:               o.JWKSURI,
		ClaimMappings: map[string]string{
			"picture": "picture", "given_name": "given_name", "family_name": "family_name",
			claimHostedDomain: claimHostedDomain,
		},
		RequireVerifiedEmail: new(false), // Profile requires it, in the contract's words
		DisplayName:          "Google Authentication",
		Algorithms:           []string{"RS256"}, // docs/contract.md#s3-4
		Now:                  o.Now,
		HTTPClient:           o.HTTPClient,
	}
}

// Identifier implements [providers.Provider].
func (*Provider) Identifier() string { return Identifier }

// KindName implements [providers.KindNamer].
func (*Provider) KindName() string { return "Google" }

// CommonName implements [providers.CommonNamer].
func (*Provider) CommonName() string { return "Google" }

// Profile implements [providers.Redirect]. It refuses users whose address Google
// has not verified.
func (p *Provider) Profile(ctx context.Context, t providers.Tokens, c providers.Callback) (providers.Profile, error) {
	profile, err := p.Provider.Profile(ctx, t, c)
	if err != nil {
		return providers.Profile{}, err
	}
	if !profile.EmailVerified {
		return providers.Profile{}, &everlatch.Error{
			Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonEmailUnverified, Message: "Email not verified, cannot proceed with authentication",
		}
	}
	if domain := hostedDomain(profile.UserMetadata); !p.permits(domain) {
		return providers.Profile{}, &everlatch.Error{
			Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonAuthenticationFailed, Message: "Authentication failed",
			Err: fmt.Errorf("the account is of the organization %.100q, not of the one in the option hd", domain),
		}
	}
	return profile, nil
}

// Begin implements [providers.Redirect]. The parameter hd only lets Google offer the
// right accounts; Profile checks the claim.
func (p *Provider) Begin(ctx context.Context, a providers.Authorization) (string, error) {
	location, err := p.Provider.Begin(ctx, a)
	if err != nil || p.hostedDomain == "" {
		return location, err
	}
	return location + "&" + url.Values{claimHostedDomain: {p.hostedDomain}}.Encode(), nil
}

// OwnsAddress implements [providers.AddressOwner]. Anyone can make a Google account
// with an address of another mail provider and keep it when the address goes to
// another person. Google answers for its own addresses, and for those of
// organizations, whose accounts have the claim hd.
func (p *Provider) OwnsAddress(email string, userMetadata everlatch.Metadata) bool {
	domain := strings.ToLower(email[strings.LastIndexByte(email, '@')+1:])
	return domain == "gmail.com" || domain == "googlemail.com" || hostedDomain(userMetadata) != ""
}

func (p *Provider) permits(domain string) bool {
	switch p.hostedDomain {
	case "":
		return true
	case anyHostedDomain:
		return domain != ""
	}
	return strings.EqualFold(domain, p.hostedDomain)
}

func hostedDomain(userMetadata everlatch.Metadata) string {
	domain, _ := userMetadata[claimHostedDomain].(string)
	return domain
}
