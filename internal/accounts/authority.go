package accounts

import (
	"context"

	"github.com/everlatch/everlatch"
)

// Why an administrator may not change an account or its sign-in methods.
const (
	// UserAbove is an administrator with permissions that the caller lacks.
	UserAbove everlatch.Reason = "user_above"
	// IdentityAbove is an account whose identities sign in to another account as
	// well, which the caller may not change: actor_type.
	IdentityAbove everlatch.Reason = "identity_above"
)

// CheckAuthority refuses with [everlatch.CodeForbidden] when access does not cover
// everything that the identities of an account sign in to. An administrator who changes the
// e-mail of a customer decides who can reset its password; where the same identity
// is an administrator's, that is the administrator's password too. So every other
// account of the identities asks for the update permission of its actor type, and
// every administrator among them for all permissions that they hold.
func (a *Accounts) CheckAuthority(ctx context.Context, access everlatch.Access, account everlatch.ActorRef) error {
	others, err := a.Store.AccountsOfSameIdentities(ctx, account)
	if err != nil {
		return err
	}
	if err := a.demandRolesOf(ctx, access, account, UserAbove); err != nil {
		return err
	}
	for _, other := range others {
		if !access.Allows(everlatch.Permission{Resource: other.ActorType, Operation: "update"}) {
			return lacking(IdentityAbove, other)
		}
		if err := a.demandRolesOf(ctx, access, other, IdentityAbove); err != nil {
			return err
		}
	}
	return nil
}

// CheckUpdate is [Accounts.CheckAuthority] for a change of an identity that signs in to an
// account: it asks for the update permission of the account's own actor type, too.
func (a *Accounts) CheckUpdate(ctx context.Context, access everlatch.Access, account everlatch.ActorRef) error {
	if !access.Allows(everlatch.Permission{Resource: account.ActorType, Operation: "update"}) {
		return lacking(IdentityAbove, account)
	}
	return a.CheckAuthority(ctx, access, account)
}

func (a *Accounts) demandRolesOf(ctx context.Context, access everlatch.Access, ref everlatch.ActorRef, reason everlatch.Reason) error {
	if ref.ActorType != everlatch.ActorUser {
		return nil
	}
	theirs, err := a.Store.Access(ctx, ref.ActorID)
	if err == nil && !access.Allows(theirs.Permissions...) {
		err = lacking(reason, ref)
	}
	return err
}

func lacking(reason everlatch.Reason, ref everlatch.ActorRef) error {
	return &everlatch.Error{
		Code: everlatch.CodeForbidden, Reason: reason, Details: map[string]string{"actor_type": ref.ActorType},
	}
}
