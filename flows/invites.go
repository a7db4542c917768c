package flows

import (
	"context"
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

// invitation resumes an invite that exists, and newInvitation makes one, once: an
// execution that failed has made none.
var (
	invitation    = shared("invitation", workflows.Invitation)
	newInvitation = kind{
		name: invitation.name, workflow: workflows.Invitation,
		running: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		closed:  enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
	}
)

// InviteRequest asks for an invite.
type InviteRequest struct {
	everlatch.InviteOffer

	// By is who invites.
	By             everlatch.ActorRef
	IdempotencyKey string
}

// IssuedInvite is an invite with its token, for the one who asked (docs/weak-spots.md#w7).
type IssuedInvite struct {
	everlatch.Invite

	// Token is empty when the answer to an earlier request is repeated and that
	// token is void.
	Token vault.Secret
}

// CreateInvite invites an administrator by mail. For the Idempotency-Key
// see [Client.Register]; a key counts for the actor who invites. An address that is
// taken is [everlatch.CodeInvalidData].
func (c *Client) CreateInvite(ctx context.Context, r InviteRequest) (IssuedInvite, error) {
	fingerprint, err := c.fingerprint(r.IdempotencyKey, r.Email, r.Roles, r.Metadata)
	if err != nil {
		return IssuedInvite{}, err
	}
	id := ids.New(ids.Invite, c.opts.Now())
	workflowID := invitation.id(id)
	if r.IdempotencyKey != "" {
		workflowID = c.keyedID(invitation.name, r.By.ActorType, r.By.ActorID, r.IdempotencyKey)
	}
	in := workflows.InvitationInput{InviteID: id, New: &workflows.NewInvite{
		InviteOffer: r.InviteOffer, Grant: c.inviteGrant(r.By), Fingerprint: fingerprint,
	}}
	var out workflows.IssuedInvite
	err = c.update(ctx, update{
		flow: newInvitation, workflowID: workflowID, name: workflows.UpdateInvite, input: in,
		request: []any{}, answer: &out, // one for each execution
	})
	if _, over := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); over {
		out, err = c.firstInvite(ctx, workflowID)
	}
	if err != nil {
		return IssuedInvite{}, err
	}
	if err := sameRequest(fingerprint, out.Fingerprint); err != nil {
		return IssuedInvite{}, err
	}
	return c.issued(ctx, out)
}

// firstInvite returns the answer that a flow which is over has given first.
func (c *Client) firstInvite(ctx context.Context, executionID string) (workflows.IssuedInvite, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	var end workflows.InvitationEnd
	if err := c.opts.Temporal.GetWorkflow(ctx, executionID, "").Get(ctx, &end); err != nil {
		return workflows.IssuedInvite{}, failure(err)
	}
	if end.Created == nil {
		return workflows.IssuedInvite{}, &everlatch.Error{Code: everlatch.CodeConflict}
	}
	return *end.Created, nil
}

// ResendInvite gives an invite another token, expired or not, and mails it. The
// previous token is void from then on. An invite that has ended is
// [everlatch.CodeInvalidData].
func (c *Client) ResendInvite(ctx context.Context, i everlatch.Invite, by everlatch.ActorRef) (IssuedInvite, error) {
	var out workflows.IssuedInvite
	err := c.updateInvite(ctx, i, update{name: workflows.UpdateResend, arg: c.inviteGrant(by), answer: &out})
	if err != nil {
		return IssuedInvite{}, err
	}
	return c.issued(ctx, out)
}

// RevokeInvite ends an invite; one that has ended already is no error.
func (c *Client) RevokeInvite(ctx context.Context, i everlatch.Invite) error {
	var out workflows.Outcome
	err := c.updateInvite(ctx, i, update{
		name: workflows.UpdateRevoke, arg: workflows.RevokeInvite{EventID: ids.New(ids.Event, c.opts.Now())}, answer: &out,
	})
	if err != nil {
		return err
	}
	return refused(out.Refusal)
}

