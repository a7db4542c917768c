package flows_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// testBundle is a client whose Temporal is a mock and whose vault is real.
type testBundle struct {
	temporal *mocks.Client
	store    *store.Store
	flows    *flows.Client
	options  flows.Options
}

// with returns a client with other options.
func (b *testBundle) with(change func(o *flows.Options)) *flows.Client {
	o := b.options
	change(&o)
	return flows.New(o)
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }
	s := storetest.Open(t, now)
	ring, err := vault.NewKeyRing([]vault.Key{{ID: "k", Secret: vault.NewSecret(make([]byte, vault.KeyBytes))}})
	require.NoError(t, err)
	b := &testBundle{temporal: mocks.NewClient(t), store: s}
	b.options = flows.Options{
		Temporal: b.temporal, Vault: vault.New(s, ring, time.Minute, now), Ring: ring, Now: now,
		Log: slog.New(slog.DiscardHandler), Eager: true,
	}
	b.flows = flows.New(b.options)
	return b
}

// answers makes the next start return a result or an error of the flow.
func (b *testBundle) answers(t *testing.T, result any, err error) (seen func() (client.StartWorkflowOptions, any)) {
	t.Helper()
	var opts client.StartWorkflowOptions
	var input any
	run := mocks.NewWorkflowRun(t)
	run.On("Get", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		switch out := args.Get(1).(type) {
		case *workflows.Login:
			*out, _ = result.(workflows.Login)
		case *workflows.CustomerAccount:
			*out, _ = result.(workflows.CustomerAccount)
		case *workflows.Outcome:
			*out, _ = result.(workflows.Outcome)
		}
	}).Return(err)
	b.temporal.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).
		Run(func(args mock.Arguments) {
			opts, _ = args.Get(1).(client.StartWorkflowOptions)
			input = args.Get(3)
		}).Return(run, nil).Once()
	return func() (client.StartWorkflowOptions, any) { return opts, input }
}

