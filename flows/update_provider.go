package flows

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// ProviderUpdate replaces a credential.
type ProviderUpdate struct {
	Provider string
	// Credential is the one to replace, and Version that of its identity when the
	// caller looked.
	Credential everlatch.ProviderIdentity
	Version    int64
	// ActorType says, in the event, as what the user signs in.
	ActorType string
	// Input holds the password; it is sealed before anything else happens.
	Input providers.Input
}

// UpdateProvider replaces the credential of an identity and ends everything that was
// issued to it.
func (c *Client) UpdateProvider(ctx context.Context, r ProviderUpdate) error {
	ref, err := c.seal(ctx, r.Input)
	if err != nil {
		return err
	}
	err = c.outcome(ctx, "update-provider", r.Credential.AuthIdentityID, workflows.UpdateProvider, workflows.UpdateProviderInput{
		Provider: r.Provider, Request: ref, EventID: ids.New(ids.Event, c.opts.Now()),
		Credential: r.Credential, Version: r.Version, ActorType: r.ActorType,
		Hooks: c.hooks(ctx, everlatch.HookBeforePasswordChanged, everlatch.HookAfterPasswordChanged),
	})
	if everlatch.ErrorCode(err) != everlatch.CodeUnavailable { // else it may still go on, and needs what is sealed
		c.shredder.shred(ref)
	}
	return err
}

// CreateResetToken grants a token that no mail brings: the caller makes it of the
// answer and hands it over. ttl is how long it is good, 0 for as long as a mailed one.
func (c *Client) CreateResetToken(ctx context.Context, r ResetRequest, ttl time.Duration) (workflows.IssuedReset, error) {
	_, in := c.passwordReset(ctx, r)
	var issued workflows.IssuedReset
	err := c.update(ctx, update{
		about: aboutReset(c, r),
		flow:  passwordReset, workflowID: c.passwordResetID(r.Provider, r.EntityKey), name: workflows.UpdateIssue, input: in,
		arg:    workflows.IssueReset{ActorType: r.ActorType, Names: c.newNames(), TTL: ttl, Silent: true},
		answer: &issued,
	})
	if err != nil {
		return issued, err
	}
	return issued, refused(issued.Refusal)
}

// ConsumeResetToken uses up a token of a reset and returns what was granted. One that
// is unknown, used or expired is [everlatch.CodeUnauthorized]; of several calls at once
// one succeeds.
func (c *Client) ConsumeResetToken(ctx context.Context, provider, entityKey, tokenID string) (workflows.IssuedReset, error) {
	var consumed workflows.IssuedReset
	err := c.update(ctx, update{
		flow: passwordReset, workflowID: c.passwordResetID(provider, entityKey), name: workflows.UpdateConsume,
		arg: workflows.ConsumeReset{TokenID: tokenID}, answer: &consumed,
	})
	if _, over := errors.AsType[*serviceerror.NotFound](err); over {
		return consumed, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid, Err: err}
	}
	if err != nil {
		return consumed, err
	}
	return consumed, refused(consumed.Refusal)
}
