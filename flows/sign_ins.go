package flows

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/workflows"
)

var signInNotice = shared("sign-in-notice", workflows.SignInNotice)

// DefaultNewDeviceTTL is how long the link in a mail about a new device is good, unless
// configured.
const DefaultNewDeviceTTL = 72 * time.Hour

// NewDevice is a sign-in from a device that isn't known.
type NewDevice struct {
	SignIn everlatch.SignIn
	// Until is when the last of its tokens expires at the latest.
	Until time.Time
}

// NoticeSignIn has the owner of an identity told of a sign-in, and does not wait for
// that. The same sign-in again changes nothing while it can be disowned.
func (c *Client) NoticeSignIn(ctx context.Context, d NewDevice) error {
	startCtx, cancel := starting(ctx)
	defer cancel()
	in := workflows.SignInNoticeInput{
		SignIn: noticed(d.SignIn), Until: d.Until, Grant: c.linkGrant(c.opts.NewDeviceTTL),
	}
	o := c.flowOptions(ctx, signInNotice, signInNotice.id(d.SignIn.ID), in, workflows.About{})
	_, err := withAttributes(ctx, c, o, func(o client.StartWorkflowOptions) (client.WorkflowRun, error) {
		return c.opts.Temporal.ExecuteWorkflow(startCtx, o, signInNotice.workflow, in)
	})
	return c.startFailure(ctx, startCtx, err)
}

func noticed(s everlatch.SignIn) workflows.NoticedSignIn {
	return workflows.NoticedSignIn{
		ID: s.ID, AuthIdentityID: s.AuthIdentityID, Provider: s.AuthProvider, ActorType: s.ActorType, ActorID: s.ActorID,
		Device: s.Device, Network: s.Network,
	}
}

// DisownSignIn ends a sign-in by the token that was mailed to its owner. The same token
// again gets the first answer; one that is unknown or expired is
// [everlatch.CodeUnauthorized].
func (c *Client) DisownSignIn(ctx context.Context, signInID, tokenID string) error {
	var out workflows.Outcome
	err := c.update(ctx, update{
		flow: signInNotice, workflowID: signInNotice.id(signInID), name: workflows.UpdateDisownSignIn,
		arg:     workflows.DisownSignIn{TokenID: tokenID, EventID: ids.New(ids.Event, c.opts.Now())},
		request: []any{tokenID}, answer: &out,
	})
	if _, over := errors.AsType[*serviceerror.NotFound](err); over {
		return &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid, Err: err}
	}
	if err != nil {
		return err
	}
	return refused(out.Refusal)
}
