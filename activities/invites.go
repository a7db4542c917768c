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

// Invites makes, sends and ends invites. It is the only code that makes their
// tokens, which stay in the vault for as long as they are good: no event and no
// answer holds one (docs/weak-spots.md#w7, #w29).
type Invites struct {
	Store  *store.Store
	Vault  *vault.Vault
	Tokens *tokens.Tokens
	Now    func() time.Time
}

// InviteGrant says what a new token of an invite is like.
type InviteGrant struct {
	LinkGrant

	// InvitedBy is who asked for it.
	InvitedBy everlatch.ActorRef `json:"invited_by"`
}

// InviteOutput is a refusal or an invite as it is now.
type InviteOutput struct {
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	Invite  everlatch.Invite   `json:"invite,omitzero"`
}

// CreateInviteInput is the argument of [Invites.CreateInvite].
type CreateInviteInput struct {
	everlatch.InviteOffer

	InviteID string      `json:"invite_id"`
	Grant    InviteGrant `json:"grant"`
	GroupID  string      `json:"group_id"`
}

// CreateInvite keeps an invite and makes its token. The event that mails it
// waits until the flow has succeeded.
func (a *Invites) CreateInvite(ctx context.Context, in CreateInviteInput) (out InviteOutput, err error) {
	i := everlatch.Invite{ID: in.InviteID, InviteOffer: in.InviteOffer, WorkflowID: in.GroupID}
	if i.ExpiresAt, err = a.issue(ctx, i, in.Grant); err != nil {
		return out, err
	}
	event := a.mailed(everlatch.EventInviteCreated, i, in.Grant, in.GroupID)
	out.Invite, err = a.Store.CreateInvite(ctx, i, in.Grant.TokenID, event)
	return a.settle(ctx, out, in.Grant, err)
}

// DiscardInviteInput is the argument of [Invites.DiscardInvite].
type DiscardInviteInput struct {
	InviteID string    `json:"invite_id"`
	Token    vault.Ref `json:"token"`
	GroupID  string    `json:"group_id"`
}

// DiscardInvite undoes [Invites.CreateInvite]: the row of this id, which the
// flow chose, its event and its token vanish.
func (a *Invites) DiscardInvite(ctx context.Context, in DiscardInviteInput) (None, error) {
	if err := a.Store.DiscardInvite(ctx, in.InviteID, in.GroupID); err != nil {
		return None{}, err
	}
	return None{}, a.Vault.Delete(ctx, in.Token)
}

// ResendInviteInput is the argument of [Invites.ResendInvite].
type ResendInviteInput struct {
	InviteID string      `json:"invite_id"`
	Grant    InviteGrant `json:"grant"`
	// Former is where the token before is sealed, "" when it is not known.
	Former  vault.Ref `json:"former,omitempty"`
	GroupID string    `json:"group_id"`
}

// ResendInvite gives an invite another token, from which moment the one before
// is void, and mails it. All of that happens at once or not at all (docs/weak-spots.md#w16).
func (a *Invites) ResendInvite(ctx context.Context, in ResendInviteInput) (out InviteOutput, err error) {
	i, err := a.Store.Invite(ctx, in.InviteID)
	if errors.Is(err, everlatch.ErrNotFound) {
		out.Refusal = &everlatch.Refusal{
			Code: everlatch.CodeInvalidData, Reason: store.InviteUnknown, Details: map[string]string{"id": in.InviteID},
		}
		return out, nil
	}
	if err != nil {
		return out, err
	}
	if i.ExpiresAt, err = a.issue(ctx, i, in.Grant); err != nil {
		return out, err
	}
	event, now := a.mailed(everlatch.EventInviteResent, i, in.Grant, in.GroupID), a.Now()
	event.ReleasedAt = &now
	out.Invite, err = a.Store.ResendInvite(ctx, i.ID, in.Grant.TokenID, i.ExpiresAt, event)
	if out, err = a.settle(ctx, out, in.Grant, err); err != nil || out.Refusal != nil {
		return out, err
	}
	return out, a.Vault.Delete(ctx, in.Former)
}

// firstUserTTL is how long a link that makes the first administrator is good at most: it
// is printed, and its reader is at the machine.
const firstUserTTL = 24 * time.Hour

