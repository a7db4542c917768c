package workflows

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// HookSet are the hooks of a program, see [activities.HookSet].
type HookSet = activities.HookSet

// Hooks are the functions of the program that run inside a flow, as they were when
// it started: a flow that waits for days is not changed by a program that has other
// hooks by then. Nil is none, which costs a flow nothing.
type Hooks struct {
	Set activities.HookSet `json:"set,omitempty"`
	// Request and AdditionalData are what hooks are told about the request.
	Request        everlatch.HookRequest `json:"request,omitzero"`
	AdditionalData everlatch.Metadata    `json:"additional_data,omitempty"`
	// Held is where a registration is sealed while hooks are asked.
	Held vault.Ref `json:"held,omitempty"`
}

// HookPrefix begins the names of hooks, so that the same function can be registered as
// an activity or workflow, too.
const HookPrefix = "hook/"

// HookID is the workflow id of a hook of a flow.
func HookID(flowID string, point everlatch.HookPoint, name string) string {
	return flowID + "/" + string(point) + "/" + name
}

// QueryWaiting is the query of a flow with hooks that may wait; its answer is
// [Waiting].
const QueryWaiting = "Waiting"

// Waiting says which hook a flow waits for. Without one, the flow is at work.
type Waiting struct {
	Point everlatch.HookPoint `json:"point,omitempty"`
	Since time.Time           `json:"since,omitzero"`
	// Fingerprint of the request, when it came with an Idempotency-Key.
	Fingerprint string `json:"fingerprint,omitempty"`
}

const (
	// callerWaits bounds hooks of an update, whose caller is there to see the end.
	callerWaits = 9 * time.Second
	// removalWaits bounds hooks of a removal at the end of its grace: a sign-in that
	// would cancel the removal waits for it.
	removalWaits = time.Minute
	// tellAfter is how long a flow has to wait before its user is told. A workflow
	// that asks no one is done by then.
	tellAfter = 10 * time.Second
	// keepEvery is how often an identity is kept that waits for its account.
	keepEvery = 6 * time.Hour
	// heldFor is how much longer a registration is held than hooks may take.
	heldFor = time.Hour
)

// hooked runs the hooks of one flow.
type hooked struct {
	set   activities.HookSet
	about everlatch.HookInput
	// limit bounds each hook, 0 leaves that to the hook.
	limit   time.Duration
	waiting Waiting
	// told says that the user was told that the flow waits.
	told bool
}

// begin prepares to run hooks. about is what is known from the beginning. A flow
// whose hooks may wait answers the query from its first moment.
func (h *Hooks) begin(ctx workflow.Context, about everlatch.HookInput, fingerprint string) (*hooked, error) {
	if h == nil || len(h.Set) == 0 {
		return &hooked{about: about}, nil
	}
	out := h.within(ctx, about, 0)
	out.waiting.Fingerprint = fingerprint
	if !h.Set.MayWait() {
		return out, nil
	}
	return out, workflow.SetQueryHandler(ctx, QueryWaiting, func() (Waiting, error) { return out.waiting, nil })
}

// within is begin for hooks that are done within a time.
func (h *Hooks) within(ctx workflow.Context, about everlatch.HookInput, limit time.Duration) *hooked {
	if h == nil {
		return &hooked{about: about}
	}
	about.FlowID, about.Request, about.AdditionalData = groupID(ctx), h.Request, h.AdditionalData
	return &hooked{set: h.Set, about: about, limit: limit}
}

// has reports whether there are hooks at a point.
func (h *hooked) has(point everlatch.HookPoint) bool { return len(h.set[point]) > 0 }

// run runs the hooks of a point, in their order, until one refuses. An error is a
// fault: the hook has broken down, or the flow was cancelled.
func (h *hooked) run(ctx workflow.Context, point everlatch.HookPoint) (*everlatch.Refusal, error) {
	in := h.about
	in.Point = point
	for _, hook := range h.set[point] {
		refusal, err := h.call(ctx, hook, in)
		if refusal != nil || err != nil {
			return refusal, err
		}
	}
	return nil, nil //nolint:nilnil // the flow goes on
}

func (h *hooked) call(ctx workflow.Context, hook activities.Hook, in everlatch.HookInput) (*everlatch.Refusal, error) {
	if h.limit > 0 {
		hook.Within = min(hook.Within, h.limit)
	}
	if hook.Workflow {
		return h.await(ctx, hook, in)
	}
	ctx, err := uninterrupted(ctx)
	if err != nil {
		return nil, err
	}
	options := externalCallOptions
	options.TaskQueue, options.ScheduleToCloseTimeout = SlowQueue(mainQueue(ctx)), hook.Within
	options.Summary = "Hook " + string(in.Point)
	options.StartToCloseTimeout = max(options.StartToCloseTimeout, hook.Within/2)
	var out activities.Verdict
	err = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), hook.Name, in).Get(ctx, &out) //nolint:forbidigo // the program's own
	return out.Refusal, err
}

