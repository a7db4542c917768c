package flows

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/sync/singleflight"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/vault"
)

// TaskQueue is the queue of interactive work, unless configured otherwise. The names
// of the other queues begin with it, see [workflows.SlowQueue].
const TaskQueue = "everlatch"

const (
	// startWithin bounds how long a start may take, so that a request is
	// answered 503 within 3 s while Temporal is away.
	startWithin = 2700 * time.Millisecond
	// answerWithin is how long a caller waits for a flow that has started. The flow
	// goes on without them; an Idempotency-Key finds it again.
	answerWithin = 15 * time.Second
	// workflowTaskTimeout is how soon another worker takes over a flow whose
	// worker died (temporal.md section 3).
	workflowTaskTimeout = 3 * time.Second
	// beginWithin is how long a sign-in may wait for a worker. After an outage, those
	// that have waited longer are answered 503 at once instead of being worked off
	// before the ones that arrive now. A sign-in ends with its caller, after
	// answerWithin.
	beginWithin = 5 * time.Second
	// executionWithin ends a short flow that can't be finished. It is longer than
	// all retries of its steps together, and ends none before its compensations.
	executionWithin = 24 * time.Hour
)

// Options configure [New].
type Options struct {
	Temporal client.Client
	Vault    *vault.Vault
	// Ring keys the hashes in workflow ids and fingerprints.
	Ring *vault.KeyRing
	// TaskQueue is [TaskQueue] when empty.
	TaskQueue string
	// Installation keeps ids apart that two installations in one namespace would
	// both choose.
	Installation string
	// Eager asks Temporal to return the first task of a flow with its start. It
	// works only where the worker runs in this process on the same client.
	Eager bool
	// ResetTTL is how long the link of a password reset is good, and
	// ResetResendAfter how soon another one is mailed. Zero means
	// [DefaultResetTTL] and for every request.
	ResetTTL, ResetResendAfter time.Duration
	// ActorTypes are the actor types that are configured besides customer and user.
	ActorTypes []string
	// InviteTTL is how long the token of an invite is good; 0 means
	// [DefaultInviteTTL].
	InviteTTL time.Duration
	// EmailTTL is how long the link is good that proves a new e-mail, and
	// EmailUndoTTL the one that undoes the change; 0 means [DefaultEmailTTL] and
	// [DefaultEmailUndoTTL]. EmailResendAfter is how soon the same request sends
	// another mail; 0 is at once.
	EmailTTL, EmailUndoTTL, EmailResendAfter time.Duration
	// RedirectTTL is how long a sign-in at an external provider may take; 0 means
	// [DefaultRedirectTTL].
	RedirectTTL time.Duration
	// DeletionGrace is how long a customer can cancel the deletion of their account;
	// 0 deletes at once.
	DeletionGrace time.Duration
	Now           func() time.Time
	Log           *slog.Logger
}

// DefaultRedirectTTL is that of OpenID providers in the contract (docs/contract.md#s3-6).
const DefaultRedirectTTL = 10 * time.Minute

// DefaultInviteTTL is the contract's (docs/contract.md#s4-6).
const DefaultInviteTTL = 24 * time.Hour

// DefaultResetTTL is the contract's (docs/contract.md#s2-4).
const DefaultResetTTL = 15 * time.Minute

// Client starts flows and waits for their results. It is safe for concurrent
// use.
type Client struct {
	opts     Options
	shredder *shredder
	locks    locks
	ready    readiness
	resets   resetGate
	// removals are under way, by the id of their flow.
	removals singleflight.Group
}

// New returns a client. Close it to delete what it has sealed and no longer needs.
func New(o Options) *Client {
	if o.TaskQueue == "" {
		o.TaskQueue = TaskQueue
	}
	if o.ResetTTL == 0 {
		o.ResetTTL = DefaultResetTTL
	}
	if o.InviteTTL == 0 {
		o.InviteTTL = DefaultInviteTTL
	}
	o.EmailTTL = cmp.Or(o.EmailTTL, DefaultEmailTTL)
	o.EmailUndoTTL = cmp.Or(o.EmailUndoTTL, DefaultEmailUndoTTL)
	if o.RedirectTTL == 0 {
		o.RedirectTTL = DefaultRedirectTTL
	}
	return &Client{
		opts: o, shredder: newShredder(o.Vault, o.Log),
		resets: resetGate{
			fold: o.ResetResendAfter, within: o.ResetTTL,
			types: append([]string{everlatch.ActorCustomer, everlatch.ActorUser}, o.ActorTypes...),
		},
	}
}

