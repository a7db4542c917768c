package flows

import (
	"context"
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// Requests with a key: the same one again, also at the same time or from another process,
// gets the first answer for as long as Temporal keeps the flow.

// AuthenticateOnce is [Client.Authenticate] for a request with an IdempotencyKey. first
// says that this call has made the attempt, which is then to be counted; the same request
// again is none. A key with another request is another attempt.
func (c *Client) AuthenticateOnce(ctx context.Context, r AuthRequest) (login workflows.Login, first bool, err error) {
	r.Input.ActorType = r.ActorType
	id, err := c.authenticationID(r)
	if err != nil {
		return login, false, err
	}
	ref, err := c.seal(ctx, r.Input)
	if err != nil {
		return login, false, err
	}
	e := c.authentication(ctx, id, r, ref, "")
	run, first, err := c.startOrFind(ctx, e)
	if err != nil {
		return login, first, err
	}
	if !first {
		c.shredder.shred(ref)
	}
	if login, err = result[workflows.Login](ctx, c, e, run); err != nil {
		return login, first, err
	}
	if first {
		c.shredder.shred(ref)
	}
	return login, first, refused(login.Refusal)
}

// AuthenticationAnswer returns what the same request with an IdempotencyKey was answered.
// One that was not made, or broke down, is not known.
func (c *Client) AuthenticationAnswer(ctx context.Context, r AuthRequest) (login workflows.Login, known bool, err error) {
	r.Input.ActorType = r.ActorType
	id, err := c.authenticationID(r)
	if err != nil {
		return login, false, err
	}
	e := execution{id: id}
	login, err = result[workflows.Login](ctx, c, e, c.opts.Temporal.GetWorkflow(ctx, id, ""))
	if err != nil {
		return login, false, err
	}
	return login, true, refused(login.Refusal)
}

// authenticationID names an attempt by its key and by everything that decides it.
func (c *Client) authenticationID(r AuthRequest) (string, error) {
	if r.IdempotencyKey == "" {
		return "", errors.New("flows: a request that is answered once has an IdempotencyKey")
	}
	fingerprint, err := c.fingerprint(r.IdempotencyKey, r.Provider, r.Input)
	return c.keyedID("authenticate", r.ActorType, fingerprint, r.IdempotencyKey), err
}

// startOrFind starts an execution, or finds the one that was started under its id and did
// not fail.
func (c *Client) startOrFind(ctx context.Context, e execution) (run client.WorkflowRun, first bool, err error) {
	startCtx, cancel := starting(ctx)
	defer cancel()
	o := c.described(ctx, client.StartWorkflowOptions{
		ID:                                       e.id,
		TaskQueue:                                c.opts.TaskQueue,
		WorkflowTaskTimeout:                      workflowTaskTimeout,
		WorkflowExecutionTimeout:                 e.within,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		EnableEagerStart:                         c.eager(e.workflow),
	}, e.workflow, e.input, e.about)
	run, err = withAttributes(ctx, c, o, func(o client.StartWorkflowOptions) (client.WorkflowRun, error) {
		return c.opts.Temporal.ExecuteWorkflow(startCtx, o, e.workflow, e.input)
	})
	if existing, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return c.opts.Temporal.GetWorkflow(ctx, e.id, existing.RunId), false, nil
	}
	return run, true, c.startFailure(ctx, startCtx, err)
}

// SetAuthAppMetadataOnce is [Client.SetAuthAppMetadata] for a request with a key.
func (c *Client) SetAuthAppMetadataOnce(ctx context.Context, key, identityID, actorType string, actorID *string) error {
	in := workflows.SetAuthAppMetadataInput{AuthIdentityID: identityID, ActorType: actorType, ActorID: actorID}
	return c.outcomeOnce(ctx, "set-auth-app-metadata", identityID, key, workflows.SetAuthAppMetadata, in)
}

// DeleteAuthIdentityOnce is [Client.DeleteAuthIdentity] for a request with a key.
func (c *Client) DeleteAuthIdentityOnce(ctx context.Context, key, id string) error {
	in := workflows.DeleteAuthIdentityInput{AuthIdentityID: id}
	return c.outcomeOnce(ctx, "delete-auth-identity", id, key, workflows.DeleteAuthIdentity, in)
}

// outcomeOnce is outcome under an id that is made of the key and the input.
func (c *Client) outcomeOnce(ctx context.Context, kind, subject, key string, workflow, input any) error {
	fingerprint, err := c.fingerprint(key, input)
	if err != nil {
		return err
	}
	if key == "" {
		return &everlatch.Error{Code: everlatch.CodeInternal, Err: errors.New("flows: a request that is answered once has a key")}
	}
	out, err := perform[workflows.Outcome](ctx, c, execution{
		id: c.keyedID(kind, subject, fingerprint, key), repeatable: true, workflow: workflow, input: input,
	})
	if err != nil {
		return err
	}
	return refused(out.Refusal)
}
