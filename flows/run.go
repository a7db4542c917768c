package flows

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// StartOptions say how [Client.Start] starts a workflow. The zero value starts
// a new execution that may run for as long as it takes.
//
// Workflow ids, summaries and search attributes are not encrypted: they hold no
// address and no secret. Memo and input are encrypted.
type StartOptions struct {
	// ID is the workflow id. While an execution with this id runs, Start returns
	// that one; Reuse says what happens once it has closed. Without an ID, the id
	// is made of the workflow's name, Subject and a new ULID.
	ID string
	// Subject is the internal id of the record that a workflow without an ID is
	// about, so that support finds it.
	Subject string
	// IdempotencyKey takes the place of an ID: the same key for the same workflow
	// and Subject returns the first execution and its result, also after it has
	// completed, for as long as Temporal keeps it. The key of an execution that
	// failed may be used again.
	IdempotencyKey string
	// Request is what the caller asked for, nil for the input itself. The same
	// key with another request is [everlatch.CodeConflict]. Set it where the input
	// differs from call to call, because it holds a new id or a sealed request.
	// Only a keyed hash of it is kept.
	Request any

	// ExecutionTimeout ends the workflow, retries and continuations included;
	// RunTimeout ends one run. Zero is no limit. Temporal ends a workflow that is
	// out of time without running it again, so its compensations do not run: a
	// limit after which steps are undone is a timer in the workflow.
	ExecutionTimeout, RunTimeout time.Duration
	// Background starts the workflow on the queue of work that no caller waits for.
	// However many of them there are, sign-ins do not wait behind them.
	Background bool
	// StartDelay is how long the first task waits.
	StartDelay time.Duration
	// Retry starts a failed workflow again; nil never does.
	Retry *temporal.RetryPolicy
	// Reuse is for an ID whose execution has closed, Conflict for one whose
	// execution runs. Their zero values start another and return the running one.
	Reuse    enumspb.WorkflowIdReusePolicy
	Conflict enumspb.WorkflowIdConflictPolicy

	Memo             map[string]any
	SearchAttributes temporal.SearchAttributes
	// Summary is one line, Details are several, both for Temporal's UI.
	Summary, Details string
}

// requestMemo, followed by a keyed hash, is the key of a memo that tells whether
// an Idempotency-Key comes with the request that it came with first. It is the
// key that says so, because values are encrypted.
const requestMemo = "everlatch-request/"

// Start starts a workflow by the name that app.WithWorkflow gave it, and does
// not wait for it. API routes, scheduled jobs and subscribers start the same
// workflow this way.
//
// An error says that nothing was started, or that an Idempotency-Key belongs to
// another request ([everlatch.CodeConflict]). While Temporal is away it is
// [everlatch.CodeUnavailable]; a start that was lost on its way may have
// happened all the same, which an ID or an IdempotencyKey settles.
func (c *Client) Start(ctx context.Context, o StartOptions, workflow string, input any) (Run, error) {
	if o.ID != "" && o.IdempotencyKey != "" {
		return Run{}, errors.New("flows: a start has an ID or an IdempotencyKey, not both")
	}
	request := o.Request
	if request == nil {
		request = input
	}
	fingerprint, err := c.fingerprint(o.IdempotencyKey, request)
	if err != nil {
		return Run{}, err
	}
	startCtx, cancel := starting(ctx)
	defer cancel()
	run, err := c.opts.Temporal.ExecuteWorkflow(startCtx, c.startOptions(o, workflow, fingerprint), workflow, input)
	if existing, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok && fingerprint != "" {
		return c.repeated(startCtx, c.customID(o, workflow), existing.RunId, fingerprint)
	}
	if err := c.startFailure(ctx, startCtx, err); err != nil {
		return Run{}, err
	}
	return Run{client: c, run: run}, nil
}

// Run returns the handle of a workflow that was started before. That there is
// none shows when the handle is used, as [everlatch.ErrNotFound].
func (c *Client) Run(ctx context.Context, id string) Run {
	return Run{client: c, run: c.opts.Temporal.GetWorkflow(ctx, id, "")}
}

// Seal encrypts what a person typed and returns the reference under which a
// workflow may pass it on, to [workflows.Steps.Register] for example, so that no
// password becomes part of a history. It can be read for vault.ttl.
func (c *Client) Seal(ctx context.Context, in providers.Input) (vault.Ref, error) {
	return c.seal(ctx, in)
}

