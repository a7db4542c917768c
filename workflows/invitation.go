package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// The moves of [Invitation].
const (
	UpdateInvite = "Invite" // nothing -> IssuedInvite
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
	// New is the invite to make; nil takes up one that there is.
	New *NewInvite `json:"new,omitempty"`
	// Open carries what is open over to a fresh history.
	Open *OpenInvite `json:"open,omitempty"`
}

// NewInvite is an invite to make.
type NewInvite struct {
	Email    string             `json:"email"`
	Roles    []string           `json:"roles,omitempty"`
	Metadata everlatch.Metadata `json:"metadata,omitempty"`
	Grant    InviteGrant        `json:"grant"`
	// Fingerprint of the request, when it came with an Idempotency-Key.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// OpenInvite is an invite that can be accepted.
type OpenInvite struct {
	ExpiresAt time.Time `json:"expires_at"`
	// Token is where its token is sealed, "" when nobody knows any more.
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
	// invited one (W7).
	User    everlatch.User `json:"user"`
	EventID string         `json:"event_id"`
}

// InvitationEnd is how an [Invitation] ended.
type InvitationEnd struct {
	Outcome string        `json:"outcome"`
	Created *IssuedInvite `json:"created,omitempty"`
}

// Invitation is the whole story of one invite: made and mailed, sent again as
// often as somebody likes, and then accepted once, revoked or expired.
//
// The API starts it with its first move. Whether an invite counts, and which
// token, stands in the database; the dance puts the moves in a row, so that of
// all who accept at once one becomes an administrator (W7), and undoes user and
// link when the invite cannot be ended with them (W1). An invite that was refused
// leaves nothing; a token that was refused leaves the invite as it is. An invite
// that has expired is kept: sending it again takes it up in a new execution, as
// does any move for an invite whose execution is lost or never was.
func Invitation(ctx workflow.Context, in InvitationInput) (InvitationEnd, error) {
	v := &invitation{in: in, turn: workflow.NewMutex(ctx), known: in.Open != nil}
	v.open.ExpiresAt = workflow.Now(ctx).Add(firstMove)
	if in.Open != nil {
		v.open = *in.Open
	}
	if err := v.listen(ctx); err != nil {
		return InvitationEnd{}, err
	}
	for {
		moves := v.moves
		_, err := workflow.AwaitWithTimeout(ctx, v.open.ExpiresAt.Sub(workflow.Now(ctx)), func() bool { return v.moves > moves })
		if err != nil {
			return v.end(), err
		}
		if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
			return v.end(), err
		}
		if v.outcome == "" && !workflow.Now(ctx).Before(v.open.ExpiresAt) {
			v.outcome = InviteExpired
		}
		switch {
		case v.fault != nil:
			return v.end(), v.fault
		case v.outcome != "":
			return v.end(), nil
		case workflow.GetInfo(ctx).GetContinueAsNewSuggested():
			return v.end(), workflow.NewContinueAsNewError(ctx, Invitation, InvitationInput{InviteID: in.InviteID, Open: &v.open})
		}
	}
}

// invitation is the state of the dance. The move that has the turn may change it.
type invitation struct {
	in   InvitationInput
	turn workflow.Mutex
	open OpenInvite
	// known says that the invite was there when the dance last looked.
	known   bool
	moves   int
	outcome string
	// fault is why the invite could not be made.
	fault error
}

func (v *invitation) end() InvitationEnd {
	return InvitationEnd{Outcome: v.outcome, Created: v.open.Created}
}

func (v *invitation) listen(ctx workflow.Context) error {
	if err := workflow.SetUpdateHandler(ctx, UpdateInvite, v.invite); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandler(ctx, UpdateResend, v.resend); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandler(ctx, UpdateRevoke, v.revoke); err != nil {
		return err
	}
	return workflow.SetUpdateHandler(ctx, UpdateAccept, v.accept)
}

// take waits for the turn and returns the function that passes it on.
func (v *invitation) take(ctx workflow.Context) (pass func(), err error) {
	if err := v.turn.Lock(ctx); err != nil {
		return nil, err
	}
	return func() {
		v.moves++
		v.turn.Unlock()
	}, nil
}
