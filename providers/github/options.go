package github

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/everlatch/everlatch/providers"
)

const (
	defaultScopes                = "read:user user:email"
	defaultAuthorizationEndpoint = "https://github.com/login/oauth/authorize"
	defaultTokenEndpoint         = "https://github.com/login/oauth/access_token"
	defaultAPIEndpoint           = "https://api.github.com"
)

// Options configures a [Provider]. ClientID, ClientSecret and CallbackURL are
// required; a zero field has its default. The JSON names are those of the
// configuration.
//
// The comment of each field is its description in docs/guides/provider-options.md.
type Options struct {
	providers.OAuthClient

	// The requested scopes. Without `user:email` GitHub returns no addresses. A
	// GitHub App ignores scopes and uses its permissions instead.
	// (docs/weak-spots.md#w49)
	Scopes providers.Scopes `json:"scopes"`
	// Where users are redirected to sign in. Change this and the next two for a
	// GitHub Enterprise Server. (docs/contract.md#s3-5)
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	// Where codes are exchanged. (docs/contract.md#s3-5)
	TokenEndpoint string `json:"token_endpoint"`
	// GitHub's API. For an Enterprise Server use `https://HOST/api/v3`.
	// (docs/contract.md#s3-5)
	APIEndpoint string `json:"api_endpoint"`
	// Store GitHub's tokens with the identity, encrypted. By default they are
	// discarded after use. (docs/weak-spots.md#w50)
	KeepTokens bool `json:"keep_tokens"`
	// Refuse users whose primary address GitHub has not verified. With false they
	// sign in without an address: an unverified address is never returned.
	// (docs/weak-spots.md#w49)
	RequireVerifiedEmail *bool `json:"require_verified_email"`

	// Now is the clock; nil is the system's.
	Now func() time.Time `json:"-"`
}

// WithDefaults returns o with its defaults, as [New] uses them.
func (o Options) WithDefaults() Options {
	o.OAuthClient = o.OAuthClient.WithDefaults()
	o.Scopes = cmp.Or(providers.Scopes(strings.Join(o.Scopes.List(), " ")), defaultScopes)
	o.AuthorizationEndpoint = cmp.Or(o.AuthorizationEndpoint, defaultAuthorizationEndpoint)
	o.TokenEndpoint = cmp.Or(o.TokenEndpoint, defaultTokenEndpoint)
	o.APIEndpoint = strings.TrimRight(cmp.Or(o.APIEndpoint, defaultAPIEndpoint), "/")
	o.RequireVerifiedEmail = new(o.RequireVerifiedEmail == nil || *o.RequireVerifiedEmail)
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the one place that decides on a clock
	}
	return o
}

// check reports every problem of o, which has its defaults. The problems quote
// no value: it may be a misplaced secret.
func (o Options) check() error {
	var problems []error
	// The contract's words (docs/contract.md#s3-5).
	if o.ClientID == "" {
		problems = append(problems, errors.New("Github clientId is required")) //nolint:staticcheck // the contract's words
	}
	if o.ClientSecret == "" {
		problems = append(problems, errors.New("Github clientSecret is required")) //nolint:staticcheck // the contract's words
	}
	if o.CallbackURL == "" {
		problems = append(problems, errors.New("Github callbackUrl is required")) //nolint:staticcheck // the contract's words
	} else if !isCallback(o.CallbackURL) {
		problems = append(problems, errors.New("the callback URL is not an absolute URL without a fragment"))
	}
	for i, allowed := range o.AllowedCallbackURLs {
		if !isCallback(allowed) {
			problems = append(problems, fmt.Errorf("allowed callback URL %d is not an absolute URL without a fragment", i+1))
		}
	}
	problems = append(problems,
		checkEndpoint("authorization", o.AuthorizationEndpoint, o.AllowPrivate),
		checkEndpoint("token", o.TokenEndpoint, o.AllowPrivate),
		checkEndpoint("API", o.APIEndpoint, o.AllowPrivate))
	if u, err := url.Parse(o.APIEndpoint); err == nil && u.RawQuery != "" {
		problems = append(problems, errors.New("the API endpoint has a query"))
	}
	if o.HTTPTimeout < 0 {
		problems = append(problems, errors.New("the timeout is negative"))
	}
	return errors.Join(problems...)
}

// isCallback reports whether users can be redirected to a URL. Apps have custom
// schemes.
func isCallback(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme != "" && u.Host != "" && u.User == nil && !strings.Contains(text, "#")
}

func checkEndpoint(name, text string, allowPrivate bool) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Contains(text, "#"):
		return fmt.Errorf("the %s endpoint is not a URL such as https://github.example/login", name)
	case u.User != nil:
		return fmt.Errorf("the %s endpoint has a name or password", name)
	case u.Scheme == "http" && !allowPrivate:
		return fmt.Errorf("the %s endpoint must be https; http is accepted with AllowPrivate alone", name)
	}
	return nil
}
