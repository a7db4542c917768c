package flows_test

import (
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"github.com/everlatch/everlatch/flows"
)

// A namespace without our search attributes refuses what has some. Flows start without,
// and the next ones do not try for a minute.
func TestStartsWithoutSearchAttributes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var seen []client.StartWorkflowOptions
	ask := func(refuse bool) {
		call := b.temporal.On("SignalWithStartWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything,
			mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
			o, _ := args.Get(4).(client.StartWorkflowOptions)
			seen = append(seen, o)
		})
		if refuse {
			call.Return(nil, serviceerror.NewInvalidArgument("Namespace default has no mapping defined for search attribute")).Once()
			return
		}
		call.Return(mocks.NewWorkflowRun(t), nil).Times(2)
	}
	ask(true)
	ask(false)
	request := func(who string) {
		ctx := flows.WithRequestID(t.Context(), "req_1")
		require.NoError(t, b.flows.RequestPasswordReset(ctx, flows.ResetRequest{ActorType: "customer", Provider: "emailpass", EntityKey: who}))
	}
	request("ada@example.com")
	request("bob@example.com")
	require.Len(t, seen, 3)
	require.Equal(t, 4, seen[0].TypedSearchAttributes.Size(), "actor type, provider, subject, request")
	require.Zero(t, seen[1].TypedSearchAttributes.Size())
	require.Zero(t, seen[2].TypedSearchAttributes.Size())
	for _, o := range seen {
		require.Equal(t, "Password reset for customer with emailpass", o.StaticSummary)
		require.NotEmpty(t, o.StaticDetails)
	}
}