// issue makes a token and returns when it ends.
func (a *Invites) issue(ctx context.Context, i everlatch.Invite, g InviteGrant) (expiresAt time.Time, err error) {
	now := a.Now().UTC().Truncate(time.Second)
	ttl := g.TTL
	if i.ForFirstUser {
		ttl = min(ttl, firstUserTTL)
	}
	expiresAt = now.Add(ttl).Truncate(time.Second)
	token, err := a.Tokens.IssueInvite(tokens.Invite{
		ID: i.ID, Email: i.Email, TokenID: g.TokenID, IssuedAt: now, ExpiresAt: expiresAt,
	})
	if err != nil {
		return expiresAt, err
	}
	return expiresAt, g.seal(ctx, a.Vault, token)
}

// settle splits an error as [refusal] does, and leaves no token of an invite
// that was refused.
func (a *Invites) settle(ctx context.Context, out InviteOutput, g InviteGrant, err error) (InviteOutput, error) {
	if err == nil {
		return out, nil
	}
	if out.Refusal, err = refusal(err); err != nil {
		return out, err
	}
	return out, a.Vault.Delete(ctx, g.Token)
}

// mailed is the event that mails an invite. One for the first user has none: its address
// belongs to no one, and its reader has the link.
func (a *Invites) mailed(name string, i everlatch.Invite, g InviteGrant, groupID string) everlatch.Event {
	if i.ForFirstUser {
		return everlatch.Event{}
	}
	return everlatch.Event{
		ID: g.EventID, Name: name, GroupID: groupID,
		Data: everlatch.Metadata{
			"id": i.ID, "email": i.Email, "token": everlatch.SecretRef(string(g.Token)),
			"expires_at": i.ExpiresAt.Format(time.RFC3339),
			"invited_by": everlatch.Metadata{"actor_type": g.InvitedBy.ActorType, "actor_id": g.InvitedBy.ActorID},
		},
	}
}

// RevokeInviteInput is the argument of [Invites.RevokeInvite].
type RevokeInviteInput struct {
	InviteID string `json:"invite_id"`
	EventID  string `json:"event_id"`
	// Token is where the token is sealed, "" when it is not known.
	Token   vault.Ref `json:"token,omitempty"`
	GroupID string    `json:"group_id"`
}

// RevokeInvite ends an invite; one that has ended already is no fault.
func (a *Invites) RevokeInvite(ctx context.Context, in RevokeInviteInput) (None, error) {
	now := a.Now()
	err := a.Store.RevokeInvite(ctx, in.InviteID, everlatch.Event{
		ID: in.EventID, Name: everlatch.EventInviteDeleted, GroupID: in.GroupID,
		Data: everlatch.Metadata{"id": in.InviteID}, ReleasedAt: &now,
	})
	if err != nil {
		return None{}, err
	}
	return None{}, a.Vault.Delete(ctx, in.Token)
}

// CheckInvite returns the invite that a proof is for, while it can be accepted.
func (a *Invites) CheckInvite(ctx context.Context, in everlatch.InviteProof) (out InviteOutput, err error) {
	out.Invite, err = a.Store.ProvenInvite(ctx, in)
	if err != nil {
		out.Refusal, err = refusal(err)
	}
	return out, err
}

// AcceptInviteInput is the argument of [Invites.AcceptInvite].
type AcceptInviteInput struct {
	Proof          everlatch.InviteProof `json:"proof"`
	UserID         string                `json:"user_id"`
	AuthIdentityID string                `json:"auth_identity_id"`
	EventID        string                `json:"event_id"`
	// Token is where the token is sealed, "" when it is not known.
	Token   vault.Ref `json:"token,omitempty"`
	GroupID string    `json:"group_id"`
}

// AcceptInvite ends an invite for the user that came of it, once. Its event
// waits until the flow has succeeded.
func (a *Invites) AcceptInvite(ctx context.Context, in AcceptInviteInput) (out Verdict, err error) {
	err = a.Store.AcceptInvite(ctx, in.Proof, in.UserID, everlatch.Event{
		ID: in.EventID, Name: everlatch.EventInviteAccepted, GroupID: in.GroupID, AuthIdentityID: in.AuthIdentityID,
		Data: everlatch.Metadata{"id": in.Proof.InviteID, "user_id": in.UserID, "auth_identity_id": in.AuthIdentityID},
	})
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	return out, a.Vault.Delete(ctx, in.Token)
}

// ReopenInviteInput is the argument of [Invites.ReopenInvite].
type ReopenInviteInput struct {
	InviteID string `json:"invite_id"`
	UserID   string `json:"user_id"`
}

// ReopenInvite undoes [Invites.AcceptInvite] of this user.
func (a *Invites) ReopenInvite(ctx context.Context, in ReopenInviteInput) (None, error) {
	return None{}, a.Store.ReopenInvite(ctx, in.InviteID, in.UserID)
}
