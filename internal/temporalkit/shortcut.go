package temporalkit

import (
	"context"
	"sync"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

const (
	// shortcutPatience is how long a caller waits for the worker of this process
	// before asking the server after all.
	shortcutPatience = 2 * time.Second
	// shortcutLimit bounds how many dances are remembered whose callers left.
	shortcutLimit = 4096
)

// shortcut hands the result of a dance from the worker of this process to the
// caller who waits for it in the same process. The server has accepted the
// result by then; what is saved is the long poll for what this process just
// sent, an eighth of the cost of a sign-in (temporal.md section 1).
//
// It knows only dances that were started eagerly, whose first task came back
// with the start. Everything else, and everything that does not end with that
// task, goes to the server as ever.
type shortcut struct {
	mu     sync.Mutex
	byRun  map[string]*eagerDance
	byTask map[string]*eagerDance
}

type eagerDance struct {
	run   string
	ended chan struct{}
	// result is set before ended is closed; nil sends the caller to the server.
	result *commandpb.CompleteWorkflowExecutionCommandAttributes
}

func newShortcut() *shortcut {
	return &shortcut{byRun: map[string]*eagerDance{}, byTask: map[string]*eagerDance{}}
}

// intercept is a [grpc.UnaryClientInterceptor].
func (s *shortcut) intercept(
	ctx context.Context, method string, req, reply any, cc *grpc.ClientConn,
	invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	switch req := req.(type) {
	case *workflowservice.GetWorkflowExecutionHistoryRequest:
		if result := s.await(ctx, req); result != nil {
			if out, ok := reply.(proto.Message); ok {
				proto.Merge(out, closed(result))
				return nil
			}
		}
	case *workflowservice.RespondWorkflowTaskCompletedRequest:
		err := invoke(ctx, method, req, reply, cc, opts...)
		s.completed(string(req.TaskToken), req.Commands, err)
		return err
	case *workflowservice.RespondWorkflowTaskFailedRequest:
		s.completed(string(req.TaskToken), nil, nil)
	}
	err := invoke(ctx, method, req, reply, cc, opts...)
	if started, ok := reply.(*workflowservice.StartWorkflowExecutionResponse); ok && err == nil {
		s.started(started)
	}
	return err
}

func (s *shortcut) started(r *workflowservice.StartWorkflowExecutionResponse) {
	if r.GetEagerWorkflowTask() == nil {
		return
	}
	d := &eagerDance{run: r.GetRunId(), ended: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byRun) >= shortcutLimit {
		clear(s.byRun)
		clear(s.byTask)
	}
	s.byRun[d.run] = d
	s.byTask[string(r.GetEagerWorkflowTask().GetTaskToken())] = d
}

func (s *shortcut) completed(task string, commands []*commandpb.Command, err error) {
	s.mu.Lock()
	d := s.byTask[task]
	delete(s.byTask, task)
	s.mu.Unlock()
	if d == nil {
		return
	}
	if err == nil {
		for _, c := range commands {
			if c.GetCommandType() == enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION {
				d.result = c.GetCompleteWorkflowExecutionCommandAttributes()
			}
		}
	}
	close(d.ended)
}

// await returns the result of an eager dance, or nil to ask the server.
func (s *shortcut) await(
	ctx context.Context, req *workflowservice.GetWorkflowExecutionHistoryRequest,
) *commandpb.CompleteWorkflowExecutionCommandAttributes {
	if !req.GetWaitNewEvent() || len(req.GetNextPageToken()) > 0 ||
		req.GetHistoryEventFilterType() != enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT {
		return nil
	}
	s.mu.Lock()
	d := s.byRun[req.GetExecution().GetRunId()]
	delete(s.byRun, req.GetExecution().GetRunId())
	s.mu.Unlock()
	if d == nil {
		return nil
	}
	patience := time.NewTimer(shortcutPatience)
	defer patience.Stop()
	select {
	case <-d.ended:
		return d.result
	case <-patience.C:
	case <-ctx.Done():
	}
	return nil
}

// closed is the answer that the server would have given.
func closed(result *commandpb.CompleteWorkflowExecutionCommandAttributes) *workflowservice.GetWorkflowExecutionHistoryResponse {
	payloads := result.GetResult()
	if payloads == nil {
		payloads = &commonpb.Payloads{}
	}
	return &workflowservice.GetWorkflowExecutionHistoryResponse{History: &historypb.History{Events: []*historypb.HistoryEvent{{
		EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
		Attributes: &historypb.HistoryEvent_WorkflowExecutionCompletedEventAttributes{
			WorkflowExecutionCompletedEventAttributes: &historypb.WorkflowExecutionCompletedEventAttributes{Result: payloads},
		},
	}}}}
}
