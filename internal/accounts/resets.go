package accounts

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/everlatch/everlatch"
)

// Why an administrator can't have a link for a new password mailed.
const (
	// ResetDisabled is an identity that is disabled: its user could not use the link.
	ResetDisabled everlatch.Reason = "reset_disabled"
	// ResetWithoutAccount is an identity without an account: no page is meant.
	ResetWithoutAccount everlatch.Reason = "reset_without_account"
	// ResetActorType is an identity with accounts of several types, of which none was
	// named: actor_types.
	ResetActorType everlatch.Reason = "reset_actor_type"
	// ResetOfOtherType is an actor type of which the identity has no account: actor_type.
	ResetOfOtherType everlatch.Reason = "reset_of_other_type"
	// ResetWithoutPassword is an identity that signs in without a password.
	ResetWithoutPassword everlatch.Reason = "reset_without_password"
)

// PasswordOf returns the credential of an identity that can be replaced, and false for an
// identity without one.
func (a *Accounts) PasswordOf(identity everlatch.AuthIdentity) (everlatch.ProviderIdentity, bool) {
	i := slices.IndexFunc(identity.Providers, func(p everlatch.ProviderIdentity) bool {
		_, err := a.Providers.Updater(p.Provider)
		return err == nil
	})
	if i < 0 {
		return everlatch.ProviderIdentity{}, false
	}
	return identity.Providers[i], true
}

// Reset is a link for a new password of an identity.
type Reset struct {
	// Credential is what the new password replaces.
	Credential everlatch.ProviderIdentity
	// ActorType is that of the account whose pages the link leads to.
	ActorType string
}

// CheckReset returns the link that an administrator can have mailed to the user of an
// identity. actorType "" is that of its only account.
func (a *Accounts) CheckReset(identity everlatch.AuthIdentity, actorType string) (Reset, error) {
	actorType, err := resetType(identity, actorType)
	if err != nil {
		return Reset{}, err
	}
	credential, found := a.PasswordOf(identity)
	switch {
	case !found:
		return Reset{}, &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: ResetWithoutPassword}
	case !identity.DisabledAt.IsZero():
		return Reset{}, &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: ResetDisabled}
	}
	return Reset{credential, actorType}, nil
}

// resetType returns the actor type of an account of an identity, which may be named.
func resetType(identity everlatch.AuthIdentity, named string) (string, error) {
	has := slices.Sorted(maps.Keys(identity.Links))
	switch {
	case len(has) == 0:
		return "", &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: ResetWithoutAccount}
	case named == "" && len(has) == 1:
		return has[0], nil
	case named == "":
		return "", &everlatch.Error{
			Code: everlatch.CodeInvalidData, Reason: ResetActorType, Details: map[string]string{"actor_types": strings.Join(has, ", ")},
		}
	case !slices.Contains(has, named):
		return "", &everlatch.Error{
			Code: everlatch.CodeInvalidData, Reason: ResetOfOtherType, Details: map[string]string{"actor_type": named},
		}
	}
	return named, nil
}

// PasswordOfAccount returns the credential that can be replaced of an account, which belongs
// to one of its identities, whatever address the account has (docs/weak-spots.md#w13), and
// false for an account without one. Where all of those identities are disabled, that is an
// error.
func (a *Accounts) PasswordOfAccount(ctx context.Context, account everlatch.ActorRef) (everlatch.ProviderIdentity, bool, error) {
	none := everlatch.ProviderIdentity{}
	identities, err := a.Store.IdentitiesOf(ctx, account.ActorType, account.ActorID)
	if err != nil {
		return none, false, err
	}
	disabled := false
	for _, identity := range identities {
		full, err := a.Store.Identity(ctx, identity.ID)
		if errors.Is(err, everlatch.ErrNotFound) {
			continue // removed in this moment
		}
		if err != nil {
			return none, false, err
		}
		credential, found := a.PasswordOf(full)
		if found && full.DisabledAt.IsZero() {
			return credential, true, nil
		}
		disabled = disabled || found
	}
	if disabled {
		return none, false, &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: ResetDisabled}
	}
	return none, false, nil
}
