package workflows

import (
	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/vault"
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
	// Actor is the same for a custom actor type.
	Actor *everlatch.ActorRecord `json:"actor,omitempty"`
	// Fingerprint of the request, when it came with an Idempotency-Key.
	Fingerprint string `json:"fingerprint,omitempty"`
	Hooks       *Hooks `json:"hooks,omitempty"`
	// Confirmed says that the owner of the address has confirmed it, see
	// [ConfirmedRegistration].
	Confirmed bool `json:"confirmed,omitempty"`
}

// Register creates an identity, and the account of its owner with it when one
// is asked for.
//
// The API starts it. Of many registrations of one address exactly one creates
// the identity; a repetition with the same password is accepted until an actor
// is linked. Identity and account appear together or not at all: when a step
// fails for good or the account is refused, nothing remains of what this
// execution created (docs/weak-spots.md#w4), and what existed before stays (docs/weak-spots.md#w3).
//
// Its hooks are those of register, and of account_created where an account is
// asked for.
func Register(ctx workflow.Context, in RegisterInput) (Login, error) {
	hooks, err := in.Hooks.begin(ctx, in.about(), in.Fingerprint)
	if err != nil {
		return Login{}, err
	}
	out, err := in.run(ctx, hooks)
	return out, hooks.conclude(ctx, out.Refusal, err)
}

func (in RegisterInput) run(ctx workflow.Context, hooks *hooked) (Login, error) {
	var undo saga
	registered, err := hookedIdentity(ctx, &undo, hooks, in.Hooks, activities.RegisterIdentityInput{
		ActorType: in.ActorType, Provider: in.Provider, Request: in.Request,
		IdentityID: in.IdentityID, ProviderIdentityID: in.ProviderIdentityID, GroupID: groupID(ctx),
		Confirmed: in.Confirmed,
	})
	if err != nil {
		return Login{}, err
	}
	principal := registered.Principal
	account := in.account(principal.AuthIdentityID)
	if account.id == "" || registered.Refusal != nil {
		if registered.Created {
			err = releaseEvents(ctx)
		}
		out := login(ctx, registered.Refusal, principal, in.Fingerprint)
		out.Created = registered.Created
		return out, err
	}
	refused, err := ownAccount(ctx, &undo, hooks, account, activities.LinkInput{
		IdentityID: principal.AuthIdentityID, ActorType: in.ActorType, ActorID: account.id, GroupID: groupID(ctx),
	})
	if err != nil {
		return Login{}, err
	}
	if refused != nil {
		return login(ctx, refused, everlatch.Principal{}, in.Fingerprint), nil
	}
	out := login(ctx, nil, principal.Linked(in.ActorType, account.id), in.Fingerprint)
	out.Created = registered.Created
	return out, releaseEvents(ctx)
}

// about is what hooks are told from the beginning.
func (in RegisterInput) about() everlatch.HookInput {
	about := everlatch.HookInput{ActorType: in.ActorType, Provider: in.Provider}
	switch {
	case in.Customer != nil:
		about.Email, about.Account = customerHooks(*in.Customer)
	case in.Actor != nil:
		about.Account = in.Actor.Data
	}
	return about
}

// hookedIdentity is [newIdentity] between its hooks. After a fault, everything in
// the saga is undone; after a refusal, only if there was something to undo.
func hookedIdentity(
	ctx workflow.Context, undo *saga, hooks *hooked, set *Hooks, in activities.RegisterIdentityInput,
) (out activities.RegisterIdentityOutput, err error) {
	out.Refusal, err = hooks.beforeRegister(ctx, undo, set, &in)
	if err == nil && out.Refusal == nil {
		out, err = newIdentity(ctx, undo, in)
	}
	if err == nil && out.Refusal == nil {
		out.Refusal, err = hooks.registered(ctx, in, out)
	}
	switch {
	case err != nil:
		return out, undo.after(ctx, err)
	case out.Refusal != nil && len(hooks.set) > 0:
		return activities.RegisterIdentityOutput{Refusal: out.Refusal}, undo.compensate(ctx)
	}
	return out, nil
}

