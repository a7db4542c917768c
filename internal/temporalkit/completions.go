package temporalkit

import (
	"context"
	"strings"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
)

// Completions gives callers the results of workflows that ran in this process: Temporal
// has taken the result from here, so there is no need to ask it for one. A nil
// Completions knows none.
type Completions struct {
	mu       sync.Mutex
	expected map[string]*Completion // by workflow id
}

// NewCompletions returns one for [Options].
func NewCompletions() *Completions {
	return &Completions{expected: make(map[string]*Completion)}
}

// Completion is the result of one workflow, if it comes from here.
type Completion struct {
	of *Completions
	id string // "" until the start has been answered with a task for this process
	// done is closed when this process has finished the task; result is nil unless that
	// has completed the workflow.
	done   chan struct{}
	result *commonpb.Payloads
}

// awaitCompletion bounds the wait for a task that this process runs. One that takes longer
// may be another's by now.
const awaitCompletion = 3 * time.Second

type completionKey struct{}

// Expect returns a context to start one workflow with, and its completion, which must be
// forgotten.
func (c *Completions) Expect(ctx context.Context) (context.Context, *Completion) {
	if c == nil {
		return ctx, nil
	}
	expected := &Completion{of: c, done: make(chan struct{})}
	return context.WithValue(ctx, completionKey{}, expected), expected
}

// Forget ends the expectation.
func (x *Completion) Forget() {
	if x == nil {
		return
	}
	x.of.mu.Lock()
	defer x.of.mu.Unlock()
	if x.of.expected[x.id] == x {
		delete(x.of.expected, x.id)
	}
}

// Result waits for the result, which Temporal has stored. It is nil where Temporal has to
// be asked: the workflow runs elsewhere, goes on, or has failed.
func (x *Completion) Result(ctx context.Context) *commonpb.Payloads {
	if x == nil {
		return nil
	}
	x.of.mu.Lock()
	here := x.id != ""
	x.of.mu.Unlock()
	if !here {
		return nil
	}
	timer := time.NewTimer(awaitCompletion)
	defer timer.Stop()
	select {
	case <-x.done:
		return x.result
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}

// intercept sees which starts are answered with their first task, and what becomes of it.
func (c *Completions) intercept(
	ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	err := invoke(ctx, method, req, reply, conn, opts...)
	switch r := req.(type) {
	case *workflowservice.StartWorkflowExecutionRequest:
		started, _ := reply.(*workflowservice.StartWorkflowExecutionResponse)
		if x, ok := ctx.Value(completionKey{}).(*Completion); ok && err == nil && started.GetEagerWorkflowTask() != nil {
			c.mu.Lock()
			x.id = r.GetWorkflowId()
			c.expected[x.id] = x
			c.mu.Unlock()
		}
	case *workflowservice.RespondWorkflowTaskCompletedRequest:
		var result *commonpb.Payloads
		for _, command := range r.GetCommands() {
			if done := command.GetCompleteWorkflowExecutionCommandAttributes(); done != nil && err == nil {
				result = done.GetResult()
			}
		}
		c.finish(r.GetResourceId(), result)
	case *workflowservice.RespondWorkflowTaskFailedRequest:
		c.finish(r.GetResourceId(), nil)
	}
	return err
}

// finish tells who expects a workflow how its task has ended. The resource is how the
// SDK names the workflow of a task.
func (c *Completions) finish(resource string, result *commonpb.Payloads) {
	id, ok := strings.CutPrefix(resource, "workflow:")
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.expected[id]
	if !ok || x == nil {
		return
	}
	delete(c.expected, id)
	x.result = result
	close(x.done)
}
