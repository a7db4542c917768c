package activities

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
)

// Resets grants and uses the right to choose a new password.
type Resets struct {
	Store     *store.Store
	Vault     *vault.Vault
	Providers *providers.Registry
	Tokens    *tokens.Tokens
	Now       func() time.Time
}

// GrantResetInput is the argument of [Resets.GrantReset].
type GrantResetInput struct {
	Provider string `json:"provider"`
	// EntityKey is the canonical identifier.
	EntityKey string             `json:"entity_key"`
	ActorType string             `json:"actor_type"`
	Metadata  everlatch.Metadata `json:"metadata,omitempty"`
	// RequestedBy is the administrator who asked, nil for the user.
	RequestedBy *everlatch.ActorRef `json:"requested_by,omitempty"`
	TTL         time.Duration       `json:"ttl"`
	// Silent records no event and stores no token: the program that asks makes it of the
	// answer.
	Silent bool `json:"silent,omitempty"`
	// TokenID and EventID name what will be created.
	TokenID string `json:"token_id"`
	EventID string `json:"event_id"`
	GroupID string `json:"group_id"`
}

// ResetGrant is the right to choose a new password, which the holder of the
// token of this id has until it expires.
type ResetGrant struct {
	// Known is false when no identity has the identifier, or the one that has it is
	// no actor of the type: then there is no token.
	Known              bool   `json:"known"`
	TokenID            string `json:"token_id"`
	ActorType          string `json:"actor_type"`
	EntityID           string `json:"entity_id,omitempty"`
	IdentityID         string `json:"identity_id,omitempty"`
	ProviderIdentityID string `json:"provider_identity_id,omitempty"`
	// CredentialVersion is the one that the grant is bound to: any other change
	// of the credentials ends it (docs/weak-spots.md#w25).
	CredentialVersion int64     `json:"credential_version,omitempty"`
	IssuedAt          time.Time `json:"issued_at"`
	ExpiresAt         time.Time `json:"expires_at"`
}

// GrantReset looks up who has an identifier, makes their token, and records the
// event that mails it. The token is in the vault, for as long as it is good;
// neither the event nor the answer holds it (docs/weak-spots.md#w29). For an identifier that
// no identity has it grants nothing and says so, and likewise for an actor type that
// the identity does not have: its owner could not sign in with such a link. An
// identity that has no actor yet may become one of any type.
func (a *Resets) GrantReset(ctx context.Context, in GrantResetInput) (ResetGrant, error) {
	now := a.Now().UTC().Truncate(time.Second)
	grant := ResetGrant{TokenID: in.TokenID, ActorType: in.ActorType, IssuedAt: now, ExpiresAt: now.Add(in.TTL)}
	cred, err := a.Store.FindCredential(ctx, in.Provider, in.EntityKey)
	if errors.Is(err, everlatch.ErrNotFound) {
		return grant, nil
	}
	if err != nil {
		return grant, err
	}
	if !cred.Identity.DisabledAt.IsZero() {
		return grant, nil
	}
	if len(cred.Identity.Links) > 0 && cred.Identity.ActorID(in.ActorType) == "" {
		return grant, nil
	}
	grant.Known = true
	grant.EntityID, grant.IdentityID, grant.ProviderIdentityID = cred.Provider.EntityID, cred.Identity.ID, cred.Provider.ID
	grant.CredentialVersion = cred.Identity.CredentialVersion
	if in.Silent {
		return grant, nil
	}
	token, err := a.Tokens.IssueReset(tokens.Reset{
		EntityID: grant.EntityID, Provider: in.Provider, ActorType: in.ActorType,
		ID: in.TokenID, IssuedAt: grant.IssuedAt, ExpiresAt: grant.ExpiresAt,
	})
	if err != nil {
		return grant, err
	}
	ref, err := a.Vault.PutFor(ctx, vault.NewSecret([]byte(token)), in.TTL)
	if err != nil {
		return grant, err
	}
	return grant, a.Store.RecordEvent(ctx, everlatch.Event{
		ID: in.EventID, Name: everlatch.EventPasswordReset, GroupID: in.GroupID,
		AuthIdentityID: grant.IdentityID, Data: resetData(in, grant, ref),
	})
}

