package github

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The defaults of [Options].
const (
	DefaultScopes                = "read:user user:email"
	DefaultAuthorizationEndpoint = "https://github.com/login/oauth/authorize"
	DefaultTokenEndpoint         = "https://github.com/login/oauth/access_token"
	DefaultAPIEndpoint           = "https://api.github.com"
	DefaultHTTPTimeout           = 10 * time.Second
)

// Options configures a [Provider]. ClientID, ClientSecret and CallbackURL are
// what GitHub's page of the app says; everything else has a default.
type Options struct {
	ClientID     string
	ClientSecret string
	// CallbackURL is where the provider redirects users by default.
	CallbackURL string
	// AllowedCallbackURLs are other URLs that a request may choose, compared
	// byte for byte (docs/weak-spots.md#w46).
	AllowedCallbackURLs []string
	// Scopes are the requested scopes, separated by spaces; "" is [DefaultScopes].
	// Without user:email GitHub does not return addresses. A GitHub App ignores
	// scopes and uses its permissions instead.
	Scopes string
	// The endpoints, "" for those of github.com. A GitHub Enterprise Server's API
	// is at https://<host>/api/v3.
	AuthorizationEndpoint string
	TokenEndpoint         string
	APIEndpoint           string
	// KeepTokens returns the tokens with the profile, to be kept sealed with the
	// identity (docs/weak-spots.md#w50). By default tokens are discarded.
	KeepTokens bool
	// RequireVerifiedEmail refuses users whose primary address is not verified; nil
	// is true. With false they sign in without an address: an unverified address is
	// never returned.
	RequireVerifiedEmail *bool
	// AllowPrivate permits http and private addresses.
	AllowPrivate bool
	// HTTPTimeout bounds each request; 0 is [DefaultHTTPTimeout].
	HTTPTimeout time.Duration
	// Now is the clock; nil is the system's.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	o.Scopes = cmp.Or(strings.Join(strings.Fields(o.Scopes), " "), DefaultScopes)
	o.AuthorizationEndpoint = cmp.Or(o.AuthorizationEndpoint, DefaultAuthorizationEndpoint)
	o.TokenEndpoint = cmp.Or(o.TokenEndpoint, DefaultTokenEndpoint)
	o.APIEndpoint = strings.TrimRight(cmp.Or(o.APIEndpoint, DefaultAPIEndpoint), "/")
	o.HTTPTimeout = cmp.Or(o.HTTPTimeout, DefaultHTTPTimeout)
	o.AllowedCallbackURLs = slices.Clone(o.AllowedCallbackURLs)
	o.RequireVerifiedEmail = new(o.RequireVerifiedEmail == nil || *o.RequireVerifiedEmail)
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the one place that decides on a clock
	}
	return o
}

// check reports every problem of o, which has its defaults. The problems repeat
// no value: an operator may have put one into the wrong place.
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

// isCallback says whether people can be sent back to a URL. Apps have schemes of
// their own.
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
