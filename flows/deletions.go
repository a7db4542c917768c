package flows

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/workflows"
)

var deletion = shared("account-deletion", workflows.AccountDeletion)

// DeleteCustomer removes a customer who asks for it: after DeletionGrace, of
// which it returns the end, or at once, and then returns the zero time. Asked
// again, it gives the same answer. Everything that the customer was given ends
// now. A customer who is gone is [everlatch.ErrNotFound] where there is a grace.
func (c *Client) DeleteCustomer(ctx context.Context, id string) (at time.Time, err error) {
	if c.opts.DeletionGrace <= 0 {
		return at, c.removeAccount(ctx, everlatch.ActorCustomer, id, workflows.RemoveCustomerAccount, c.removal(ctx, id, true))
	}
	now := c.opts.Now()
	var out workflows.ScheduledDeletion
	err = c.updateDeletion(ctx, id, update{
		name:   workflows.UpdateSchedule,
		arg:    workflows.ScheduleDeletion{At: now.Add(c.opts.DeletionGrace), EventID: ids.New(ids.Event, now)},
		answer: &out,
	})
	if err != nil {
		return at, err
	}
	return out.At, refused(out.Refusal)
}

// KeepAccount keeps the account of a customer who signs in while it waits for its
// removal. Only then the sign-in counts: one that comes too late is
// [everlatch.CodeUnauthorized], for the account is gone. A sign-in that lacks its second
// factor keeps nothing.
func (c *Client) KeepAccount(ctx context.Context, p everlatch.Principal) error {
	if p.DeletionAt.IsZero() || p.NeedsFactor() {
		return nil
	}
	var out workflows.Outcome
	err := c.updateDeletion(ctx, p.ActorID, update{
		name:   workflows.UpdateCancel,
		arg:    workflows.CancelDeletion{EventID: ids.New(ids.Event, c.opts.Now())},
		answer: &out,
	})
	if err != nil {
		return err
	}
	if out.Refusal != nil {
		return &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonAccountDeleted, Err: out.Refusal.Err()}
	}
	return nil
}

// CancelDeletion keeps the account of a customer on behalf of an administrator, as a sign-in
// would. A customer who is gone meanwhile is [everlatch.ErrNotFound].
func (c *Client) CancelDeletion(ctx context.Context, customerID string, by everlatch.ActorRef) error {
	var out workflows.Outcome
	err := c.updateDeletion(ctx, customerID, update{
		name:   workflows.UpdateCancel,
		arg:    workflows.CancelDeletion{EventID: ids.New(ids.Event, c.opts.Now()), KeptBy: &by},
		answer: &out,
	})
	if err != nil {
		return err
	}
	return refused(out.Refusal)
}

// updateDeletion sends an update to the deletion of a customer, which is started
// for it when it is lost or over: what counts is stored in the database.
func (c *Client) updateDeletion(ctx context.Context, customerID string, u update) error {
	u.flow, u.workflowID, u.input = deletion, workflows.DeletionID(customerID), workflows.AccountDeletionInput{CustomerID: customerID}
	return c.update(ctx, u)
}

// removal is the input of a removal that a request asks for. The worker knows the
// hooks.
func (c *Client) removal(ctx context.Context, id string, requested bool) workflows.RemoveAccountInput {
	in := workflows.RemoveAccountInput{ActorID: id, Requested: requested}
	if len(c.opts.Hooks) > 0 {
		in.Request = RequestOf(ctx).HookRequest
	}
	return in
}

// removeAccount removes an account at once. All who ask for it at the same time
// wait for one execution, and those of this process for one start of it: fifty
// starts under one id would stand in each other's way.
func (c *Client) removeAccount(ctx context.Context, actorType, id string, workflow, input any) error {
	d := execution{
		id: workflows.RemovalID(actorType, id), shared: true, workflow: workflow, input: input,
		hooks: c.hooks(ctx, everlatch.HookBeforeAccountRemoved, everlatch.HookAfterAccountRemoved),
	}
	removed := c.removals.DoChan(d.id, func() (any, error) {
		// The first caller may give up; the others still get the answer.
		return perform[workflows.Outcome](context.WithoutCancel(ctx), c, d)
	})
	select {
	case <-ctx.Done():
		return ctx.Err()
	case r := <-removed:
		if r.Err != nil {
			return r.Err
		}
		out, _ := r.Val.(workflows.Outcome)
		return refused(out.Refusal)
	}
}

// ErasureProgress tells which erasers have confirmed that nothing is left of a
// removed account, and which have not. An account of which Temporal knows no
// erasure, any more or at all, is [everlatch.ErrNotFound].
func (c *Client) ErasureProgress(ctx context.Context, actorType, id string) (out workflows.ErasureProgress, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	answer, err := c.opts.Temporal.QueryWorkflow(ctx, workflows.ErasureID(actorType, id), "", workflows.QueryErasure)
	if _, absent := errors.AsType[*serviceerror.NotFound](err); absent {
		return out, &everlatch.Error{Code: everlatch.CodeNotFound, Reason: everlatch.ReasonErasureUnknown, Details: map[string]string{"id": id}, Err: err}
	}
	if err != nil {
		return out, failure(err)
	}
	return out, answer.Get(&out)
}
