package activities

import (
	"context"
	"errors"
	"slices"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
)

// LinkCredentialInput is the argument of [Credentials.LinkCredential].
type LinkCredentialInput struct {
	// IdentityID is who gets another way to sign in, as ActorType.
	IdentityID string `json:"identity_id"`
	ActorType  string `json:"actor_type"`
	Provider   string `json:"provider"`
	// Request refers to a sealed [providers.Input].
	Request            vault.Ref `json:"request"`
	ProviderIdentityID string    `json:"provider_identity_id"`
	EventID            string    `json:"event_id"`
	GroupID            string    `json:"group_id"`
	// Slow says that the step may call another machine, see [CheckCredentialsInput].
	Slow bool `json:"slow,omitempty"`
}

// LinkCredentialOutput is a refusal, the credential, or Slow as in
// [CheckCredentialsOutput].
type LinkCredentialOutput struct {
	Slow       bool                       `json:"slow,omitempty"`
	Refusal    *everlatch.Refusal         `json:"refusal,omitempty"`
	Credential everlatch.ProviderIdentity `json:"credential,omitzero"`
}

// LinkCredential gives an identity a credential by what a request carries, such
// as a password for an end user who has signed in elsewhere so far (docs/weak-spots.md#w17).
func (a *Credentials) LinkCredential(ctx context.Context, in LinkCredentialInput) (out LinkCredentialOutput, err error) {
	if provider, known := a.Providers.Registrar(in.Provider); known == nil && !in.Slow && providers.IsSlow(provider) {
		return LinkCredentialOutput{Slow: true}, nil
	}
	out.Credential, err = a.link(ctx, in)
	if err != nil {
		out.Refusal, err = refusal(err)
	}
	return out, err
}

func (a *Credentials) link(ctx context.Context, in LinkCredentialInput) (out everlatch.ProviderIdentity, err error) {
	provider, err := a.Providers.Registrar(in.Provider)
	if err != nil {
		return out, err
	}
	request, subject, err := a.claim(ctx, provider, in.Request)
	if err != nil {
		return out, err
	}
	identity, err := enabled(ctx, a.Store, in.IdentityID)
	if err != nil {
		return out, err
	}
	// Before the credential is looked up: for an address that isn't proven, the answer
	// must not tell who signs in with it.
	if accounts.IsAddress(subject.EntityID) && !store.HasProven(identity.Providers, subject.EntityID) {
		return out, &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: store.AddressUnproven}
	}
	cred, rec, err := a.find(ctx, in.Provider, subject)
	switch {
	case err != nil:
		return out, err
	case rec != nil && cred.Provider.ID == in.ProviderIdentityID: // by an earlier run of this step
		return cred.Provider, nil
	case rec != nil && cred.Identity.ID != in.IdentityID:
		return out, errOthers(in.Provider)
	}
	verdict, err := provider.Register(ctx, request, nil)
	if err != nil {
		return out, err
	}
	return a.addCredential(ctx, in, identity, subject, verdict)
}

func (a *Credentials) addCredential(
	ctx context.Context, in LinkCredentialInput, identity everlatch.AuthIdentity, subject providers.Subject, verdict providers.Verdict,
) (out everlatch.ProviderIdentity, err error) {
	email, err := addressOf(ctx, a.Store, a.Types, identity, in.ActorType)
	if err != nil {
		return out, err
	}
	out = everlatch.ProviderIdentity{
		ID: in.ProviderIdentityID, AuthIdentityID: identity.ID, Provider: in.Provider,
		EntityID: subject.EntityID, EntityKey: subject.EntityKey, UserMetadata: verdict.UserMetadata,
		CreatedAt: a.Now(), UpdatedAt: a.Now(),
	}
	event := linkEvent(everlatch.EventIdentityLinked, in.GroupID, in.ActorType, email, out)
	event.ID = in.EventID
	err = a.Store.AddCredential(ctx, store.NewCredential{
		ID: out.ID, IdentityID: identity.ID, Provider: in.Provider, EntityID: subject.EntityID, EntityKey: subject.EntityKey,
		UserMetadata: verdict.UserMetadata, ProviderMetadata: verdict.ProviderMetadata, Typed: true, Event: event,
		Address: accounts.IsAddress(subject.EntityID),
	})
	if errors.Is(err, everlatch.ErrDuplicate) {
		err = errOthers(in.Provider)
	}
	return out, err
}

