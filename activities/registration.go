package activities

import (
	"context"
	"errors"
	"fmt"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
)

// RegisterIdentityInput is the argument of [Credentials.RegisterIdentity].
type RegisterIdentityInput struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	// Request refers to a sealed [providers.Input].
	Request vault.Ref `json:"request"`
	// IdentityID and ProviderIdentityID name what will be created.
	IdentityID         string `json:"identity_id"`
	ProviderIdentityID string `json:"provider_identity_id"`
	// GroupID is the workflow id, which the events carry.
	GroupID string `json:"group_id"`
	// Held, when set, refers to what [Credentials.HoldRegistration] has sealed, which
	// takes the place of Request.
	Held vault.Ref `json:"held,omitempty"`
	// Slow says that the step may call another machine, see [CheckCredentialsInput].
	Slow bool `json:"slow,omitempty"`
	// Confirmed says that the one who registers has proven the address.
	Confirmed bool `json:"confirmed,omitempty"`
}

// RegisterIdentityOutput is a refusal, the principal, new or known, or Slow as in
// [CheckCredentialsOutput].
type RegisterIdentityOutput struct {
	Slow      bool                `json:"slow,omitempty"`
	Refusal   *everlatch.Refusal  `json:"refusal,omitempty"`
	Principal everlatch.Principal `json:"principal,omitzero"`
	// Created says that this flow made the identity: only then may its
	// compensation remove it (docs/weak-spots.md#w3).
	Created bool `json:"created"`
	// Unknown says that the user of a profile has no identity with this provider, see
	// [ReadProfileInput.KnownOnly]. Email is the address that the provider tells.
	Unknown bool   `json:"unknown,omitempty"`
	Email   string `json:"email,omitempty"`
}

// RegisterIdentity creates an identity with one credential. A repetition with
// the same password is accepted while no actor is linked (docs/contract.md#s3-3).
func (a *Credentials) RegisterIdentity(
	ctx context.Context, in RegisterIdentityInput,
) (out RegisterIdentityOutput, err error) {
	// An earlier run of this activity may have succeeded unheard.
	done, err := a.Store.Identity(ctx, in.IdentityID)
	if err == nil && len(done.Providers) > 0 {
		out.Principal = principal(store.Credential{Identity: done, Provider: done.Providers[0]}, in.ActorType)
		out.Created = true
		return out, nil
	}
	if err != nil && !errors.Is(err, everlatch.ErrNotFound) {
		return out, err
	}
	if in.Held != "" {
		out, err = a.registerHeld(ctx, in)
		if errors.Is(err, everlatch.ErrDuplicate) {
			out, err = a.registerHeld(ctx, in)
		}
		return out, err
	}
	r, slow, err := a.registration(ctx, in.Provider, in.Request, in.Slow)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	if out.Slow = slow; slow {
		return out, nil
	}
	out, err = a.register(ctx, in, r)
	if errors.Is(err, everlatch.ErrDuplicate) {
		// Another request was faster: now the record exists and decides.
		out, err = a.register(ctx, in, r)
	}
	return out, err
}

// registration is a request to register, and whom it is about.
type registration struct {
	name     string
	provider providers.Registrar
	request  providers.Input
	subject  providers.Subject
}

// registration opens a sealed request. slow says that its provider may call another
// machine and that this step may not: then the request is not opened.
func (a *Credentials) registration(
	ctx context.Context, name string, request vault.Ref, maySlow bool,
) (r registration, slow bool, err error) {
	r.name = name
	if r.provider, err = a.Providers.Registrar(name); err != nil {
		return r, false, err
	}
	if !maySlow && providers.IsSlow(r.provider) {
		return r, true, nil
	}
	r.request, r.subject, err = a.claim(ctx, r.provider, request)
	return r, false, err
}

func (a *Credentials) register(ctx context.Context, in RegisterIdentityInput, r registration) (out RegisterIdentityOutput, err error) {
	cred, verdict, err := a.judge(ctx, r)
	if err != nil {
		out.Refusal, err = refusalBy(ctx, in.Provider, err)
		return out, err
	}
	if cred.Identity.ID != "" {
		out.Principal = principal(cred, in.ActorType)
		return out, nil
	}
	return a.create(ctx, in, r.subject, verdict)
}

// judge lets the provider decide about a registration, and returns the credential
// that exists already.
func (a *Credentials) judge(ctx context.Context, r registration) (cred store.Credential, verdict providers.Verdict, err error) {
	cred, rec, err := a.find(ctx, r.name, r.subject)
	if err != nil {
		return cred, verdict, err
	}
	if rec == nil {
		if rec, err = a.reserved(ctx, r.subject); err != nil {
			return cred, verdict, err
		}
	}
	verdict, err = r.provider.Register(ctx, r.request, rec)
	if err == nil && cred.Identity.ID == "" && rec != nil {
		err = fmt.Errorf("provider %s accepted an address that is held for another identity", r.name)
	}
	return cred, verdict, err
}

// create stores the identity of a registration that a provider has accepted.
func (a *Credentials) create(
	ctx context.Context, in RegisterIdentityInput, subject providers.Subject, verdict providers.Verdict,
) (out RegisterIdentityOutput, err error) {
	now, proven := a.Now(), ""
	if in.Confirmed && accounts.IsAddress(subject.EntityID) {
		proven = subject.EntityID
	}
	identity, err := a.Store.RegisterIdentity(ctx, store.NewIdentity{
		ID: in.IdentityID, ProviderIdentityID: in.ProviderIdentityID,
		Provider: in.Provider, EntityID: subject.EntityID, EntityKey: subject.EntityKey,
		UserMetadata: verdict.UserMetadata, ProviderMetadata: verdict.ProviderMetadata, Typed: true,
		VerifiedEmail: proven,
		Events: []everlatch.Event{{
			ID: ids.New(ids.Event, now), Name: everlatch.EventIdentityRegistered,
			GroupID: in.GroupID, AuthIdentityID: in.IdentityID,
			Data: everlatch.Metadata{
				"id": in.IdentityID, "provider": in.Provider, "actor_type": in.ActorType,
			},
			CreatedAt: now,
		}},
	})
	if err != nil {
		return out, err
	}
	out.Created = true
	out.Principal = principal(store.Credential{
		Identity: identity,
		Provider: everlatch.ProviderIdentity{Provider: in.Provider, UserMetadata: verdict.UserMetadata},
	}, in.ActorType)
	return out, nil
}
