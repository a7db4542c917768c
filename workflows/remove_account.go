package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
)

// RemoveAccountInput is the argument of [RemoveCustomerAccount] and
// [RemoveUserAccount].
type RemoveAccountInput struct {
	ActorID string `json:"actor_id"`
	// Requested says that the account's owner asked for it, see [EraseAccountInput].
	Requested bool `json:"requested,omitempty"`
	// HooksWithin bounds each hook, 0 leaves that to the hook. Request is what hooks
	// are told about the request. The hooks themselves are those of the worker: events
	// and schedules start removals, too.
	HooksWithin time.Duration         `json:"hooks_within,omitempty"`
	Request     everlatch.HookRequest `json:"request,omitzero"`
}

// RemovalID is the id of the one execution that removes an account. Two at once
// could each leave what the other has to restore.
func RemovalID(actorType, actorID string) string {
	return "remove-" + actorType + "-account/" + actorID
}

// removalPause is how long to wait for a removal of the same account.
const removalPause = 5 * time.Second

// removeUnder runs a removal that an event, a schedule or a program has started
// under an id of its own as a child with the one id of the account. It waits for
// another removal of the account and then finds out for itself that there is
// nothing left to do.
func removeUnder[I any](
	ctx workflow.Context, id string, removal func(workflow.Context, I) (Outcome, error), in I,
) (out Outcome, err error) {
	child := describedChild(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, TaskQueue: mainQueue(ctx), WaitForCancellation: true,
	}, removal, in)
	for {
		err = workflow.ExecuteChildWorkflow(child, removal, in).Get(ctx, &out)
		if !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			return out, err
		}
		if err := workflow.NewTimerWithOptions(ctx, removalPause, workflow.TimerOptions{Summary: "Wait for another removal of the account"}).Get(ctx, nil); err != nil {
			return out, err
		}
	}
}

// RemoveCustomerAccount removes a customer together with every identity that
// serves no other actor, and detaches those that do (docs/contract.md#s6-2,
// remove-customer-account; docs/weak-spots.md#w9). A customer without identities is removed like
// any other (docs/weak-spots.md#w10). Sessions and tokens end with it (docs/weak-spots.md#w14).
//
// When a step fails for good, the customer and all identities are back, with
// everything that hung on them (docs/weak-spots.md#w11). When all is done, [EraseAccount] follows.
func RemoveCustomerAccount(ctx workflow.Context, in RemoveAccountInput) (Outcome, error) {
	if id := RemovalID(everlatch.ActorCustomer, in.ActorID); groupID(ctx) != id {
		return removeUnder(ctx, id, RemoveCustomerAccount, in)
	}
	return removeAccount(ctx, in, account{
		actorType: everlatch.ActorCustomer,
		erased:    true,
		begin:     removal(ctx, accounts.RemoveCustomer, accounts.RestoreCustomer),
	})
}

// RemoveUserAccount is [RemoveCustomerAccount] for an administrator (
// docs/contract.md#s6-3, remove-user-account).
func RemoveUserAccount(ctx workflow.Context, in RemoveAccountInput) (Outcome, error) {
	if id := RemovalID(everlatch.ActorUser, in.ActorID); groupID(ctx) != id {
		return removeUnder(ctx, id, RemoveUserAccount, in)
	}
	return removeAccount(ctx, in, account{
		actorType: everlatch.ActorUser,
		erased:    true,
		begin:     removal(ctx, accounts.RemoveUser, accounts.RestoreUser),
	})
}

// account is what the removal of an account needs to know about its kind.
type account struct {
	actorType string
	// erased says that erasers are told of it.
	erased bool
	// begin removes the account itself and adds to the saga how to restore it,
	// unless it was gone before: that must stay removed.
	begin func(undo *saga, actor activities.ActorInput, gone bool) (*everlatch.Refusal, error)
}

// removal begins by an activity that another one undoes.
func removal(
	ctx workflow.Context, remove, restore func(context.Context, activities.ActorInput) (activities.None, error),
) func(*saga, activities.ActorInput, bool) (*everlatch.Refusal, error) {
	return func(undo *saga, actor activities.ActorInput, gone bool) (*everlatch.Refusal, error) {
		if !gone {
			add(undo, restore, actor)
		}
		_, err := step(ctx, remove, actor)
		return nil, err
	}
}

func removeAccount(ctx workflow.Context, in RemoveAccountInput, kind account) (out Outcome, err error) {
	var described activities.DescribeAccountOutput
	who := everlatch.ActorRef{ActorType: kind.actorType, ActorID: in.ActorID}
	if kind.erased {
		if described, err = step(ctx, erasures.DescribeAccount, who); err != nil {
			return out, err
		}
	}
	found, err := recordedStep(ctx, identities.FindIdentities, who)
	if err != nil {
		return out, err
	}
	hooks, err := in.hooks(ctx, kind, described.Erasure, found)
	if err != nil {
		return out, err
	}
	out, err = in.run(ctx, kind, hooks, described, found.Identities)
	return out, hooks.conclude(ctx, out.Refusal, err)
}