// newIdentity adds to the saga how to undo an identity, and creates it.
func newIdentity(
	ctx workflow.Context, undo *saga, in activities.RegisterIdentityInput,
) (activities.RegisterIdentityOutput, error) {
	add(undo, credentials.DiscardIdentity, activities.DiscardIdentityInput{IdentityID: in.IdentityID, GroupID: in.GroupID})
	do := step[activities.RegisterIdentityInput, activities.RegisterIdentityOutput]
	if in.Confirmed { // in an update, which must be in history before the identity is in the database
		do = durableStep[activities.RegisterIdentityInput, activities.RegisterIdentityOutput]
	}
	return unlessSlow(ctx, do, credentials.RegisterIdentity, in,
		func(out activities.RegisterIdentityOutput) bool { return out.Slow },
		func(in *activities.RegisterIdentityInput) { in.Slow = true })
}

// identityNames are the ids of an identity and its credential, and of the token
// that its owner gets.
type identityNames struct {
	IdentityID         string `json:"identity_id"`
	ProviderIdentityID string `json:"provider_identity_id"`
	TokenID            string `json:"token_id"`
}

// newIdentityNames chooses them once: a replay finds the same in the history.
func newIdentityNames(ctx workflow.Context) (out identityNames, err error) {
	now := workflow.Now(ctx)
	err = workflow.SideEffectWithOptions(ctx, workflow.SideEffectOptions{Summary: choosesIDs}, func(workflow.Context) any {
		return identityNames{ids.New(ids.AuthIdentity, now), ids.New(ids.ProviderIdentity, now), uuid.NewString()}
	}).Get(&out)
	return out, err
}

// newAccount is an account to create with an identity; one without an id is none.
type newAccount struct {
	id string
	// create adds to the saga how to undo it, and creates it.
	create func(ctx workflow.Context, undo *saga) (*everlatch.Refusal, error)
}

func (in RegisterInput) account(identityID string) newAccount {
	switch {
	case in.Customer != nil:
		return newAccount{in.Customer.ID, func(ctx workflow.Context, undo *saga) (*everlatch.Refusal, error) {
			created, err := newCustomer(ctx, undo, *in.Customer, identityID)
			return created.Refusal, err
		}}
	case in.Actor != nil:
		return newAccount{in.Actor.ID, func(ctx workflow.Context, undo *saga) (*everlatch.Refusal, error) {
			created, err := newActor(ctx, undo, *in.Actor, identityID)
			return created.Refusal, err
		}}
	default:
		return newAccount{}
	}
}

// ownAccount gives an identity an account. The link goes first: when several
// users sign up with one address at once, their flows find one identity. The flow
// that links it goes on. The others leave it alone, also the one that created it,
// which would otherwise undo what the first is about to complete. After any other
// refusal or a fault, everything in the saga is undone.
func ownAccount(
	ctx workflow.Context, undo *saga, hooks *hooked, account newAccount, link activities.LinkInput,
) (*everlatch.Refusal, error) {
	faster := false
	refused, err := hooks.aroundAccount(ctx, link.IdentityID, account.id, func() (*everlatch.Refusal, error) {
		add(undo, identities.DiscardLink, link)
		linked, err := step(ctx, identities.LinkActor, link)
		if err != nil || linked.Refusal != nil {
			faster = err == nil && linked.Refusal.Code == everlatch.CodeNotAllowed
			return linked.Refusal, err
		}
		return account.create(ctx, undo)
	})
	switch {
	case err != nil:
		return nil, undo.after(ctx, err)
	case faster:
		return refused, releaseEvents(ctx)
	case refused != nil:
		return refused, undo.compensate(ctx)
	}
	return nil, nil
}
