package oidc

import (
	"fmt"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

// Identifier is the kind of this provider.
const Identifier = "oidc"

var (
	_ providers.Redirect    = (*Provider)(nil)
	_ providers.KindNamer   = (*Provider)(nil)
	_ providers.TimeLimiter = (*Provider)(nil)
	_ everlatch.Prober      = (*Provider)(nil)
)

// Provider implements [providers.Redirect]. It is safe for concurrent use and
// works under any id (docs/weak-spots.md#w23).
type Provider struct {
	options    Options
	algorithms []jose.SignatureAlgorithm
	client     *http.Client // exchanges codes
	reader     *http.Client // reads documents
	document   *cached[document]
	keys       *cached[[]jose.JSONWebKey]
}

// New returns a provider, or every problem of its options. It makes no request.
func New(o Options) (*Provider, error) {
	o = o.WithDefaults()
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("oidc options: %w", err)
	}
	client := newClient(o)
	p := &Provider{options: o, client: client, reader: newReader(client)}
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

// KindName implements [providers.KindNamer]: DisplayName is the operator's choice.
func (*Provider) KindName() string { return "OIDC" }

// StateTTL implements [providers.TimeLimiter].
func (p *Provider) StateTTL() time.Duration { return p.options.StateTTL }

// CallbackURL implements [providers.Redirect].
func (p *Provider) CallbackURL(requested string) (string, error) {
	return p.options.ChooseCallback(requested)
}

// failed is the refusal for every fault of a provider or a callback
// (docs/contract.md#s3-6). The cause is for the log and holds no secret.
func failed(cause error) error {
	return unauthorized(everlatch.ReasonAuthenticationFailed, "Authentication failed", cause)
}

func unauthorized(reason everlatch.Reason, message string, cause error) error {
	return &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: reason, Message: message, Err: cause}
}

// away reports that the provider cannot be reached.
func away(cause error) error { return everlatch.Unavailable("The sign-in provider", cause) }
