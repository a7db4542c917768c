package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
)

// Credentials registers and authenticates users by what their request
// carries. It is the only code that sees such a request in clear.
type Credentials struct {
	Store     *store.Store
	Vault     *vault.Vault
	Providers *providers.Registry
	Now       func() time.Time
	// LoginEvents records each sign-in and each refused one.
	LoginEvents bool
	// Types are the custom actor types, by name.
	Types map[string]everlatch.ActorType
}

// CheckCredentialsInput is the argument of [Credentials.CheckCredentials].
type CheckCredentialsInput struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	// Request refers to a sealed [providers.Input].
	Request vault.Ref `json:"request"`
	// EventID is the id of the event of this sign-in. Without one it is made of
	// the run, which then signs in once.
	EventID string `json:"event_id,omitempty"`
	// Slow says that the step may call another machine. Without it, a provider that
	// would is not asked.
	Slow bool `json:"slow,omitempty"`
}

// CheckCredentialsOutput is a refusal, a proven principal, or Slow: the provider calls
// another machine and was not asked, because the input does not say Slow.
type CheckCredentialsOutput struct {
	Slow      bool                `json:"slow,omitempty"`
	Refusal   *everlatch.Refusal  `json:"refusal,omitempty"`
	Principal everlatch.Principal `json:"principal,omitzero"`
}

// CheckCredentials lets the provider decide about a sign-in. It writes only
// when the provider renews the record (a better password hash, docs/weak-spots.md#w24) or when
// the identity was last used more than an hour ago.
func (a *Credentials) CheckCredentials(
	ctx context.Context, in CheckCredentialsInput,
) (out CheckCredentialsOutput, err error) {
	provider, err := a.Providers.Credentials(in.Provider)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	if out.Slow = !in.Slow && providers.IsSlow(provider); out.Slow {
		return out, nil
	}
	request, subject, err := a.claim(ctx, provider, in.Request)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	cred, rec, err := a.find(ctx, in.Provider, subject)
	if err != nil {
		return out, err
	}
	verdict, err := provider.Authenticate(ctx, request, rec)
	if err != nil {
		if out.Refusal, err = refusalBy(ctx, in.Provider, err); out.Refusal != nil && out.Refusal.Reason != everlatch.ReasonBusy {
			err = a.recordLogin(ctx, everlatch.EventLoginFailed, in, cred)
		}
		return out, err
	}
	if rec == nil {
		return out, fmt.Errorf("provider %s accepted an unknown subject", in.Provider)
	}
	err = a.Store.RecordUse(ctx, store.Use{
		IdentityID: cred.Identity.ID, ProviderIdentityID: cred.Provider.ID, SeenAt: cred.Provider.UpdatedAt,
		ProviderMetadata: verdict.ProviderMetadata, UserMetadata: verdict.UserMetadata,
		VerifiedEmail: cred.Provider.VerifiedEmail,
	})
	if verdict.UserMetadata != nil {
		cred.Provider.UserMetadata = verdict.UserMetadata
	}
	if err != nil {
		return out, err
	}
	out.Principal = principal(cred, in.ActorType)
	return out, a.recordLogin(ctx, everlatch.EventLoginSucceeded, in, cred)
}

// recordLogin records a sign-in where that is wanted, for unknown users too: it
// must not be told from the time of an answer who is known (docs/weak-spots.md#w19). What a caller
// typed is not kept, for it may be a password in the wrong field.
func (a *Credentials) recordLogin(ctx context.Context, name string, in CheckCredentialsInput, cred store.Credential) error {
	if !a.LoginEvents {
		return nil
	}
	data := everlatch.Metadata{"actor_type": in.ActorType, "provider": in.Provider}
	if cred.Identity.ID != "" {
		data["auth_identity_id"] = cred.Identity.ID
		data["actor_id"] = cred.Identity.ActorID(in.ActorType)
	}
	// The same for each attempt, so that a repeated step records one event.
	id := cmp.Or(in.EventID, ids.Event+activity.GetInfo(ctx).WorkflowExecution.RunID)
	return a.Store.RecordEvent(ctx, everlatch.Event{
		ID: id, Name: name, AuthIdentityID: cred.Identity.ID, Data: data,
	})
}

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
	// Slow says that the step may call another machine, see [CheckCredentialsInput].
	Slow bool `json:"slow,omitempty"`
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
	provider, err := a.Providers.Registrar(in.Provider)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	if out.Slow = !in.Slow && providers.IsSlow(provider); out.Slow {
		return out, nil
	}
	request, subject, err := a.claim(ctx, provider, in.Request)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	out, err = a.register(ctx, in, provider, request, subject)
	if errors.Is(err, everlatch.ErrDuplicate) {
		// Another request was faster: now the record exists and decides.
		out, err = a.register(ctx, in, provider, request, subject)
	}
	return out, err
}

