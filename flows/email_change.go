package flows

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/workflows"
)

// The times of an e-mail change, when nobody says otherwise.
const (
	DefaultEmailTTL     = 24 * time.Hour
	DefaultEmailUndoTTL = 72 * time.Hour
)

// EmailRequest asks for another e-mail of somebody's own account.
type EmailRequest struct {
	Actor everlatch.ActorRef
	// AuthIdentityID and CredentialVersion are of whoever is signed in, which must
	// have happened just before.
	AuthIdentityID    string
	CredentialVersion int64
	Email             string
}

// RequestEmailChange has a link mailed to the new address, and tells the one of
// now (W13). Nothing tells whether somebody else has the new one. The address
// that the account has already, and too many requests, are
// [everlatch.CodeNotAllowed].
func (c *Client) RequestEmailChange(ctx context.Context, r EmailRequest) error {
	o := c.emailChange(r.Actor)
	var out workflows.Outcome
	err := c.moveFirst(ctx,
		c.opts.Temporal.NewWithStartWorkflowOperation(o, workflows.EmailChange, workflows.EmailChangeInput{Actor: r.Actor}), move{
			dance: o.ID, name: workflows.UpdateRequestEmail,
			args: []any{workflows.RequestEmail{
				AuthIdentityID: r.AuthIdentityID, CredentialVersion: r.CredentialVersion, Email: r.Email,
				Grant: c.emailGrant(c.opts.EmailTTL), AnnouncedID: ids.New(ids.Event, c.opts.Now()), ResendAfter: c.opts.EmailResendAfter,
			}},
			answer: &out,
		})
	if err != nil {
		return err
	}
	return refused(out.Refusal)
}

// ConfirmEmailChange changes account and logins to the address that a token
// proves, and returns it. A token that is used, superseded or expired is
// [everlatch.CodeUnauthorized]; an address that somebody else took meanwhile is
// [everlatch.CodeDuplicate] and changes nothing.
func (c *Client) ConfirmEmailChange(ctx context.Context, actor everlatch.ActorRef, tokenID string) (email string, err error) {
	return c.moveEmail(ctx, actor, workflows.UpdateConfirmEmail, workflows.ConfirmEmail{TokenID: tokenID, Undo: c.emailGrant(c.opts.EmailUndoTTL)})
}

// UndoEmailChange brings the address back that a token was mailed to, and ends
// every session and token of the account. Its errors are those of
// [Client.ConfirmEmailChange].
func (c *Client) UndoEmailChange(ctx context.Context, actor everlatch.ActorRef, tokenID string) (email string, err error) {
	return c.moveEmail(ctx, actor, workflows.UpdateUndoEmail, workflows.UndoEmail{TokenID: tokenID, EventID: ids.New(ids.Event, c.opts.Now())})
}

func (c *Client) moveEmail(ctx context.Context, actor everlatch.ActorRef, name string, arg any) (string, error) {
	var out workflows.ChangedEmail
	err := c.move(ctx, move{dance: c.emailChange(actor).ID, name: name, args: []any{arg}, answer: &out})
	if _, over := errors.AsType[*serviceerror.NotFound](err); over {
		return "", &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "Invalid token", Err: err}
	}
	if err != nil {
		return "", err
	}
	return out.Email, refused(out.Refusal)
}

func (c *Client) emailGrant(ttl time.Duration) workflows.EmailGrant {
	return workflows.EmailGrant{TokenID: uuid.NewString(), EventID: ids.New(ids.Event, c.opts.Now()), Token: c.opts.Vault.NewRef(), TTL: ttl}
}

// emailChange is the one dance of an account.
func (c *Client) emailChange(actor everlatch.ActorRef) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: "email-change/" + actor.ActorType + "/" + actor.ActorID, TaskQueue: c.opts.TaskQueue,
		WorkflowTaskTimeout:      workflowTaskTimeout,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}
}
