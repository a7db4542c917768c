package oidc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/egress"
)

// probeCode is a code that no provider has issued.
const probeCode = "everlatch-doctor"

// Probe implements [everlatch.Prober]: it reads the discovery document, unless the options
// replace it, and the keys, as a sign-in does when nothing is cached. Then it presents a
// code that was never issued: a provider that refuses the client instead of the code does
// not know the client or its secret.
func (p *Provider) Probe(ctx context.Context) (probed everlatch.Probed, err error) {
	reader := egress.Dates(p.reader, func(date time.Time) {
		probed.Clock, probed.At = date, p.options.Now()
	})
	fresh := &Provider{options: p.options, algorithms: p.algorithms, client: p.client, reader: reader}
	d, err := fresh.endpoints(ctx)
	if err != nil {
		return probed, err
	}
	keys, err := fresh.fetchKeysOf(ctx, d)
	if err != nil {
		return probed, err
	}
	probed.Found = fmt.Sprintf("issuer %s, signing keys: %d", p.options.Issuer, len(keys))
	return probed, fresh.probeClient(ctx, d)
}

// probeClient reports that the provider refuses the client. Every other answer is one to
// the code.
func (p *Provider) probeClient(ctx context.Context, d document) error {
	_, err := p.oauth2(d, p.options.CallbackURL).Exchange(gooidc.ClientContext(ctx, p.client), probeCode,
		oauth2.VerifierOption(oauth2.GenerateVerifier()))
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if ok && slices.Contains([]string{"invalid_client", "unauthorized_client"}, refused.ErrorCode) {
		return failed(fmt.Errorf("the provider refuses the client with %s: its id or secret is wrong, or has expired", refused.ErrorCode))
	}
	return nil
}
