package activities

import (
	"context"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers"
)

// ownEmail returns the e-mail that a new account gets: what the user wrote, if
// it is one of the identity's own, and one of those when they wrote none.
// Otherwise an end user could take a stranger's address as an account (docs/weak-spots.md#w5).
func (a *Accounts) ownEmail(ctx context.Context, in CreateCustomerInput) (*string, error) {
	written := in.Customer.Email
	switch {
	case in.AuthIdentityID == "":
		return written, nil
	case a.AnyEmail && written == nil:
		return nil, errNoEmail()
	case a.AnyEmail:
		return written, nil
	}
	identity, err := a.Store.Identity(ctx, in.AuthIdentityID)
	if err != nil {
		return nil, err
	}
	own := ownEmails(a.Providers, identity.Providers)
	switch {
	case written == nil && len(own) == 0:
		return nil, errNoEmail()
	case written == nil:
		return &own[0], nil
	}
	for _, email := range own {
		if store.SameEmail(email, *written) {
			return written, nil
		}
	}
	return nil, &everlatch.Error{
		Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonEmailForeign,
	}
}

// errNoEmail is the contract's answer (docs/contract.md#s4-4).
func errNoEmail() error {
	return &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: everlatch.ReasonEmailRequired}
}

// ownEmails returns the addresses of an identity: first those that a provider
// vouches for, then those that it signs in with. The latter are not proved,
// but no one else can have them at the same provider.
func ownEmails(registry *providers.Registry, credentials []everlatch.ProviderIdentity) []string {
	var verified, typed []string
	for _, p := range credentials {
		if p.VerifiedEmail != "" {
			verified = append(verified, asWritten(p))
		}
		_, err := registry.Credentials(p.Provider)
		_, elsewhere := registry.Redirect(p.Provider)
		if err == nil && elsewhere != nil && accounts.IsAddress(p.EntityID) {
			typed = append(typed, p.EntityID)
		}
	}
	return append(verified, typed...)
}

// asWritten is the address that a provider vouches for as the provider, or the
// person, writes it.
func asWritten(p everlatch.ProviderIdentity) string {
	said, _ := p.UserMetadata["email"].(string)
	for _, email := range []string{said, p.EntityID} {
		if store.SameEmail(email, p.VerifiedEmail) {
			return email
		}
	}
	return p.VerifiedEmail
}
