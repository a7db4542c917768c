package flows_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/workflows"
)

// begins records what the next start asks Temporal for.
func (b *testBundle) begins(t *testing.T, err error) (options *client.StartWorkflowOptions, input *any) {
	t.Helper()
	options, input = &client.StartWorkflowOptions{}, new(any)
	b.temporal.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		*options, _ = args.Get(1).(client.StartWorkflowOptions)
		*input = args.Get(3)
	}).Return(mocks.NewWorkflowRun(t), err).Once()
	return options, input
}

// A challenge is new, begins one flow, and is not readable in it.
func TestBeginPasskeySignIn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	seen := map[string]bool{}
	for range 3 {
		options, input := b.begins(t, nil)
		began, err := b.flows.BeginPasskeySignIn(t.Context(), flows.PasskeyRequest{ActorType: "customer", Provider: "passkey", TTL: time.Minute})
		require.NoError(t, err)
		require.Len(t, began.Challenge, 43, "32 random bytes")
		require.Empty(t, began.AuthIdentityID)
		require.Equal(t, time.Date(2026, 11, 23, 12, 1, 0, 0, time.UTC), began.ExpiresAt)
		require.False(t, seen[began.Challenge] || seen[options.ID])
		seen[began.Challenge], seen[options.ID] = true, true

		require.True(t, strings.HasPrefix(options.ID, "passkey-sign-in/h:"), options.ID)
		require.Equal(t, enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL, options.WorkflowIDConflictPolicy)
		require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, options.WorkflowIDReusePolicy)
		require.True(t, options.EnableEagerStart)
		require.Equal(t, workflows.PasskeySignInInput{
			ActorType: "customer", Provider: "passkey", Challenge: workflows.ChallengeHash(began.Challenge), TTL: time.Minute,
		}, *input)
		require.NotContains(t, options.ID, began.Challenge)
	}

	_, _ = b.begins(t, serviceerror.NewUnavailable("connection refused"))
	_, err := b.flows.BeginPasskeySignIn(t.Context(), flows.PasskeyRequest{ActorType: "customer", Provider: "passkey", TTL: time.Minute})
	require.ErrorIs(t, err, everlatch.ErrUnavailable)
}

// What a registration creates is named before the device is asked: the device keeps a
// handle of it. An identity that exists gets the passkey itself.
func TestBeginPasskey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	options, input := b.begins(t, nil)
	fresh, err := b.flows.BeginPasskey(t.Context(), flows.PasskeyRequest{ActorType: "customer", Provider: "passkey", TTL: time.Minute})
	require.NoError(t, err)
	in, ok := (*input).(workflows.PasskeyRegistrationInput)
	require.True(t, ok)
	require.True(t, strings.HasPrefix(options.ID, "passkey-registration/h:"), options.ID)
	require.False(t, in.Link)
	require.True(t, strings.HasPrefix(in.IdentityID, "authid_"))
	require.Equal(t, fresh.AuthIdentityID, in.IdentityID)
	require.NotEmpty(t, in.ProviderIdentityID)
	require.NotEmpty(t, in.EventID)
	require.Equal(t, workflows.ChallengeHash(fresh.Challenge), in.Challenge)

	_, input = b.begins(t, nil)
	linked, err := b.flows.BeginPasskey(t.Context(), flows.PasskeyRequest{ActorType: "customer", Provider: "passkey", TTL: time.Minute, LinkTo: "authid_own"})
	require.NoError(t, err)
	in, ok = (*input).(workflows.PasskeyRegistrationInput)
	require.True(t, ok)
	require.True(t, in.Link)
	require.Equal(t, "authid_own", in.IdentityID)
	require.Equal(t, "authid_own", linked.AuthIdentityID)
}

// completions are both ways to answer a challenge.
var completions = map[string]func(ctx context.Context, c *flows.Client, a flows.PasskeyAnswer) error{
	"passkey-sign-in": func(ctx context.Context, c *flows.Client, a flows.PasskeyAnswer) error {
		_, err := c.CompletePasskeySignIn(ctx, a)
		return err
	},
	"passkey-registration": func(ctx context.Context, c *flows.Client, a flows.PasskeyAnswer) error {
		_, err := c.CompletePasskey(ctx, a)
		return err
	},
}

