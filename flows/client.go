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
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/singleflight"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
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
	beginWithin = 3 * time.Second
	// executionWithin ends a short flow that can't be finished. It is longer than
	// all retries of its steps together, and ends none before its compensations.
	executionWithin = 24 * time.Hour
)

// Options configure [New].
type Options struct {
	Temporal client.Client
	Vault    *vault.Vault
	// Sealing opens what [Client.Trail] reads of hitrails.
	Sealing temporalkit.Sealing
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
	// Versioned says that the workers have versions. Then only flows that stay on the
	// version of this process start eagerly: another one may take the next task of the
	// others, and must not be an earlier one.
	Versioned bool
	// ResetTTL is how long the link of a password reset is good, and
	// ResetResendAfter how soon another one is mailed. Zero means
	// [DefaultResetTTL] and for every request.
	ResetTTL, ResetResendAfter time.Duration
	// RegistrationTTL is how long the link of a registration is good, and
	// RegistrationResendAfter how soon another one is mailed. Zero means
	// [DefaultRegistrationTTL] and for every request.
	RegistrationTTL, RegistrationResendAfter time.Duration
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
	// NewDeviceTTL is how long the link in a mail about a new device is good; 0 means
	// [DefaultNewDeviceTTL].
	NewDeviceTTL time.Duration
	// RedirectTTL is how long a sign-in at an external provider may take; 0 means
	// [DefaultRedirectTTL].
	RedirectTTL time.Duration
	// DeletionGrace is how long a customer can cancel the deletion of their account;
	// 0 deletes at once.
	DeletionGrace time.Duration
	// ChallengeTTL is how long a challenge of a second factor is good for, and
	// ChallengeAttempts how many wrong answers end it; 0 means [DefaultChallengeTTL] and
	// [DefaultChallengeAttempts].
	ChallengeTTL      time.Duration
	ChallengeAttempts int
	// Hooks are those of the program, which flows get with their input.
	Hooks workflows.HookSet
	// Completions are those of Temporal; nil asks it for every result.
	Completions *temporalkit.Completions
	// Direct says which sign-ins go on without a workflow.
	Direct DirectOptions
	Now    func() time.Time
	Log    *slog.Logger
}

// DefaultRedirectTTL is that of OpenID providers in the contract (docs/contract.md#s3-6).
const DefaultRedirectTTL = 10 * time.Minute

// DefaultInviteTTL is the contract's (docs/contract.md#s4-6).
const DefaultInviteTTL = 24 * time.Hour

// DefaultRegistrationTTL is how long the link of a registration is good.
const DefaultRegistrationTTL = 24 * time.Hour

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
	// registrations does for them what resets does for resets.
	registrations resetGate
	attributes    attributes
	// removals are under way, by the id of their flow.
	removals singleflight.Group
	outage   *outage
	// converter reads the results of completions.
	converter converter.DataConverter
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
	o.RegistrationTTL = cmp.Or(o.RegistrationTTL, DefaultRegistrationTTL)
	o.EmailTTL = cmp.Or(o.EmailTTL, DefaultEmailTTL)
	o.EmailUndoTTL = cmp.Or(o.EmailUndoTTL, DefaultEmailUndoTTL)
	o.NewDeviceTTL = cmp.Or(o.NewDeviceTTL, DefaultNewDeviceTTL)
	o.ChallengeTTL = cmp.Or(o.ChallengeTTL, DefaultChallengeTTL)
	o.ChallengeAttempts = cmp.Or(o.ChallengeAttempts, DefaultChallengeAttempts)
	if o.RedirectTTL == 0 {
		o.RedirectTTL = DefaultRedirectTTL
	}
	types := append([]string{everlatch.ActorCustomer, everlatch.ActorUser}, o.ActorTypes...)
	return &Client{
		opts: o, shredder: newShredder(o.Vault, o.Log), outage: newOutage(o.Temporal, o.Now, o.Log),
		converter:     temporalkit.NewDataConverter(o.Sealing),
		resets:        resetGate{fold: o.ResetResendAfter, within: o.ResetTTL, types: types},
		registrations: resetGate{fold: o.RegistrationResendAfter, within: o.RegistrationTTL, types: types},
	}
}

// Close deletes the sealed requests of finished flows and returns. It does
// not close the Temporal client, which it was given.
func (c *Client) Close() {
	c.outage.close()
	c.shredder.close()
}

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
	within time.Duration
	// hooks are those in the input. When they may wait, the caller is told so with a
	// [PendingError].
	hooks *workflows.Hooks
	// fingerprint of the request, for flows with hooks.
	fingerprint string
	workflow    any
	input       any
	// about completes what the input tells.
	about workflows.About
}

// perform starts a flow and waits for its result.
func perform[O any](ctx context.Context, c *Client, e execution) (out O, err error) {
	expecting, here := c.opts.Completions.Expect(ctx)
	defer here.Forget()
	run, err := c.start(expecting, e)
	if err != nil {
		return out, err
	}
	if stored := here.Result(ctx); stored != nil && c.converter.FromPayloads(stored, &out) == nil {
		return out, nil
	}
	return result[O](ctx, c, e, run)
}

// result waits for the result of a flow.
func result[O any](ctx context.Context, c *Client, e execution, run client.WorkflowRun) (out O, err error) {
	waitCtx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if mayWait(e.hooks) {
		err = c.awaited(waitCtx, run, e.fingerprint, &out)
	} else {
		err = run.Get(waitCtx, &out)
	}
	if _, pending := errors.AsType[*PendingError](err); pending {
		return out, err
	}
	if err != nil {
		if ctx.Err() == nil && waitCtx.Err() != nil {
			return out, everlatch.Unavailable("The service", fmt.Errorf("flow %s is still running", e.id))
		}
		return out, failure(err)
	}
	return out, nil
}

func (c *Client) start(ctx context.Context, e execution) (client.WorkflowRun, error) {
	if mayWait(e.hooks) {
		e.within = cmp.Or(e.within, hookedWithin)
	}
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
	o := c.described(ctx, client.StartWorkflowOptions{
		ID:                                       e.id,
		TaskQueue:                                c.opts.TaskQueue,
		WorkflowTaskTimeout:                      workflowTaskTimeout,
		WorkflowExecutionTimeout:                 cmp.Or(e.within, executionWithin),
		WorkflowIDReusePolicy:                    reuse,
		WorkflowIDConflictPolicy:                 conflict,
		WorkflowExecutionErrorWhenAlreadyStarted: !e.repeatable && !e.shared,
		EnableEagerStart:                         c.eager(e.workflow),
	}, e.workflow, e.input, e.about)
	run, err := withAttributes(ctx, c, o, func(o client.StartWorkflowOptions) (client.WorkflowRun, error) {
		return c.opts.Temporal.ExecuteWorkflow(startCtx, o, e.workflow, e.input)
	})
	if err := c.startFailure(ctx, startCtx, err); err != nil {
		return nil, err
	}
	return run, nil
}

// eager reports whether a flow may run in this process before Temporal hands it out.
func (c *Client) eager(w any) bool {
	return c.opts.Eager && (!c.opts.Versioned || workflows.Versioning(w) == workflow.VersioningBehaviorPinned)
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
