package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
)

// invite makes the invite. Asked again, it gives the first answer; an execution
// that restored an invite knows no first answer.
func (v *invitation) invite(ctx workflow.Context, _ activities.None) (out IssuedInvite, err error) {
	switch {
	case v.fault != nil:
		return out, v.fault
	case v.open.Created != nil:
		return *v.open.Created, nil
	case v.in.New == nil:
		out.Refusal = &everlatch.Refusal{Code: everlatch.CodeConflict}
		return out, nil
	}
	n := *v.in.New
	var undo saga
	add(&undo, invites.DiscardInvite, activities.DiscardInviteInput{
		InviteID: v.in.InviteID, Token: n.Grant.Token, GroupID: groupID(ctx),
	})
	created, err := durableStep(ctx, invites.CreateInvite, activities.CreateInviteInput{
		InviteOffer: n.InviteOffer, InviteID: v.in.InviteID, Grant: n.Grant, GroupID: groupID(ctx),
	})
	if err != nil {
		v.fault = undo.after(ctx, err)
		return out, v.fault
	}
	out = v.issued(created, n.Grant)
	out.Fingerprint = n.Fingerprint
	v.open.Created = &out
	if out.Refusal != nil {
		v.outcome = InviteRefused
		return out, nil
	}
	return out, releaseEvents(ctx)
}

// issued notes which token counts from now on.
func (v *invitation) issued(made activities.InviteOutput, g InviteGrant) IssuedInvite {
	if made.Refusal != nil {
		return IssuedInvite{Refusal: made.Refusal}
	}
	v.known = true
	v.open.ExpiresAt, v.open.Token = made.Invite.ExpiresAt, g.Token
	if v.outcome == InviteVoid {
		v.outcome = "" // it exists after all
	}
	return IssuedInvite{Invite: made.Invite, Token: g.Token}
}

// resend mails another token. The event is released with the change, for the
// previous token is void from that moment.
func (v *invitation) resend(ctx workflow.Context, g InviteGrant) (out IssuedInvite, err error) {
	resent, err := durableStep(ctx, invites.ResendInvite, activities.ResendInviteInput{
		InviteID: v.in.InviteID, Grant: g, Former: v.open.Token, GroupID: groupID(ctx),
	})
	if err != nil {
		return out, err
	}
	if resent.Refusal != nil {
		v.end(InviteVoid)
	}
	return v.issued(resent, g), nil
}

func (v *invitation) revoke(ctx workflow.Context, in RevokeInvite) (out Outcome, err error) {
	_, err = durableStep(ctx, invites.RevokeInvite, activities.RevokeInviteInput{
		InviteID: v.in.InviteID, EventID: in.EventID, Token: v.open.Token, GroupID: groupID(ctx),
	})
	if err == nil {
		v.end(InviteRevoked)
	}
	return out, err
}

// accept makes an identity an administrator, or says why not.
func (v *invitation) accept(ctx workflow.Context, in AcceptInvite) (out UserAccount, err error) {
	proof := everlatch.InviteProof{InviteID: v.in.InviteID, TokenID: in.TokenID, Email: in.Email}
	checked, err := durableStep(ctx, invites.CheckInvite, proof)
	if err != nil {
		return out, err
	}
	if out.Refusal = checked.Refusal; out.Refusal != nil {
		if !v.known {
			v.end(InviteVoid)
		}
		return out, nil
	}
	v.known, v.open.ExpiresAt = true, checked.Invite.ExpiresAt
	if in.User.Email == "" {
		in.User.Email = checked.Invite.Email
	}
	return v.admit(ctx, in, proof, checked.Invite.Roles)
}

// admit creates user and link and ends the invite, or leaves nothing behind. The
// user has the roles of the invite from the first moment.
func (v *invitation) admit(
	ctx workflow.Context, in AcceptInvite, proof everlatch.InviteProof, roles []string,
) (UserAccount, error) {
	var undo saga
	hooks := in.Hooks.within(ctx, everlatch.HookInput{
		ActorType: everlatch.ActorUser, Email: in.User.Email, Account: userHooks(in.User),
	}, callerWaits)
	out, err := linkedUser(ctx, &undo, hooks, in.User, roles, in.AuthIdentityID)
	if err != nil || out.Refusal != nil {
		return out, err
	}
	add(&undo, invites.ReopenInvite, activities.ReopenInviteInput{InviteID: v.in.InviteID, UserID: in.User.ID})
	accepted, err := step(ctx, invites.AcceptInvite, activities.AcceptInviteInput{
		Proof: proof, UserID: in.User.ID, AuthIdentityID: in.AuthIdentityID, EventID: in.EventID,
		Token: v.open.Token, GroupID: groupID(ctx),
	})
	if err != nil {
		return UserAccount{}, undo.after(ctx, err)
	}
	if accepted.Refusal != nil {
		return UserAccount{Refusal: accepted.Refusal}, undo.compensate(ctx)
	}
	v.end(InviteAccepted)
	return out, releaseEvents(ctx)
}
