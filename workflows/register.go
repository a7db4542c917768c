package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/vault"
)

// RegisterInput is the argument of [Register].
type RegisterInput struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	// Request refers to the sealed request, which holds the password.
	Request vault.Ref `json:"request"`
	// IdentityID and ProviderIdentityID name what will be created.
	IdentityID         string `json:"identity_id"`
	ProviderIdentityID string `json:"provider_identity_id"`
	// Customer, when there is one, is created with the identity and linked to
	// it. It carries the id under which it will exist.
	Customer *everlatch.Customer `json:"customer,omitempty"`
	// Fingerprint of the request, when it came with an Idempotency-Key.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// Register creates an identity, and the account of its owner with it when one
// is asked for.
//
// The API starts it. Of many registrations of one address exactly one creates
// the identity; a repetition with the same password is welcome until an actor
// is linked. Identity and account appear together or not at all: when a step
// fails for good or the account is refused, nothing remains of what this
// execution created (W4), and what was there before stays (W3).
func Register(ctx workflow.Context, in RegisterInput) (Login, error) {
	var undo saga
	add(&undo, credentials.DiscardIdentity, activities.DiscardIdentityInput{
		IdentityID: in.IdentityID, GroupID: groupID(ctx),
	})
	registered, err := step(ctx, credentials.RegisterIdentity, activities.RegisterIdentityInput{
		ActorType: in.ActorType, Provider: in.Provider, Request: in.Request,
		IdentityID: in.IdentityID, ProviderIdentityID: in.ProviderIdentityID, GroupID: groupID(ctx),
	})
	if err != nil {
		return Login{}, undo.after(ctx, err)
	}
	principal := registered.Principal
	if in.Customer == nil || registered.Refusal != nil {
		if registered.Created {
			err = release(ctx)
		}
		return login(ctx, registered.Refusal, principal, in.Fingerprint), err
	}
	account, err := ownCustomer(ctx, &undo, *in.Customer, principal.AuthIdentityID)
	if err != nil {
		return Login{}, err
	}
	if account.Refusal != nil {
		return login(ctx, account.Refusal, everlatch.Principal{}, in.Fingerprint), nil
	}
	principal.Link(everlatch.ActorCustomer, account.Customer.ID)
	return login(ctx, nil, principal, in.Fingerprint), release(ctx)
}

// ownCustomer gives an identity a customer. The link goes first: when several
// people sign up with one address at once, their dances find one identity. The
// one that has it goes on, and the others leave it alone, also the one that
// created it: or it would undo what the first is about to complete. After any
// other refusal or a fault everything in the saga is undone.
func ownCustomer(
	ctx workflow.Context, undo *saga, customer everlatch.Customer, identityID string,
) (out CustomerAccount, err error) {
	group := groupID(ctx)
	link := activities.LinkInput{
		IdentityID: identityID, ActorType: everlatch.ActorCustomer, ActorID: customer.ID, GroupID: group,
	}
	add(undo, identities.DiscardLink, link)
	linked, err := step(ctx, identities.LinkActor, link)
	switch {
	case err != nil:
		return out, undo.after(ctx, err)
	case linked.Refusal != nil && linked.Refusal.Code == everlatch.CodeNotAllowed:
		out.Refusal = linked.Refusal
		return out, release(ctx)
	case linked.Refusal != nil:
		out.Refusal = linked.Refusal
		return out, undo.compensate(ctx)
	}

	add(undo, accounts.DiscardCustomer, activities.ActorInput{ID: customer.ID, GroupID: group})
	created, err := step(ctx, accounts.CreateCustomer, activities.CreateCustomerInput{
		Customer: customer, GroupID: group, AuthIdentityID: identityID,
	})
	if err != nil {
		return out, undo.after(ctx, err)
	}
	if out.Refusal = created.Refusal; out.Refusal != nil {
		return out, undo.compensate(ctx)
	}
	out.Customer = created.Customer
	return out, nil
}
