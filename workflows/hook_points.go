package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
)

// beforeRegister asks the hooks about a registration that its provider has
// accepted, and makes create use what was held meanwhile.
func (h *hooked) beforeRegister(
	ctx workflow.Context, undo *saga, hooks *Hooks, create *activities.RegisterIdentityInput,
) (*everlatch.Refusal, error) {
	if !h.has(everlatch.HookBeforeRegister) {
		return nil, nil //nolint:nilnil // the flow goes on
	}
	ttl := heldFor
	for _, hook := range h.set[everlatch.HookBeforeRegister] {
		ttl += hook.Within
	}
	add(undo, credentials.DropHeld, hooks.Held)
	held, err := localUnlessSlow(ctx, credentials.HoldRegistration, activities.HoldRegistrationInput{
		ActorType: create.ActorType, Provider: create.Provider, Request: create.Request, Held: hooks.Held, TTL: ttl,
	}, func(out activities.HoldRegistrationOutput) bool { return out.Slow },
		func(in *activities.HoldRegistrationInput) { in.Slow = true })
	if err != nil || held.Refusal != nil {
		return held.Refusal, err
	}
	create.Held = hooks.Held
	if held.Email != "" {
		h.about.Email = held.Email
	}
	return h.run(ctx, everlatch.HookBeforeRegister)
}

// registered notes who was registered, drops what was held, and asks the hooks
// that come after.
func (h *hooked) registered(
	ctx workflow.Context, create activities.RegisterIdentityInput, out activities.RegisterIdentityOutput,
) (*everlatch.Refusal, error) {
	h.about.AuthIdentityID = out.Principal.AuthIdentityID
	if create.Held != "" {
		if _, err := step(ctx, credentials.DropHeld, create.Held); err != nil {
			return nil, err
		}
	}
	if !out.Created {
		return nil, nil //nolint:nilnil // it was there before
	}
	return h.run(ctx, everlatch.HookAfterRegister)
}

// aroundProfile reads a profile, and asks the hooks of register where its user has
// no identity.
func (h *hooked) aroundProfile(
	ctx workflow.Context, undo *saga, read activities.ReadProfileInput,
) (activities.RegisterIdentityOutput, error) {
	if len(h.set.At(everlatch.HookBeforeRegister, everlatch.HookAfterRegister)) == 0 {
		return externalCall(ctx, redirects.ReadProfile, read)
	}
	known := read
	known.KnownOnly = true
	out, err := externalCall(ctx, redirects.ReadProfile, known)
	if err != nil || out.Refusal != nil || !out.Unknown {
		return out, err
	}
	h.about.Email = out.Email
	if out.Refusal, err = h.run(ctx, everlatch.HookBeforeRegister); err != nil || out.Refusal != nil {
		return out, err
	}
	add(undo, credentials.DiscardIdentity, activities.DiscardIdentityInput{IdentityID: read.IdentityID, GroupID: read.GroupID})
	if out, err = externalCall(ctx, redirects.ReadProfile, read); err != nil || out.Refusal != nil {
		return out, err
	}
	if out.Principal.AuthIdentityID != read.IdentityID {
		return out, nil // it is another sign-in method of an identity that proved the same address
	}
	out.Refusal, err = h.registered(ctx, activities.RegisterIdentityInput{}, out)
	return out, err
}

// authenticated asks the hooks about a sign-in whose credential was right.
func (h *hooked) authenticated(ctx workflow.Context, p everlatch.Principal) (*everlatch.Refusal, error) {
	h.about.AuthIdentityID, h.about.ActorID = p.AuthIdentityID, p.ActorID
	return h.run(ctx, everlatch.HookAfterAuthenticate)
}

// passwordChanged tells the hooks after a change of a password. The change stays whatever
// they say: the former password may be known to others.
func (h *hooked) passwordChanged(ctx workflow.Context) {
	if refused, err := h.run(ctx, everlatch.HookAfterPasswordChanged); err != nil || refused != nil {
		workflow.GetLogger(ctx).Warn("a hook after a change of a password has failed; the change stays", "error", err)
	}
}

// aroundAccount asks the hooks before an account is created, creates it, and asks
// those that come after. A refusal or a fault is for the caller to compensate.
func (h *hooked) aroundAccount(
	ctx workflow.Context, identityID, actorID string, create func() (*everlatch.Refusal, error),
) (*everlatch.Refusal, error) {
	if len(h.set.At(everlatch.HookBeforeAccountCreated, everlatch.HookAfterAccountCreated)) == 0 {
		return create()
	}
	h.about.AuthIdentityID, h.about.ActorID = identityID, actorID
	if h.about.Email == "" && identityID != "" {
		own, err := step(ctx, accounts.OwnEmail, identityID)
		if err != nil {
			return nil, err
		}
		h.about.Email = own.Email
	}
	refused, err := h.run(ctx, everlatch.HookBeforeAccountCreated)
	if err == nil && refused == nil {
		refused, err = create()
	}
	if err == nil && refused == nil {
		refused, err = h.run(ctx, everlatch.HookAfterAccountCreated)
	}
	return refused, err
}

// customerHooks tell about a customer to be created.
func customerHooks(c everlatch.Customer) (email string, account everlatch.Metadata) {
	account = everlatch.Metadata{}
	for _, field := range []struct {
		name  string
		value *string
	}{
		{"email", c.Email}, {"company_name", c.CompanyName}, {"first_name", c.FirstName}, {"last_name", c.LastName}, {"phone", c.Phone},
	} {
		if field.value != nil {
			account[field.name] = *field.value
		}
	}
	if c.Metadata != nil {
		account["metadata"] = c.Metadata
	}
	email, _ = account["email"].(string)
	return email, account
}

// userHooks tell about an administrator to be created.
func userHooks(u everlatch.User) everlatch.Metadata {
	account := everlatch.Metadata{"email": u.Email}
	if u.FirstName != nil {
		account["first_name"] = *u.FirstName
	}
	if u.LastName != nil {
		account["last_name"] = *u.LastName
	}
	return account
}
