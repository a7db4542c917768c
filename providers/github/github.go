package github

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

// Identifier is the kind of this provider and the id under which it is
// registered by default.
const Identifier = "github"

var (
	_ providers.Redirect  = (*Provider)(nil)
	_ providers.KindNamer = (*Provider)(nil)
	_ everlatch.Prober    = (*Provider)(nil)
)

// Provider implements [providers.Redirect]. It is safe for concurrent use and
// works under any id (docs/weak-spots.md#w23).
type Provider struct {
	options Options
	client  *http.Client
}

// New returns a provider, or every problem of its options.
func New(o Options) (*Provider, error) {
	o = o.WithDefaults()
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("github options: %w", err)
	}
	return &Provider{options: o, client: newClient(o)}, nil
}

// Identifier implements [providers.Provider].
func (*Provider) Identifier() string { return Identifier }

// DisplayName implements [providers.Provider].
func (*Provider) DisplayName() string { return "Github Authentication" }

// KindName implements [providers.KindNamer].
func (*Provider) KindName() string { return "Github" }

// CommonName implements [providers.CommonNamer].
func (*Provider) CommonName() string { return "GitHub" }

// CallbackURL implements [providers.Redirect].
func (p *Provider) CallbackURL(requested string) (string, error) {
	return p.options.ChooseCallback(requested)
}

// oauth2 returns the client's side of one sign-in. The style is never detected
// by trying: that would send a code twice.
func (p *Provider) oauth2(callbackURL string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.options.ClientID, ClientSecret: p.options.ClientSecret, RedirectURL: callbackURL,
		Scopes: p.options.Scopes.List(),
		Endpoint: oauth2.Endpoint{
			AuthURL: p.options.AuthorizationEndpoint, TokenURL: p.options.TokenEndpoint, AuthStyle: oauth2.AuthStyleInParams,
		},
	}
}

// Begin implements [providers.Redirect]. GitHub has no nonce, since it issues
// no ID token; PKCE binds the code to the sign-in.
func (p *Provider) Begin(_ context.Context, a providers.Authorization) (string, error) {
	if a.CallbackURL == "" || a.State == "" || a.CodeVerifier == "" {
		return "", errors.New("a sign-in with github needs a callback URL, a state and a code verifier")
	}
	return p.oauth2(a.CallbackURL).AuthCodeURL(a.State, oauth2.S256ChallengeOption(a.CodeVerifier)), nil
}

// Exchange implements [providers.Redirect].
func (p *Provider) Exchange(ctx context.Context, c providers.Callback) (providers.Tokens, error) {
	if code := c.Params["error"]; code != "" {
		return providers.Tokens{}, failed(fmt.Errorf("github sends the person back with %s", known(code)))
	}
	if c.Code == "" {
		return providers.Tokens{}, refuse(everlatch.ReasonAuthenticationFailed, "No code provided", nil)
	}
	asked := p.options.Now()
	client := context.WithValue(ctx, oauth2.HTTPClient, p.client)
	token, err := p.oauth2(c.CallbackURL).Exchange(client, c.Code, oauth2.VerifierOption(c.CodeVerifier))
	if err != nil {
		return providers.Tokens{}, notExchanged(ctx, err)
	}
	return readTokens(token, asked)
}

// notExchanged explains why there are no tokens. It repeats only the status and
// a known error code of a response: everything else may quote what was sent.
// GitHub refuses with a status of 200.
func notExchanged(ctx context.Context, err error) error {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		status := refused.Response.StatusCode
		switch {
		case status >= http.StatusInternalServerError:
			return unavailable(fmt.Errorf("github answers %d", status))
		case refused.ErrorCode == "unverified_user_email":
			return unverified(errors.New("github refuses the code with unverified_user_email"))
		case refused.ErrorCode != "":
			return failed(fmt.Errorf("github refuses the code with %d and %s", status, known(refused.ErrorCode)))
		}
		return failed(fmt.Errorf("github answers %d to a code", status))
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return notAnswered(ctx, err)
	}
	return failed(errors.New("github's answer to a code cannot be read"))
}

// readTokens reads the response to a code that was sent at asked.
func readTokens(token *oauth2.Token, asked time.Time) (providers.Tokens, error) {
	if !isToken(token.AccessToken) || token.TokenType != "" && !strings.EqualFold(token.TokenType, "bearer") {
		return providers.Tokens{}, failed(errors.New("github's answer to a code has no bearer token"))
	}
	return providers.Tokens{
		AccessToken:           token.AccessToken,
		RefreshToken:          token.RefreshToken,
		AccessTokenExpiresAt:  after(asked, token.ExpiresIn),
		RefreshTokenExpiresAt: after(asked, lifetime(token.Extra("refresh_token_expires_in"))),
	}, nil
}

// lifetime reads a number of seconds that x/oauth2 does not read itself. It is
// 0 if there is none, as for tokens that do not expire
// (docs/weak-spots.md#w49), and for an invalid value.
func lifetime(value any) int64 {
	if n, ok := value.(float64); ok && n > 0 && n <= math.MaxInt32 {
		return int64(n)
	}
	return 0
}

func after(t time.Time, seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return t.Add(time.Duration(seconds) * time.Second).UTC()
}

// isToken reports whether a text can be sent as a bearer token (RFC 6750, 2.1).
func isToken(text string) bool {
	const tooLong = 4096
	return text != "" && len(text) <= tooLong &&
		!strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// knownErrors are the codes of RFC 6749 and of GitHub. Other texts are not
// logged: they may contain anything.
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

// failed refuses a sign-in that proves no identity. The cause is for the log.
func failed(cause error) error {
	return refuse(everlatch.ReasonAuthenticationFailed, "Authentication failed", cause)
}

// unverified refuses a user without an address that GitHub has verified.
func unverified(cause error) error {
	return refuse(everlatch.ReasonEmailUnverified, "Your GitHub account has no verified primary email address. Verify one at GitHub and try again.", cause)
}

func refuse(reason everlatch.Reason, message string, cause error) error {
	return &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: reason, Message: message, Err: cause}
}
