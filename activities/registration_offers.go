package activities

import (
	"context"
	"errors"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
)

// OfferRegistrationInput is the argument of [Credentials.OfferRegistration].
type OfferRegistrationInput struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	// EntityID is the address as it was typed, EntityKey its canonical form.
	EntityID  string        `json:"entity_id"`
	EntityKey string        `json:"entity_key"`
	TTL       time.Duration `json:"ttl"`
	// TokenID and EventID name what will be created.
	TokenID string `json:"token_id"`
	EventID string `json:"event_id"`
	GroupID string `json:"group_id"`
}

// RegistrationOffer is the right to register an address, which the holder of the
// token of this id has until it expires.
type RegistrationOffer struct {
	// Taken says that the address has an account, or is held for its former owner: then
	// there is no token.
	Taken     bool      `json:"taken,omitempty"`
	TokenID   string    `json:"token_id"`
	ExpiresAt time.Time `json:"expires_at"`
}

// OfferRegistration records the event that mails the owner of an address what to do:
// open the link with their token or, where the address has an account, sign in. The
// token is in the vault for as long as it is good; neither the event nor the answer
// holds it (docs/weak-spots.md#w29).
func (a *Credentials) OfferRegistration(ctx context.Context, in OfferRegistrationInput) (RegistrationOffer, error) {
	now := a.Now().UTC().Truncate(time.Second)
	offer := RegistrationOffer{TokenID: in.TokenID, ExpiresAt: now.Add(in.TTL)}
	taken, err := a.taken(ctx, in)
	if err != nil {
		return offer, err
	}
	data := everlatch.Metadata{
		"email": in.EntityID, "actor_type": in.ActorType, "provider": in.Provider, "expires_at": offer.ExpiresAt.Format(time.RFC3339),
	}
	if offer.Taken = taken; taken {
		data["taken"] = true
		delete(data, "expires_at")
	} else {
		token, err := a.Tokens.IssueRegistration(tokens.Registration{
			EntityID: in.EntityID, Provider: in.Provider, ActorType: in.ActorType, ID: in.TokenID,
			IssuedAt: now, ExpiresAt: offer.ExpiresAt,
		})
		if err != nil {
			return offer, err
		}
		ref, err := a.Vault.PutFor(ctx, vault.NewSecret([]byte(token)), in.TTL)
		if err != nil {
			return offer, err
		}
		data["token"] = everlatch.SecretRef(string(ref))
	}
	return offer, a.Store.RecordEvent(ctx, everlatch.Event{
		ID: in.EventID, Name: everlatch.EventRegistrationRequested, GroupID: in.GroupID, Data: data,
	})
}

// taken reports whether an address has an identity, or is held for one.
func (a *Credentials) taken(ctx context.Context, in OfferRegistrationInput) (bool, error) {
	_, err := a.Store.FindCredential(ctx, in.Provider, in.EntityKey)
	if err == nil || !errors.Is(err, everlatch.ErrNotFound) {
		return err == nil, err
	}
	held, err := a.reserved(ctx, providers.Subject{EntityID: in.EntityID, EntityKey: in.EntityKey})
	return held != nil, err
}
