package activities

import (
	"context"
	"errors"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
)

// CreatePasskeyInput is the argument of [Passkeys.CreatePasskey].
type CreatePasskeyInput struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	// Challenge and Answer are as in [CheckPasskeyInput].
	Challenge string    `json:"challenge"`
	Answer    vault.Ref `json:"answer"`
	// IdentityID is whose the passkey is. Link says that the identity exists.
	IdentityID         string `json:"identity_id"`
	Link               bool   `json:"link,omitempty"`
	ProviderIdentityID string `json:"provider_identity_id"`
	// Label is how its owner calls it, "" for nothing.
	Label   string `json:"label,omitempty"`
	EventID string `json:"event_id"`
	GroupID string `json:"group_id"`
}

// CreatePasskeyOutput is a refusal, or a passkey and whose it is.
type CreatePasskeyOutput struct {
	Refusal    *everlatch.Refusal         `json:"refusal,omitempty"`
	Principal  everlatch.Principal        `json:"principal,omitzero"`
	Credential everlatch.ProviderIdentity `json:"credential,omitzero"`
}

// CreatePasskey stores the passkey that a device has created: as the only credential of a
// new identity, or as a further one. It finds what an earlier run has stored.
func (a *Passkeys) CreatePasskey(ctx context.Context, in CreatePasskeyInput) (out CreatePasskeyOutput, err error) {
	identity, err := a.Store.Identity(ctx, in.IdentityID)
	if err != nil && (in.Link || !errors.Is(err, everlatch.ErrNotFound)) {
		out.Refusal, err = refusal(err)
		return out, err
	}
	for _, p := range identity.Providers {
		if p.ID == in.ProviderIdentityID {
			return created(store.Credential{Identity: identity, Provider: p}, in.ActorType), nil
		}
	}
	if !identity.DisabledAt.IsZero() {
		out.Refusal, err = refusal(errDisabled)
		return out, err
	}
	answer, err := a.open(ctx, in.Provider, in.Answer, in.Challenge)
	if err != nil {
		out.Refusal, err = refusalBy(ctx, in.Provider, err)
		return out, err
	}
	rec, err := answer.provider.Register(answer.raw, answer.claim.Challenge, providers.PasskeyHandle(in.IdentityID))
	if err != nil {
		out.Refusal, err = refusalBy(ctx, in.Provider, err)
		return out, err
	}
	if in.Link {
		err = a.add(ctx, in, identity, rec)
	} else {
		err = a.register(ctx, in, rec)
	}
	if err != nil {
		if errors.Is(err, everlatch.ErrDuplicate) {
			err = errOthers(in.Provider)
		}
		out.Refusal, err = refusal(err)
		return out, err
	}
	cred, err := a.Store.FindCredential(ctx, in.Provider, rec.ID)
	return created(cred, in.ActorType), err
}

func created(c store.Credential, actorType string) CreatePasskeyOutput {
	return CreatePasskeyOutput{Principal: principal(c, actorType), Credential: c.Provider}
}

func (in CreatePasskeyInput) userMetadata() everlatch.Metadata {
	if in.Label == "" {
		return everlatch.Metadata{}
	}
	return everlatch.Metadata{"label": in.Label}
}

func (a *Passkeys) register(ctx context.Context, in CreatePasskeyInput, rec providers.PasskeyRecord) error {
	_, err := a.Store.RegisterIdentity(ctx, store.NewIdentity{
		ID: in.IdentityID, ProviderIdentityID: in.ProviderIdentityID, Provider: in.Provider, EntityID: rec.ID, EntityKey: rec.ID,
		UserMetadata: in.userMetadata(), ProviderMetadata: rec.Data, Counter: rec.Counter,
		Events: []everlatch.Event{{
			ID: in.EventID, Name: everlatch.EventIdentityRegistered, GroupID: in.GroupID, AuthIdentityID: in.IdentityID,
			Data:      everlatch.Metadata{"id": in.IdentityID, "provider": in.Provider, "actor_type": in.ActorType},
			CreatedAt: a.Now(),
		}},
	})
	return err
}

func (a *Passkeys) add(ctx context.Context, in CreatePasskeyInput, identity everlatch.AuthIdentity, rec providers.PasskeyRecord) error {
	email, err := addressOf(ctx, a.Store, a.Types, identity, in.ActorType)
	if err != nil {
		return err
	}
	event := linkEvent(everlatch.EventIdentityLinked, in.GroupID, in.ActorType, email, everlatch.ProviderIdentity{
		ID: in.ProviderIdentityID, AuthIdentityID: identity.ID, Provider: in.Provider, EntityID: rec.ID,
	})
	event.ID = in.EventID
	return a.Store.AddCredential(ctx, store.NewCredential{
		ID: in.ProviderIdentityID, IdentityID: identity.ID, Provider: in.Provider, EntityID: rec.ID, EntityKey: rec.ID,
		UserMetadata: in.userMetadata(), ProviderMetadata: rec.Data, Counter: rec.Counter, Most: store.MaxPasskeys, Event: event,
	})
}

// DiscardPasskey undoes [Passkeys.CreatePasskey] for an identity that it has not created:
// the credential of this id, which the flow chose, vanishes.
func (a *Passkeys) DiscardPasskey(ctx context.Context, in CreatePasskeyInput) (None, error) {
	return None{}, a.Store.DiscardCredential(ctx, in.ProviderIdentityID)
}
