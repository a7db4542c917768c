package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
)

// PasskeyRegistrationInput is the argument of [PasskeyRegistration].
type PasskeyRegistrationInput struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	// Challenge and TTL are as in [PasskeySignInInput].
	Challenge string        `json:"challenge"`
	TTL       time.Duration `json:"ttl"`
	// IdentityID and ProviderIdentityID name what is created, and EventID its event.
	IdentityID         string `json:"identity_id"`
	ProviderIdentityID string `json:"provider_identity_id"`
	EventID            string `json:"event_id"`
	// Link says that the identity exists, and gets a further way to sign in.
	Link bool `json:"link,omitempty"`
}

// RegisteredPasskey is the answer of [PasskeyRegistration]: that of a sign-in, and the
// credential.
type RegisteredPasskey struct {
	Login

	Credential everlatch.ProviderIdentity `json:"credential,omitzero"`
}

// PasskeyRegistration creates an identity with a passkey, and the account of its owner with
// it when the answer asks for one; or gives an identity a further passkey.
//
// The API starts it before the device creates the passkey, because the device keeps a handle of
// the identity. Like the challenge of [PasskeySignIn], this one is good for one answer. What
// exists afterwards is as in [Register]: identity and account, or nothing. With Link
// only the identity itself may answer, after a recent sign-in.
func PasskeyRegistration(ctx workflow.Context, in PasskeyRegistrationInput) (string, error) {
	r := &passkeyRegistration{in: in}
	r.ceremony = newCeremony(ctx, in.ActorType, in.Provider, in.TTL)
	if in.Link {
		r.linkTo = in.IdentityID
	}
	r.exchange = newExchange(ctx, r)
	on(ctx, r.exchange, UpdateAnswer, r.answer, r.refuses)
	err := r.serve(ctx)
	return r.outcome, err
}

type passkeyRegistration struct {
	ceremony

	in PasskeyRegistrationInput
}

// renew continues with the time that is left.
func (r *passkeyRegistration) renew(ctx workflow.Context) error {
	in := r.in
	in.TTL = r.until.Sub(workflow.Now(ctx))
	return workflow.NewContinueAsNewError(ctx, PasskeyRegistration, in)
}

// answer stores the passkey, or says why not. After a fault nothing remains of it, and the
// same answer may be sent again.
func (r *passkeyRegistration) answer(ctx workflow.Context, a PasskeyAnswer) (out RegisteredPasskey, err error) {
	if refusal := r.refuses(ctx, a); refusal != nil {
		out.Login = login(ctx, refusal, everlatch.Principal{}, "")
		return out, nil
	}
	var undo saga
	hooks := a.Hooks.within(ctx, everlatch.HookInput{ActorType: r.in.ActorType, Provider: r.in.Provider}, callerWaits)
	created, err := r.create(ctx, &undo, hooks, a)
	if err == nil && created.Refusal == nil && !r.in.Link {
		created, err = r.openAccount(ctx, &undo, hooks, a, created)
	}
	if err != nil {
		return out, err
	}
	r.conclude(created.Refusal)
	out.Login, out.Credential = login(ctx, created.Refusal, created.Principal, ""), created.Credential
	if created.Refusal != nil {
		return out, nil
	}
	out.Created = !r.in.Link
	return out, releaseEvents(ctx)
}

// create stores the passkey between the hooks of a registration. After a fault or a
// refusal, what it has begun is undone.
func (r *passkeyRegistration) create(
	ctx workflow.Context, undo *saga, hooks *hooked, a PasskeyAnswer,
) (out activities.CreatePasskeyOutput, err error) {
	in := activities.CreatePasskeyInput{
		ActorType: r.in.ActorType, Provider: r.in.Provider, Challenge: r.in.Challenge, Answer: a.Answer,
		IdentityID: r.in.IdentityID, Link: r.in.Link, ProviderIdentityID: r.in.ProviderIdentityID, Label: a.Label,
		EventID: r.in.EventID, GroupID: groupID(ctx),
	}
	if r.in.Link { // adding a sign-in method has no hooks
		add(undo, passkeys.DiscardPasskey, in)
		if out, err = durableStep(ctx, passkeys.CreatePasskey, in); err != nil {
			err = undo.after(ctx, err)
		}
		return out, err
	}
	if out.Refusal, err = hooks.run(ctx, everlatch.HookBeforeRegister); err == nil && out.Refusal == nil {
		add(undo, credentials.DiscardIdentity, activities.DiscardIdentityInput{IdentityID: in.IdentityID, GroupID: in.GroupID})
		out, err = durableStep(ctx, passkeys.CreatePasskey, in)
	}
	if err == nil && out.Refusal == nil {
		out.Refusal, err = hooks.registered(ctx, activities.RegisterIdentityInput{},
			activities.RegisterIdentityOutput{Principal: out.Principal, Created: true})
	}
	switch {
	case err != nil:
		return out, undo.after(ctx, err)
	case out.Refusal != nil:
		return activities.CreatePasskeyOutput{Refusal: out.Refusal}, undo.compensate(ctx)
	}
	return out, nil
}

// openAccount creates the account that an answer asks for, as [Register] does.
func (r *passkeyRegistration) openAccount(
	ctx workflow.Context, undo *saga, hooks *hooked, a PasskeyAnswer, created activities.CreatePasskeyOutput,
) (activities.CreatePasskeyOutput, error) {
	account := RegisterInput{Customer: a.Customer, Actor: a.Actor}.account(r.in.IdentityID)
	if account.id == "" {
		return created, nil
	}
	refused, err := ownAccount(ctx, undo, hooks, account, activities.LinkInput{
		IdentityID: r.in.IdentityID, ActorType: r.in.ActorType, ActorID: account.id, GroupID: groupID(ctx),
	})
	if err != nil {
		return created, err
	}
	if refused != nil {
		return activities.CreatePasskeyOutput{Refusal: refused}, nil
	}
	created.Principal = created.Principal.Linked(r.in.ActorType, account.id)
	return created, nil
}
