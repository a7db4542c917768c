package oidc

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/egress"
	"github.com/everlatch/everlatch/providers"
)

// oauth2 returns the client's side of one sign-in.
func (p *Provider) oauth2(d document, callbackURL string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.options.ClientID, ClientSecret: p.options.ClientSecret, Endpoint: d.Endpoint,
		RedirectURL: callbackURL, Scopes: p.options.Scopes.List(),
	}
}

// Begin implements [providers.Redirect]. A query of the authorization endpoint
// is kept.
func (p *Provider) Begin(ctx context.Context, a providers.Authorization) (string, error) {
	d, err := p.endpoints(ctx)
	if err != nil {
		return "", err
	}
	return p.oauth2(d, a.CallbackURL).AuthCodeURL(a.State, oauth2.S256ChallengeOption(a.CodeVerifier), gooidc.Nonce(a.Nonce)), nil
}

// Exchange implements [providers.Redirect]. It first checks everything that can
// be refused without using the code.
func (p *Provider) Exchange(ctx context.Context, c providers.Callback) (providers.Tokens, error) {
	if err := p.checkCallback(c); err != nil {
		return providers.Tokens{}, err
	}
	d, err := p.endpoints(ctx)
	if err != nil {
		return providers.Tokens{}, err
	}
	if _, named := c.Params["iss"]; !named && d.namesIssuer {
		return providers.Tokens{}, failed(errors.New("the callback does not name its issuer, though the provider always does"))
	}
	token, err := p.oauth2(d, c.CallbackURL).Exchange(gooidc.ClientContext(ctx, p.client), c.Code, oauth2.VerifierOption(c.CodeVerifier))
	if err != nil {
		return providers.Tokens{}, p.notExchanged(err, c)
	}
	return p.readTokens(token)
}

// checkCallback refuses a callback of another provider (RFC 9207), and one
// without a code.
func (p *Provider) checkCallback(c providers.Callback) error {
	issuer, named := c.Params["iss"]
	switch {
	case named && !p.isOurs(issuer):
		return failed(errors.New("the callback is of another issuer"))
	case c.Params["error"] != "":
		return failed(fmt.Errorf("the provider says %.100q", redact(c.Params["error"], c.Code, c.CodeVerifier)))
	case c.Code == "":
		return unauthorized(everlatch.ReasonAuthenticationFailed, "No code provided", nil)
	}
	return nil
}

// notExchanged explains why there are no tokens. It repeats only the status and
// the error code of a response: everything else may quote what was sent.
func (p *Provider) notExchanged(err error, c providers.Callback) error {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		status := refused.Response.StatusCode
		if status >= http.StatusInternalServerError {
			return away(fmt.Errorf("exchange: status %d", status))
		}
		return failed(fmt.Errorf("exchange: status %d%s", status, p.errorCode(refused.ErrorCode, c)))
	}
	if errors.Is(err, egress.ErrTooLong) {
		return failed(fmt.Errorf("exchange: %w", egress.ErrTooLong))
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return away(fmt.Errorf("exchange: %s", p.redactSent(err.Error(), c)))
	}
	return failed(errors.New("exchange: the answer is not a token response with an access token"))
}

func (p *Provider) errorCode(code string, c providers.Callback) string {
	if code == "" {
		return ""
	}
	return fmt.Sprintf(": %.100s", p.redactSent(code, c))
}

// redactSent removes every secret that an exchange sends.
func (p *Provider) redactSent(text string, c providers.Callback) string {
	id, secret := url.QueryEscape(p.options.ClientID), url.QueryEscape(p.options.ClientSecret)
	basic := base64.StdEncoding.EncodeToString([]byte(id + ":" + secret))
	return redact(text, c.Code, c.CodeVerifier, p.options.ClientSecret, basic)
}

// readTokens reads a token response (RFC 6749, section 5.1). Errors do not quote
// it.
func (p *Provider) readTokens(token *oauth2.Token) (providers.Tokens, error) {
	idToken, _ := token.Extra("id_token").(string)
	if idToken == "" {
		return providers.Tokens{}, failed(errors.New("exchange: the answer has no ID token"))
	}
	t := providers.Tokens{AccessToken: token.AccessToken, RefreshToken: token.RefreshToken, IDToken: idToken}
	if token.ExpiresIn > 0 {
		t.AccessTokenExpiresAt = p.options.Now().Add(time.Duration(token.ExpiresIn) * time.Second)
	}
	return t, nil
}

// redact makes foreign text safe to log: on one short line, without the secrets
// that it may echo.
func redact(text string, secrets ...string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[secret]")
			text = strings.ReplaceAll(text, url.QueryEscape(secret), "[secret]")
		}
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}
