package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// request mails a link to an address, unless one was mailed there just now.
func (e *emailChange) request(ctx workflow.Context, in RequestEmail) (out Outcome, err error) {
	var former vault.Ref
	if a := e.open.Asked; a != nil {
		former = a.Grant.Token
		same := a.Email == in.Email && a.AuthIdentityID == in.AuthIdentityID && a.CredentialVersion == in.CredentialVersion
		if same && workflow.Now(ctx).Before(a.MailedAt.Add(in.ResendAfter)) {
			return out, nil
		}
	}
	if e.open.Requests >= mostRequests {
		out.Refusal = &everlatch.Refusal{
			Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonEmailChangeLimit,
		}
		return out, nil
	}
	asked, err := durableStep(ctx, emails.RequestEmail, activities.RequestEmailInput{
		Actor: e.actor, IdentityID: in.AuthIdentityID, Email: in.Email, Grant: in.Grant, AnnouncedID: in.AnnouncedID,
		Former: former, GroupID: groupID(ctx),
	})
	if err != nil {
		return out, err
	}
	if out.Refusal = asked.Refusal; out.Refusal != nil {
		return out, nil
	}
	e.open.Requests++
	e.open.Asked = &askedEmail{RequestEmail: in, Taken: asked.Taken, MailedAt: workflow.Now(ctx), ExpiresAt: asked.ExpiresAt}
	return out, nil
}

// confirm changes account and logins to the address that waits.
func (e *emailChange) confirm(ctx workflow.Context, in ConfirmEmail) (out ChangedEmail, err error) {
	if !e.proves(ctx, in.TokenID) { // another update was faster
		out.Refusal = &invalidToken
		return out, nil
	}
	asked := *e.open.Asked
	planned, err := durableStep(ctx, emails.PlanEmail, activities.PlanEmailInput{
		Actor: e.actor, IdentityID: asked.AuthIdentityID, Email: asked.Email,
	})
	if err != nil {
		return out, err
	}
	if planned.Void {
		return e.void(out), nil
	}
	// Retried until its answer arrives: what undoes the change is known here alone.
	changed, err := finalStep(ctx, emails.ChangeEmail, activities.ChangeEmailInput{
		Actor: e.actor, IdentityID: asked.AuthIdentityID, SeenVersion: asked.CredentialVersion, Plan: planned.Plan,
		Undo: in.Undo, Spent: asked.Grant.Token, GroupID: groupID(ctx),
	})
	switch {
	case err != nil:
		return out, err
	case changed.Void:
		return e.void(out), nil
	case changed.Refusal != nil:
		out.Refusal = changed.Refusal
		return out, nil
	}
	e.open.Asked = nil
	if !changed.UndoUntil.IsZero() {
		e.open.Made = append(e.open.Made, madeEmailChange{
			IdentityID: asked.AuthIdentityID, Plan: planned.Plan, Undo: in.Undo, Until: changed.UndoUntil,
		})
	}
	out.Email = asked.Email
	return out, nil
}

// void ends a request that is no longer valid.
func (e *emailChange) void(out ChangedEmail) ChangedEmail {
	e.open.Asked = nil
	out.Refusal = &invalidToken
	return out
}

// undo restores the address before a change, whatever came after it.
func (e *emailChange) undo(ctx workflow.Context, in UndoEmail) (out ChangedEmail, err error) {
	first := e.undoable(ctx, in.TokenID)
	if first < 0 {
		out.Refusal = &invalidToken
		return out, nil
	}
	target, last := e.open.Made[first], e.open.Made[len(e.open.Made)-1]
	restore := activities.RestoreEmailInput{
		Actor: e.actor, IdentityID: target.IdentityID, From: last.Plan.To, To: target.Plan.From, Told: target.Plan.Told,
		EventID: in.EventID, GroupID: groupID(ctx),
	}
	for _, m := range slices.Backward(e.open.Made[first:]) {
		restore.Logins = append(restore.Logins, m.Plan.Logins...)
		restore.Spent = append(restore.Spent, m.Undo.Token)
	}
	if a := e.open.Asked; a != nil {
		restore.Spent = append(restore.Spent, a.Grant.Token)
	}
	restored, err := durableStep(ctx, emails.RestoreEmail, restore)
	switch {
	case err != nil:
		return out, err
	case restored.Refusal != nil:
		out.Refusal = restored.Refusal
		return out, nil
	case restored.Void: // an administrator has changed it otherwise
		e.open.Made = nil
		out.Refusal = &invalidToken
		return out, nil
	}
	e.open.Made, e.open.Asked = e.open.Made[:first], nil
	out.Email = target.Plan.Told
	return out, nil
}
