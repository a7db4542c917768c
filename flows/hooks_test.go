package flows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/workflows"
)

func hooked(points ...everlatch.HookPoint) func(o *flows.Options) {
	return func(o *flows.Options) {
		o.Hooks = make(workflows.HookSet)
		for _, p := range points {
			o.Hooks[p] = []activities.Hook{{Name: "hook/Approve", Workflow: true, Within: time.Hour}}
		}
	}
}

// running has the next start find a flow that runs, and that answers the query.
func (b *testBundle) running(t *testing.T, w workflows.Waiting) (seen func() (client.StartWorkflowOptions, any)) {
	t.Helper()
	var opts client.StartWorkflowOptions
	var input any
	run := mocks.NewWorkflowRun(t)
	run.On("GetID").Return("the flow")
	run.On("GetRunID").Return("run")
	run.On("Get", mock.Anything, mock.Anything).Return(func(ctx context.Context, _ any) error {
		<-ctx.Done()
		return ctx.Err()
	})
	b.temporal.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).
		Run(func(args mock.Arguments) {
			opts, _ = args.Get(1).(client.StartWorkflowOptions)
			input = args.Get(3)
		}).Return(run, nil).Once()
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(w)
	require.NoError(t, err)
	b.temporal.On("QueryWorkflow", mock.Anything, "the flow", "run", workflows.QueryWaiting).
		Return(client.NewValue(payloads), nil)
	return func() (client.StartWorkflowOptions, any) { return opts, input }
}

func TestAFlowThatWaitsForAHookIsPending(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.with(hooked(everlatch.HookBeforeAccountCreated, everlatch.HookBeforeRegister))
	seen := b.running(t, workflows.Waiting{Point: everlatch.HookBeforeAccountCreated, Since: time.Unix(1, 0)})
	ctx := flows.WithRequest(t.Context(), func() flows.Request {
		return flows.Request{HookRequest: everlatch.HookRequest{ID: "req_1"}, AdditionalData: everlatch.Metadata{"plan": "pro"}}
	})

	_, err := c.CreateCustomerAccount(ctx, flows.CustomerAccountRequest{AuthIdentityID: "authid_1"})

	var pending *flows.PendingError
	require.ErrorAs(t, err, &pending)
	require.Equal(t, everlatch.HookBeforeAccountCreated, pending.Point)
	opts, input := seen()
	require.Equal(t, "create-customer-account/authid_1", opts.ID, "the same request again finds it")
	require.Equal(t, enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, opts.WorkflowIDConflictPolicy)
	require.Greater(t, opts.WorkflowExecutionTimeout, 90*24*time.Hour)
	in, _ := input.(workflows.CreateCustomerAccountInput)
	require.Len(t, in.Hooks.Set, 1, "those of other points stay away")
	require.Equal(t, "req_1", in.Hooks.Request.ID)
	require.Equal(t, everlatch.Metadata{"plan": "pro"}, in.Hooks.AdditionalData)
}

func TestAPendingRequestIsShredded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.with(hooked(everlatch.HookBeforeRegister))
	b.running(t, workflows.Waiting{Point: everlatch.HookBeforeRegister})

	_, err := c.Register(t.Context(), request())

	var pending *flows.PendingError
	require.ErrorAs(t, err, &pending)
	c.Close()
	require.Zero(t, b.sealed(t), "the flow holds a hash")
}

func TestAnotherRequestWithTheKeyOfAPendingOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.with(hooked(everlatch.HookBeforeRegister))
	b.running(t, workflows.Waiting{Point: everlatch.HookBeforeRegister, Fingerprint: "of another request"})
	r := request()
	r.IdempotencyKey = "one"

	_, err := c.Register(t.Context(), r)

	require.ErrorIs(t, err, everlatch.ErrConflict)
}

// Without hooks, inputs are what they were, and who sent the request is not asked.
func TestWithoutHooksNothingIsAdded(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*flows.Options){
		"none": func(*flows.Options) {}, "those of other flows": hooked(everlatch.HookBeforeAccountRemoved),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			seen := b.answers(t, workflows.Login{Principal: everlatch.Principal{AuthIdentityID: "authid_1"}}, nil)
			ctx := flows.WithRequest(t.Context(), func() flows.Request { panic("asked") })

			_, err := b.with(change).Authenticate(ctx, request())

			require.NoError(t, err)
			opts, input := seen()
			in, _ := input.(workflows.AuthenticateInput)
			require.Nil(t, in.Hooks)
			require.Equal(t, 15*time.Second, opts.WorkflowExecutionTimeout)
		})
	}
}

// What decides about a request belongs to it: the same Idempotency-Key with other data
// for hooks is another request.
func TestHookDataBelongsToARequest(t *testing.T) {
	t.Parallel()
	with := func(data everlatch.Metadata) context.Context {
		return flows.WithRequest(t.Context(), func() flows.Request { return flows.Request{AdditionalData: data} })
	}
	for name, fingerprint := range map[string]func(t *testing.T, ctx context.Context) string{
		"register": func(t *testing.T, ctx context.Context) string {
			t.Helper()
			b := setup(t) //nolint:contextcheck // the store is opened for the test
			seen := b.answers(t, workflows.Login{}, nil)
			r := request()
			r.IdempotencyKey = "one"
			_, _ = b.flows.Register(ctx, r)
			_, input := seen()
			in, _ := input.(workflows.RegisterInput)
			return in.Fingerprint
		},
		"create a customer": func(t *testing.T, ctx context.Context) string {
			t.Helper()
			b := setup(t) //nolint:contextcheck // the store is opened for the test
			seen := b.answers(t, workflows.CustomerAccount{}, nil)
			_, _ = b.flows.CreateCustomerAccount(ctx, flows.CustomerAccountRequest{AuthIdentityID: "authid_1", IdempotencyKey: "one"})
			_, input := seen()
			in, _ := input.(workflows.CreateCustomerAccountInput)
			return in.Fingerprint
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain := fingerprint(t, t.Context())
			require.NotEmpty(t, plain)
			require.Equal(t, plain, fingerprint(t, with(nil)))
			pro := fingerprint(t, with(everlatch.Metadata{"plan": "pro", "seats": 3}))
			require.Equal(t, pro, fingerprint(t, with(everlatch.Metadata{"seats": 3, "plan": "pro"})))
			require.NotEqual(t, plain, pro)
			require.NotEqual(t, pro, fingerprint(t, with(everlatch.Metadata{"plan": "free", "seats": 3})))
		})
	}
}
