package flows

import (
	"context"
	"sync"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
)

// Notes say which workflow a request has started or asked, for its log.
type Notes struct {
	mu    sync.Mutex
	first string
	asked int
}

// Asked is how often workflows were started or asked.
func (t *Notes) Asked() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.asked
}

// WorkflowID is the id of the first workflow, "" while there is none.
func (t *Notes) WorkflowID() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.first
}

type notesKey struct{}

// WithNotes returns a context that notes its workflows, if the client
// of Temporal has the [NoteInterceptor].
func WithNotes(ctx context.Context) (context.Context, *Notes) {
	t := &Notes{}
	return context.WithValue(ctx, notesKey{}, t), t
}

// NoteInterceptor is for the options of a Temporal client.
func NoteInterceptor() interceptor.ClientInterceptor { return &noteInterceptor{} }

type noteInterceptor struct {
	interceptor.ClientInterceptorBase
}

// InterceptClient implements [interceptor.ClientInterceptor].
func (*noteInterceptor) InterceptClient(next interceptor.ClientOutboundInterceptor) interceptor.ClientOutboundInterceptor {
	out := &noteOutbound{}
	out.Next = next
	return out
}

type noteOutbound struct {
	interceptor.ClientOutboundInterceptorBase
}

func note(ctx context.Context, workflowID string) {
	t, ok := ctx.Value(notesKey{}).(*Notes)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked++
	if t.first == "" {
		t.first = workflowID
	}
}

// ExecuteWorkflow implements [interceptor.ClientOutboundInterceptor].
func (o *noteOutbound) ExecuteWorkflow(ctx context.Context, in *interceptor.ClientExecuteWorkflowInput) (client.WorkflowRun, error) {
	note(ctx, in.Options.ID)
	return o.Next.ExecuteWorkflow(ctx, in)
}

// SignalWithStartWorkflow implements [interceptor.ClientOutboundInterceptor].
func (o *noteOutbound) SignalWithStartWorkflow(
	ctx context.Context, in *interceptor.ClientSignalWithStartWorkflowInput,
) (client.WorkflowRun, error) {
	note(ctx, in.Options.ID)
	return o.Next.SignalWithStartWorkflow(ctx, in)
}

// SignalWorkflow implements [interceptor.ClientOutboundInterceptor].
func (o *noteOutbound) SignalWorkflow(ctx context.Context, in *interceptor.ClientSignalWorkflowInput) error {
	note(ctx, in.WorkflowID)
	return o.Next.SignalWorkflow(ctx, in)
}

// UpdateWorkflow implements [interceptor.ClientOutboundInterceptor].
func (o *noteOutbound) UpdateWorkflow(
	ctx context.Context, in *interceptor.ClientUpdateWorkflowInput,
) (client.WorkflowUpdateHandle, error) {
	note(ctx, in.WorkflowID)
	return o.Next.UpdateWorkflow(ctx, in)
}

// UpdateWithStartWorkflow implements [interceptor.ClientOutboundInterceptor].
func (o *noteOutbound) UpdateWithStartWorkflow(
	ctx context.Context, in *interceptor.ClientUpdateWithStartWorkflowInput,
) (client.WorkflowUpdateHandle, error) {
	note(ctx, in.UpdateOptions.WorkflowID)
	return o.Next.UpdateWithStartWorkflow(ctx, in)
}
