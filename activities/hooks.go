package activities

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
)

// Hook names a function of the program that runs inside flows.
type Hook struct {
	// Name is that of the activity or workflow that the worker knows.
	Name string `json:"name"`
	// Workflow says that it is a workflow, which may wait.
	Workflow bool `json:"workflow,omitempty"`
	// Within is how long it may take.
	Within time.Duration `json:"within"`
}

// HookSet are the hooks of a program, in their order. A flow keeps those that it
// started with (docs/adr/0015-hooks-come-with-the-input.md).
type HookSet map[everlatch.HookPoint][]Hook

// At returns the hooks of some points alone, nil for none.
func (s HookSet) At(points ...everlatch.HookPoint) HookSet {
	var out HookSet
	for _, p := range points {
		if len(s[p]) == 0 {
			continue
		}
		if out == nil {
			out = make(HookSet)
		}
		out[p] = s[p]
	}
	return out
}

// MayWait reports that one of the hooks is a workflow.
func (s HookSet) MayWait() bool {
	for _, p := range everlatch.HookPoints() {
		for _, h := range s[p] {
			if h.Workflow {
				return true
			}
		}
	}
	return false
}

// HoldRegistrationInput is the argument of [Credentials.HoldRegistration].
type HoldRegistrationInput struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	// Request refers to a sealed [providers.Input].
	Request vault.Ref `json:"request"`
	// Held is where to seal what the provider says about it, for TTL.
	Held vault.Ref     `json:"held"`
	TTL  time.Duration `json:"ttl"`
	// Slow says that the step may call another machine, see [CheckCredentialsInput].
	Slow bool `json:"slow,omitempty"`
}

// HoldRegistrationOutput is a refusal, or whom the request is about.
type HoldRegistrationOutput struct {
	Slow    bool               `json:"slow,omitempty"`
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	// Email is the address to sign in with, "" for an identifier that is none.
	Email string `json:"email,omitempty"`
}

// heldRegistration is what a provider has accepted. It holds a hash in place of
// the password.
type heldRegistration struct {
	EntityID         string             `json:"entity_id"`
	EntityKey        string             `json:"entity_key"`
	UserMetadata     everlatch.Metadata `json:"user_metadata,omitempty"`
	ProviderMetadata everlatch.Metadata `json:"provider_metadata,omitempty"`
	// IdentityID is the identity that had this credential already, "" for none.
	IdentityID string `json:"identity_id,omitempty"`
}

func (h heldRegistration) subject() providers.Subject {
	return providers.Subject{EntityID: h.EntityID, EntityKey: h.EntityKey}
}

// HoldRegistration has the provider judge a registration before hooks are asked,
// and seals the result. A hook may take days, the request is kept for minutes, and
// no password is kept for longer.
func (a *Credentials) HoldRegistration(ctx context.Context, in HoldRegistrationInput) (out HoldRegistrationOutput, err error) {
	if held, err := a.held(ctx, in.Held); err == nil || !errors.Is(err, everlatch.ErrInvalidData) {
		return holdingFor(held.subject()), err
	}
	r, slow, err := a.registration(ctx, in.Provider, in.Request, in.Slow)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	if out.Slow = slow; slow {
		return out, nil
	}
	cred, verdict, err := a.judge(ctx, r)
	if err != nil {
		out.Refusal, err = refusalBy(ctx, in.Provider, err)
		return out, err
	}
	raw, err := json.Marshal(heldRegistration{
		EntityID: r.subject.EntityID, EntityKey: r.subject.EntityKey,
		UserMetadata: verdict.UserMetadata, ProviderMetadata: verdict.ProviderMetadata, IdentityID: cred.Identity.ID,
	})
	if err != nil {
		return out, errors.New("the registration is not JSON") // the cause would quote it
	}
	return holdingFor(r.subject), a.Vault.PutAt(ctx, in.Held, vault.NewSecret(raw), in.TTL)
}

func holdingFor(subject providers.Subject) (out HoldRegistrationOutput) {
	if accounts.IsAddress(subject.EntityID) {
		out.Email = subject.EntityID
	}
	return out
}

func (a *Credentials) held(ctx context.Context, ref vault.Ref) (out heldRegistration, err error) {
	secret, err := a.Vault.Get(ctx, ref)
	if err == nil && json.Unmarshal(secret.Reveal(), &out) != nil {
		err = errors.New("what was sealed is no registration") // the cause would quote it
	}
	return out, err
}

// registerHeld is [Credentials.register] for a registration that was held. What has
// happened to its address meanwhile decides: there is no password to compare with.
func (a *Credentials) registerHeld(ctx context.Context, in RegisterIdentityInput) (out RegisterIdentityOutput, err error) {
	held, err := a.held(ctx, in.Held)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	cred, rec, err := a.find(ctx, in.Provider, held.subject())
	if err != nil {
		return out, err
	}
	if rec == nil && held.IdentityID == "" {
		if rec, err = a.reserved(ctx, held.subject()); err != nil {
			return out, err
		}
	}
	switch {
	case rec == nil && held.IdentityID == "":
		return a.create(ctx, in, held.subject(), providers.Verdict{
			UserMetadata: held.UserMetadata, ProviderMetadata: held.ProviderMetadata,
		})
	case rec != nil && !rec.Linked && cred.Identity.ID != "" && cred.Identity.ID == held.IdentityID:
		out.Principal = principal(cred, in.ActorType)
		return out, nil
	}
	out.Refusal = &everlatch.Refusal{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonEmailRegistered, Message: "Identity with email already exists"}
	return out, nil
}

// DropHeld destroys what [Credentials.HoldRegistration] has sealed.
func (a *Credentials) DropHeld(ctx context.Context, held vault.Ref) (None, error) {
	return None{}, a.Vault.Delete(ctx, held)
}

// KeepIdentity keeps an identity that waits for a hook from being taken for an
// unused one. One that is gone is no fault: the step that follows says so.
func (a *Identities) KeepIdentity(ctx context.Context, identityID string) (None, error) {
	err := a.Store.RecordUse(ctx, store.Use{IdentityID: identityID})
	if errors.Is(err, everlatch.ErrNotFound) {
		err = nil
	}
	return None{}, err
}

// OwnEmailOutput is an address of an identity, "" for none.
type OwnEmailOutput struct {
	Email string `json:"email,omitempty"`
}

// OwnEmail returns the address that the account of an identity gets, unless its
// user asks for another one. Hooks are told it.
func (a *Accounts) OwnEmail(ctx context.Context, identityID string) (out OwnEmailOutput, err error) {
	identity, err := a.Store.Identity(ctx, identityID)
	if errors.Is(err, everlatch.ErrNotFound) {
		return out, nil
	}
	if own := ownEmails(a.Providers, identity.Providers); err == nil && len(own) > 0 {
		out.Email = own[0]
	}
	return out, err
}
