package flows_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

var ownAddress = flows.VerifiedAddress{
	AuthIdentityID: "authid_1", EntityType: "email", EntityID: "Ada@example.com", EntityKey: "ada@example.com",
}

// One flow for each identity and address: its id tells whose it is, and no address.
func TestRequestVerification(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var starts []client.StartWorkflowOptions
	var inputs []any
	var updates []client.UpdateWorkflowOptions
	b.temporal.On("NewWithStartWorkflowOperation", mock.Anything, mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		o, _ := args.Get(0).(client.StartWorkflowOptions)
		starts, inputs = append(starts, o), append(inputs, args.Get(2))
	}).Return(nil)
	refusal := &everlatch.Refusal{Code: everlatch.CodeNotAllowed, Message: "Later."}
	handle := mocks.NewWorkflowUpdateHandle(t)
	handle.On("Get", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		if out, ok := args.Get(1).(*workflows.RequestedCode); ok && len(updates) > 3 {
			out.Refusal = refusal
		}
	}).Return(nil)
	b.temporal.On("UpdateWithStartWorkflow", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		o, _ := args.Get(1).(client.UpdateWithStartWorkflowOptions)
		updates = append(updates, o.UpdateOptions)
	}).Return(handle, nil)

	request := flows.VerificationRequest{
		ActorType: "customer", Address: ownAddress, CodeProvider: "otp", Slow: true, Recipient: "Ada@example.com", Metadata: everlatch.Metadata{"a": "b"},
	}
	respelled := request
	respelled.Address.EntityID = "ada@example.com"
	other := request
	other.Address.EntityKey = "grace@example.com"
	for _, r := range []flows.VerificationRequest{request, respelled, other} {
		_, err := b.flows.RequestVerification(t.Context(), r)
		require.NoError(t, err)
	}
	require.True(t, strings.HasPrefix(starts[0].ID, "verification/authid_1/h:"), starts[0].ID)
	require.NotContains(t, starts[0].ID, "ada")
	require.Equal(t, starts[0].ID, starts[1].ID, "an address has one flow, however it is written")
	require.NotEqual(t, starts[0].ID, starts[2].ID)
	require.Equal(t, enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, starts[0].WorkflowIDConflictPolicy)
	require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, starts[0].WorkflowIDReusePolicy)
	require.Equal(t, workflows.VerificationInput{AuthIdentityID: "authid_1", EntityType: "email", EntityID: "Ada@example.com"}, inputs[0])
	in, ok := updates[0].Args[0].(workflows.RequestCode)
	require.True(t, ok)
	require.Equal(t, workflows.UpdateRequestCode, updates[0].UpdateName)
	require.Equal(t, "otp", in.CodeProvider)
	require.True(t, in.Slow)
	require.Equal(t, "Ada@example.com", in.Recipient)
	require.Equal(t, everlatch.Metadata{"a": "b"}, in.Metadata)
	require.NotEmpty(t, in.Names.VerificationID)
	require.NotEmpty(t, in.Names.EventID)
	require.NotEqual(t, in.Names.Kept, in.Names.Code, "what is kept and what is mailed are sealed apart")

	_, err := b.flows.RequestVerification(t.Context(), request)
	require.ErrorIs(t, err, refusal.Err())

	keyed := request
	keyed.IdempotencyKey = "one"
	for range 2 {
		_, _ = b.flows.RequestVerification(t.Context(), keyed)
	}
	ids := []string{updates[0].UpdateID, updates[1].UpdateID, updates[4].UpdateID, updates[5].UpdateID}
	require.NotEqual(t, ids[0], ids[2])
	require.NotEmpty(t, ids[2])
	require.Equal(t, ids[2], ids[3], "the same key is the same request")
}

// A code is sealed before it is sent, and shredded once nothing needs it.
func TestConfirmVerification(t *testing.T) {
	t.Parallel()
	wrong := &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonCodeInvalid}
	refusal := &everlatch.Refusal{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonCodeInvalid}
	for name, tt := range map[string]struct {
		sendErr, outErr error
		refusal         *everlatch.Refusal
		want            error
		kept            int
	}{
		"verified":                   {},
		"a wrong code":               {refusal: refusal, want: wrong},
		"refused by the validator":   {outErr: temporalkit.Encode(wrong), want: wrong},
		"no code was asked for":      {sendErr: serviceerror.NewNotFound("no such execution"), want: wrong},
		"the flow ended meanwhile":   {outErr: serviceerror.NewNotFound("gone"), want: wrong},
		"Temporal is away":           {sendErr: serviceerror.NewUnavailable("connection refused"), want: everlatch.ErrUnavailable, kept: 1},
		"the flow has not confirmed": {outErr: everlatch.Unavailable("The service", nil), want: everlatch.ErrUnavailable, kept: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			handle := mocks.NewWorkflowUpdateHandle(t)
			handle.On("Get", mock.Anything, mock.Anything).Maybe().Run(func(args mock.Arguments) {
				if out, ok := args.Get(1).(*workflows.ConfirmedCode); ok {
					out.Refusal, out.Verification = tt.refusal, everlatch.Verification{ID: "verif_1"}
				}
			}).Return(tt.outErr)
			var sent client.UpdateWorkflowOptions
			b.temporal.On("UpdateWorkflow", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
				sent, _ = args.Get(1).(client.UpdateWorkflowOptions)
			}).Return(handle, tt.sendErr)

			got, err := b.flows.ConfirmVerification(t.Context(), flows.PresentedCode{
				Address: ownAddress, Code: vault.NewSecret([]byte("246810")), By: "authid_1",
			})
			if tt.want == nil {
				require.NoError(t, err)
				require.Equal(t, "verif_1", got.ID)
			} else {
				require.ErrorIs(t, err, tt.want)
			}
			b.flows.Close()
			require.Equal(t, tt.kept, b.sealed(t))
			arg, ok := sent.Args[0].(workflows.ConfirmCode)
			require.True(t, ok)
			require.Equal(t, "authid_1", arg.By)
			require.NotContains(t, string(arg.Typed), "246810")
			require.True(t, strings.HasPrefix(sent.WorkflowID, "verification/authid_1/h:"))
		})
	}
}

// Under an Idempotency-Key the same code is the same request; another one is not.
func TestRepeatedConfirmation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := b.answerUpdates(t, func(int) error { return nil })
	confirm := func(code, key string) {
		_, err := b.flows.ConfirmVerification(t.Context(), flows.PresentedCode{Address: ownAddress, Code: vault.NewSecret([]byte(code)), IdempotencyKey: key})
		require.NoError(t, err)
	}
	confirm("1", "k")
	confirm("1", "k")
	confirm("2", "k")
	confirm("1", "l")
	require.Equal(t, (*ids)[0], (*ids)[1])
	require.NotEqual(t, (*ids)[0], (*ids)[2])
	require.NotEqual(t, (*ids)[0], (*ids)[3])
	require.NotContains(t, strings.Join(*ids, " "), "246810")
	hash := b.flows.CodeHash("1")
	require.Equal(t, hash, b.flows.CodeHash("1"))
	require.NotEqual(t, hash, b.flows.CodeHash("2"))
}
