package flows_test

import (
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
	"github.com/everlatch/everlatch/workflows"
)

// deletionMove is the last move of a deletion, and how its execution would start.
type deletionMove struct {
	options client.StartWorkflowOptions
	input   workflows.AccountDeletionInput
	update  client.UpdateWorkflowOptions
}

// deletions makes the next updates return an answer or an error.
func (b *testBundle) deletions(t *testing.T, out any, sendErr error) *deletionMove {
	t.Helper()
	m := &deletionMove{}
	b.temporal.On("NewWithStartWorkflowOperation", mock.Anything, mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		m.options, _ = args.Get(0).(client.StartWorkflowOptions)
		m.input, _ = args.Get(2).(workflows.AccountDeletionInput)
	}).Return(nil)
	handle := mocks.NewWorkflowUpdateHandle(t)
	handle.On("Get", mock.Anything, mock.Anything).Maybe().Run(func(args mock.Arguments) {
		switch to := args.Get(1).(type) {
		case *workflows.ScheduledDeletion:
			*to, _ = out.(workflows.ScheduledDeletion)
		case *workflows.Outcome:
			*to, _ = out.(workflows.Outcome)
		}
	}).Return(nil)
	b.temporal.On("UpdateWithStartWorkflow", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		o, _ := args.Get(1).(client.UpdateWithStartWorkflowOptions)
		m.update = o.UpdateOptions
	}).Return(handle, sendErr)
	return m
}

func TestDeleteCustomer(t *testing.T) {
	t.Parallel()

	t.Run("one flow for a customer, started again when it has ended or is lost", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.flows = b.with(func(o *flows.Options) { o.DeletionGrace = time.Hour })
		at := b.options.Now().Add(time.Hour)
		m := b.deletions(t, workflows.ScheduledDeletion{At: at}, nil)

		got, err := b.flows.DeleteCustomer(t.Context(), "cus_1")

		require.NoError(t, err)
		require.Equal(t, at, got)
		require.Equal(t, "account-deletion/cus_1", m.options.ID)
		require.Equal(t, enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, m.options.WorkflowIDConflictPolicy)
		require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, m.options.WorkflowIDReusePolicy)
		require.Equal(t, workflows.AccountDeletionInput{CustomerID: "cus_1"}, m.input)
		require.Equal(t, workflows.UpdateSchedule, m.update.UpdateName)
		asked, ok := m.update.Args[0].(workflows.ScheduleDeletion)
		require.True(t, ok)
		require.Equal(t, at, asked.At)
		require.NotEmpty(t, asked.EventID)
	})

	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.flows = b.with(func(o *flows.Options) { o.DeletionGrace = time.Hour })
		b.deletions(t, workflows.ScheduledDeletion{Refusal: &everlatch.Refusal{Code: everlatch.CodeNotFound}}, nil)
		_, err := b.flows.DeleteCustomer(t.Context(), "cus_1")
		require.ErrorIs(t, err, everlatch.ErrNotFound)
	})

	t.Run("without grace it is removed at once, as the person asked", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		seen := b.answers(t, workflows.Outcome{}, nil)
		at, err := b.flows.DeleteCustomer(t.Context(), "cus_1")
		require.NoError(t, err)
		require.Zero(t, at)
		opts, input := seen()
		require.Equal(t, "remove-customer-account/cus_1", opts.ID)
		require.Equal(t, workflows.RemoveAccountInput{ActorID: "cus_1", Requested: true}, input)
	})
}

// Removals of one account are one: two at once could each leave what the other
// one has to bring back.
func TestRemovalsAreOne(t *testing.T) {
	t.Parallel()
	for want, remove := range map[string]func(b *testBundle) error{
		"remove-customer-account/x": func(b *testBundle) error { return b.flows.RemoveCustomerAccount(t.Context(), "x") },
		"remove-user-account/x":     func(b *testBundle) error { return b.flows.RemoveUserAccount(t.Context(), "x") },
	} {
		b := setup(t)
		seen := b.answers(t, workflows.Outcome{}, nil)
		require.NoError(t, remove(b))
		opts, input := seen()
		require.Equal(t, want, opts.ID)
		require.Equal(t, enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, opts.WorkflowIDConflictPolicy)
		require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, opts.WorkflowIDReusePolicy)
		require.False(t, opts.WorkflowExecutionErrorWhenAlreadyStarted)
		require.Equal(t, workflows.RemoveAccountInput{ActorID: "x"}, input)
	}
}

// A sign-in counts only when it has kept the account, and keeps it only once it is
// complete.
func TestSignInCancelsDeletion(t *testing.T) {
	t.Parallel()
	leaving := everlatch.Principal{
		AuthIdentityID: "authid_1", ActorType: "customer", ActorID: "cus_1", DeletionAt: time.Unix(1, 0),
	}

	t.Run("in time", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		m := b.deletions(t, workflows.Outcome{}, nil)
		require.NoError(t, b.flows.KeepAccount(t.Context(), leaving))
		require.Equal(t, "account-deletion/cus_1", m.update.WorkflowID)
		require.Equal(t, workflows.UpdateCancel, m.update.UpdateName)
	})
	t.Run("too late", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.deletions(t, workflows.Outcome{Refusal: &everlatch.Refusal{Code: everlatch.CodeNotFound}}, nil)
		err := b.flows.KeepAccount(t.Context(), leaving)
		require.ErrorIs(t, err, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonAccountDeleted})
	})
	t.Run("an outage", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.deletions(t, nil, serviceerror.NewUnavailable("gone"))
		require.ErrorIs(t, b.flows.KeepAccount(t.Context(), leaving), everlatch.ErrUnavailable)
	})
	t.Run("no other sign-in costs an update", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		waiting := leaving
		waiting.MFAEnabled = true
		for _, p := range []everlatch.Principal{{AuthIdentityID: "authid_1"}, waiting} {
			require.NoError(t, b.flows.KeepAccount(t.Context(), p))
		}
		b.temporal.AssertNotCalled(t, "UpdateWithStartWorkflow", mock.Anything, mock.Anything)
	})
	t.Run("the first factor alone keeps nothing", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.answers(t, workflows.Login{Principal: leaving}, nil)
		login, err := b.flows.Authenticate(t.Context(), request())
		require.NoError(t, err)
		require.Equal(t, leaving, login.Principal)
		b.temporal.AssertNotCalled(t, "UpdateWithStartWorkflow", mock.Anything, mock.Anything)
	})
}
