package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
)

// The updates of [EmailChange].
const (
	UpdateRequestEmail = "RequestEmail" // RequestEmail -> Outcome
	UpdateConfirmEmail = "ConfirmEmail" // ConfirmEmail -> ChangedEmail
	UpdateUndoEmail    = "UndoEmail"    // UndoEmail -> ChangedEmail
)

// LinkGrant says what the token of a mailed link is like.
type LinkGrant = activities.LinkGrant

// EmailChangeInput is the argument of [EmailChange].
type EmailChangeInput struct {
	Actor everlatch.ActorRef `json:"actor"`
	// Open and Answers are what an execution that continues as new hands on.
	Open    *openEmailChange `json:"open,omitempty"`
	Answers []answered       `json:"answers,omitempty"`
}

// openEmailChange is what can still become of a change.
type openEmailChange struct {
	// Asked is the address that waits to be proved, nil for none.
	Asked *askedEmail `json:"asked,omitempty"`
	// Made are the changes that can be undone, the latest last.
	Made []madeEmailChange `json:"made,omitempty"`
	// Requests counts those that had mails sent.
	Requests int `json:"requests"`
}

// askedEmail is an address that waits to be proved.
type askedEmail struct {
	RequestEmail

	// Taken says that it cannot be proved: another account has it.
	Taken     bool      `json:"taken,omitempty"`
	MailedAt  time.Time `json:"mailed_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// madeEmailChange is a change that can be undone.
type madeEmailChange struct {
	IdentityID string                  `json:"identity_id"`
	Plan       activities.PlannedEmail `json:"plan"`
	Undo       LinkGrant               `json:"undo"`
	Until      time.Time               `json:"until"`
}

// RequestEmail asks for another e-mail, after a recent sign-in.
type RequestEmail struct {
	AuthIdentityID string `json:"auth_identity_id"`
	// CredentialVersion is the one under which they are signed in: any other change
	// of the credentials ends the request (docs/weak-spots.md#w25).
	CredentialVersion int64     `json:"credential_version"`
	Email             string    `json:"email"`
	Grant             LinkGrant `json:"grant"`
	// AnnouncedID names the event that notifies the current address.
	AnnouncedID string `json:"announced_id"`
	// ResendAfter is how long the same request is folded into the one before.
	ResendAfter time.Duration `json:"resend_after"`
}

// ConfirmEmail carries the token that proves the address.
type ConfirmEmail struct {
	TokenID string `json:"token_id"`
	// Undo is the token that restores the former address.
	Undo LinkGrant `json:"undo"`
}

// UndoEmail carries the token that was mailed to a former address.
type UndoEmail struct {
	TokenID string `json:"token_id"`
	EventID string `json:"event_id"`
}

// ChangedEmail is a refusal or the e-mail that the account has now.
type ChangedEmail struct {
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	Email   string             `json:"email,omitempty"`
}

// QueryPendingEmail is the query of [EmailChange] for the address that waits to be proved.
// Its answer is a [PendingEmail].
const QueryPendingEmail = "PendingEmail"

// PendingEmail is an address that waits to be proved; its zero value is none.
type PendingEmail struct {
	AuthIdentityID string    `json:"auth_identity_id"`
	Email          string    `json:"email"`
	ExpiresAt      time.Time `json:"expires_at,omitzero"`
	// Taken says that another account has it, which the one who asked is not told.
	Taken bool `json:"taken,omitempty"`
}

// mostRequests bounds how many mails one account can have sent to addresses that
// may be a stranger's, for as long as something is open (docs/weak-spots.md#w61).
const mostRequests = 10

// EmailChange is the whole flow of another e-mail (docs/weak-spots.md#w13): asked for, proved by a
// token that went to the new address, and then, for some days, undone by one that
// went to the former address. There is one for each account.
//
// The API starts it with its first update, and an execution handles one update at
// a time: a token is used once. A newer request supersedes an older one, and any
// change of the credentials ends it. Changes that follow each other can each be
// undone, which restores the address before it and drops all that came
// after, so that changing the e-mail twice does not keep a stolen account.
//
// Account and logins change in one transaction. There is nothing to compensate:
// an address that was registered meanwhile is refused, and nothing changes.
func EmailChange(ctx workflow.Context, in EmailChangeInput) error {
	e := &emailChange{actor: in.Actor}
	if in.Open != nil {
		e.open = *in.Open
	}
	if err := workflow.SetQueryHandler(ctx, QueryPendingEmail, e.pending); err != nil {
		return err
	}
	e.exchange = newExchange(ctx, e, in.Answers...)
	on(ctx, e.exchange, UpdateRequestEmail, e.request)
	on(ctx, e.exchange, UpdateConfirmEmail, e.confirm, func(ctx workflow.Context, in ConfirmEmail) *everlatch.Refusal {
		return valid(e.proves(ctx, in.TokenID))
	})
	on(ctx, e.exchange, UpdateUndoEmail, e.undo, func(ctx workflow.Context, in UndoEmail) *everlatch.Refusal {
		return valid(e.undoable(ctx, in.TokenID) >= 0)
	})
	return e.serve(ctx)
}

type emailChange struct {
	*exchange

	actor everlatch.ActorRef
	open  openEmailChange
}

// deadline is when the last thing that is open closes.
func (e *emailChange) deadline() (at time.Time) {
	if e.open.Asked != nil {
		at = e.open.Asked.ExpiresAt
	}
	for _, m := range e.open.Made {
		if m.Until.After(at) {
			at = m.Until
		}
	}
	return at
}

func (e *emailChange) pending() (PendingEmail, error) {
	a := e.open.Asked
	if a == nil {
		return PendingEmail{}, nil
	}
	return PendingEmail{AuthIdentityID: a.AuthIdentityID, Email: a.Email, ExpiresAt: a.ExpiresAt, Taken: a.Taken}, nil
}

func (e *emailChange) expire(workflow.Context) error {
	e.end("closed")
	return nil
}

func (e *emailChange) renew(ctx workflow.Context) error {
	return workflow.NewContinueAsNewError(ctx, EmailChange, EmailChangeInput{Actor: e.actor, Open: &e.open, Answers: e.answers})
}

func valid(token bool) *everlatch.Refusal {
	if token {
		return nil
	}
	return &invalidToken
}

// proves reports whether a token proves the address that waits.
func (e *emailChange) proves(ctx workflow.Context, tokenID string) bool {
	a := e.open.Asked
	return a != nil && !a.Taken && a.Grant.TokenID == tokenID && workflow.Now(ctx).Before(a.ExpiresAt)
}

// undoable returns which change a token undoes, -1 for none.
func (e *emailChange) undoable(ctx workflow.Context, tokenID string) int {
	for i, m := range e.open.Made {
		if m.Undo.TokenID == tokenID && workflow.Now(ctx).Before(m.Until) {
			return i
		}
	}
	return -1
}
