package temporalkit_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/everlatch/everlatch/internal/temporalkit"
)

// server plays Temporal behind the shortcut and counts what reaches it.
type server struct {
	intercept grpc.UnaryClientInterceptor
	polls     int
	refuse    error // of the completion
}

func (s *server) call(t *testing.T, req, reply proto.Message) error {
	t.Helper()
	return s.intercept(t.Context(), "", req, reply, nil,
		func(_ context.Context, _ string, req, reply any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
			switch req.(type) {
			case *workflowservice.StartWorkflowExecutionRequest:
				out, _ := reply.(*workflowservice.StartWorkflowExecutionResponse)
				out.RunId = "run"
				out.EagerWorkflowTask = &workflowservice.PollWorkflowTaskQueueResponse{TaskToken: []byte("task")}
			case *workflowservice.GetWorkflowExecutionHistoryRequest:
				s.polls++
			case *workflowservice.RespondWorkflowTaskCompletedRequest:
				return s.refuse
			}
			return nil
		})
}

func (s *server) start(t *testing.T) {
	t.Helper()
	require.NoError(t, s.call(t, &workflowservice.StartWorkflowExecutionRequest{}, &workflowservice.StartWorkflowExecutionResponse{}))
}

func (s *server) complete(t *testing.T, commands ...*commandpb.Command) {
	t.Helper()
	err := s.call(t, &workflowservice.RespondWorkflowTaskCompletedRequest{TaskToken: []byte("task"), Commands: commands},
		&workflowservice.RespondWorkflowTaskCompletedResponse{})
	require.Equal(t, s.refuse, err)
}

func (s *server) get(t *testing.T, run string) *workflowservice.GetWorkflowExecutionHistoryResponse {
	t.Helper()
	out := &workflowservice.GetWorkflowExecutionHistoryResponse{}
	require.NoError(t, s.call(t, &workflowservice.GetWorkflowExecutionHistoryRequest{
		Execution: &commonpb.WorkflowExecution{RunId: run}, WaitNewEvent: true,
		HistoryEventFilterType: enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
	}, out))
	return out
}

func completion(data string) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_CompleteWorkflowExecutionCommandAttributes{
			CompleteWorkflowExecutionCommandAttributes: &commandpb.CompleteWorkflowExecutionCommandAttributes{
				Result: &commonpb.Payloads{Payloads: []*commonpb.Payload{{Data: []byte(data)}}},
			},
		},
	}
}

func TestShortcut(t *testing.T) {
	t.Parallel()
	setup := func() *server { return &server{intercept: temporalkit.NewShortcut()} }

	t.Run("a result of this process' worker needs no poll", func(t *testing.T) {
		t.Parallel()
		s := setup()
		s.start(t)
		s.complete(t, completion("result"))
		events := s.get(t, "run").GetHistory().GetEvents()
		require.Len(t, events, 1)
		payloads := events[0].GetWorkflowExecutionCompletedEventAttributes().GetResult().GetPayloads()
		require.Equal(t, "result", string(payloads[0].GetData()))
		require.Zero(t, s.polls)

		s.get(t, "run")
		require.Equal(t, 1, s.polls, "a second question is the server's")
	})

	t.Run("a dance that goes on is the server's", func(t *testing.T) {
		t.Parallel()
		s := setup()
		s.start(t)
		s.complete(t)
		s.get(t, "run")
		require.Equal(t, 1, s.polls)
	})

	t.Run("a result that the server refused does not count", func(t *testing.T) {
		t.Parallel()
		s := setup()
		s.refuse = errors.New("workflow task not found")
		s.start(t)
		s.complete(t, completion("result"))
		s.get(t, "run")
		require.Equal(t, 1, s.polls)
	})

	t.Run("a failed task is the server's", func(t *testing.T) {
		t.Parallel()
		s := setup()
		s.start(t)
		require.NoError(t, s.call(t, &workflowservice.RespondWorkflowTaskFailedRequest{TaskToken: []byte("task")},
			&workflowservice.RespondWorkflowTaskFailedResponse{}))
		s.get(t, "run")
		require.Equal(t, 1, s.polls)
	})

	t.Run("a dance that others started is the server's", func(t *testing.T) {
		t.Parallel()
		s := setup()
		s.get(t, "another run")
		require.Equal(t, 1, s.polls)
	})
}
