package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/everlatch/everlatch/providers"
)

// Exchange implements [providers.Redirect]. Everything that can be refused
// without spending the code is looked at first.
func (p *Provider) Exchange(ctx context.Context, c providers.Callback) (providers.Tokens, error) {
	if err := p.checkCallback(c); err != nil {
		return providers.Tokens{}, err
	}
	d, err := p.endpoints(ctx)
	if err != nil {
		return providers.Tokens{}, err
	}
	if _, named := c.Params["iss"]; !named && d.NamesIssuer {
		return providers.Tokens{}, failed(errors.New("the callback does not name its issuer, though the provider always does"))
	}
	req, err := p.tokenRequest(ctx, d, c)
	if err != nil {
		return providers.Tokens{}, failed(errors.New("exchange: the token endpoint is not a URL"))
	}
	status, body, err := p.do(req)
	_, basic, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	secret := func(text string) string { return redact(text, c.Code, c.CodeVerifier, p.options.ClientSecret, basic) }
	switch {
	case status >= http.StatusInternalServerError:
		return providers.Tokens{}, away(fmt.Errorf("exchange: status %d", status))
	case errors.Is(err, errTooLong):
		return providers.Tokens{}, failed(fmt.Errorf("exchange: %w", errTooLong))
	case err != nil:
		return providers.Tokens{}, away(fmt.Errorf("exchange: %s", secret(err.Error())))
	case status != http.StatusOK:
		return providers.Tokens{}, failed(fmt.Errorf("exchange: status %d%s", status, secret(complaint(body))))
	}
	return p.readTokens(body)
}

// tokenRequest is a form, which also says who asks; the client's secret moves
// to the header for a provider that takes it nowhere else (RFC 6749, section
// 2.3.1, by which both parts are encoded as in a form).
func (p *Provider) tokenRequest(ctx context.Context, d document, c providers.Callback) (*http.Request, error) {
	form := url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {c.Code},
		"redirect_uri":  {c.CallbackURL},
		"code_verifier": {c.CodeVerifier},
	}
	id, secret := p.options.ClientID, p.options.ClientSecret
	inHeader := secret != "" && d.wantsHeader()
	if !inHeader {
		form.Set("client_id", id)
		if secret != "" {
			form.Set("client_secret", secret)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.TokenEndpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if inHeader {
		req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	}
	return req, nil
}

// checkCallback refuses a callback of another provider (RFC 9207), and one that
// brings no code.
func (p *Provider) checkCallback(c providers.Callback) error {
	issuer, named := c.Params["iss"]
	switch {
	case named && !p.isIssuer(issuer):
		return failed(errors.New("the callback is of another issuer"))
	case c.Params["error"] != "":
		return failed(fmt.Errorf("the provider says %.100q", redact(c.Params["error"], c.Code, c.CodeVerifier)))
	case c.Code == "":
		return unauthorized("No code provided", nil)
	}
	return nil
}

// readTokens reads the answer of an exchange (RFC 6749, section 5.1). Errors do
// not quote it.
func (p *Provider) readTokens(body []byte) (providers.Tokens, error) {
	var answer struct {
		AccessToken  string          `json:"access_token"`
		RefreshToken string          `json:"refresh_token"`
		IDToken      string          `json:"id_token"`
		ExpiresIn    json.RawMessage `json:"expires_in"` // some send a text
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return providers.Tokens{}, failed(errors.New("exchange: the answer is not the JSON of a token response"))
	}
	if answer.IDToken == "" {
		return providers.Tokens{}, failed(errors.New("exchange: the answer has no ID token"))
	}
	t := providers.Tokens{AccessToken: answer.AccessToken, RefreshToken: answer.RefreshToken, IDToken: answer.IDToken}
	seconds, err := strconv.ParseInt(strings.Trim(string(answer.ExpiresIn), `"`), 10, 64)
	if err == nil && seconds > 0 && seconds < int64(maxLife/time.Second) {
		t.AccessTokenExpiresAt = p.options.Now().Add(time.Duration(seconds) * time.Second)
	}
	return t, nil
}

// maxLife is the longest life of a token that is believed.
const maxLife = 100 * 365 * 24 * time.Hour

// complaint is what a refusing token endpoint says (RFC 6749, section 5.2).
func complaint(body []byte) string {
	var answer struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Error == "" {
		return ""
	}
	return fmt.Sprintf(": %s: %s", answer.Error, answer.Description)
}

// redact makes a text of the outside fit for the log: without the secrets that
// it may echo, short, and on one line.
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
