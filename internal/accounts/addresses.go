package accounts

import (
	"context"
	"errors"

	"github.com/everlatch/everlatch"
)

// OwnAddresses returns what an identity may ask to verify (docs/weak-spots.md#w61): its
// identifiers at providers, the addresses and phone numbers in its profiles, and those of
// the customer and the administrator that it is linked to. Nothing says that it has proven
// them.
func (a *Accounts) OwnAddresses(ctx context.Context, identity everlatch.AuthIdentity) ([]string, error) {
	var out []string
	for _, p := range identity.Providers {
		out = append(out, p.EntityID)
		for _, text := range []string{p.VerifiedEmail, textOf(p.UserMetadata, "email"), textOf(p.UserMetadata, "phone_number")} {
			if text != "" {
				out = append(out, text)
			}
		}
	}
	if id := identity.ActorID(everlatch.ActorCustomer); id != "" {
		customer, err := a.Store.PlainCustomer(ctx, id)
		if err != nil && !errors.Is(err, everlatch.ErrNotFound) {
			return nil, err
		}
		for _, text := range []*string{customer.Email, customer.Phone} {
			if text != nil && *text != "" {
				out = append(out, *text)
			}
		}
	}
	if id := identity.ActorID(everlatch.ActorUser); id != "" {
		user, err := a.Store.User(ctx, id)
		if err != nil && !errors.Is(err, everlatch.ErrNotFound) {
			return nil, err
		}
		if user.Email != "" {
			out = append(out, user.Email)
		}
	}
	return out, nil
}

// MailAddress returns where the owner of an identifier gets mails: the identifier itself,
// or the address in the profile of the provider that has it. "" is nowhere.
func MailAddress(credentials []everlatch.ProviderIdentity, entityID string) string {
	if IsAddress(entityID) {
		return entityID
	}
	for _, p := range credentials {
		if p.EntityID == entityID && IsAddress(textOf(p.UserMetadata, "email")) {
			return textOf(p.UserMetadata, "email")
		}
	}
	return ""
}

func textOf(m everlatch.Metadata, name string) string {
	text, _ := m[name].(string)
	return text
}
