package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// CreateCustomerAccountInput is the argument of [CreateCustomerAccount].
type CreateCustomerAccountInput struct {
	AuthIdentityID string `json:"auth_identity_id"`
	// Customer carries the id under which it will exist.
	Customer everlatch.Customer `json:"customer"`
	// Fingerprint of the request, when it came with an Idempotency-Key.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// CustomerAccount is the outcome of [CreateCustomerAccount]: a refusal or the
// customer.
type CustomerAccount struct {
	Refusal     *everlatch.Refusal `json:"refusal,omitempty"`
	Customer    everlatch.Customer `json:"customer,omitzero"`
	Fingerprint string             `json:"fingerprint,omitempty"`
}

// CreateCustomerAccount gives an identity a customer (docs/contract.md#s6-2,
// create-customer-account).
//
// The API starts it. One identity gets one customer and one address one
// account, however many requests arrive at once. When linking is refused or
// fails, the customer that this execution created is removed; the identity,
// which it did not create, stays (docs/weak-spots.md#w3, #w4).
func CreateCustomerAccount(ctx workflow.Context, in CreateCustomerAccountInput) (CustomerAccount, error) {
	var undo saga
	out := CustomerAccount{Fingerprint: in.Fingerprint}
	created, err := newCustomer(ctx, &undo, in.Customer, in.AuthIdentityID)
	if err != nil {
		return out, undo.after(ctx, err)
	}
	if out.Refusal = created.Refusal; out.Refusal != nil {
		return out, nil
	}
	out.Refusal, err = linked(ctx, &undo, activities.LinkInput{
		IdentityID: in.AuthIdentityID, ActorType: everlatch.ActorCustomer, ActorID: in.Customer.ID, GroupID: groupID(ctx),
	})
	if err != nil || out.Refusal != nil {
		return out, err
	}
	out.Customer = created.Customer
	return out, releaseEvents(ctx)
}

// newCustomer adds to the saga how to undo a customer, and creates it.
func newCustomer(
	ctx workflow.Context, undo *saga, customer everlatch.Customer, identityID string,
) (activities.CreateCustomerOutput, error) {
	group := groupID(ctx)
	add(undo, accounts.DiscardCustomer, activities.ActorInput{ID: customer.ID, GroupID: group})
	return step(ctx, accounts.CreateCustomer, activities.CreateCustomerInput{
		Customer: customer, GroupID: group, AuthIdentityID: identityID,
	})
}

// Registration asks [CreateUserAccount] to create the identity as well.
type Registration struct {
	Provider string `json:"provider"`
	// Request refers to the sealed request, which holds the password.
	Request            vault.Ref `json:"request"`
	ProviderIdentityID string    `json:"provider_identity_id"`
}

// CreateUserAccountInput is the argument of [CreateUserAccount].
type CreateUserAccountInput struct {
	// AuthIdentityID is the identity that gets the user. With a Registration
	// it is the id of the identity to create.
	AuthIdentityID string        `json:"auth_identity_id"`
	Registration   *Registration `json:"registration,omitempty"`
	// User carries the id under which it will exist.
	User everlatch.User `json:"user"`
	// Roles are ids of roles that the user gets.
	Roles []string `json:"roles,omitempty"`
}

// UserAccount is the outcome of [CreateUserAccount]: a refusal or the user.
type UserAccount struct {
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	User    everlatch.User     `json:"user,omitzero"`
}

// CreateUserAccount gives an identity an administrator (docs/contract.md#s6-3,
// create-user-account), and creates the identity first when asked to.
//
// The command line starts it (docs/weak-spots.md#w15). Identity, user and link appear together or
// not at all; an existing identity is never removed (docs/weak-spots.md#w3).
func CreateUserAccount(ctx workflow.Context, in CreateUserAccountInput) (out UserAccount, err error) {
	var undo saga
	group := groupID(ctx)
	identityID := in.AuthIdentityID

	if reg := in.Registration; reg != nil {
		registered, err := newIdentity(ctx, &undo, activities.RegisterIdentityInput{
			ActorType: everlatch.ActorUser, Provider: reg.Provider, Request: reg.Request,
			IdentityID: identityID, ProviderIdentityID: reg.ProviderIdentityID, GroupID: group,
		})
		if err != nil {
			return out, undo.after(ctx, err)
		}
		if out.Refusal = registered.Refusal; out.Refusal != nil {
			return out, nil
		}
		identityID = registered.Principal.AuthIdentityID
	}

	out, err = linkedUser(ctx, &undo, in.User, in.Roles, identityID)
	if err != nil || out.Refusal != nil {
		return out, err
	}
	return out, releaseEvents(ctx)
}

// linkedUser is [linkedAccount] for an administrator with roles.
func linkedUser(
	ctx workflow.Context, undo *saga, user everlatch.User, roles []string, identityID string,
) (out UserAccount, err error) {
	var created activities.CreateUserOutput
	account := newAccount{user.ID, func(ctx workflow.Context, undo *saga) (_ *everlatch.Refusal, err error) {
		group := groupID(ctx)
		add(undo, accounts.DiscardUser, activities.ActorInput{ID: user.ID, GroupID: group})
		created, err = step(ctx, accounts.CreateUser, activities.CreateUserInput{
			User: user, Roles: roles, GroupID: group, AuthIdentityID: identityID,
		})
		return created.Refusal, err
	}}
	out.Refusal, err = linkedAccount(ctx, undo, account, everlatch.ActorUser, identityID)
	if err == nil && out.Refusal == nil {
		out.User = created.User
	}
	return out, err
}

// linkedAccount creates an account and links an identity to it. After a fault or a
// refusal everything in the saga is undone; after success the caller goes on.
func linkedAccount(
	ctx workflow.Context, undo *saga, account newAccount, actorType, identityID string,
) (*everlatch.Refusal, error) {
	refused, err := account.create(ctx, undo)
	if err != nil {
		return nil, undo.after(ctx, err)
	}
	if refused != nil {
		return refused, undo.compensate(ctx)
	}
	return linked(ctx, undo, activities.LinkInput{
		IdentityID: identityID, ActorType: actorType, ActorID: account.id, GroupID: groupID(ctx),
	})
}
