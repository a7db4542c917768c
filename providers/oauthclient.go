package providers

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
)

const defaultHTTPTimeout = 10 * time.Second

// OAuthClient is this service's registration at an OAuth provider. The options
// of a [Redirect] provider embed it.
//
// The comment of each field is its description in docs/guides/provider-options.md.
type OAuthClient struct {
	// The client ID that the provider has assigned to this service.
	// (docs/contract.md#s3-4, #s3-5, #s3-6)
	ClientID string `json:"client_id"`
	// The client secret. It is sent in the request to the token endpoint, never in a URL.
	// (docs/contract.md#s3-4, #s3-5, #s3-6)
	ClientSecret string `json:"client_secret"`
	// The page of your site to which the provider redirects users by default.
	// Register it with the provider too. (docs/contract.md#s3-4, #s3-5, #s3-6)
	CallbackURL string `json:"callback_url"`
	// Other pages that a request may choose as `callback_url`, compared byte for
	// byte. A native app has its own scheme, such as `myapp://callback`.
	// (docs/contract.md#s3-6, docs/weak-spots.md#w46)
	AllowedCallbackURLs []string `json:"allowed_callback_urls"`
	// Permit a provider in your private network and plain http: with github
	// anywhere, with google and oidc on localhost. By default only https and public
	// addresses are permitted. (docs/contract.md#s3-6)
	AllowPrivate bool `json:"allow_private"`
	// How long one request to the provider may take. (docs/contract.md#s3-6)
	HTTPTimeout time.Duration `json:"http_timeout_ms"`
}

// WithDefaults returns c with its defaults.
func (c OAuthClient) WithDefaults() OAuthClient {
	c.AllowedCallbackURLs = slices.Clone(c.AllowedCallbackURLs)
	c.HTTPTimeout = cmp.Or(c.HTTPTimeout, defaultHTTPTimeout)
	return c
}

// ChooseCallback implements [Redirect.CallbackURL]: it returns the requested URL
// if it is allowed, and the configured one if requested is "".
func (c OAuthClient) ChooseCallback(requested string) (string, error) {
	if requested == "" || requested == c.CallbackURL {
		return c.CallbackURL, nil
	}
	if !slices.Contains(c.AllowedCallbackURLs, requested) {
		return "", &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonCallbackURL, Message: "The provided callback URL is not allowed"}
	}
	return requested, nil
}

// Scopes are OAuth scopes, separated by spaces. JSON may hold a list instead.
type Scopes string

// UnmarshalJSON implements [json.Unmarshaler].
func (s *Scopes) UnmarshalJSON(text []byte) error {
	var list []string
	if json.Unmarshal(text, &list) == nil {
		*s = Scopes(strings.Join(list, " "))
		return nil
	}
	var one string
	if err := json.Unmarshal(text, &one); err != nil {
		return fmt.Errorf("%s is neither a list of words nor a text", text)
	}
	*s = Scopes(one)
	return nil
}

// List returns the scopes one by one.
func (s Scopes) List() []string { return strings.Fields(string(s)) }
