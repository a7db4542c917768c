package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
)

// CreateActorAccountInput is the argument of [CreateActorAccount].
type CreateActorAccountInput struct {
	AuthIdentityID string `json:"auth_identity_id"`
	// Actor carries its type and the id under which it will exist.
	Actor everlatch.ActorRecord `json:"actor"`
	// Fingerprint of the request, when it came with an Idempotency-Key.
	Fingerprint string `json:"fingerprint,omitempty"`
	Hooks       *Hooks `json:"hooks,omitempty"`
}

// ActorAccount is the outcome of [CreateActorAccount] and [UpdateActor]: a
// refusal or the record.
type ActorAccount struct {
	Refusal     *everlatch.Refusal    `json:"refusal,omitempty"`
	Actor       everlatch.ActorRecord `json:"actor,omitzero"`
	Fingerprint string                `json:"fingerprint,omitempty"`
}

// CreateActorAccount gives an identity an actor of a custom type, as
// [CreateCustomerAccount] gives it a customer.
//
// The API starts it. One identity gets one actor of a type, however many
// requests arrive at once. When linking is refused or fails, the record that
// this execution created is removed; the identity stays (docs/weak-spots.md#w3, #w4).
func CreateActorAccount(ctx workflow.Context, in CreateActorAccountInput) (ActorAccount, error) {
	hooks, err := in.Hooks.begin(ctx, everlatch.HookInput{ActorType: in.Actor.ActorType, Account: in.Actor.Data}, in.Fingerprint)
	if err != nil {
		return ActorAccount{}, err
	}
	out, err := in.run(ctx, hooks)
	return out, hooks.conclude(ctx, out.Refusal, err)
}

func (in CreateActorAccountInput) run(ctx workflow.Context, hooks *hooked) (ActorAccount, error) {
	var undo saga
	var created activities.ActorOutput
	account := newAccount{in.Actor.ID, func(ctx workflow.Context, undo *saga) (_ *everlatch.Refusal, err error) {
		created, err = newActor(ctx, undo, in.Actor, in.AuthIdentityID)
		return created.Refusal, err
	}}
	refused, err := linkedAccount(ctx, &undo, hooks, account, in.Actor.ActorType, in.AuthIdentityID)
	out := ActorAccount{Refusal: refused, Fingerprint: in.Fingerprint}
	if err != nil || refused != nil {
		return out, err
	}
	out.Actor = created.Actor
	return out, releaseEvents(ctx)
}

// newActor adds to the saga how to undo a record, and creates it.
func newActor(
	ctx workflow.Context, undo *saga, actor everlatch.ActorRecord, identityID string,
) (out activities.ActorOutput, err error) {
	names, err := newNames(ctx)
	if err != nil {
		return out, err
	}
	group := groupID(ctx)
	add(undo, actors.DiscardActor, activities.ActorOfTypeInput{
		ActorType: actor.ActorType, ActorInput: activities.ActorInput{ID: actor.ID, GroupID: group},
	})
	return step(ctx, actors.CreateActor, activities.CreateActorInput{
		Actor: actor, EventID: names.EventID, GroupID: group, AuthIdentityID: identityID,
	})
}

// link adds to the saga how to undo a link, and links an identity to what a flow
// has created.
func link(ctx workflow.Context, undo *saga, in activities.LinkInput) (*everlatch.Refusal, error) {
	add(undo, identities.DiscardLink, in)
	linked, err := step(ctx, identities.LinkActor, in)
	return linked.Refusal, err
}

// UpdateActorInput is the argument of [UpdateActor].
type UpdateActorInput struct {
	ActorType string `json:"actor_type"`
	ActorID   string `json:"actor_id"`
	// Change holds the fields to set, null to clear one.
	Change everlatch.Metadata `json:"change"`
}

// UpdateActor changes a record of a custom actor type and records the event.
//
// The API starts it. It is a flow because the record may be in a custom table,
// which can't be written in one transaction with the event: once the record has
// changed, its event is recorded for certain. When the change fails for good,
// the caller is not told whether it took effect.
func UpdateActor(ctx workflow.Context, in UpdateActorInput) (out ActorAccount, err error) {
	names, err := newNames(ctx)
	if err != nil {
		return out, err
	}
	updated, err := step(ctx, actors.UpdateActor, activities.UpdateActorInput{
		ActorType: in.ActorType, ID: in.ActorID, Change: in.Change,
	})
	if out.Refusal, out.Actor = updated.Refusal, updated.Actor; err != nil || out.Refusal != nil {
		return out, err
	}
	event := everlatch.Event{
		ID: names.EventID, Name: everlatch.ActorType{Name: in.ActorType}.Event("updated"), GroupID: groupID(ctx),
		Data: everlatch.Metadata{"id": in.ActorID}, CreatedAt: workflow.Now(ctx),
	}
	if _, err := finalStep(ctx, events.RecordEvent, event); err != nil {
		return out, err
	}
	return out, releaseEvents(ctx)
}

// RemoveActorAccount is [RemoveCustomerAccount] for a custom actor type
// (docs/weak-spots.md#w9, #w10, #w11, #w14).
func RemoveActorAccount(ctx workflow.Context, in everlatch.ActorRef) (out Outcome, err error) {
	if id := RemovalID(in.ActorType, in.ActorID); groupID(ctx) != id {
		return removeUnder(ctx, id, RemoveActorAccount, in)
	}
	names, err := newNames(ctx)
	if err != nil {
		return out, err
	}
	return removeAccount(ctx, RemoveAccountInput{ActorID: in.ActorID}, account{
		actorType: in.ActorType,
		begin: func(undo *saga, who activities.ActorInput, _ bool) (*everlatch.Refusal, error) {
			actor := activities.ActorOfTypeInput{ActorType: in.ActorType, ActorInput: who, EventID: names.EventID}
			add(undo, actors.RestoreActor, actor)
			removed, err := step(ctx, actors.RemoveActor, actor)
			return removed.Refusal, err
		},
	})
}
