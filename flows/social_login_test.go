package flows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/workflows"
)

// Whatever keeps the answer from the caller, the code stays sealed as long as
// the flow may still need it, and no longer.
func TestCompleteSocialLogin(t *testing.T) {
	t.Parallel()
	refused := &everlatch.Refusal{Code: everlatch.CodeUnauthorized, Message: "Denied."}
	unknown := &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonStateInvalid}
	late := client.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.DeadlineExceeded)
	tests := map[string]struct {
		hangsUp bool
		sendErr error // of the update itself
		out     workflows.Login
		outErr  error // of its outcome
		want    error
		kept    int // sealed answers afterwards
	}{
		"signed in":               {},
		"refused by the provider": {out: workflows.Login{Refusal: refused}, want: refused.Err()},
		"an unknown state":        {sendErr: serviceerror.NewNotFound("no such execution"), want: unknown},
		"a flow that ended":       {outErr: serviceerror.NewNotFound("gone"), want: unknown},
		"another browser's state": {outErr: temporalkit.Encode(unknown), want: unknown, kept: 1},
		"no answer in time":       {sendErr: late, want: everlatch.ErrUnavailable, kept: 1},
		"Temporal is away":        {sendErr: serviceerror.NewUnavailable("connection refused"), want: everlatch.ErrUnavailable, kept: 1},
		"the caller hangs up":     {hangsUp: true, sendErr: context.Canceled, want: context.Canceled, kept: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			handle := mocks.NewWorkflowUpdateHandle(t)
			handle.On("Get", mock.Anything, mock.Anything).Maybe().Run(func(args mock.Arguments) {
				if out, ok := args.Get(1).(*workflows.Login); ok {
					*out = tt.out
				}
			}).Return(tt.outErr)
			ctx, hangUp := context.WithCancel(t.Context())
			defer hangUp()
			b.temporal.On("UpdateWorkflow", mock.Anything, mock.Anything).Run(func(mock.Arguments) {
				if tt.hangsUp {
					hangUp()
				}
			}).Return(handle, tt.sendErr)

			_, err := b.flows.CompleteSocialLogin(ctx, flows.RedirectAnswer{
				ActorType: "customer", Provider: "github", State: "state", Params: map[string]string{"code": "c", "state": "state"},
			})

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
