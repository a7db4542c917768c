package activities

import (
	"context"
	"errors"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
)

// Deletions notes which customers want to be removed, and who has cancelled that. It
// keeps their addresses out of the events: those refer to the vault, where they
// are shredded when the mail must have been sent.
type Deletions struct {
	Store *store.Store
	Vault *vault.Vault
	Now   func() time.Time
}

// tellWithin is how long the address of a mail is kept for it, which is longer
// than a delivery is tried unless it is configured so.
const tellWithin = 7 * 24 * time.Hour

// ScheduleDeletionInput is the argument of [Deletions.ScheduleDeletion].
type ScheduleDeletionInput struct {
	CustomerID string `json:"customer_id"`
	// At is when the customer is to be removed.
	At      time.Time `json:"at"`
	EventID string    `json:"event_id"`
	GroupID string    `json:"group_id"`
}

// ScheduleDeletionOutput is a refusal or when the customer is to be removed.
type ScheduleDeletionOutput struct {
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	At      time.Time          `json:"at,omitzero"`
}

// ScheduleDeletion notes that a customer is to be removed and signs them out
// everywhere, so that a session that still works cannot have asked for it. What is noted
// already stays as it is.
func (a *Deletions) ScheduleDeletion(ctx context.Context, in ScheduleDeletionInput) (out ScheduleDeletionOutput, err error) {
	event, err := a.event(ctx, everlatch.EventDeletionScheduled, in.CustomerID, in.At)
	if err == nil {
		event.ID, event.GroupID = in.EventID, in.GroupID
		var noted store.Deletion
		noted, err = a.Store.ScheduleDeletion(ctx, in.CustomerID, in.At, event)
		out.At = noted.At
	}
	if err != nil {
		out.Refusal, err = refusal(err)
	}
	return out, err
}

// CancelDeletionInput is the argument of [Deletions.CancelDeletion].
type CancelDeletionInput struct {
	CustomerID string `json:"customer_id"`
	EventID    string `json:"event_id"`
	GroupID    string `json:"group_id"`
	// KeptBy is who keeps the account, nil for a sign-in of the customer.
	KeptBy *everlatch.ActorRef `json:"kept_by,omitempty"`
}

// CancelDeletion forgets that a customer is to be removed; that it was not asked
// for is no fault. It is refused when the customer is gone.
func (a *Deletions) CancelDeletion(ctx context.Context, in CancelDeletionInput) (out Verdict, err error) {
	noted, err := a.Store.Deletion(ctx, in.CustomerID)
	if err != nil && !errors.Is(err, everlatch.ErrNotFound) {
		return out, err
	}
	event, err := a.event(ctx, everlatch.EventDeletionCancelled, in.CustomerID, noted.At)
	if err == nil {
		event.ID, event.GroupID = in.EventID, in.GroupID
		if by := in.KeptBy; by != nil {
			event.Data["kept_by"] = everlatch.Metadata{"actor_type": by.ActorType, "actor_id": by.ActorID}
		}
		err = a.Store.CancelDeletion(ctx, in.CustomerID, event)
	}
	if err != nil {
		out.Refusal, err = refusal(err)
	}
	return out, err
}

// event tells of a deletion, to the address of the customer if there is one. One
// who is gone is [everlatch.ErrNotFound].
func (a *Deletions) event(ctx context.Context, name, customerID string, at time.Time) (everlatch.Event, error) {
	state, err := a.Store.AccountState(ctx, everlatch.ActorCustomer, customerID)
	if err != nil {
		return everlatch.Event{}, err
	}
	data := everlatch.Metadata{
		"id": customerID, "actor_type": everlatch.ActorCustomer, "deletion_at": at.UTC().Format(time.RFC3339),
	}
	return everlatch.Event{Name: name, Data: data}, tellTo(ctx, a.Vault, data, state.Email)
}

// tellTo has a mail about an event sent to an address, which the event only
// refers to.
func tellTo(ctx context.Context, v *vault.Vault, data everlatch.Metadata, email string) error {
	if email == "" {
		return nil
	}
	ref, err := v.PutFor(ctx, vault.NewSecret([]byte(email)), tellWithin)
	data["email"] = everlatch.SecretRef(string(ref))
	return err
}

// FindDeletionInput names a customer.
type FindDeletionInput struct {
	CustomerID string `json:"customer_id"`
}

// FindDeletionOutput is when a customer is to be removed, the zero time for not
// at all.
type FindDeletionOutput struct {
	At time.Time `json:"at,omitzero"`
}

// FindDeletion tells whether a customer is still to be removed, and when.
func (a *Deletions) FindDeletion(ctx context.Context, in FindDeletionInput) (out FindDeletionOutput, err error) {
	noted, err := a.Store.Deletion(ctx, in.CustomerID)
	if errors.Is(err, everlatch.ErrNotFound) {
		return out, nil
	}
	out.At = noted.At
	return out, err
}
