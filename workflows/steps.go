package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
)

// Steps runs the steps of a custom workflow and remembers how to undo them: its
// methods are the steps of Everlatch, [Do] runs an activity of yours. The zero
// value is ready to use.
//
//	var steps workflows.Steps
//	manager, err := workflows.Do(ctx, &steps, desk.Add, in, desk.Discard, in.ID)
//	if err == nil {
//		err = steps.SetAppMetadata(ctx, identityID, "manager", manager.ID)
//	}
//	if err != nil {
//		return Manager{}, steps.Undo(ctx, err)
//	}
//	return manager, steps.Done(ctx)
//
// A failed step is retried for a minute. A refused step returns an
// [everlatch.Error] and is not retried; the caller who waits for the workflow gets
// its code and message. Every workflow with steps ends in Undo or in Done:
// subscribers hear of its events after Done.
type Steps struct {
	undo saga
	// removed are the identities that Done deletes for good.
	removed []activities.IdentityInput
}

// customStepOptions apply to custom activities, unless the context has options.
var customStepOptions = workflow.ActivityOptions{
	StartToCloseTimeout:    10 * time.Second,
	ScheduleToCloseTimeout: time.Minute,
	RetryPolicy: &temporal.RetryPolicy{
		InitialInterval:    100 * time.Millisecond,
		BackoffCoefficient: 2,
		MaximumInterval:    5 * time.Second,
	},
}

// Run runs an activity that needs no compensation, with the activity options of
// the context if it has any.
func Run[I, O any](ctx workflow.Context, do func(context.Context, I) (O, error), in I) (O, error) {
	if o := workflow.GetActivityOptions(ctx); o.StartToCloseTimeout == 0 && o.ScheduleToCloseTimeout == 0 {
		ctx = workflow.WithActivityOptions(ctx, customStepOptions)
	}
	return run(ctx, do, in)
}

// Do is [Run], and remembers the compensation: undo with undoIn. A compensation
// may run although its activity never did, or although the activity took effect
// and its answer was lost. So it recognises by its input what this workflow has
// made, and touches nothing else (docs/weak-spots.md#w3).
func Do[I, O, U, V any](
	ctx workflow.Context, s *Steps, do func(context.Context, I) (O, error), in I,
	undo func(context.Context, U) (V, error), undoIn U,
) (O, error) {
	add(&s.undo, undo, undoIn)
	return Run(ctx, do, in)
}

// Authenticate checks what a person signs in with, as the workflow of that name
// does. A refusal is an error with the contract's code and message. There is
// nothing to undo; where sign-ins are events, this one is told at once.
func (s *Steps) Authenticate(ctx workflow.Context, in AuthenticateInput) (Login, error) {
	names, err := newNames(ctx)
	if err != nil {
		return Login{}, err
	}
	checked, err := checkCredentials(ctx, activities.CheckCredentialsInput{
		ActorType: in.ActorType, Provider: in.Provider, Request: in.Request, EventID: names.EventID,
	})
	if err == nil && checked.Refusal != nil {
		err = checked.Refusal.Err()
	}
	if err != nil {
		return Login{}, err
	}
	return Login{Principal: checked.Principal, At: workflow.Now(ctx), TokenID: names.TokenID}, nil
}

// Register creates an identity that a person can sign in with. A refusal is an
// error with the contract's code and message. An identity that exists, has no
// actor and has the same password is accepted; [Login].Created tells the two
// apart.
//
// Undo deletes the identity only if this execution created it. The event
// auth.identity_registered is told by Done.
func (s *Steps) Register(ctx workflow.Context, in AuthenticateInput) (Login, error) {
	names, err := newIdentityNames(ctx)
	if err != nil {
		return Login{}, err
	}
	registered, err := newIdentity(ctx, &s.undo, activities.RegisterIdentityInput{
		ActorType: in.ActorType, Provider: in.Provider, Request: in.Request,
		IdentityID: names.IdentityID, ProviderIdentityID: names.ProviderIdentityID, GroupID: groupID(ctx),
	})
	if err == nil && registered.Refusal != nil {
		err = registered.Refusal.Err()
	}
	if err != nil {
		return Login{}, err
	}
	return Login{
		Principal: registered.Principal, Created: registered.Created, At: workflow.Now(ctx), TokenID: names.TokenID,
	}, nil
}