// hooks are those of the removal, none where there is no account to remove.
func (in RemoveAccountInput) hooks(
	ctx workflow.Context, kind account, known everlatch.Erasure, found activities.FindIdentitiesOutput,
) (*hooked, error) {
	about := everlatch.HookInput{ActorType: kind.actorType, ActorID: in.ActorID, Email: known.Email}
	if len(found.Identities) == 1 {
		about.AuthIdentityID = found.Identities[0].ID
	}
	exists := known.ActorID != "" && known.RemovedAt.IsZero() || len(found.Identities) > 0
	set := &Hooks{Set: found.Hooks, Request: in.Request}
	switch {
	case !exists:
		return &hooked{}, nil
	case in.HooksWithin > 0:
		return set.within(ctx, about, in.HooksWithin), nil
	}
	return set.begin(ctx, about, "")
}

func (in RemoveAccountInput) run(
	ctx workflow.Context, kind account, hooks *hooked, described activities.DescribeAccountOutput, found []activities.LinkedIdentity,
) (out Outcome, err error) {
	if out.Refusal, err = hooks.run(ctx, everlatch.HookBeforeAccountRemoved); err != nil || out.Refusal != nil {
		return out, err
	}
	var undo saga
	actor := activities.ActorInput{ID: in.ActorID, GroupID: groupID(ctx)}
	if len(found) == 1 {
		actor.AuthIdentityID = found[0].ID
	}
	gone := !described.Erasure.RemovedAt.IsZero()
	if out.Refusal, err = kind.begin(&undo, actor, gone); err != nil {
		return out, undo.after(ctx, err)
	}
	if out.Refusal != nil {
		return out, undo.compensate(ctx)
	}
	for _, identity := range found {
		if err = releaseIdentity(ctx, &undo, identity, kind.actorType, in.ActorID); err != nil {
			return out, undo.after(ctx, err)
		}
	}
	if out.Refusal, err = hooks.run(ctx, everlatch.HookAfterAccountRemoved); err != nil {
		return out, undo.after(ctx, err)
	}
	if out.Refusal != nil {
		return out, undo.compensate(ctx)
	}
	return out, in.settle(ctx, described, gone, found)
}

// settle makes a removal final. From here on the account is gone; what is left is
// finished also when the flow is cancelled.
func (in RemoveAccountInput) settle(
	ctx workflow.Context, described activities.DescribeAccountOutput, gone bool, found []activities.LinkedIdentity,
) error {
	for _, identity := range found {
		if identity.Shared {
			continue
		}
		purge := activities.IdentityInput{IdentityID: identity.ID, GroupID: groupID(ctx)}
		if _, err := finalStep(ctx, identities.PurgeIdentity, purge); err != nil {
			return err
		}
	}
	if err := releaseEvents(ctx); err != nil || !described.Pending {
		return err
	}
	if !gone {
		described.Erasure.RemovedAt = workflow.Now(ctx)
	}
	return startErasing(ctx, EraseAccountInput{Erasure: described.Erasure, Requested: in.Requested})
}

// releaseIdentity detaches an identity that also serves another actor, and
// removes one that does not.
func releaseIdentity(
	ctx workflow.Context, undo *saga, identity activities.LinkedIdentity, actorType, actorID string,
) error {
	if identity.Shared {
		link := activities.LinkInput{
			IdentityID: identity.ID, ActorType: actorType, ActorID: actorID, GroupID: groupID(ctx),
		}
		add(undo, identities.RestoreLink, link)
		_, err := step(ctx, identities.UnlinkActor, link)
		return err
	}
	this := activities.IdentityInput{IdentityID: identity.ID, GroupID: groupID(ctx)}
	add(undo, identities.RestoreIdentity, this)
	_, err := step(ctx, identities.RemoveIdentity, this)
	return err
}

// DeleteAuthIdentityInput is the argument of [DeleteAuthIdentity].
type DeleteAuthIdentityInput struct {
	AuthIdentityID string `json:"auth_identity_id"`
}

// DeleteAuthIdentity removes an identity and ends its sessions and tokens
// (docs/contract.md#s6-1, delete-auth-identity). An identity that is gone already is no
// fault. When it fails before the end, the identity is whole again (docs/weak-spots.md#w11).
func DeleteAuthIdentity(ctx workflow.Context, in DeleteAuthIdentityInput) (out Outcome, err error) {
	var undo saga
	this := activities.IdentityInput{IdentityID: in.AuthIdentityID, GroupID: groupID(ctx)}
	add(&undo, identities.RestoreIdentity, this)
	if _, err = step(ctx, identities.RemoveIdentity, this); err != nil {
		return out, undo.after(ctx, err)
	}
	if _, err = finalStep(ctx, identities.PurgeIdentity, this); err != nil {
		return out, err
	}
	return out, releaseEvents(ctx)
}
