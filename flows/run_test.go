package flows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/providers"
)

// started starts a custom workflow and returns what Temporal was asked for.
func (b *testBundle) started(t *testing.T, o flows.StartOptions, input any) client.StartWorkflowOptions {
	t.Helper()
	var seen client.StartWorkflowOptions
	b.temporal.On("ExecuteWorkflow", mock.Anything, mock.Anything, "HireCourier", input).
		Run(func(args mock.Arguments) { seen, _ = args.Get(1).(client.StartWorkflowOptions) }).
		Return(mocks.NewWorkflowRun(t), nil).Once()
	_, err := b.flows.Start(t.Context(), o, "HireCourier", input)
	require.NoError(t, err)
	return seen
}

func TestStart(t *testing.T) {
	t.Parallel()

	t.Run("a custom workflow has no time limit of ours", func(t *testing.T) {
		t.Parallel()
		o := setup(t).started(t, flows.StartOptions{Subject: "authid_1"}, "input")
		require.Zero(t, o.WorkflowExecutionTimeout, "Temporal would end it without compensation")
		require.Zero(t, o.WorkflowRunTimeout)
		require.Regexp(t, `^HireCourier/authid_1/[0-9A-Z]{26}$`, o.ID)
		require.True(t, o.EnableEagerStart)
		require.Equal(t, flows.TaskQueue, o.TaskQueue)
	})

	t.Run("what the options say reaches Temporal", func(t *testing.T) {
		t.Parallel()
		retry := &temporal.RetryPolicy{MaximumAttempts: 2}
		o := setup(t).started(t, flows.StartOptions{
			ID: "hire/cour_1", ExecutionTimeout: time.Hour, RunTimeout: time.Minute, StartDelay: time.Second, Retry: retry,
			Reuse:    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
			Conflict: enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING,
			Memo:     map[string]any{"ticket": 7}, Summary: "hires a courier", Details: "for the night shift",
		}, nil)
		require.Equal(t, "hire/cour_1", o.ID)
		require.Equal(t, time.Hour, o.WorkflowExecutionTimeout)
		require.Equal(t, time.Minute, o.WorkflowRunTimeout)
		require.Equal(t, time.Second, o.StartDelay)
		require.Same(t, retry, o.RetryPolicy)
		require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, o.WorkflowIDReusePolicy)
		require.Equal(t, enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING, o.WorkflowIDConflictPolicy)
		require.False(t, o.WorkflowExecutionErrorWhenAlreadyStarted, "the execution of this id is returned")
		require.Equal(t, map[string]any{"ticket": 7}, o.Memo)
		require.Equal(t, "hires a courier", o.StaticSummary)
		require.Equal(t, "for the night shift", o.StaticDetails)
		require.False(t, o.EnableEagerStart, "a delayed start has no first task to hand out")
	})

	t.Run("an id and a key contradict each other", func(t *testing.T) {
		t.Parallel()
		_, err := setup(t).flows.Start(t.Context(), flows.StartOptions{ID: "a", IdempotencyKey: "b"}, "HireCourier", nil)
		require.ErrorContains(t, err, "not both")
	})

	t.Run("Temporal is away", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.temporal.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).
			Return(nil, serviceerror.NewUnavailable("connection refused"))
		_, err := b.flows.Start(t.Context(), flows.StartOptions{}, "HireCourier", nil)
		require.ErrorIs(t, err, everlatch.ErrUnavailable)
	})
}

