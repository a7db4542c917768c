package workflows

import (
	"cmp"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// The updates of [Invitation].
const (
	UpdateInvite = "Invite" // None -> IssuedInvite
	UpdateResend = "Resend" // InviteGrant -> IssuedInvite
	UpdateRevoke = "Revoke" // RevokeInvite -> Outcome
	UpdateAccept = "Accept" // AcceptInvite -> UserAccount
)

// The outcomes of [Invitation].
const (
	InviteAccepted = "accepted"
	InviteRevoked  = "revoked"
	InviteExpired  = "expired"
	// InviteRefused is one that was never made: the address is taken.
	InviteRefused = "refused"
	// InviteVoid is an execution that was begun for an invite that is over.
	InviteVoid = "void"
)

// InviteGrant says what a new token of an invite is like.
type InviteGrant = activities.InviteGrant

// InvitationInput is the argument of [Invitation].
type InvitationInput struct {
	InviteID string `json:"invite_id"`
	// New is the invite to make; nil restores an existing one.
	New *NewInvite `json:"new,omitempty"`
	// Open and Answers are what an execution that continues as new hands on.
	Open    *openInvite `json:"open,omitempty"`
	Answers []answered  `json:"answers,omitempty"`
}

// NewInvite is an invite to make.
type NewInvite struct {
	everlatch.InviteOffer

	Grant InviteGrant `json:"grant"`
	// Fingerprint of the request, when it came with an Idempotency-Key.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// openInvite is an invite that can be accepted.
type openInvite struct {
	ExpiresAt time.Time `json:"expires_at"`
	// Token is where its token is sealed, "" when it is not known.
	Token vault.Ref `json:"token,omitempty"`
	// Created is the first answer, which a repeated request gets again.
	Created *IssuedInvite `json:"created,omitempty"`
}

// IssuedInvite is a refusal or an invite with a new token, which is in the vault.
type IssuedInvite struct {
	Refusal     *everlatch.Refusal `json:"refusal,omitempty"`
	Invite      everlatch.Invite   `json:"invite,omitzero"`
	Token       vault.Ref          `json:"token,omitempty"`
	Fingerprint string             `json:"fingerprint,omitempty"`
}

// RevokeInvite ends an invite.
type RevokeInvite struct {
	EventID string `json:"event_id"`
}

// AcceptInvite makes an identity the administrator who was invited.
type AcceptInvite struct {
	// TokenID is the jti of the token, and Email an address that the identity is
	// known to own. One of them must be the invite's.
	TokenID        string `json:"token_id,omitempty"`
	Email          string `json:"email,omitempty"`
	AuthIdentityID string `json:"auth_identity_id"`
	// User carries the id under which it will exist. An empty e-mail is the
	// invited one (docs/weak-spots.md#w7).
	User    everlatch.User `json:"user"`
	EventID string         `json:"event_id"`
	Hooks   *Hooks         `json:"hooks,omitempty"`
}

// InvitationEnd is how an [Invitation] ended.
type InvitationEnd struct {
	Outcome string        `json:"outcome"`
	Created *IssuedInvite `json:"created,omitempty"`
}

// Invitation is the whole flow of one invite: made and mailed, sent again as
// often as administrators like, and then accepted once, revoked or expired.
//
// The API starts it with its first update. Whether an invite counts, and which
// token, is stored in the database; the flow handles one update at a time, so that of
// all who accept at once one becomes an administrator (docs/weak-spots.md#w7), and undoes user and
// link when the invite cannot be ended with them (docs/weak-spots.md#w1). An invite that was refused
// leaves nothing; a token that was refused leaves the invite as it is. An invite
// that has expired is kept: sending it again continues it in a new execution, as
// does any update for an invite whose execution is lost or never was.
func Invitation(ctx workflow.Context, in InvitationInput) (InvitationEnd, error) {
	v := &invitation{in: in, known: in.Open != nil}
	if in.Open != nil {
		v.open = *in.Open
	}
	v.exchange = newExchange(ctx, v, in.Answers...)
	on(ctx, v.exchange, UpdateInvite, v.invite)
	on(ctx, v.exchange, UpdateResend, v.resend)
	on(ctx, v.exchange, UpdateRevoke, v.revoke)
	on(ctx, v.exchange, UpdateAccept, v.accept)
	err := cmp.Or(v.serve(ctx), v.fault)
	return InvitationEnd{Outcome: v.outcome, Created: v.open.Created}, err
}

type invitation struct {
	*exchange

	in   InvitationInput
	open openInvite
	// known says that the invite existed when the flow last looked.
	known bool
	// fault is why the invite could not be made.
	fault error
}

func (v *invitation) deadline() time.Time { return v.open.ExpiresAt }

// errNeverRequested ends an execution whose first request was lost. It fails, so
// that the same Idempotency-Key may be used again: no invite was made.
var errNeverRequested = temporal.NewApplicationErrorWithOptions(
	"The invite was never requested.", "never_requested", temporal.ApplicationErrorOptions{NonRetryable: true})

func (v *invitation) expire(workflow.Context) error {
	if v.in.New != nil && v.open.Created == nil && v.fault == nil {
		v.fault = errNeverRequested
	}
	v.end(InviteExpired)
	return nil
}

func (v *invitation) renew(ctx workflow.Context) error {
	return workflow.NewContinueAsNewError(ctx, Invitation, InvitationInput{InviteID: v.in.InviteID, Open: &v.open, Answers: v.answers})
}