// await runs a hook that is a workflow. One that is not done in time refuses,
// unless it is bounded by something else than its own time.
func (h *hooked) await(ctx workflow.Context, hook activities.Hook, in everlatch.HookInput) (*everlatch.Refusal, error) {
	h.waiting.Point, h.waiting.Since = in.Point, workflow.Now(ctx)
	defer func() { h.waiting.Point, h.waiting.Since = "", time.Time{} }()
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: HookID(groupID(ctx), in.Point, hook.Name), TaskQueue: mainQueue(ctx),
		WorkflowExecutionTimeout: hook.Within, WorkflowRunTimeout: hook.Within, WaitForCancellation: true,
		ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
	}), hook.Name, in)
	var out activities.Verdict
	var err error
	done := false
	waiting := workflow.NewSelector(ctx).AddFuture(child, func(f workflow.Future) {
		err, done = f.Get(ctx, &out), true
	})
	clock, _ := workflow.NewDisconnectedContext(ctx)
	clock, stop := workflow.WithCancel(clock)
	defer stop()
	for pause := tellAfter; !done; pause = keepEvery {
		if h.limit == 0 {
			waiting.AddFuture(workflow.NewTimerWithOptions(clock, pause, workflow.TimerOptions{Summary: "Wait for hook " + string(in.Point)}), func(workflow.Future) {})
		}
		waiting.Select(ctx)
		if !done {
			h.meanwhile(ctx, in)
		}
	}
	if h.limit == 0 && temporal.IsTimeoutError(err) {
		return &everlatch.Refusal{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonApprovalLate}, nil
	}
	return out.Refusal, err
}

// meanwhile tells the user, once, that a flow waits, and keeps an identity that
// waits for its account. Neither is worth failing for.
func (h *hooked) meanwhile(ctx workflow.Context, in everlatch.HookInput) {
	if !h.told && in.Point.IsBefore() {
		h.told = true
		h.tell(ctx, everlatch.EventApprovalRequested, nil)
	}
	if in.AuthIdentityID == "" || in.Point != everlatch.HookBeforeAccountCreated {
		return
	}
	if _, err := finalStep(ctx, identities.KeepIdentity, in.AuthIdentityID); err != nil {
		workflow.GetLogger(ctx).Warn("an identity that waits for a hook could not be kept", "error", err)
	}
}

// conclude tells a user who was told that the flow waits how it has ended, and
// returns the fault of the flow.
func (h *hooked) conclude(ctx workflow.Context, refused *everlatch.Refusal, fault error) error {
	switch {
	case !h.told:
	case fault == nil && refused == nil:
		h.tell(ctx, everlatch.EventApprovalGranted, nil)
	case refused != nil && refused.Message != "":
		h.tell(ctx, everlatch.EventApprovalRefused, everlatch.Metadata{"message": refused.Message})
	default:
		h.tell(ctx, everlatch.EventApprovalRefused, nil)
	}
	return fault
}

// tell records an event about the wait and releases it at once, apart from those
// of the flow, which may be dropped.
func (h *hooked) tell(ctx workflow.Context, name string, more everlatch.Metadata) {
	names, err := newNames(ctx)
	if err == nil {
		group := groupID(ctx) + "/approval"
		event := everlatch.Event{
			ID: names.EventID, Name: name, GroupID: group, CreatedAt: workflow.Now(ctx),
			AuthIdentityID: h.about.AuthIdentityID, Data: h.data(more),
		}
		if _, err = finalStep(ctx, events.RecordEvent, event); err == nil {
			_, err = finalStep(ctx, events.ReleaseEvents, activities.GroupInput{GroupID: group})
		}
	}
	if err != nil {
		workflow.GetLogger(ctx).Warn("an event about a wait is lost", "event", name, "error", err)
	}
}

func (h *hooked) data(more everlatch.Metadata) everlatch.Metadata {
	out := everlatch.Metadata{"actor_type": h.about.ActorType, "flow_id": h.about.FlowID}
	for _, field := range []struct{ name, value string }{
		{"auth_identity_id", h.about.AuthIdentityID}, {"actor_id", h.about.ActorID}, {"email", h.about.Email},
	} {
		if field.value != "" {
			out[field.name] = field.value
		}
	}
	if message, said := more["message"]; said {
		out["message"] = message
	}
	return out
}