// InviteAcceptance makes an identity the administrator who was invited.
type InviteAcceptance struct {
	// Invite is the one to accept, as the store has it.
	Invite everlatch.Invite
	// TokenID is the jti of the token that the invited user presents. Without one,
	// VerifiedEmail must be the invited address, and the caller must have proof
	// that it belongs to the identity, such as the word of a provider that
	// verifies addresses (docs/weak-spots.md#w6).
	TokenID       string
	VerifiedEmail string
	// AuthIdentityID is the identity that becomes an administrator.
	AuthIdentityID string
	// Email of the new administrator, "" for the invited one. Whether another
	// one is allowed is for the caller to decide (docs/weak-spots.md#w7).
	Email               string
	FirstName, LastName *string
}

// AcceptInvite creates the administrator that was invited. It
// happens once, however many try (docs/weak-spots.md#w7): a token or address that proves nothing,
// any more or at all, is [everlatch.CodeUnauthorized]. What the account or the
// identity is refused for has its own code and leaves the invite as it is (docs/weak-spots.md#w8).
//
// An identity that has proved an address needs no token:
//
//	invite, err := store.PendingInvite(ctx, verified)
//	…
//	user, err := flows.AcceptInvite(ctx, InviteAcceptance{Invite: invite, VerifiedEmail: verified, AuthIdentityID: id})
//
// For an invite that was accepted it returns the answer to the same request, and starts
// nothing; any other request is [everlatch.ErrNotFound].
func (c *Client) AcceptInvite(ctx context.Context, a InviteAcceptance) (everlatch.User, error) {
	now := c.opts.Now()
	var out workflows.UserAccount
	err := c.updateInvite(ctx, a.Invite, update{
		name: workflows.UpdateAccept,
		arg: workflows.AcceptInvite{
			TokenID: a.TokenID, Email: a.VerifiedEmail, AuthIdentityID: a.AuthIdentityID, EventID: ids.New(ids.Event, now),
			User: everlatch.User{
				ID: ids.New(ids.User, now), Email: a.Email, FirstName: a.FirstName, LastName: a.LastName,
				CreatedAt: now, UpdatedAt: now,
			},
			Hooks: c.accountHooks(ctx),
		},
		request: []any{a.TokenID, a.VerifiedEmail, a.AuthIdentityID, a.Email, a.FirstName, a.LastName},
		answer:  &out,
	})
	if err != nil {
		return everlatch.User{}, err
	}
	return out.User, refused(out.Refusal)
}

// updateInvite sends an update to the flow of an invite, which is started for it
// when it is over, lost or never was: what counts is stored in the database.
func (c *Client) updateInvite(ctx context.Context, i everlatch.Invite, u update) error {
	u.flow, u.workflowID = invitation, invitation.id(i.ID)
	if i.Accepted {
		return c.answered(ctx, u, i.WorkflowID)
	}
	if i.WorkflowID != "" && i.WorkflowID != u.workflowID {
		// That of an Idempotency-Key is never started again: it keeps the first answer.
		keyed := u
		keyed.workflowID = i.WorkflowID
		err := c.update(ctx, keyed)
		if _, over := errors.AsType[*serviceerror.NotFound](err); !over {
			return err
		}
	}
	u.input = workflows.InvitationInput{InviteID: i.ID}
	return c.update(ctx, u)
}

// answered returns the answer to an update that one of two flows may have handled.
func (c *Client) answered(ctx context.Context, u update, keyedID string) error {
	err := c.update(ctx, u)
	if _, over := errors.AsType[*serviceerror.NotFound](err); !over {
		return err
	}
	if keyedID != "" && keyedID != u.workflowID {
		u.workflowID = keyedID
		err = c.update(ctx, u)
	}
	if _, over := errors.AsType[*serviceerror.NotFound](err); over {
		return &everlatch.Error{Code: everlatch.CodeNotFound, Err: err}
	}
	return err
}

func (c *Client) inviteGrant(by everlatch.ActorRef) workflows.InviteGrant {
	return workflows.InviteGrant{LinkGrant: c.linkGrant(c.opts.InviteTTL), InvitedBy: by}
}

// issued takes the token out of the vault, for the one answer that shows it.
func (c *Client) issued(ctx context.Context, made workflows.IssuedInvite) (IssuedInvite, error) {
	if made.Refusal != nil {
		return IssuedInvite{}, made.Refusal.Err()
	}
	out := IssuedInvite{Invite: made.Invite}
	token, err := c.opts.Vault.Get(ctx, made.Token)
	if errors.Is(err, everlatch.ErrInvalidData) {
		return out, nil // expired, replaced or used meanwhile
	}
	out.Token = token
	return out, err
}
