package flows

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/workflows"
)

// ControlRequest is what an administrator asks to do to an identity.
type ControlRequest struct {
	AuthIdentityID string
	// By is the administrator, and Reason what they gave.
	By     everlatch.ActorRef
	Reason string
}

func (c *Client) control(r ControlRequest) workflows.ControlIdentityInput {
	return workflows.ControlIdentityInput{
		AuthIdentityID: r.AuthIdentityID, By: r.By, Reason: r.Reason, EventID: ids.New(ids.Event, c.opts.Now()),
	}
}

// DisableIdentity refuses every way in to an identity, and ends all that was issued for
// it. A missing one is [everlatch.ErrNotFound]; one that is disabled stays so.
func (c *Client) DisableIdentity(ctx context.Context, r ControlRequest) error {
	return c.outcome(ctx, "disable-identity", r.AuthIdentityID, workflows.DisableIdentity, c.control(r))
}

// EnableIdentity undoes [Client.DisableIdentity].
func (c *Client) EnableIdentity(ctx context.Context, r ControlRequest) error {
	return c.outcome(ctx, "enable-identity", r.AuthIdentityID, workflows.EnableIdentity, c.control(r))
}

// EndIdentitySessions ends all tokens and sessions of an identity.
func (c *Client) EndIdentitySessions(ctx context.Context, r ControlRequest) error {
	return c.outcome(ctx, "end-identity-sessions", r.AuthIdentityID, workflows.EndIdentitySessions, c.control(r))
}

// EndIdentitySession ends one sign-in of an identity. until is when the last of its
// tokens expires at the latest.
func (c *Client) EndIdentitySession(ctx context.Context, r ControlRequest, signIn everlatch.SignIn, until time.Time) error {
	return c.outcome(ctx, "end-identity-session", r.AuthIdentityID, workflows.EndIdentitySession, workflows.EndIdentitySessionInput{
		ControlIdentityInput: c.control(r), SignIn: noticed(signIn), Until: until,
	})
}

// DeleteUnlinkedIdentity deletes an identity that has no actor; one with an actor is
// [everlatch.CodeNotAllowed].
func (c *Client) DeleteUnlinkedIdentity(ctx context.Context, r ControlRequest) error {
	return c.outcome(ctx, "delete-unlinked-identity", r.AuthIdentityID, workflows.DeleteUnlinkedIdentity, c.control(r))
}