func (b *testBundle) sealed(t *testing.T) int {
	t.Helper()
	var n int
	require.NoError(t, b.store.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM sealed_secret`).Scan(&n))
	return n
}

func request() flows.AuthRequest {
	return flows.AuthRequest{
		ActorType: "customer", Provider: "emailpass",
		Input: providers.Input{Body: map[string]any{"email": "ada@example.com", "password": "correct horse"}},
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()

	t.Run("starts eagerly under an id that tells nothing, and shreds the request", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		seen := b.answers(t, workflows.Login{Principal: everlatch.Principal{AuthIdentityID: "authid_1"}}, nil)

		login, err := b.flows.Authenticate(t.Context(), request())

		require.NoError(t, err)
		require.Equal(t, "authid_1", login.Principal.AuthIdentityID)
		opts, input := seen()
		require.True(t, opts.EnableEagerStart)
		require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, opts.WorkflowIDReusePolicy)
		require.Equal(t, 15*time.Second, opts.WorkflowExecutionTimeout, "it ends with its caller")
		require.Regexp(t, `^authenticate/customer/[0-9A-Z]{26}$`, opts.ID)
		require.NotContains(t, fmt.Sprintf("%+v", input), "ada@example.com")
		b.flows.Close()
		require.Zero(t, b.sealed(t))
	})

	t.Run("a refusal is an error with its code and message", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.answers(t, workflows.Login{Refusal: &everlatch.Refusal{Code: everlatch.CodeUnauthorized, Message: "No."}}, nil)

		_, err := b.flows.Authenticate(t.Context(), request())

		require.ErrorIs(t, err, &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "No."})
	})

	t.Run("a flow that failed is an outage, and its request is kept for its retries", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.answers(t, nil, &temporal.WorkflowExecutionError{})

		_, err := b.flows.Authenticate(t.Context(), request())

		require.ErrorIs(t, err, everlatch.ErrUnavailable)
		b.flows.Close()
		require.Equal(t, 1, b.sealed(t))
	})
}

func TestTemporalIsAway(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]error{
		"connection refused": serviceerror.NewUnavailable("connection refused"),
		"no answer":          serviceerror.NewDeadlineExceeded("context deadline exceeded"),
		"start timed out":    context.DeadlineExceeded,
		"overloaded":         serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT, "slow down"),
		"namespace missing":  serviceerror.NewNamespaceNotFound("default"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.temporal.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).
				Return(nil, cause)

			_, err := b.flows.Register(t.Context(), request())

			require.ErrorIs(t, err, everlatch.ErrUnavailable)
			require.NotContains(t, err.Error(), "refused", "the cause is for the log")
		})
	}

	t.Run("a caller who went away is no outage", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.temporal.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).
			Return(nil, context.Canceled)
		_, err := b.flows.Register(t.Context(), request())
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	keyed := func(key string) flows.AuthRequest {
		r := request()
		r.IdempotencyKey = key
		return r
	}
	startOf := func(t *testing.T, r flows.AuthRequest) (client.StartWorkflowOptions, workflows.RegisterInput, error) {
		t.Helper()
		b := setup(t)
		seen := b.answers(t, workflows.Login{Fingerprint: "of another request"}, nil)
		_, err := b.flows.Register(t.Context(), r)
		opts, input := seen()
		return opts, input.(workflows.RegisterInput), err //nolint:forcetypeassert // a test
	}

	first, input, err := startOf(t, keyed("one"))
	require.ErrorIs(t, err, everlatch.ErrConflict, "another request had this key")
	require.False(t, first.WorkflowExecutionErrorWhenAlreadyStarted, "a running flow is joined")
	require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY, first.WorkflowIDReusePolicy)
	require.NotContains(t, first.ID, "one")
	require.NotEmpty(t, input.Fingerprint)

	same, again, _ := startOf(t, keyed("one"))
	require.Equal(t, first.ID, same.ID)
	require.Equal(t, input.Fingerprint, again.Fingerprint)

	other, _, _ := startOf(t, keyed("two"))
	require.NotEqual(t, first.ID, other.ID)

	changed := keyed("one")
	changed.Input.Body = map[string]any{"email": "ada@example.com", "password": "another"}
	_, input2, _ := startOf(t, changed)
	require.NotEqual(t, input.Fingerprint, input2.Fingerprint)
}

// The answer is asked for once a second, however many ask, and says what is missing.
func TestReadiness(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now := b.options.Now()
	client := b.with(func(o *flows.Options) { o.Now = func() time.Time { return now } })
	t.Cleanup(client.Close)
	polled := func(queue string, ago ...time.Duration) {
		described := &workflowservice.DescribeTaskQueueResponse{}
		for _, d := range ago {
			described.Pollers = append(described.Pollers, &taskqueuepb.PollerInfo{LastAccessTime: timestamppb.New(now.Add(-d))})
		}
		b.temporal.On("DescribeTaskQueue", mock.Anything, queue, mock.Anything).Return(described, nil).Once()
	}
	polled("everlatch", time.Hour, time.Minute)
	polled("everlatch-slow")
	polled("everlatch-deliveries", 2*time.Minute)
	for range 50 {
		require.Equal(t, flows.Readiness{Unserved: []string{"slow", "deliveries"}}, client.Readiness(t.Context()))
	}

	now = now.Add(time.Second)
	b.temporal.On("DescribeTaskQueue", mock.Anything, "everlatch", mock.Anything).Return(nil, errors.New("away")).Once()
	require.ErrorIs(t, client.Readiness(t.Context()).Temporal, everlatch.ErrUnavailable)

	now = now.Add(time.Second)
	b.temporal.On("DescribeTaskQueue", mock.Anything, "everlatch", mock.Anything).Return(nil, serviceerror.NewNamespaceNotFound("shop")).Once()
	r := client.Readiness(t.Context())
	require.NoError(t, r.Temporal)
	require.ErrorIs(t, r.Namespace, everlatch.ErrUnavailable)
}

func TestReady(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.temporal.On("CheckHealth", mock.Anything, mock.Anything).Return(nil, errors.New("away")).Once()
	require.ErrorIs(t, b.flows.Ready(t.Context()), everlatch.ErrUnavailable)
	b.temporal.On("CheckHealth", mock.Anything, mock.Anything).Return(&client.CheckHealthResponse{}, nil).Once()
	require.NoError(t, b.flows.Ready(t.Context()))
}