// SetAppMetadata links an identity to an actor: from now on its tokens carry
// <actor type>_id (docs/contract.md#s6-1, set-auth-app-metadata). An identity that has
// another actor of the type is [everlatch.ErrNotAllowed].
func (s *Steps) SetAppMetadata(ctx workflow.Context, identityID, actorType, actorID string) error {
	return s.setLink(ctx, SetAuthAppMetadataInput{AuthIdentityID: identityID, ActorType: actorType, ActorID: &actorID})
}

// UnsetAppMetadata unlinks an identity from its actor of a type, and ends the
// sessions and tokens that it has as that actor (docs/weak-spots.md#w1, #w2, #w14). It can be linked again.
func (s *Steps) UnsetAppMetadata(ctx workflow.Context, identityID, actorType string) error {
	return s.setLink(ctx, SetAuthAppMetadataInput{AuthIdentityID: identityID, ActorType: actorType})
}

func (s *Steps) setLink(ctx workflow.Context, in SetAuthAppMetadataInput) error {
	_, refusal, err := setLink(ctx, &s.undo, in)
	if err == nil && refusal != nil {
		return refusal.Err()
	}
	return err
}

// FindIdentities returns the identities of an actor, which may be several or
// none (docs/weak-spots.md#w9, #w10).
func (s *Steps) FindIdentities(ctx workflow.Context, actorType, actorID string) ([]activities.LinkedIdentity, error) {
	found, err := recordedStep(ctx, identities.FindIdentities, everlatch.ActorRef{ActorType: actorType, ActorID: actorID})
	return found.Identities, err
}

// DeleteAuthIdentity removes an identity and ends its sessions and tokens
// (docs/contract.md#s6-1, delete-auth-identity); [Steps.Done] deletes it for good, and
// until then Undo restores it completely (docs/weak-spots.md#w11). Deleting a deleted identity is no
// error.
func (s *Steps) DeleteAuthIdentity(ctx workflow.Context, identityID string) error {
	this := activities.IdentityInput{IdentityID: identityID, GroupID: groupID(ctx)}
	add(&s.undo, identities.RestoreIdentity, this)
	_, err := step(ctx, identities.RemoveIdentity, this)
	if err == nil {
		s.removed = append(s.removed, this)
	}
	return err
}

// ReleaseIdentities is what the removal of an actor needs: each of its
// identities is deleted, or only unlinked where it serves another actor (docs/weak-spots.md#w9).
func (s *Steps) ReleaseIdentities(ctx workflow.Context, actorType, actorID string) error {
	found, err := s.FindIdentities(ctx, actorType, actorID)
	for _, identity := range found {
		if err == nil && identity.Shared {
			err = s.UnsetAppMetadata(ctx, identity.ID, actorType)
		} else if err == nil {
			err = s.DeleteAuthIdentity(ctx, identity.ID)
		}
	}
	return err
}

// Emit tells subscribers of an event when the workflow is done. An undone workflow
// drops its events. Its id, group and time are set here.
func (s *Steps) Emit(ctx workflow.Context, e everlatch.Event) error {
	names, err := newNames(ctx)
	if err != nil {
		return err
	}
	e.ID, e.GroupID, e.CreatedAt = names.EventID, groupID(ctx), workflow.Now(ctx)
	_, err = step(ctx, events.RecordEvent, e)
	return err
}

// Undo undoes every step, the latest first, and returns the fault. It also
// runs when the workflow was cancelled.
func (s *Steps) Undo(ctx workflow.Context, fault error) error { return s.undo.after(ctx, fault) }

// Done ends a workflow that has succeeded: identities that it removed are
// deleted for good, and its events are told. It is tried for half a day.
func (s *Steps) Done(ctx workflow.Context) error {
	for _, identity := range s.removed {
		if _, err := finalStep(ctx, identities.PurgeIdentity, identity); err != nil {
			return err
		}
	}
	return releaseEvents(ctx)
}