func (c *Client) startOptions(o StartOptions, workflow, fingerprint string) client.StartWorkflowOptions {
	out := client.StartWorkflowOptions{
		ID:                       c.customID(o, workflow),
		TaskQueue:                c.queue(o.Background),
		WorkflowExecutionTimeout: o.ExecutionTimeout,
		WorkflowRunTimeout:       o.RunTimeout,
		WorkflowTaskTimeout:      workflowTaskTimeout,
		WorkflowIDReusePolicy:    o.Reuse,
		WorkflowIDConflictPolicy: o.Conflict,
		RetryPolicy:              o.Retry,
		StartDelay:               o.StartDelay,
		Memo:                     o.Memo,
		TypedSearchAttributes:    o.SearchAttributes,
		StaticSummary:            o.Summary,
		StaticDetails:            o.Details,
		EnableEagerStart:         c.eager(workflow) && o.StartDelay == 0,
	}
	if fingerprint == "" {
		return out
	}
	out.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY
	out.WorkflowIDConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL
	out.WorkflowExecutionErrorWhenAlreadyStarted = true
	out.Memo = map[string]any{requestMemo + fingerprint: true}
	maps.Copy(out.Memo, o.Memo)
	return out
}

func (c *Client) queue(background bool) string {
	if background {
		return workflows.DeliveriesQueue(c.opts.TaskQueue)
	}
	return c.opts.TaskQueue
}

// customID is the workflow id that the options ask for.
func (c *Client) customID(o StartOptions, workflow string) string {
	kind := strings.TrimSuffix(workflow+"/"+o.Subject, "/")
	switch {
	case o.ID != "":
		return o.ID
	case o.IdempotencyKey != "":
		return kind + "/k:" + c.opts.Ring.Hash("idempotency", workflow, o.Subject, o.IdempotencyKey)
	default:
		return kind + "/" + ids.New("", c.opts.Now())
	}
}

// repeated returns the execution that an Idempotency-Key has started before.
func (c *Client) repeated(ctx context.Context, id, runID, fingerprint string) (Run, error) {
	first, err := c.opts.Temporal.DescribeWorkflowExecution(ctx, id, runID)
	if err != nil {
		return Run{}, failure(err)
	}
	if _, same := first.GetWorkflowExecutionInfo().GetMemo().GetFields()[requestMemo+fingerprint]; !same {
		return Run{}, &everlatch.Error{Code: everlatch.CodeConflict}
	}
	return Run{client: c, run: c.opts.Temporal.GetWorkflow(ctx, id, runID)}, nil
}

// Run is a workflow that was started. Its zero value is none.
type Run struct {
	client *Client
	run    client.WorkflowRun
}

// ID returns the workflow id, under which [Client.Run] finds the workflow again.
func (r Run) ID() string { return r.run.GetID() }

// Get waits for the result until ctx ends, and stores it in out, a pointer, or
// nowhere when out is nil.
//
// An [everlatch.Error] of the workflow is returned as it is. A workflow that
// failed in another way, or that still runs when the deadline of ctx has passed,
// is [everlatch.CodeUnavailable]; the latter goes on, and Get may be called again.
func (r Run) Get(ctx context.Context, out any) error {
	err := r.run.Get(ctx, out)
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return everlatch.Unavailable("The service", fmt.Errorf("workflow %s still runs: %w", r.ID(), ctx.Err()))
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return r.failure(err)
}

// Signal sends a signal to the workflow, such as a decision that it waits for, and
// does not wait until it was handled. A workflow that has closed is
// [everlatch.ErrNotFound].
func (r Run) Signal(ctx context.Context, name string, arg any) error {
	ctx, cancel := starting(ctx)
	defer cancel()
	if err := r.client.opts.Temporal.SignalWorkflow(ctx, r.run.GetID(), r.run.GetRunID(), name, arg); err != nil {
		return r.failure(err)
	}
	return nil
}

// Cancel asks the workflow to stop, and does not wait until it has: its steps
// are undone where it says so. A workflow that has closed is
// [everlatch.ErrNotFound].
func (r Run) Cancel(ctx context.Context) error {
	ctx, cancel := starting(ctx)
	defer cancel()
	if err := r.client.opts.Temporal.CancelWorkflow(ctx, r.run.GetID(), r.run.GetRunID()); err != nil {
		return r.failure(err)
	}
	return nil
}

func (r Run) failure(err error) error {
	if _, absent := errors.AsType[*serviceerror.NotFound](err); absent {
		return &everlatch.Error{Code: everlatch.CodeNotFound, Reason: everlatch.ReasonRunUnknown, Details: map[string]string{"id": r.ID()}, Err: err}
	}
	return failure(err)
}
