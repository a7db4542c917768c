package flows_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

func newPassword() flows.NewPassword {
	return flows.NewPassword{
		ActorType: "customer", Provider: "emailpass", EntityKey: "ada@example.com", TokenID: "t1",
		Input: providers.Input{Body: map[string]any{"password": "correct horse"}},
	}
}

func TestRequestPasswordReset(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var id string
	var in any
	named := map[workflows.Names]bool{}
	b.temporal.On("SignalWithStartWorkflow", mock.Anything, mock.Anything, workflows.SignalAsk, mock.Anything, mock.Anything,
		mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		id, in = args.String(1), args.Get(6)
		request, _ := args.Get(3).(workflows.ResetRequest)
		require.NotEmpty(t, request.Names.TokenID)
		require.NotEmpty(t, request.Names.EventID)
		named[request.Names] = true
	}).Return(mocks.NewWorkflowRun(t), nil)

	err := b.flows.RequestPasswordReset(t.Context(), flows.ResetRequest{ActorType: "customer", Provider: "emailpass", EntityKey: "ada@example.com"})

	require.NoError(t, err)
	require.Regexp(t, `^password-reset/emailpass/h:[a-z2-7]+$`, id, "the id tells no address")
	reset, _ := in.(workflows.PasswordResetInput)
	require.Equal(t, flows.DefaultResetTTL, reset.TTL)

	other := id
	require.NoError(t, b.flows.RequestPasswordReset(t.Context(), flows.ResetRequest{ActorType: "user", Provider: "emailpass", EntityKey: "ada@example.com"}))
	require.Equal(t, other, id, "one for each provider and identifier, whatever the actor type")
	require.NoError(t, b.flows.RequestPasswordReset(t.Context(), flows.ResetRequest{Provider: "emailpass", EntityKey: "bob@example.com"}))
	require.NotEqual(t, other, id)
	require.Len(t, named, 3, "every request names what it creates")
}

func TestCompletePasswordReset(t *testing.T) {
	t.Parallel()
	refused := &everlatch.Refusal{Code: everlatch.CodeInvalidData, Message: "Too short."}
	late := client.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.DeadlineExceeded)
	tests := map[string]struct {
		sendErr error // of the update itself
		out     workflows.Outcome
		outErr  error // of its outcome
		want    error
		kept    int // sealed requests afterwards
	}{
		"changed":                  {},
		"refused by the provider":  {out: workflows.Outcome{Refusal: refused}, want: &everlatch.Error{Code: everlatch.CodeInvalidData, Message: "Too short."}},
		"nothing is open":          {sendErr: serviceerror.NewNotFound("workflow execution already completed"), want: &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid}},
		"ended meanwhile":          {outErr: serviceerror.NewNotFound("gone"), want: &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid}},
		"rejected by the flow":     {outErr: temporalkit.Encode(&everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid}), want: &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid}, kept: 1},
		"no answer in time":        {sendErr: late, want: everlatch.ErrUnavailable, kept: 1},
		"Temporal is away":         {sendErr: serviceerror.NewUnavailable("connection refused"), want: everlatch.ErrUnavailable, kept: 1},
		"the step broke down":      {outErr: errors.New("internal"), want: everlatch.ErrUnavailable, kept: 1},
		"given up by the deadline": {sendErr: serviceerror.NewDeadlineExceeded("deadline"), want: everlatch.ErrUnavailable, kept: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			handle := mocks.NewWorkflowUpdateHandle(t)
			handle.On("Get", mock.Anything, mock.Anything).Maybe().Run(func(args mock.Arguments) {
				if out, ok := args.Get(1).(*workflows.Outcome); ok {
					*out = tt.out
				}
			}).Return(tt.outErr)
			b.temporal.On("UpdateWorkflow", mock.Anything, mock.Anything).Return(handle, tt.sendErr)

			err := b.flows.CompletePasswordReset(t.Context(), newPassword())

			if tt.want == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, tt.want)
			}
			b.flows.Close()
			require.Equal(t, tt.kept, b.sealed(t))
		})
	}
}

func TestADeliveryIsStartedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var ids []string
	b.temporal.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).
		Run(func(args mock.Arguments) {
			o, _ := args.Get(1).(client.StartWorkflowOptions)
			ids = append(ids, o.ID)
		}).Return(nil, serviceerror.NewWorkflowExecutionAlreadyStarted("known", "", ""))

	require.NoError(t, b.flows.Deliver(t.Context(), everlatch.Delivery{EventID: "evt_1", Subscriber: "shop", Generation: 2}, workflows.DeliveryRetry{}))
	require.Equal(t, []string{"deliver-event/evt_1/shop/2"}, ids)
}
