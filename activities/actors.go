package activities

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// Actors creates, changes and removes records of custom actor types,
// which may lie in tables of their own. So no transaction holds a record and its
// event together: the event follows the record within the same step or a later
// one, under an id that the flow has chosen, and the flow sees to both.
type Actors struct {
	Store *store.Store
	// Types are the actor types by name, each with its store.
	Types map[string]everlatch.ActorType
	Now   func() time.Time
}

// CreateActorInput is the argument of [Actors.CreateActor].
type CreateActorInput struct {
	// Actor carries the id under which it will exist.
	Actor   everlatch.ActorRecord `json:"actor"`
	EventID string                `json:"event_id"`
	GroupID string                `json:"group_id"`
	// AuthIdentityID puts the event in the order of this identity's.
	AuthIdentityID string `json:"auth_identity_id,omitempty"`
}

// ActorOutput is a refusal or the record.
type ActorOutput struct {
	Refusal *everlatch.Refusal    `json:"refusal,omitempty"`
	Actor   everlatch.ActorRecord `json:"actor,omitzero"`
}

// CreateActor keeps a record. Its event waits until the flow has succeeded.
func (a *Actors) CreateActor(ctx context.Context, in CreateActorInput) (out ActorOutput, err error) {
	t, err := a.typeOf(in.Actor.ActorType)
	if err == nil {
		out.Actor, err = t.Store.Create(ctx, in.Actor)
	}
	if err == nil {
		err = a.Store.RecordPending(ctx, a.event(t, "created", in.Actor.ID, in.EventID, in.GroupID, in.AuthIdentityID))
	}
	if err != nil {
		out.Refusal, err = refusal(err)
	}
	return out, err
}

// ActorOfTypeInput names a record within a flow.
type ActorOfTypeInput struct {
	ActorType string `json:"actor_type"`
	ActorInput

	// EventID is the id of what the step tells, where it tells something.
	EventID string `json:"event_id,omitempty"`
}

// DiscardActor undoes [Actors.CreateActor]: the record of this id, which the
// flow chose, vanishes. What it has told vanishes with the end of the saga.
func (a *Actors) DiscardActor(ctx context.Context, in ActorOfTypeInput) (None, error) {
	t, err := a.typeOf(in.ActorType)
	if err != nil {
		return None{}, nil //nolint:nilerr // what is not registered was not created either
	}
	return None{}, t.Store.Discard(ctx, in.ID)
}

// UpdateActorInput is the argument of [Actors.UpdateActor].
type UpdateActorInput struct {
	ActorType string `json:"actor_type"`
	ID        string `json:"id"`
	// Change holds the fields to set, null to clear one.
	Change everlatch.Metadata `json:"change"`
}

// UpdateActor changes a record. What the definition demands of a whole record
// is asked of what comes out.
func (a *Actors) UpdateActor(ctx context.Context, in UpdateActorInput) (out ActorOutput, err error) {
	t, err := a.typeOf(in.ActorType)
	if err == nil {
		out.Actor, err = t.Store.Update(ctx, in.ID, func(stored everlatch.Metadata) (everlatch.Metadata, error) {
			changed := t.Changed(stored, in.Change)
			if t.Validate == nil {
				return changed, nil
			}
			return changed, t.Validate(ctx, changed)
		})
	}
	if err != nil {
		out.Refusal, err = refusal(err)
	}
	return out, err
}

// RemoveActor hides a record and ends the sessions and tokens of its identities
// (docs/weak-spots.md#w9, #w14). One that is gone already is no fault and no event.
func (a *Actors) RemoveActor(ctx context.Context, in ActorOfTypeInput) (out Verdict, err error) {
	t, err := a.typeOf(in.ActorType)
	removed := false
	if err == nil {
		removed, err = t.Store.Remove(ctx, in.ID, in.EventID)
	}
	if err == nil && removed {
		err = a.Store.EndActor(ctx, store.Link{ActorType: in.ActorType, ActorID: in.ID, GroupID: in.GroupID},
			a.event(t, "deleted", in.ID, in.EventID, in.GroupID, in.AuthIdentityID))
	}
	if err != nil {
		out.Refusal, err = refusal(err)
	}
	return out, err
}

// RestoreActor undoes [Actors.RemoveActor] of this flow; a record that an
// earlier one removed stays removed.
func (a *Actors) RestoreActor(ctx context.Context, in ActorOfTypeInput) (None, error) {
	t, err := a.typeOf(in.ActorType)
	if err != nil {
		return None{}, nil //nolint:nilerr // what is not registered was not removed either
	}
	return None{}, t.Store.Restore(ctx, in.ID, in.EventID)
}

func (a *Actors) typeOf(name string) (everlatch.ActorType, error) {
	if t, ok := a.Types[name]; ok {
		return t, nil
	}
	return everlatch.ActorType{}, &everlatch.Error{
		Code: everlatch.CodeNotFound, Reason: everlatch.ReasonActorTypeUnknown, Details: map[string]string{"actor_type": name},
	}
}

func (a *Actors) event(t everlatch.ActorType, what, id, eventID, groupID, identityID string) everlatch.Event {
	return everlatch.Event{
		ID: eventID, Name: t.Event(what), GroupID: groupID, AuthIdentityID: identityID,
		Data: everlatch.Metadata{"id": id}, CreatedAt: a.Now(),
	}
}