// Whatever keeps the outcome from the caller, the answer stays sealed as long as the flow
// may still need it, and no longer.
func TestCompletePasskey(t *testing.T) {
	t.Parallel()
	refused := &everlatch.Refusal{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonPasskeyCloned}
	unknown := &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonPasskeyRefused}
	late := client.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.DeadlineExceeded)
	for name, tt := range map[string]struct {
		sendErr, outErr error
		refusal         *everlatch.Refusal
		want            error
		kept            int
	}{
		"accepted":                       {},
		"refused":                        {refusal: refused, want: refused.Err()},
		"an unknown challenge":           {sendErr: serviceerror.NewNotFound("no such execution"), want: unknown},
		"a challenge that was used":      {outErr: serviceerror.NewNotFound("gone"), want: unknown},
		"a challenge of another kind":    {outErr: temporalkit.Encode(unknown), want: unknown, kept: 1},
		"the flow has no answer in time": {sendErr: late, want: everlatch.ErrUnavailable, kept: 1},
		"Temporal is away":               {sendErr: serviceerror.NewUnavailable("connection refused"), want: everlatch.ErrUnavailable, kept: 1},
	} {
		for flow, complete := range completions {
			t.Run(flow+" "+name, func(t *testing.T) {
				t.Parallel()
				b := setup(t)
				handle := mocks.NewWorkflowUpdateHandle(t)
				handle.On("Get", mock.Anything, mock.Anything).Maybe().Run(func(args mock.Arguments) {
					switch out := args.Get(1).(type) {
					case *workflows.Login:
						out.Refusal = tt.refusal
					case *workflows.RegisteredPasskey:
						out.Refusal = tt.refusal
					}
				}).Return(tt.outErr)
				var sent client.UpdateWorkflowOptions
				b.temporal.On("UpdateWorkflow", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
					sent, _ = args.Get(1).(client.UpdateWorkflowOptions)
				}).Return(handle, tt.sendErr)

				err := complete(t.Context(), b.flows, flows.PasskeyAnswer{
					ActorType: "customer", Provider: "passkey", Challenge: "the challenge", Answer: []byte(`{"id":"key"}`), SignedInAs: "authid_own", Label: "Phone",
				})
				if tt.want == nil {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, tt.want)
				}
				b.flows.Close()
				require.Equal(t, tt.kept, b.sealed(t))
				require.True(t, strings.HasPrefix(sent.WorkflowID, flow+"/h:"), sent.WorkflowID)
				arg, ok := sent.Args[0].(workflows.PasskeyAnswer)
				require.True(t, ok)
				require.Equal(t, "customer", arg.ActorType)
				require.Equal(t, "authid_own", arg.SignedInAs)
				require.Equal(t, "Phone", arg.Label)
				require.NotEmpty(t, arg.Answer, "the answer itself is sealed")
			})
		}
	}
}

// The same answer again is the same update, and everything that differs is another one.
func TestRepeatedPasskeyAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := b.answerUpdates(t, func(int) error { return nil })
	one := flows.PasskeyAnswer{ActorType: "customer", Provider: "passkey", Challenge: "c", Answer: []byte(`{"id":"key"}`)}
	other, foreign, linked, named, account := one, one, one, one, one
	other.Answer, foreign.ActorType, linked.SignedInAs, named.Label = []byte(`{"id":"key2"}`), "user", "authid_own", "Phone"
	account.Customer = &everlatch.Customer{ID: "cus_1", Email: new("ada@example.com")}
	for _, a := range []flows.PasskeyAnswer{one, one, other, foreign, linked, named, account} {
		_, err := b.flows.CompletePasskey(t.Context(), a)
		require.NoError(t, err)
	}
	require.Equal(t, (*ids)[0], (*ids)[1])
	distinct := map[string]bool{}
	for _, id := range (*ids)[1:] {
		require.NotEmpty(t, id)
		require.False(t, distinct[id], "each is a request of its own")
		distinct[id] = true
	}
}
