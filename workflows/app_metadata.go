package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
)

// SetAuthAppMetadataInput is the argument of [SetAuthAppMetadata].
type SetAuthAppMetadataInput struct {
	AuthIdentityID string `json:"auth_identity_id"`
	ActorType      string `json:"actor_type"`
	// ActorID is the actor to link; nil unlinks the actor that is linked.
	ActorID *string `json:"actor_id"`
}

// Outcome is the result of a flow that returns at most a refusal.
type Outcome struct {
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
}

// SetAuthAppMetadata links an identity to an actor or unlinks it (
// docs/contract.md#s6-1, set-auth-app-metadata-workflow).
//
// Custom code starts it for its actor types. Unlinking removes
// the link, so that the identity can be linked again (docs/weak-spots.md#w1, #w2), and ends
// the sessions and tokens of that actor (docs/weak-spots.md#w14).
func SetAuthAppMetadata(ctx workflow.Context, in SetAuthAppMetadataInput) (out Outcome, err error) {
	var undo saga
	changed, refusal, err := setLink(ctx, &undo, in)
	if out.Refusal = refusal; err != nil {
		return out, undo.after(ctx, err)
	}
	if !changed {
		return out, nil
	}
	return out, releaseEvents(ctx)
}

// setLink links or unlinks, and adds to the saga how to undo that. It says
// whether anything has changed.
func setLink(
	ctx workflow.Context, undo *saga, in SetAuthAppMetadataInput,
) (changed bool, refusal *everlatch.Refusal, err error) {
	link := activities.LinkInput{
		IdentityID: in.AuthIdentityID, ActorType: in.ActorType, GroupID: groupID(ctx),
	}
	current, err := recordedStep(ctx, identities.FindLink, activities.FindLinkInput{
		IdentityID: in.AuthIdentityID, ActorType: in.ActorType,
	})
	if err != nil || current.Refusal != nil {
		return false, current.Refusal, err
	}

	if in.ActorID == nil {
		if current.ActorID == "" {
			return false, nil, nil
		}
		link.ActorID = current.ActorID
		add(undo, identities.RestoreLink, link)
		_, err = step(ctx, identities.UnlinkActor, link)
		return err == nil, nil, err
	}

	link.ActorID = *in.ActorID
	if current.ActorID == link.ActorID {
		return false, nil, nil
	}
	add(undo, identities.DiscardLink, link)
	linked, err := step(ctx, identities.LinkActor, link)
	return err == nil && linked.Refusal == nil, linked.Refusal, err
}
