package flows

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/serviceerror"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/workflows"
)

var emailChange = shared("email-change", workflows.EmailChange)

// The times of an e-mail change, unless configured.
const (
	DefaultEmailTTL     = 24 * time.Hour
	DefaultEmailUndoTTL = 72 * time.Hour
)

// EmailRequest asks for another e-mail of the caller's account.
type EmailRequest struct {
	Actor everlatch.ActorRef
	// AuthIdentityID and CredentialVersion are those of the sign-in, which must
	// have happened just before.
	AuthIdentityID    string
	CredentialVersion int64
	Email             string
}

// RequestEmailChange has a link mailed to the new address, and notifies the
// current one (docs/weak-spots.md#w13). Nothing tells whether another account has the new one. The address
// that the account has already, and too many requests, are
// [everlatch.CodeNotAllowed].
func (c *Client) RequestEmailChange(ctx context.Context, r EmailRequest) error {
	var out workflows.Outcome
	err := c.update(ctx, update{
		flow: emailChange, workflowID: emailChangeID(r.Actor), name: workflows.UpdateRequestEmail,
		input: workflows.EmailChangeInput{Actor: r.Actor},
		arg: workflows.RequestEmail{
			AuthIdentityID: r.AuthIdentityID, CredentialVersion: r.CredentialVersion, Email: r.Email,
			Grant: c.linkGrant(c.opts.EmailTTL), AnnouncedID: ids.New(ids.Event, c.opts.Now()), ResendAfter: c.opts.EmailResendAfter,
		},
		answer: &out,
	})
	if err != nil {
		return err
	}
	return refused(out.Refusal)
}

// PendingEmail returns the address that an account has asked to change to and has not
// proved yet; the zero value is none.
func (c *Client) PendingEmail(ctx context.Context, actor everlatch.ActorRef) (out workflows.PendingEmail, err error) {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	answer, err := c.opts.Temporal.QueryWorkflow(ctx, emailChangeID(actor), "", workflows.QueryPendingEmail)
	if _, none := errors.AsType[*serviceerror.NotFound](err); none {
		return out, nil
	}
	if err == nil {
		err = answer.Get(&out)
	}
	if err != nil {
		return workflows.PendingEmail{}, failure(err)
	}
	if !c.opts.Now().Before(out.ExpiresAt) {
		return workflows.PendingEmail{}, nil
	}
	return out, nil
}

// ConfirmEmailChange changes account and logins to the address that a token
// proves, and returns it. The same token again gets the first answer; one that is
// superseded or expired is [everlatch.CodeUnauthorized]; an address that was registered meanwhile is
// [everlatch.CodeDuplicate] and changes nothing.
func (c *Client) ConfirmEmailChange(ctx context.Context, actor everlatch.ActorRef, tokenID string) (email string, err error) {
	return c.updateEmail(ctx, actor, tokenID, workflows.UpdateConfirmEmail, workflows.ConfirmEmail{TokenID: tokenID, Undo: c.linkGrant(c.opts.EmailUndoTTL)})
}

// UndoEmailChange restores the address that a token was mailed to, and ends
// every session and token of the account. Its errors are those of
// [Client.ConfirmEmailChange].
func (c *Client) UndoEmailChange(ctx context.Context, actor everlatch.ActorRef, tokenID string) (email string, err error) {
	return c.updateEmail(ctx, actor, tokenID, workflows.UpdateUndoEmail, workflows.UndoEmail{TokenID: tokenID, EventID: ids.New(ids.Event, c.opts.Now())})
}

func (c *Client) updateEmail(ctx context.Context, actor everlatch.ActorRef, tokenID, name string, arg any) (string, error) {
	var out workflows.ChangedEmail
	err := c.update(ctx, update{
		flow: emailChange, workflowID: emailChangeID(actor), name: name, arg: arg, request: []any{tokenID}, answer: &out,
	})
	if _, over := errors.AsType[*serviceerror.NotFound](err); over {
		return "", &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid, Err: err}
	}
	if err != nil {
		return "", err
	}
	return out.Email, refused(out.Refusal)
}

func (c *Client) linkGrant(ttl time.Duration) workflows.LinkGrant {
	return workflows.LinkGrant{TokenID: uuid.NewString(), EventID: ids.New(ids.Event, c.opts.Now()), Token: c.opts.Vault.NewRef(), TTL: ttl}
}

// emailChangeID is the workflow id of an account's one execution.
func emailChangeID(actor everlatch.ActorRef) string {
	return emailChange.id(actor.ActorType, actor.ActorID)
}
