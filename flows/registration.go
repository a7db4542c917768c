package flows

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

var confirmedRegistration = shared("confirmed-registration", workflows.ConfirmedRegistration)

// RegistrationRequest asks to register an address.
type RegistrationRequest struct {
	ActorType, Provider string
	// Subject is the address as it was typed, and its canonical form.
	Subject providers.Subject
}

// RequestRegistration has a mail sent to an address: a link that registers it, or
// that it has an account. It returns as soon as Temporal has the request, and nothing
// tells whether the address is known (docs/weak-spots.md#w19). Requests are folded as those
// of [Client.RequestPasswordReset] are.
func (c *Client) RequestRegistration(ctx context.Context, r RegistrationRequest) error {
	startCtx, cancel := starting(ctx)
	defer cancel()
	in := workflows.ConfirmedRegistrationInput{
		ActorType: r.ActorType, Provider: r.Provider, EntityKey: r.Subject.EntityKey,
		TTL: c.opts.RegistrationTTL, ResendAfter: c.opts.RegistrationResendAfter,
	}
	o := c.flowOptions(ctx, confirmedRegistration, c.registrationID(r.ActorType, r.Provider, r.Subject.EntityKey), in,
		workflows.About{Subject: c.subject(r.Subject.EntityKey)})
	if !c.registrations.admit(o.ID, r.ActorType, c.opts.Now()) {
		return nil
	}
	err := c.signalled(startCtx, confirmedRegistration, o, workflows.SignalAsk,
		workflows.AskRegistration{EntityID: r.Subject.EntityID, Names: c.newNames(), Language: everlatch.LanguageOf(ctx)}, in)
	if err != nil {
		c.registrations.forget(o.ID)
	}
	return c.startFailure(ctx, startCtx, err)
}

// RegistrationConfirmation registers an address by a token.
type RegistrationConfirmation struct {
	AuthRequest

	// EntityKey is the canonical form of the address in the token.
	EntityKey string
	TokenID   string
}

// ConfirmRegistration creates the identity, and with Customer or Actor the account, as
// [Client.Register] does. The same request again gets the first answer. A token that is
// used otherwise or expired, or void because another one was used, is
// [everlatch.CodeUnauthorized]; a refusal leaves the token as it is.
func (c *Client) ConfirmRegistration(ctx context.Context, r RegistrationConfirmation) (workflows.Login, error) {
	r.Input.ActorType = r.ActorType
	ref, err := c.seal(ctx, r.Input)
	if err != nil {
		return workflows.Login{}, err
	}
	register := workflows.RegisterInput{
		ActorType: r.ActorType, Provider: r.Provider, Request: ref,
		IdentityID:         ids.New(ids.AuthIdentity, c.opts.Now()),
		ProviderIdentityID: ids.New(ids.ProviderIdentity, c.opts.Now()),
		Customer:           c.withAccount(r.Customer),
		Hooks:              c.registerHooks(ctx, r.AuthRequest),
	}
	request := []any{r.TokenID, r.Input, r.Customer}
	if r.Actor != nil {
		request = append(request, r.Actor.Data)
		register.Actor = new(c.NewActor(r.Actor.Type, r.Actor.Data))
	}
	id := c.registrationID(r.ActorType, r.Provider, r.EntityKey)
	var login workflows.Login
	err = c.update(ctx, update{
		flow: confirmedRegistration, workflowID: id, name: workflows.UpdateConfirmRegistration,
		arg: workflows.ConfirmRegistration{TokenID: r.TokenID, Register: register}, request: request, answer: &login,
	})
	if _, over := errors.AsType[*serviceerror.NotFound](err); over {
		c.shredder.shred(ref)
		return login, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid, Err: err}
	}
	if err != nil {
		return login, err // it may still go on, and needs what is sealed
	}
	c.shredder.shred(ref)
	if login.Refusal == nil {
		c.registrations.forget(id)
	}
	return login, refused(login.Refusal)
}

// registrationID is the same for every request that means the same address.
func (c *Client) registrationID(actorType, provider, entityKey string) string {
	return confirmedRegistration.id(provider, "h:"+c.opts.Ring.Hash("confirmed-registration", actorType, provider, entityKey))
}
