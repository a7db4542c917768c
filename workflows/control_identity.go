package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
)

// ControlIdentityInput is the argument of the flows by which an administrator controls
// an identity.
type ControlIdentityInput struct {
	AuthIdentityID string `json:"auth_identity_id"`
	// By is the administrator, and Reason what they gave.
	By      everlatch.ActorRef `json:"by"`
	Reason  string             `json:"reason,omitempty"`
	EventID string             `json:"event_id"`
}

func (in ControlIdentityInput) step(ctx workflow.Context) activities.ControlInput {
	return activities.ControlInput{
		IdentityID: in.AuthIdentityID, By: in.By, Reason: in.Reason, EventID: in.EventID, GroupID: groupID(ctx),
	}
}

// control runs the one step of such a flow. What it ends cannot be brought back, so
// an outage only delays it.
func control(
	ctx workflow.Context, in ControlIdentityInput, activity func(context.Context, activities.ControlInput) (activities.Verdict, error),
) (out Outcome, err error) {
	done, err := finalStep(ctx, activity, in.step(ctx))
	out.Refusal = done.Refusal
	return out, err
}

// DisableIdentity refuses every way in to an identity and ends all that was issued for
// it, until [EnableIdentity]. To a stranger the identity then looks like one with another
// password.
//
// The API and the command line start it for an administrator.
func DisableIdentity(ctx workflow.Context, in ControlIdentityInput) (Outcome, error) {
	return control(ctx, in, identities.DisableIdentity)
}

// EnableIdentity undoes [DisableIdentity]. Its user signs in again: what ended stays
// ended.
func EnableIdentity(ctx workflow.Context, in ControlIdentityInput) (Outcome, error) {
	return control(ctx, in, identities.EnableIdentity)
}

// EndIdentitySessions ends all tokens and sessions of an identity.
func EndIdentitySessions(ctx workflow.Context, in ControlIdentityInput) (Outcome, error) {
	return control(ctx, in, identities.EndSessions)
}

// DeleteUnlinkedIdentity deletes an identity that has no actor. One with an actor is
// refused: its account is removed, and the identity goes with it.
func DeleteUnlinkedIdentity(ctx workflow.Context, in ControlIdentityInput) (Outcome, error) {
	return control(ctx, in, identities.DeleteUnlinked)
}

// EndIdentitySessionInput is the argument of [EndIdentitySession].
type EndIdentitySessionInput struct {
	ControlIdentityInput

	SignIn NoticedSignIn `json:"sign_in"`
	// Until is when the last of its tokens expires at the latest.
	Until time.Time `json:"until"`
}

// EndIdentitySession ends one sign-in of an identity, with its tokens and sessions.
func EndIdentitySession(ctx workflow.Context, in EndIdentitySessionInput) (out Outcome, err error) {
	done, err := finalStep(ctx, identities.EndSession, activities.EndSessionInput{
		ControlInput: in.step(ctx), SignIn: in.SignIn, Until: in.Until,
	})
	out.Refusal = done.Refusal
	return out, err
}