func resetData(in GrantResetInput, grant ResetGrant, ref vault.Ref) everlatch.Metadata {
	metadata := in.Metadata
	if metadata == nil {
		metadata = everlatch.Metadata{}
	}
	data := everlatch.Metadata{
		"entity_id": grant.EntityID, "actor_type": in.ActorType, "token": everlatch.SecretRef(string(ref)),
		"metadata": metadata, "provider": in.Provider, "auth_identity_id": grant.IdentityID,
		"expires_at": grant.ExpiresAt.Format(time.RFC3339),
	}
	if by := in.RequestedBy; by != nil {
		data["requested_by"] = everlatch.Metadata{"actor_type": by.ActorType, "actor_id": by.ActorID}
	}
	return data
}

// ChangePasswordInput is the argument of [Resets.ChangePassword].
type ChangePasswordInput struct {
	Provider string     `json:"provider"`
	Grant    ResetGrant `json:"grant"`
	// Request refers to a sealed [providers.Input] with the new password.
	Request vault.Ref `json:"request"`
	// Mailed says that the token was mailed to the address, which its use proves. One
	// that an administrator handed over proves nothing.
	Mailed bool `json:"mailed,omitempty"`
	// EventID makes a repetition known as one.
	EventID string `json:"event_id"`
	GroupID string `json:"group_id"`
	// Slow says that the step may call another machine, see [CheckCredentialsInput].
	Slow bool `json:"slow,omitempty"`
}

// ChangePasswordOutput is a refusal by the provider, which leaves the grant as
// it is, the end of the grant, or Slow as in [CheckCredentialsOutput].
type ChangePasswordOutput struct {
	Slow    bool               `json:"slow,omitempty"`
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	// Void says that the grant was void: the identity is gone or disabled, or its
	// credentials have changed since.
	Void bool `json:"void,omitempty"`
}

// ChangePassword lets the provider judge the new password and stores it with
// the end of everything that the old one was good for (docs/weak-spots.md#w25). What the provider
// refuses changes nothing (docs/weak-spots.md#w26). A token that was mailed proves the
// address, and ends what others have added to the identity (docs/proof.md).
func (a *Resets) ChangePassword(ctx context.Context, in ChangePasswordInput) (out ChangePasswordOutput, err error) {
	provider, err := a.Providers.Updater(in.Provider)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	if out.Slow = !in.Slow && providers.IsSlow(provider); out.Slow {
		return out, nil
	}
	request, err := a.open(ctx, in.Request)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	identity, err := enabled(ctx, a.Store, in.Grant.IdentityID)
	if errors.Is(err, everlatch.ErrNotFound) || errors.Is(err, errDisabled) {
		return ChangePasswordOutput{Void: true}, nil
	}
	if err != nil {
		return out, err
	}
	verdict, err := provider.Update(ctx, request, record(identity, in.Grant.ProviderIdentityID))
	if err != nil {
		out.Refusal, err = refusalBy(ctx, in.Provider, err)
		return out, err
	}
	err = a.Store.ChangeCredential(ctx, store.CredentialChange{
		IdentityID: identity.ID, ProviderIdentityID: in.Grant.ProviderIdentityID,
		SeenVersion: in.Grant.CredentialVersion, ProviderMetadata: verdict.ProviderMetadata,
		Proves: in.Mailed && accounts.IsAddress(in.Grant.EntityID),
		Event: everlatch.Event{
			ID: in.EventID, Name: everlatch.EventPasswordChanged, GroupID: in.GroupID, AuthIdentityID: identity.ID,
			Data: everlatch.Metadata{
				"entity_id": in.Grant.EntityID, "actor_type": in.Grant.ActorType,
				"provider": in.Provider, "auth_identity_id": identity.ID,
			},
		},
	})
	if errors.Is(err, everlatch.ErrConflict) || errors.Is(err, everlatch.ErrNotFound) {
		return ChangePasswordOutput{Void: true}, nil
	}
	return out, err
}

func (a *Resets) open(ctx context.Context, ref vault.Ref) (in providers.Input, err error) {
	secret, err := a.Vault.Get(ctx, ref)
	if err != nil {
		return in, err
	}
	if json.Unmarshal(secret.Reveal(), &in) != nil {
		// The cause would quote the request.
		return in, errors.New("the sealed request is not what flows sealed")
	}
	return in, nil
}

// record is what a provider may see of one credential of an identity.
func record(identity everlatch.AuthIdentity, providerIdentityID string) providers.Record {
	rec := providers.Record{Linked: len(identity.Links) > 0}
	for _, p := range identity.Providers {
		if p.ID == providerIdentityID {
			rec.EntityID, rec.UserMetadata, rec.ProviderMetadata = p.EntityID, p.UserMetadata, p.ProviderMetadata
		}
	}
	return rec
}