func (a *Credentials) register(
	ctx context.Context, in RegisterIdentityInput,
	provider providers.Registrar, request providers.Input, subject providers.Subject,
) (out RegisterIdentityOutput, err error) {
	cred, rec, err := a.find(ctx, in.Provider, subject)
	if err != nil {
		return out, err
	}
	if rec == nil {
		if rec, err = a.held(ctx, subject); err != nil {
			return out, err
		}
	}
	verdict, err := provider.Register(ctx, request, rec)
	if err != nil {
		out.Refusal, err = refusalBy(ctx, in.Provider, err)
		return out, err
	}
	if cred.Identity.ID == "" && rec != nil {
		return out, fmt.Errorf("provider %s accepted an address that is held for another identity", in.Provider)
	}
	if rec != nil {
		out.Principal = principal(cred, in.ActorType)
		return out, nil
	}
	now := a.Now()
	identity, err := a.Store.RegisterIdentity(ctx, store.NewIdentity{
		ID: in.IdentityID, ProviderIdentityID: in.ProviderIdentityID,
		Provider: in.Provider, EntityID: subject.EntityID, EntityKey: subject.EntityKey,
		UserMetadata: verdict.UserMetadata, ProviderMetadata: verdict.ProviderMetadata, Typed: true,
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

// DiscardIdentityInput is the argument of [Credentials.DiscardIdentity].
type DiscardIdentityInput struct {
	IdentityID string `json:"identity_id"`
	GroupID    string `json:"group_id"`
}

// DiscardIdentity undoes [Credentials.RegisterIdentity]. It knows the identity
// by the id that this flow chose, so it can never remove one that was there
// before, nor one that another request linked meanwhile.
func (a *Credentials) DiscardIdentity(ctx context.Context, in DiscardIdentityInput) (None, error) {
	return None{}, a.Store.DiscardIdentity(ctx, in.IdentityID, in.GroupID)
}

// claim opens a sealed request and asks the provider whom it is about.
func (a *Credentials) claim(
	ctx context.Context, provider providers.Credentials, ref vault.Ref,
) (in providers.Input, subject providers.Subject, err error) {
	secret, err := a.Vault.Get(ctx, ref)
	if err != nil {
		return in, subject, err
	}
	if json.Unmarshal(secret.Reveal(), &in) != nil {
		// The cause would quote the request.
		return in, subject, errors.New("the sealed request is not what flows sealed")
	}
	subject, err = provider.Identify(in)
	return in, subject, err
}

// find returns the credential of a subject, and nil for the record when
// no identity has it.
func (a *Credentials) find(
	ctx context.Context, provider string, subject providers.Subject,
) (store.Credential, *providers.Record, error) {
	cred, err := a.Store.FindCredential(ctx, provider, subject.EntityKey)
	if errors.Is(err, everlatch.ErrNotFound) {
		return cred, nil, nil
	}
	if err != nil {
		return cred, nil, err
	}
	return cred, &providers.Record{
		EntityID:         cred.Provider.EntityID,
		UserMetadata:     cred.Provider.UserMetadata,
		ProviderMetadata: cred.Provider.ProviderMetadata,
		Linked:           len(cred.Identity.Links) > 0,
	}, nil
}

// held returns a record that is taken for an address that its former owner may
// have back (docs/weak-spots.md#w13), and nil for any other. To the caller who registers, one looks like
// the other.
func (a *Credentials) held(ctx context.Context, subject providers.Subject) (*providers.Record, error) {
	for _, address := range []string{subject.EntityID, subject.EntityKey} {
		held, err := a.Store.EmailHeld(ctx, address)
		if err != nil {
			return nil, err
		}
		if held {
			return &providers.Record{EntityID: subject.EntityID, Linked: true}, nil
		}
	}
	return nil, nil //nolint:nilnil // not held for anyone, which is not an error
}

func principal(cred store.Credential, actorType string) everlatch.Principal {
	p := everlatch.Principal{
		AuthIdentityID:    cred.Identity.ID,
		AuthProvider:      cred.Provider.Provider,
		ActorType:         actorType,
		ActorID:           cred.Identity.ActorID(actorType),
		CredentialVersion: cred.Identity.CredentialVersion,
		Links:             cred.Identity.Links,
		UserMetadata:      cred.Provider.UserMetadata,
	}
	if actorType == everlatch.ActorCustomer { // only customers can ask for it
		p.DeletionAt = cred.Identity.DeletionAt
	}
	return p
}
