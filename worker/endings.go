package worker

import (
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/workflows"
)

// endings tells about executions that end.
type endings struct {
	interceptor.WorkerInterceptorBase
	ended func(workflow, outcome string, took time.Duration)
}

// InterceptWorkflow implements [interceptor.WorkerInterceptor].
func (e *endings) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	i := &endingInterceptor{ended: e.ended}
	i.Next = next
	return i
}

type endingInterceptor struct {
	interceptor.WorkflowInboundInterceptorBase
	ended func(workflow, outcome string, took time.Duration)
}

// ExecuteWorkflow implements [interceptor.WorkflowInboundInterceptor]. An execution that
// continues as new has not ended, and a replayed one has ended before.
func (i *endingInterceptor) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	ctx, ending := workflows.WithEnding(ctx)
	out, err := i.Next.ExecuteWorkflow(ctx, in)
	if !workflow.IsReplaying(ctx) && !workflow.IsContinueAsNewError(err) {
		info := workflow.GetInfo(ctx)
		i.ended(info.WorkflowType.Name, ending.Outcome(err), workflow.Now(ctx).Sub(info.WorkflowStartTime))
	}
	return out, err
}