// Close deletes the sealed requests of finished flows and returns. It does
// not close the Temporal client, which it was given.
func (c *Client) Close() { c.shredder.close() }

// Ready reports, as [everlatch.CodeUnavailable], that Temporal does not answer.
func (c *Client) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	if _, err := c.opts.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return everlatch.Unavailable("Temporal", err)
	}
	return nil
}

// execution describes one execution to start.
type execution struct {
	id string
	// repeatable marks a flow that was started under an Idempotency-Key: the
	// same id again means the same request, and gets the first answer.
	repeatable bool
	// shared marks a flow whose id says what it is about: another caller who wants
	// the same while it runs gets its result.
	shared bool
	// within ends the execution; 0 is executionWithin.
	within   time.Duration
	workflow any
	input    any
}

// perform starts a flow and waits for its result.
func perform[O any](ctx context.Context, c *Client, e execution) (out O, err error) {
	run, err := c.start(ctx, e)
	if err != nil {
		return out, err
	}
	waitCtx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if err := run.Get(waitCtx, &out); err != nil {
		if ctx.Err() == nil && waitCtx.Err() != nil {
			return out, everlatch.Unavailable("The service", fmt.Errorf("flow %s is still running", e.id))
		}
		return out, failure(err)
	}
	return out, nil
}

func (c *Client) start(ctx context.Context, e execution) (client.WorkflowRun, error) {
	startCtx, cancel := starting(ctx)
	defer cancel()
	reuse := enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
	if e.repeatable {
		// A flow that failed has given no answer and left nothing, so the
		// same key may try again.
		reuse = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY
	}
	conflict := enumspb.WORKFLOW_ID_CONFLICT_POLICY_UNSPECIFIED
	if e.shared {
		reuse = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
		conflict = enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
	}
	run, err := c.opts.Temporal.ExecuteWorkflow(startCtx, client.StartWorkflowOptions{
		ID:                                       e.id,
		TaskQueue:                                c.opts.TaskQueue,
		WorkflowTaskTimeout:                      workflowTaskTimeout,
		WorkflowExecutionTimeout:                 cmp.Or(e.within, executionWithin),
		WorkflowIDReusePolicy:                    reuse,
		WorkflowIDConflictPolicy:                 conflict,
		WorkflowExecutionErrorWhenAlreadyStarted: !e.repeatable && !e.shared,
		EnableEagerStart:                         c.opts.Eager,
	}, e.workflow, e.input)
	if err := c.startFailure(ctx, startCtx, err); err != nil {
		return nil, err
	}
	return run, nil
}

// starting bounds a start by startWithin. The SDK gives a call half of the time
// that its context has left, so a plain deadline would give up on a busy server
// when only half of it has passed.
func starting(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, 2*startWithin)
	timer := time.AfterFunc(startWithin, cancel)
	return ctx, func() {
		timer.Stop()
		cancel()
	}
}

// startFailure is the failure of a start that was given startWithin.
func (c *Client) startFailure(ctx, startCtx context.Context, err error) error {
	if err != nil && startCtx.Err() != nil && ctx.Err() == nil {
		return everlatch.Unavailable("Temporal", err)
	}
	if err != nil {
		return failure(err)
	}
	return nil
}

// failure turns an error of Temporal, or of a flow, into one of everlatch.
func failure(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	decoded := temporalkit.Decode(err)
	if _, ok := errors.AsType[*everlatch.Error](decoded); ok {
		return decoded
	}
	if _, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return &everlatch.Error{Code: everlatch.CodeConflict, Err: err}
	}
	if _, ok := errors.AsType[*temporal.WorkflowExecutionError](err); ok {
		// The flow gave up after its retries and has undone what it did.
		return everlatch.Unavailable("The service", err)
	}
	return everlatch.Unavailable("Temporal", err)
}

// seal puts a value that may hold a password into the vault.
func (c *Client) seal(ctx context.Context, v any) (vault.Ref, error) {
	return sealed(ctx, v, c.opts.Vault.Put)
}

// sealed puts a value into the vault by one of its methods.
func sealed(ctx context.Context, v any, put func(context.Context, vault.Secret) (vault.Ref, error)) (vault.Ref, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", errors.New("the request is not JSON") // the cause may quote a secret
	}
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	return put(ctx, vault.NewSecret(raw))
}
