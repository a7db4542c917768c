package flows

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

var passwordReset = shared("password-reset", workflows.PasswordReset)

// ResetRequest asks for a new password for the identity with an identifier.
type ResetRequest struct {
	ActorType string
	Provider  string
	// EntityKey is the canonical form of the identifier, from
	// [providers.Updater].
	EntityKey string
	Metadata  everlatch.Metadata
	// Key, "" for none, says that the same key and AskedAt are the same request: it mails
	// one link, however often it is sent.
	Key     string
	AskedAt time.Time
}

// RequestPasswordReset has a link mailed, if an identity has the identifier. It
// returns as soon as Temporal has the request: from then on it cannot be lost,
// and nothing tells whether the identifier is known (docs/weak-spots.md#w19, #w28).
//
// A request that is the same as one of the last moments, and one beyond the number
// that a reset takes, is answered the same and signals nothing: the earlier ones have
// mailed a link.
func (c *Client) RequestPasswordReset(ctx context.Context, r ResetRequest) error {
	startCtx, cancel := starting(ctx)
	defer cancel()
	o, in := c.passwordReset(ctx, r)
	if !c.resets.admit(o.ID, r.ActorType, c.opts.Now()) {
		return nil
	}
	err := c.signalled(startCtx, passwordReset, o, workflows.SignalAsk,
		workflows.ResetRequest{ActorType: r.ActorType, Metadata: r.Metadata, Names: c.resetNames(r), Language: everlatch.LanguageOf(ctx)}, in)
	if err != nil {
		c.resets.forget(o.ID)
	}
	return c.startFailure(ctx, startCtx, err)
}

// IssuePasswordReset grants an administrator a token for an end user, which the
// caller makes of the answer (docs/weak-spots.md#w30). What was asked before stays good.
func (c *Client) IssuePasswordReset(ctx context.Context, r ResetRequest, by everlatch.Principal) (workflows.IssuedReset, error) {
	_, in := c.passwordReset(ctx, r)
	var issued workflows.IssuedReset
	err := c.update(ctx, update{
		about: aboutReset(c, r),
		flow:  passwordReset, workflowID: c.passwordResetID(r.Provider, r.EntityKey), name: workflows.UpdateIssue, input: in,
		arg: workflows.IssueReset{
			ActorType: r.ActorType, RequestedBy: everlatch.ActorRef{ActorType: by.ActorType, ActorID: by.ActorID}, Names: c.newNames(),
		},
		answer: &issued,
	})
	if err != nil {
		return issued, err
	}
	return issued, refused(issued.Refusal)
}

// resetNames are those of what a request creates. The event of a repeated one has the
// same id; its token has not, so that none that was used is good again.
func (c *Client) resetNames(r ResetRequest) workflows.Names {
	names := c.newNames()
	if r.Key != "" {
		names.EventID = ids.Derived(ids.Event, r.AskedAt, c.opts.Ring.Hash("password-reset", r.Provider, r.EntityKey, r.Key))
	}
	return names
}

func (c *Client) newNames() workflows.Names {
	return workflows.Names{TokenID: uuid.NewString(), EventID: ids.New(ids.Event, c.opts.Now())}
}

// NewPassword chooses a new password by a token.
type NewPassword struct {
	ActorType string
	Provider  string
	// EntityKey is the canonical form of the identifier in the token.
	EntityKey string
	TokenID   string
	// Input holds the password; it is sealed before anything else happens.
	Input providers.Input
}

// CompletePasswordReset changes the password. The same token with the same
// password again gets the first answer, so that a lost one can be asked for. A
// token that is used otherwise or expired, or void because another one was used, is [everlatch.CodeUnauthorized]; a password that is refused leaves
// the token as it is (docs/weak-spots.md#w26).
func (c *Client) CompletePasswordReset(ctx context.Context, r NewPassword) error {
	ref, err := c.seal(ctx, r.Input)
	if err != nil {
		return err
	}
	var out workflows.Outcome
	err = c.update(ctx, update{
		flow: passwordReset, workflowID: c.passwordResetID(r.Provider, r.EntityKey), name: workflows.UpdateComplete,
		arg: workflows.CompleteReset{
			TokenID: r.TokenID, ActorType: r.ActorType, Request: ref, EventID: ids.New(ids.Event, c.opts.Now()),
			Hooks: c.hooks(ctx, everlatch.HookBeforePasswordChanged, everlatch.HookAfterPasswordChanged),
		},
		request: []any{r.TokenID, r.ActorType, r.Input},
		answer:  &out,
	})
	if _, over := errors.AsType[*serviceerror.NotFound](err); over {
		c.shredder.shred(ref)
		return &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid, Err: err}
	}
	if err != nil {
		return err // it may still go on, and needs what is sealed
	}
	c.shredder.shred(ref)
	if out.Refusal == nil {
		c.resets.forget(c.passwordResetID(r.Provider, r.EntityKey))
	}
	return refused(out.Refusal)
}

func (c *Client) passwordReset(ctx context.Context, r ResetRequest) (client.StartWorkflowOptions, workflows.PasswordResetInput) {
	in := workflows.PasswordResetInput{
		Provider: r.Provider, EntityKey: r.EntityKey, TTL: c.opts.ResetTTL, ResendAfter: c.opts.ResetResendAfter,
	}
	return c.flowOptions(ctx, passwordReset, c.passwordResetID(r.Provider, r.EntityKey), in, aboutReset(c, r)), in
}

func aboutReset(c *Client, r ResetRequest) workflows.About {
	return workflows.About{ActorType: r.ActorType, Subject: c.subject(r.EntityKey)}
}

// passwordResetID is the same for every request that means the same credential.
func (c *Client) passwordResetID(provider, entityKey string) string {
	return passwordReset.id(provider, "h:"+c.opts.Ring.Hash("password-reset", provider, entityKey))
}
