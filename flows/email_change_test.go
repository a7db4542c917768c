package flows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/workflows"
)

var ada = everlatch.ActorRef{ActorType: "customer", ActorID: "cus_1"}

// A request starts the one flow of the account, or finds it; the id holds no
// address.
func TestRequestEmailChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var options client.StartWorkflowOptions
	var input workflows.EmailChangeInput
	var update client.UpdateWorkflowOptions
	b.temporal.On("NewWithStartWorkflowOperation", mock.Anything, mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		options, _ = args.Get(0).(client.StartWorkflowOptions)
		input, _ = args.Get(2).(workflows.EmailChangeInput)
	}).Return(nil)
	handle := mocks.NewWorkflowUpdateHandle(t)
	handle.On("Get", mock.Anything, mock.Anything).Return(nil)
	b.temporal.On("UpdateWithStartWorkflow", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		o, _ := args.Get(1).(client.UpdateWithStartWorkflowOptions)
		update = o.UpdateOptions
	}).Return(handle, nil)

	require.NoError(t, b.flows.RequestEmailChange(t.Context(), flows.EmailRequest{
		Actor: ada, AuthIdentityID: "authid_1", CredentialVersion: 7, Email: "new@example.com",
	}))

	require.Equal(t, "email-change/customer/cus_1", options.ID)
	require.Equal(t, enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, options.WorkflowIDConflictPolicy)
	require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, options.WorkflowIDReusePolicy)
	require.Zero(t, options.WorkflowExecutionTimeout, "it may last for days")
	require.Equal(t, workflows.EmailChangeInput{Actor: ada}, input)
	require.Equal(t, workflows.UpdateRequestEmail, update.UpdateName)
	in, ok := update.Args[0].(workflows.RequestEmail)
	require.True(t, ok)
	require.Equal(t, "authid_1", in.AuthIdentityID)
	require.Equal(t, int64(7), in.CredentialVersion)
	require.Equal(t, flows.DefaultEmailTTL, in.Grant.TTL)
	require.NotEmpty(t, in.Grant.TokenID)
	require.NotEmpty(t, in.Grant.Token)
	require.NotEqual(t, in.Grant.EventID, in.AnnouncedID)
}

// A move of a flow that is over, or never was, says what a bad token says.
func TestEmailChangeThatIsOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var update client.UpdateWorkflowOptions
	b.temporal.On("UpdateWorkflow", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		update, _ = args.Get(1).(client.UpdateWorkflowOptions)
	}).Return(nil, serviceerror.NewNotFound("over"))

	_, err := b.flows.ConfirmEmailChange(t.Context(), ada, "jti")
	require.ErrorIs(t, err, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid})
	require.Equal(t, "email-change/customer/cus_1", update.WorkflowID)
	confirm, ok := update.Args[0].(workflows.ConfirmEmail)
	require.True(t, ok)
	require.Equal(t, 72*time.Hour, confirm.Undo.TTL)

	_, err = b.flows.UndoEmailChange(t.Context(), ada, "jti")
	require.ErrorIs(t, err, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid})
	undo, ok := update.Args[0].(workflows.UndoEmail)
	require.True(t, ok)
	require.Equal(t, "jti", undo.TokenID)
}

func TestPendingEmail(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) // the clock of these tests
	waits := workflows.PendingEmail{AuthIdentityID: "authid_1", Email: "new@example.com", ExpiresAt: at.Add(time.Second)}
	expired := waits
	expired.ExpiresAt = at
	for name, tt := range map[string]struct {
		answer    workflows.PendingEmail
		err       error
		want      workflows.PendingEmail
		wantError error
	}{
		"waits":            {answer: waits, want: waits},
		"has expired":      {answer: expired},
		"none":             {},
		"never asked":      {err: serviceerror.NewNotFound("no such execution")},
		"Temporal is away": {err: serviceerror.NewUnavailable("connection refused"), wantError: everlatch.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			payloads, err := converter.GetDefaultDataConverter().ToPayloads(tt.answer)
			require.NoError(t, err)
			b.temporal.On("QueryWorkflow", mock.Anything, "email-change/customer/cus_1", "", workflows.QueryPendingEmail).
				Return(client.NewValue(payloads), tt.err)

			got, err := b.flows.PendingEmail(t.Context(), ada)

			require.ErrorIs(t, err, tt.wantError)
			require.Equal(t, tt.want, got)
		})
	}
}
