package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

// Identifier is the kind of this provider.
const Identifier = "oidc"

var _ providers.Redirect = (*Provider)(nil)

// Provider implements [providers.Redirect]. It is safe for concurrent use and
// works under any id (W23).
type Provider struct {
	options    Options
	algorithms []jose.SignatureAlgorithm
	client     *http.Client
	document   *cached[document]
	keys       *cached[[]jose.JSONWebKey]
}

// New returns a provider, or every problem of its options. It makes no request.
func New(o Options) (*Provider, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("oidc options: %w", err)
	}
	p := &Provider{options: o, client: newClient(o)}
	for _, name := range o.Algorithms {
		p.algorithms = append(p.algorithms, jose.SignatureAlgorithm(name))
	}
	p.document = newCached(o, p.fetchDocument)
	p.keys = newCached(o, p.fetchKeys)
	return p, nil
}

// Identifier implements [providers.Provider].
func (*Provider) Identifier() string { return Identifier }

// DisplayName implements [providers.Provider].
func (p *Provider) DisplayName() string { return p.options.DisplayName }

// CallbackURL implements [providers.Redirect].
func (p *Provider) CallbackURL(requested string) (string, error) {
	if requested == "" || requested == p.options.CallbackURL {
		return p.options.CallbackURL, nil
	}
	if !slices.Contains(p.options.AllowedCallbackURLs, requested) {
		return "", unauthorized("The provided callback URL is not allowed", nil)
	}
	return requested, nil
}

// Begin implements [providers.Redirect]. A query that the authorization
// endpoint has of its own is kept.
func (p *Provider) Begin(ctx context.Context, a providers.Authorization) (string, error) {
	d, err := p.endpoints(ctx)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(d.AuthorizationEndpoint)
	if err != nil {
		return "", failed(errors.New("the authorization endpoint is not a URL"))
	}
	query := u.Query()
	query.Set("client_id", p.options.ClientID)
	query.Set("scope", p.options.Scopes)
	query.Set("response_type", "code")
	query.Set("redirect_uri", a.CallbackURL)
	query.Set("state", a.State)
	query.Set("nonce", a.Nonce)
	query.Set("code_challenge", a.CodeChallenge)
	query.Set("code_challenge_method", "S256")
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// isIssuer says whether name is the provider's.
func (p *Provider) isIssuer(name string) bool {
	return name == p.options.Issuer || slices.Contains(p.options.IssuerAliases, name)
}

// failed is the answer to everything that a provider or a callback did wrong
// (contract 3.6). The cause is for the log and holds no secret.
func failed(cause error) error { return unauthorized("Authentication failed", cause) }

func unauthorized(message string, cause error) error {
	return &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: message, Err: cause}
}

// away says that the provider cannot be reached now.
func away(cause error) error { return everlatch.Unavailable("The sign-in provider", cause) }
