package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/egress"
	"github.com/everlatch/everlatch/providers"
)

// Identifier is the kind of this provider and the id under which it is
// registered by default.
const Identifier = "github"

var _ providers.Redirect = (*Provider)(nil)

// Provider implements [providers.Redirect]. It is safe for concurrent use and
// works under any id (W23).
type Provider struct {
	options       Options
	authorization *url.URL
	client        *http.Client
}

// New returns a provider, or every problem of its options.
func New(o Options) (*Provider, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("github options: %w", err)
	}
	authorization, err := url.Parse(o.AuthorizationEndpoint)
	if err != nil {
		return nil, fmt.Errorf("github options: %w", err)
	}
	return &Provider{options: o, authorization: authorization, client: egress.Client(o.HTTPTimeout, o.AllowPrivate)}, nil
}

// Identifier implements [providers.Provider].
func (*Provider) Identifier() string { return Identifier }

// DisplayName implements [providers.Provider].
func (*Provider) DisplayName() string { return "Github Authentication" }

// CallbackURL implements [providers.Redirect].
func (p *Provider) CallbackURL(requested string) (string, error) {
	switch {
	case requested == "" || requested == p.options.CallbackURL:
		return p.options.CallbackURL, nil
	case slices.Contains(p.options.AllowedCallbackURLs, requested):
		return requested, nil
	}
	return "", refuse("The provided callback URL is not allowed", nil)
}

// Begin implements [providers.Redirect]. GitHub has no nonce, since it gives no
// ID token; PKCE binds the code to the sign-in.
func (p *Provider) Begin(_ context.Context, a providers.Authorization) (string, error) {
	if a.CallbackURL == "" || a.State == "" || a.CodeChallenge == "" {
		return "", errors.New("a sign-in with github needs a callback URL, a state and a code challenge")
	}
	query := p.authorization.Query()
	query.Set("client_id", p.options.ClientID)
	query.Set("redirect_uri", a.CallbackURL)
	query.Set("response_type", "code")
	query.Set("scope", p.options.Scopes)
	query.Set("state", a.State)
	query.Set("code_challenge", a.CodeChallenge)
	query.Set("code_challenge_method", "S256")
	location := *p.authorization
	location.RawQuery = query.Encode()
	return location.String(), nil
}

// Exchange implements [providers.Redirect].
func (p *Provider) Exchange(ctx context.Context, c providers.Callback) (providers.Tokens, error) {
	if code := c.Params["error"]; code != "" {
		return providers.Tokens{}, failed(fmt.Errorf("github sends the person back with %s", known(code)))
	}
	if c.Code == "" {
		return providers.Tokens{}, refuse("No code provided", nil)
	}
	asked := p.options.Now()
	got, err := p.post(ctx, p.options.TokenEndpoint, url.Values{
		"grant_type":    {"authorization_code"},
		"client_id":     {p.options.ClientID},
		"client_secret": {p.options.ClientSecret},
		"code":          {c.Code},
		"redirect_uri":  {c.CallbackURL},
		"code_verifier": {c.CodeVerifier},
	})
	if err != nil {
		return providers.Tokens{}, err
	}
	return readTokens(got, asked)
}

// readTokens reads what the token endpoint answers to a code that was sent at
// asked. GitHub refuses with a status of 200.
func readTokens(got answer, asked time.Time) (providers.Tokens, error) {
	var body struct {
		AccessToken           string  `json:"access_token"`
		RefreshToken          string  `json:"refresh_token"`
		TokenType             string  `json:"token_type"`
		ExpiresIn             seconds `json:"expires_in"`
		RefreshTokenExpiresIn seconds `json:"refresh_token_expires_in"`
		Error                 string  `json:"error"`
	}
	malformed := json.Unmarshal(got.body, &body) != nil
	switch {
	case body.Error == "unverified_user_email":
		return providers.Tokens{}, unverified(errors.New("github refuses the code with unverified_user_email"))
	case body.Error != "":
		return providers.Tokens{}, failed(fmt.Errorf("github refuses the code with %d and %s", got.status, known(body.Error)))
	case got.status != http.StatusOK:
		return providers.Tokens{}, failed(fmt.Errorf("github answers %d to a code", got.status))
	case got.tooLarge:
		return providers.Tokens{}, failed(errTooLarge)
	case malformed:
		return providers.Tokens{}, failed(errors.New("github's answer to a code cannot be read"))
	case !isToken(body.AccessToken) || body.TokenType != "" && !strings.EqualFold(body.TokenType, "bearer"):
		return providers.Tokens{}, failed(errors.New("github's answer to a code has no bearer token"))
	}
	return providers.Tokens{
		AccessToken:           body.AccessToken,
		RefreshToken:          body.RefreshToken,
		AccessTokenExpiresAt:  body.ExpiresIn.after(asked),
		RefreshTokenExpiresAt: body.RefreshTokenExpiresIn.after(asked),
	}, nil
}

// isToken says whether a text can be sent as a bearer token (RFC 6750, 2.1).
func isToken(text string) bool {
	const tooLong = 4096
	return text != "" && len(text) <= tooLong &&
		!strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// seconds is a lifetime. 0 stands for none, which tokens that do not expire have
// (W49), and for everything that is no lifetime: a token of which nobody knows
// when it ends is still a token.
type seconds int64

// UnmarshalJSON implements [json.Unmarshaler].
func (s *seconds) UnmarshalJSON(raw []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	if err != nil || n < 0 || n > int64(math.MaxInt32) {
		n = 0
	}
	*s = seconds(n)
	return nil
}

func (s *seconds) after(t time.Time) time.Time {
	if *s == 0 {
		return time.Time{}
	}
	return t.Add(time.Duration(*s) * time.Second).UTC()
}

// knownErrors are the codes of RFC 6749 and of GitHub. A text that is none of
// them is not repeated: it may hold anything.
var knownErrors = []string{
	"access_denied", "application_suspended", "bad_verification_code", "incorrect_client_credentials",
	"invalid_client", "invalid_grant", "invalid_request", "invalid_scope", "redirect_uri_mismatch",
	"server_error", "temporarily_unavailable", "unauthorized_client", "unsupported_grant_type",
	"unsupported_response_type", "unverified_user_email",
}

func known(code string) string {
	if slices.Contains(knownErrors, code) {
		return code
	}
	return "an unknown error"
}

// failed is the answer to whoever did not prove anything. The cause is for the log.
func failed(cause error) error { return refuse("Authentication failed", cause) }

// unverified is the answer to whoever has no address that GitHub vouches for.
func unverified(cause error) error {
	return refuse("Your GitHub account has no verified primary email address. Verify one at GitHub and try again.", cause)
}

func refuse(message string, cause error) error {
	return &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: message, Err: cause}
}
