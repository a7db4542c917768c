package temporalkit

import (
	"context"
	"log/slog"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
)

// NewInterceptor returns the worker interceptor that applies [Encode] to
// activities and Encode(Decode(err)) to workflows and updates, so that a code
// survives every way in which an error can be wrapped. It logs the cause of
// what it hides, with the workflow id. Results that are [Concluding] mark their execution.
func NewInterceptor(log *slog.Logger) interceptor.WorkerInterceptor {
	return &workerInterceptor{log: log}
}

type workerInterceptor struct {
	interceptor.WorkerInterceptorBase
	log *slog.Logger
}

// InterceptActivity implements [interceptor.WorkerInterceptor].
func (w *workerInterceptor) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	i := &activityInterceptor{log: w.log}
	i.Next = next
	return i
}

// InterceptWorkflow implements [interceptor.WorkerInterceptor].
func (w *workerInterceptor) InterceptWorkflow(
	_ workflow.Context, next interceptor.WorkflowInboundInterceptor,
) interceptor.WorkflowInboundInterceptor {
	i := &workflowInterceptor{}
	i.Next = next
	return i
}

type activityInterceptor struct {
	interceptor.ActivityInboundInterceptorBase
	log *slog.Logger
}

// ExecuteActivity implements [interceptor.ActivityInboundInterceptor]; local
// activities come through here as well.
func (a *activityInterceptor) ExecuteActivity(
	ctx context.Context, in *interceptor.ExecuteActivityInput,
) (any, error) {
	out, err := a.Next.ExecuteActivity(ctx, in)
	if err == nil {
		return out, nil
	}
	if code := everlatch.ErrorCode(err); code == everlatch.CodeInternal || code == everlatch.CodeUnavailable {
		info := activity.GetInfo(ctx)
		a.log.ErrorContext(ctx, "activity did not succeed",
			slog.String("activity", info.ActivityType.Name),
			slog.String("workflow_id", info.WorkflowExecution.ID),
			slog.Int("attempt", int(info.Attempt)),
			slog.Any("error", everlatch.Cause(err)))
	}
	return out, Encode(err)
}

// Concluding is a result of a workflow that marks the execution with how it has ended,
// such as in its search attributes.
type Concluding interface {
	Conclude(ctx workflow.Context) error
}

type workflowInterceptor struct {
	interceptor.WorkflowInboundInterceptorBase
}

// ExecuteWorkflow implements [interceptor.WorkflowInboundInterceptor].
func (w *workflowInterceptor) ExecuteWorkflow(
	ctx workflow.Context, in *interceptor.ExecuteWorkflowInput,
) (any, error) {
	out, err := w.Next.ExecuteWorkflow(ctx, in)
	if err != nil && workflow.IsContinueAsNewError(err) {
		return out, err
	}
	if result, ok := out.(Concluding); ok && err == nil {
		err = result.Conclude(ctx)
	}
	return out, Encode(Decode(err))
}

// ExecuteUpdate implements [interceptor.WorkflowInboundInterceptor].
func (w *workflowInterceptor) ExecuteUpdate(
	ctx workflow.Context, in *interceptor.UpdateInput,
) (any, error) {
	out, err := w.Next.ExecuteUpdate(ctx, in)
	return out, Encode(Decode(err))
}

// ValidateUpdate implements [interceptor.WorkflowInboundInterceptor].
func (w *workflowInterceptor) ValidateUpdate(ctx workflow.Context, in *interceptor.UpdateInput) error {
	return Encode(Decode(w.Next.ValidateUpdate(ctx, in)))
}
