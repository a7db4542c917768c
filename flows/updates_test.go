package flows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/workflows"
)

// fault is the answer of an update that broke down.
func fault() error {
	return temporal.NewApplicationErrorWithOptions("An internal error.", "internal", temporal.ApplicationErrorOptions{NonRetryable: true})
}

// answerUpdates answers updates by their id, as Temporal does: the same id gets the
// same answer. It returns the ids in the order in which they came.
func (b *testBundle) answerUpdates(t *testing.T, answer func(nth int) error) (ids *[]string) {
	t.Helper()
	ids = &[]string{}
	known := map[string]error{}
	b.temporal.On("UpdateWorkflow", mock.Anything, mock.Anything).Return(
		func(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
			*ids = append(*ids, o.UpdateID)
			if _, again := known[o.UpdateID]; !again {
				known[o.UpdateID] = answer(len(known))
			}
			handle := mocks.NewWorkflowUpdateHandle(t)
			handle.On("Get", mock.Anything, mock.Anything).Return(known[o.UpdateID])
			return handle, nil
		})
	return ids
}

// A fault answers an update for ever. The retry of its request is the next update,
// whose number and answer every later retry finds.
func TestNumberedRetry(t *testing.T) {
	t.Parallel()
	b := setup(t)
	healed := false
	ids := b.answerUpdates(t, func(nth int) error {
		if nth == 1 {
			healed = true
		}
		if healed {
			return nil
		}
		return fault()
	})

	require.NoError(t, b.flows.CompletePasswordReset(t.Context(), newPassword()))
	first := *ids
	require.Len(t, first, 2)
	require.NotEqual(t, first[0], first[1])
	for _, id := range first {
		require.Regexp(t, "^"+workflows.RequestPrefix+"[a-z2-7]+$", id, "the id tells neither token nor password")
	}

	require.NoError(t, b.flows.CompletePasswordReset(t.Context(), newPassword()))
	require.Equal(t, append(append([]string{}, first...), first...), *ids, "the same numbers in the same order, also when the flow is over")
}

// Only faults are retried, and only as often as is worth a caller's time.
func TestWhatIsNotRetried(t *testing.T) {
	t.Parallel()

	t.Run("a refusal", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		refusal := &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid}
		ids := b.answerUpdates(t, func(int) error { return temporalkit.Encode(refusal) })
		require.ErrorIs(t, b.flows.CompletePasswordReset(t.Context(), newPassword()), refusal)
		require.Len(t, *ids, 1)
	})

	t.Run("a request that breaks down every time", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		ids := b.answerUpdates(t, func(int) error { return fault() })
		require.ErrorIs(t, b.flows.CompletePasswordReset(t.Context(), newPassword()), everlatch.ErrUnavailable)
		require.Len(t, *ids, 8)
	})

	t.Run("an update that is another each time", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		ids := b.answerUpdates(t, func(int) error { return fault() })
		_, err := b.flows.CompleteSocialLogin(t.Context(), flows.RedirectAnswer{State: "s", Params: map[string]string{"code": "c"}})
		require.ErrorIs(t, err, everlatch.ErrUnavailable)
		require.Equal(t, []string{""}, *ids)
	})
}
