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
	Hooks       *Hooks `json:"hooks,omitempty"`
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
	about := everlatch.HookInput{ActorType: everlatch.ActorCustomer}
	about.Email, about.Account = customerHooks(in.Customer)
	hooks, err := in.Hooks.begin(ctx, about, in.Fingerprint)
	if err != nil {
		return CustomerAccount{}, err
	}
	out, err := in.run(ctx, hooks)
	return out, hooks.conclude(ctx, out.Refusal, err)
}

func (in CreateCustomerAccountInput) run(ctx workflow.Context, hooks *hooked) (CustomerAccount, error) {
	var undo saga
	var created activities.CreateCustomerOutput
	out := CustomerAccount{Fingerprint: in.Fingerprint}
	begun := false
	refused, err := hooks.aroundAccount(ctx, in.AuthIdentityID, in.Customer.ID, func() (_ *everlatch.Refusal, err error) {
		created, err = newCustomer(ctx, &undo, in.Customer, in.AuthIdentityID)
		if err != nil || created.Refusal != nil {
			return created.Refusal, err
		}
		begun = true
		return link(ctx, &undo, activities.LinkInput{
			IdentityID: in.AuthIdentityID, ActorType: everlatch.ActorCustomer, ActorID: in.Customer.ID, GroupID: groupID(ctx),
		})
	})
	out.Refusal = refused
	switch {
	case err != nil:
		return out, undo.after(ctx, err)
	case refused != nil && begun:
		return out, undo.compensate(ctx)
	case refused != nil:
		return out, nil
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
	Hooks *Hooks   `json:"hooks,omitempty"`
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
func CreateUserAccount(ctx workflow.Context, in CreateUserAccountInput) (UserAccount, error) {
	about := everlatch.HookInput{ActorType: everlatch.ActorUser, Email: in.User.Email, Account: userHooks(in.User)}
	if in.Registration != nil {
		about.Provider = in.Registration.Provider
	}
	hooks, err := in.Hooks.begin(ctx, about, "")
	if err != nil {
		return UserAccount{}, err
	}
	out, err := in.run(ctx, hooks)
	return out, hooks.conclude(ctx, out.Refusal, err)
}

func (in CreateUserAccountInput) run(ctx workflow.Context, hooks *hooked) (out UserAccount, err error) {
	var undo saga
	identityID := in.AuthIdentityID
	if reg := in.Registration; reg != nil {
		registered, err := hookedIdentity(ctx, &undo, hooks, in.Hooks, activities.RegisterIdentityInput{
			ActorType: everlatch.ActorUser, Provider: reg.Provider, Request: reg.Request,
			IdentityID: identityID, ProviderIdentityID: reg.ProviderIdentityID, GroupID: groupID(ctx),
		})
		if out.Refusal = registered.Refusal; err != nil || out.Refusal != nil {
			return out, err
		}
		identityID = registered.Principal.AuthIdentityID
	}

	out, err = linkedUser(ctx, &undo, hooks, in.User, in.Roles, identityID)
	if err != nil || out.Refusal != nil {
		return out, err
	}
	return out, releaseEvents(ctx)
}

// linkedUser is [linkedAccount] for an administrator with roles.
func linkedUser(
	ctx workflow.Context, undo *saga, hooks *hooked, user everlatch.User, roles []string, identityID string,
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
	out.Refusal, err = linkedAccount(ctx, undo, hooks, account, everlatch.ActorUser, identityID)
	if err == nil && out.Refusal == nil {
		out.User = created.User
	}
	return out, err
}

// linkedAccount creates an account and links an identity to it. After a fault or a
// refusal everything in the saga is undone; after success the caller goes on.
func linkedAccount(
	ctx workflow.Context, undo *saga, hooks *hooked, account newAccount, actorType, identityID string,
) (*everlatch.Refusal, error) {
	refused, err := hooks.aroundAccount(ctx, identityID, account.id, func() (*everlatch.Refusal, error) {
		refused, err := account.create(ctx, undo)
		if err != nil || refused != nil {
			return refused, err
		}
		return link(ctx, undo, activities.LinkInput{
			IdentityID: identityID, ActorType: actorType, ActorID: account.id, GroupID: groupID(ctx),
		})
	})
	switch {
	case err != nil:
		return nil, undo.after(ctx, err)
	case refused != nil:
		return refused, undo.compensate(ctx)
	}
	return nil, nil
}
