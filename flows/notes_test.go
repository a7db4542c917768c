package flows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"

	"github.com/everlatch/everlatch/flows"
)

// outbound is a client that does nothing.
type outbound struct {
	interceptor.ClientOutboundInterceptorBase
}

func (outbound) ExecuteWorkflow(context.Context, *interceptor.ClientExecuteWorkflowInput) (client.WorkflowRun, error) {
	return nil, nil //nolint:nilnil // no one looks at it
}

func (outbound) SignalWithStartWorkflow(context.Context, *interceptor.ClientSignalWithStartWorkflowInput) (client.WorkflowRun, error) {
	return nil, nil //nolint:nilnil // no one looks at it
}

func (outbound) SignalWorkflow(context.Context, *interceptor.ClientSignalWorkflowInput) error {
	return nil
}

func (outbound) UpdateWorkflow(context.Context, *interceptor.ClientUpdateWorkflowInput) (client.WorkflowUpdateHandle, error) {
	return nil, nil //nolint:nilnil // no one looks at it
}

func (outbound) UpdateWithStartWorkflow(
	context.Context, *interceptor.ClientUpdateWithStartWorkflowInput,
) (client.WorkflowUpdateHandle, error) {
	return nil, nil //nolint:nilnil // no one looks at it
}

// TestNotes notes the first workflow of a request, however it is asked.
func TestNotes(t *testing.T) {
	t.Parallel()
	o := flows.NoteInterceptor().InterceptClient(&outbound{})
	for name, ask := range map[string]func(ctx context.Context, id string) error{
		"start": func(ctx context.Context, id string) error {
			_, err := o.ExecuteWorkflow(ctx, &interceptor.ClientExecuteWorkflowInput{Options: &client.StartWorkflowOptions{ID: id}})
			return err
		},
		"signal with start": func(ctx context.Context, id string) error {
			_, err := o.SignalWithStartWorkflow(ctx, &interceptor.ClientSignalWithStartWorkflowInput{Options: &client.StartWorkflowOptions{ID: id}})
			return err
		},
		"signal": func(ctx context.Context, id string) error {
			return o.SignalWorkflow(ctx, &interceptor.ClientSignalWorkflowInput{WorkflowID: id})
		},
		"update": func(ctx context.Context, id string) error {
			_, err := o.UpdateWorkflow(ctx, &interceptor.ClientUpdateWorkflowInput{WorkflowID: id})
			return err
		},
		"update with start": func(ctx context.Context, id string) error {
			_, err := o.UpdateWithStartWorkflow(ctx, &interceptor.ClientUpdateWithStartWorkflowInput{
				UpdateOptions: &client.UpdateWorkflowOptions{WorkflowID: id},
			})
			return err
		},
	} {
		require.NoError(t, ask(t.Context(), "unnoticed"), name)
		ctx, notes := flows.WithNotes(t.Context())
		require.Empty(t, notes.WorkflowID(), name)
		require.NoError(t, ask(ctx, "authenticate/1"), name)
		require.NoError(t, ask(ctx, "mfa-challenge/2"), name)
		require.Equal(t, "authenticate/1", notes.WorkflowID(), name)
		require.Equal(t, 2, notes.Asked(), name)
	}
}
