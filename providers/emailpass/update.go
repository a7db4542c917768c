package emailpass

import (
	"context"
	"maps"
	"strings"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

// Subject implements [providers.Updater].
func (*Provider) Subject(identifier string) providers.Subject {
	key, _ := canonicalEmail(identifier)
	return providers.Subject{EntityID: strings.TrimSpace(identifier), EntityKey: key}
}

// Update implements [providers.Updater]: it puts a new password into a record.
// The policy is checked before anything is hashed (docs/weak-spots.md#w21,
// #w26). A request without a password is refused with a bare Unauthorized, as
// in the contract.
func (p *Provider) Update(ctx context.Context, in providers.Input, rec providers.Record) (providers.Verdict, error) {
	password, _ := in.Body["password"].(string)
	if password == "" {
		return providers.Verdict{}, &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "Unauthorized"}
	}
	password = normalize(password)
	if err := p.policy.check(password); err != nil {
		return providers.Verdict{}, err
	}
	hashed, err := p.hash(ctx, password)
	if err != nil {
		return providers.Verdict{}, err
	}
	metadata := everlatch.Metadata{}
	maps.Copy(metadata, rec.ProviderMetadata)
	metadata[passwordKey] = hashed
	return providers.Verdict{ProviderMetadata: metadata}, nil
}
