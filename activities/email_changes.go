package activities

import (
	"context"
	"errors"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
)

// PlanEmailInput is the argument of [Emails.PlanEmail].
type PlanEmailInput struct {
	Actor      everlatch.ActorRef `json:"actor"`
	IdentityID string             `json:"identity_id"`
	Email      string             `json:"email"`
}

// PlanEmailOutput is a plan, or nothing when the account is gone.
type PlanEmailOutput struct {
	Void bool         `json:"void,omitempty"`
	Plan PlannedEmail `json:"plan,omitzero"`
}

// PlanEmail looks at what a proven address will take the place of. The flow
// keeps it, to undo it later.
func (a *Emails) PlanEmail(ctx context.Context, in PlanEmailInput) (out PlanEmailOutput, err error) {
	out.Plan, err = a.plan(ctx, in.Actor, in.IdentityID, in.Email)
	if everlatch.ErrorCode(err) == everlatch.CodeNotFound {
		return PlanEmailOutput{Void: true}, nil
	}
	return out, err
}

// ChangeEmailInput is the argument of [Emails.ChangeEmail].
type ChangeEmailInput struct {
	Actor      everlatch.ActorRef `json:"actor"`
	IdentityID string             `json:"identity_id"`
	// SeenVersion is the credential version of the identity when it asked.
	SeenVersion int64        `json:"seen_version"`
	Plan        PlannedEmail `json:"plan"`
	// Undo is the token that restores the former address.
	Undo LinkGrant `json:"undo"`
	// Spent is where the token that proved the address is sealed.
	Spent   vault.Ref `json:"spent"`
	GroupID string    `json:"group_id"`
}

// ChangeEmailOutput is a refusal, which leaves the request as it is, or the end
// of the request.
type ChangeEmailOutput struct {
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	// Void says that the request was void: account, credentials
	// or login have changed since.
	Void bool `json:"void,omitempty"`
	// UndoUntil is when the former address cannot be restored any more; zero when
	// there was none.
	UndoUntil time.Time `json:"undo_until,omitzero"`
}

// ChangeEmail changes account and logins to a proven address, at once or not at
// all, and records the event that mails the right to undo it to the former one
// (docs/weak-spots.md#w13). No other account can take that one meanwhile.
//
// What was issued before ends, but for sessions: a password reset that was
// mailed to the former address must not outlive the change, and the person who changed
// it keeps the password that they have.
func (a *Emails) ChangeEmail(ctx context.Context, in ChangeEmailInput) (out ChangeEmailOutput, err error) {
	now := a.Now().UTC().Truncate(time.Second)
	change := in.Plan.stored(in.Actor)
	change.IdentityID, change.SeenVersion = in.IdentityID, in.SeenVersion
	event := everlatch.Event{
		ID: in.Undo.EventID, Name: everlatch.EventEmailChanged, GroupID: in.GroupID, AuthIdentityID: in.IdentityID,
		ReleasedAt: &now, Data: everlatch.Metadata{
			"actor_type": in.Actor.ActorType, "actor_id": in.Actor.ActorID, "auth_identity_id": in.IdentityID,
			"former_email": in.Plan.Told, "email": in.Plan.To,
		},
	}
	if in.Plan.Told != "" {
		out.UndoUntil = now.Add(in.Undo.TTL)
		change.HoldUntil = out.UndoUntil
		event.Data["token"] = everlatch.SecretRef(string(in.Undo.Token))
		event.Data["expires_at"] = out.UndoUntil.Format(time.RFC3339)
		if err := a.issue(ctx, tokens.PurposeEmailUndo, in.Actor, in.Undo, now); err != nil {
			return out, err
		}
	}
	change.Events = []everlatch.Event{event}
	err = a.Store.ChangeEmail(ctx, change)
	if err == nil {
		return out, a.Vault.Delete(ctx, in.Spent)
	}
	out = ChangeEmailOutput{}
	if out.Refusal, out.Void, err = settled(err); err != nil {
		return out, err
	}
	return out, a.Vault.Delete(ctx, in.Undo.Token)
}

// settled splits the error of a change: refused, void or a fault.
func settled(err error) (*everlatch.Refusal, bool, error) {
	if errors.Is(err, everlatch.ErrConflict) {
		return nil, true, nil
	}
	answer, fault := refusal(err)
	return answer, false, fault
}

// RestoreEmailInput is the argument of [Emails.RestoreEmail].
type RestoreEmailInput struct {
	Actor      everlatch.ActorRef `json:"actor"`
	IdentityID string             `json:"identity_id"`
	// From is the e-mail that the account must have now, and To the one before,
	// "" for none. Told is the address that undoes.
	From string `json:"from"`
	To   string `json:"to"`
	Told string `json:"told"`
	// Logins are the previous changes, the latest first, to be undone.
	Logins  []everlatch.LoginChange `json:"logins,omitempty"`
	EventID string                  `json:"event_id"`
	// Spent are the sealed tokens that become void.
	Spent   []vault.Ref `json:"spent,omitempty"`
	GroupID string      `json:"group_id"`
}

// RestoreEmail gives account and logins their address before back, and ends
// every session and token: an attacker may have taken the account over (docs/weak-spots.md#w13).
// A login that was changed otherwise or removed meanwhile stays so.
func (a *Emails) RestoreEmail(ctx context.Context, in RestoreEmailInput) (out ChangeEmailOutput, err error) {
	now := a.Now()
	err = a.Store.ChangeEmail(ctx, store.EmailChange{
		ActorType: in.Actor.ActorType, ActorID: in.Actor.ActorID, From: in.From, To: in.To,
		Logins: turnedBack(in.Logins, in.Told), EndSessions: "email_change_undone",
		Events: []everlatch.Event{{
			ID: in.EventID, Name: everlatch.EventEmailRestored, GroupID: in.GroupID, AuthIdentityID: in.IdentityID,
			ReleasedAt: &now, Data: everlatch.Metadata{
				"actor_type": in.Actor.ActorType, "actor_id": in.Actor.ActorID, "auth_identity_id": in.IdentityID,
				"email": in.Told, "former_email": in.From,
			},
		}},
	})
	if err != nil {
		out.Refusal, out.Void, err = settled(err)
		return out, err
	}
	return out, a.Vault.Delete(ctx, in.Spent...)
}

// turnedBack lets several changes of one login, the latest first, become one.
// The person who undoes has proved the address that they were told at.
func turnedBack(changes []everlatch.LoginChange, told string) []everlatch.LoginChange {
	var out []everlatch.LoginChange
	at := map[string]int{}
	for _, l := range changes {
		verified := l.FormerVerified || store.SameEmail(l.FormerID, told)
		if i, known := at[l.ProviderIdentityID]; known {
			out[i].EntityID, out[i].EntityKey, out[i].Verified = l.FormerID, l.FormerKey, verified
			continue
		}
		at[l.ProviderIdentityID] = len(out)
		out = append(out, everlatch.LoginChange{
			ProviderIdentityID: l.ProviderIdentityID, FormerKey: l.EntityKey, EntityID: l.FormerID, EntityKey: l.FormerKey,
			Verified: verified, Optional: true,
		})
	}
	return out
}