// DiscardCredential undoes [Credentials.LinkCredential]: the credential of this
// id, which the flow chose, vanishes.
func (a *Credentials) DiscardCredential(ctx context.Context, in LinkCredentialInput) (None, error) {
	return None{}, a.Store.DiscardCredential(ctx, in.ProviderIdentityID)
}

// UnlinkCredentialInput is the argument of [Identities.UnlinkCredential].
type UnlinkCredentialInput struct {
	IdentityID         string `json:"identity_id"`
	ActorType          string `json:"actor_type"`
	ProviderIdentityID string `json:"provider_identity_id"`
	// SignedInWith is the provider that the user is signed in with.
	SignedInWith string `json:"signed_in_with"`
	EventID      string `json:"event_id"`
	GroupID      string `json:"group_id"`
}

// UnlinkCredential takes a way to sign in from an identity, and ends what was
// issued by it (docs/weak-spots.md#w17). The one that the user is signed in with stays: that the others
// still work is not known.
func (a *Identities) UnlinkCredential(ctx context.Context, in UnlinkCredentialInput) (out Verdict, err error) {
	if err = a.unlink(ctx, in); err != nil {
		out.Refusal, err = refusal(err)
	}
	return out, err
}

func (a *Identities) unlink(ctx context.Context, in UnlinkCredentialInput) error {
	identity, err := a.Store.Identity(ctx, in.IdentityID)
	if err != nil {
		return err
	}
	var event everlatch.Event
	for _, p := range identity.Providers {
		if p.ID != in.ProviderIdentityID {
			continue
		}
		if p.Provider == in.SignedInWith && len(identity.Providers) > 1 && !hasAnother(identity.Providers, p) {
			return &everlatch.Error{
				Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonLoginInUse,
			}
		}
		email, err := addressOf(ctx, a.Store, a.Types, identity, in.ActorType)
		if err != nil {
			return err
		}
		event = linkEvent(everlatch.EventIdentityUnlinked, in.GroupID, in.ActorType, email, p)
	}
	event.ID = in.EventID
	return a.Store.RemoveCredential(ctx, in.IdentityID, in.ProviderIdentityID, event)
}

// hasAnother says that one of the credentials is another one of the same provider, which
// passkeys have.
func hasAnother(all []everlatch.ProviderIdentity, p everlatch.ProviderIdentity) bool {
	return slices.ContainsFunc(all, func(other everlatch.ProviderIdentity) bool { return other.Provider == p.Provider && other.ID != p.ID })
}

// linkEvent tells that an identity can be signed in to in one way more or less.
func linkEvent(name, groupID, actorType, email string, p everlatch.ProviderIdentity) everlatch.Event {
	data := everlatch.Metadata{
		"auth_identity_id": p.AuthIdentityID, "provider_identity_id": p.ID, "provider": p.Provider, "entity_id": p.EntityID,
		"actor_type": actorType,
	}
	if email != "" {
		data["email"] = email
	}
	return everlatch.Event{Name: name, GroupID: groupID, AuthIdentityID: p.AuthIdentityID, Data: data}
}

// addressOf returns where a person can be told about their identity: the e-mail
// of their account, or one that a provider vouches for, "" for none.
func addressOf(
	ctx context.Context, s *store.Store, types map[string]everlatch.ActorType, identity everlatch.AuthIdentity, actorType string,
) (string, error) {
	id := identity.ActorID(actorType)
	var email string
	var err error
	switch {
	case id == "":
	case actorType == everlatch.ActorCustomer:
		var customer everlatch.Customer
		if customer, err = s.Customer(ctx, id); customer.Email != nil {
			email = *customer.Email
		}
	case actorType == everlatch.ActorUser:
		var user everlatch.User
		user, err = s.User(ctx, id)
		email = user.Email
	case types[actorType].Store != nil:
		email, err = addressIn(ctx, types[actorType], id)
	}
	if err != nil && !errors.Is(err, everlatch.ErrNotFound) {
		return "", err
	}
	for _, p := range identity.Providers {
		if email == "" {
			email = p.VerifiedEmail
		}
	}
	return email, nil
}

// addressIn returns the first e-mail in a record of an custom actor type.
func addressIn(ctx context.Context, t everlatch.ActorType, id string) (string, error) {
	record, err := t.Store.Find(ctx, id)
	for _, f := range t.Fields {
		if email, ok := record.Data[f.Name].(string); ok && email != "" && f.Kind == everlatch.FieldEmail {
			return email, err
		}
	}
	return "", err
}