func TestStartWithAnIdempotencyKey(t *testing.T) {
	t.Parallel()
	keyed := func(key string, request any) flows.StartOptions {
		return flows.StartOptions{Subject: "desk_1", IdempotencyKey: key, Request: request, Memo: map[string]any{"ticket": 7}}
	}
	b := setup(t)
	first := b.started(t, keyed("one", "ada"), "sec_1")
	require.NotContains(t, first.ID, "one")
	require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY, first.WorkflowIDReusePolicy)
	require.Contains(t, first.Memo, "ticket")
	require.Equal(t, first.ID, b.started(t, keyed("one", "grace"), "sec_2").ID)
	require.NotEqual(t, first.ID, b.started(t, keyed("two", "ada"), "sec_3").ID)

	// repeat starts it again, after the first has completed.
	repeat := func(t *testing.T, request any) (flows.Run, error) {
		t.Helper()
		b := setup(t)
		memo := map[string]*commonpb.Payload{}
		for key := range first.Memo {
			memo[key] = &commonpb.Payload{}
		}
		b.temporal.On("ExecuteWorkflow", mock.Anything, mock.Anything, "HireCourier", "sec_4").
			Return(nil, serviceerror.NewWorkflowExecutionAlreadyStarted("started", "", "run_1"))
		b.temporal.On("DescribeWorkflowExecution", mock.Anything, first.ID, "run_1").
			Return(&workflowservice.DescribeWorkflowExecutionResponse{
				WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Memo: &commonpb.Memo{Fields: memo}},
			}, nil)
		run := mocks.NewWorkflowRun(t)
		run.On("GetID").Return(first.ID).Maybe()
		b.temporal.On("GetWorkflow", mock.Anything, first.ID, "run_1").Return(run).Maybe()
		return b.flows.Start(t.Context(), keyed("one", request), "HireCourier", "sec_4")
	}
	run, err := repeat(t, "ada")
	require.NoError(t, err, "the input holds another sealed request, what was asked for is the same")
	require.Equal(t, first.ID, run.ID())
	_, err = repeat(t, "grace")
	require.ErrorIs(t, err, everlatch.ErrConflict)
}

func TestRun(t *testing.T) {
	t.Parallel()
	handle := func(t *testing.T, result error) (*testBundle, flows.Run) {
		t.Helper()
		b := setup(t)
		run := mocks.NewWorkflowRun(t)
		run.On("GetID").Return("hire/1").Maybe()
		run.On("GetRunID").Return("run_1").Maybe()
		run.On("Get", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
			if out, ok := args.Get(1).(*string); ok && result == nil {
				*out = "cour_1"
			}
		}).Return(result).Maybe()
		b.temporal.On("GetWorkflow", mock.Anything, "hire/1", "").Return(run)
		return b, b.flows.Run(t.Context(), "hire/1")
	}

	t.Run("the result", func(t *testing.T) {
		t.Parallel()
		_, run := handle(t, nil)
		var got string
		require.NoError(t, run.Get(t.Context(), &got))
		require.Equal(t, "cour_1", got)
		require.Equal(t, "hire/1", run.ID())
	})
	t.Run("a refusal of the workflow", func(t *testing.T) {
		t.Parallel()
		_, run := handle(t, temporal.NewApplicationError("There is such a courier.", string(everlatch.CodeDuplicate)))
		require.ErrorIs(t, run.Get(t.Context(), nil), &everlatch.Error{Code: everlatch.CodeDuplicate, Message: "There is such a courier."})
	})
	t.Run("a workflow that still runs", func(t *testing.T) {
		t.Parallel()
		_, run := handle(t, context.DeadlineExceeded)
		ctx, cancel := context.WithTimeout(t.Context(), 0)
		defer cancel()
		require.ErrorIs(t, run.Get(ctx, nil), everlatch.ErrUnavailable)
	})
	t.Run("a caller who has gone", func(t *testing.T) {
		t.Parallel()
		_, run := handle(t, errors.New("cut off"))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, run.Get(ctx, nil), context.Canceled)
	})
	t.Run("a workflow that does not exist", func(t *testing.T) {
		t.Parallel()
		b, run := handle(t, serviceerror.NewNotFound("no such workflow"))
		require.ErrorIs(t, run.Get(t.Context(), nil), everlatch.ErrNotFound)
		b.temporal.On("CancelWorkflow", mock.Anything, "hire/1", "run_1").Return(serviceerror.NewNotFound("closed")).Once()
		require.ErrorIs(t, run.Cancel(t.Context()), everlatch.ErrNotFound)
	})
	t.Run("cancellation", func(t *testing.T) {
		t.Parallel()
		b, run := handle(t, nil)
		b.temporal.On("CancelWorkflow", mock.Anything, "hire/1", "run_1").Return(nil).Once()
		require.NoError(t, run.Cancel(t.Context()))
		b.temporal.AssertExpectations(t)
	})
}

func TestSeal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ref, err := b.flows.Seal(t.Context(), providers.Input{Body: map[string]any{"password": "correct horse"}})
	require.NoError(t, err)
	secret, err := b.options.Vault.Get(t.Context(), ref)
	require.NoError(t, err)
	require.JSONEq(t, `{"body":{"password":"correct horse"},"actor_type":""}`, string(secret.Reveal()))
}
