package flows_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/worker"
	"github.com/everlatch/everlatch/workflows"
)

// desk are activities of a program.
type desk struct{}

func (*desk) AddCourier(context.Context, string) (string, error) { return "cour_1", nil }

// DiscardCourier cannot undo.
func (*desk) DiscardCourier(context.Context, string) (string, error) {
	return "", temporal.NewNonRetryableApplicationError("the register is closed", "Closed", nil)
}

// EraseElsewhere is refused every time.
func (*desk) EraseElsewhere(context.Context, string) (string, error) {
	return "", errors.New("crm.example answers 451")
}

// hire fails, and so does what undoes it.
func hire(ctx workflow.Context, _ string) error {
	var steps workflows.Steps
	_, err := workflows.Do(ctx, &steps, (*desk)(nil).AddCourier, "ada", (*desk)(nil).DiscardCourier, "ada")
	if err == nil {
		err = errors.New("the courier has no bicycle")
	}
	return steps.Undo(ctx, err)
}

// erase has a step that does not succeed, and does not give up.
func erase(ctx workflow.Context, _ string) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Millisecond, MaximumInterval: 100 * time.Millisecond},
	})
	_, err := workflows.Run(ctx, (*desk)(nil).EraseElsewhere, "ada")
	return err
}

// wait is a flow that goes on as it should.
func wait(ctx workflow.Context, _ string) error { return workflow.Sleep(ctx, 24*time.Hour) }

// TestAttention has a flow of each kind that needs an operator, and one that does not. Each is
// listed with what is wrong and what to do.
func TestAttention(t *testing.T) {
	t.Parallel()
	s := startService(t, embedded.Options{SearchAttributes: flows.SearchAttributes()})
	w := worker.New(s.temporal, s.acts, worker.Options{
		TaskQueue: flows.TaskQueue, Log: slog.New(slog.DiscardHandler), Activities: []any{&desk{}},
		Workflows: map[string]any{"HireCourier": hire, "EraseElsewhere": erase, "WaitForCourier": wait},
	})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	start := func(id, name string) flows.Run {
		run, err := s.flows.Start(t.Context(), flows.StartOptions{ID: id}, name, "ada")
		require.NoError(t, err)
		return run
	}
	remove := func(id string) {
		o := client.StartWorkflowOptions{ID: id, TaskQueue: workflows.DeliveriesQueue(flows.TaskQueue)} // which has no worker
		_, err := s.temporal.ExecuteWorkflow(t.Context(), o, "RemoveCustomerAccount", "ada")
		require.NoError(t, err)
	}

	require.Error(t, start("hire/1", "HireCourier").Get(t.Context(), nil))
	start("erase/1", "EraseElsewhere")
	start("wait/1", "WaitForCourier")
	remove("remove/1")
	require.NoError(t, s.temporal.TerminateWorkflow(t.Context(), "remove/1", "", "by hand"))
	remove("remove/2")

	at := func(ahead time.Duration) *flows.Client {
		c := flows.New(s.with(func(o *flows.Options) {
			o.Now = func() time.Time { return time.Now().Add(ahead) }
			o.Sealing = temporalkit.Sealing{Ring: o.Ring}
		}))
		t.Cleanup(c.Close)
		return c
	}
	later := at(time.Hour) // when the flows are old
	byID := map[string]flows.Attention{}
	require.Eventually(t, func() bool { // the list lags behind, and steps are tried five times
		found, err := later.Attention(t.Context())
		require.NoError(t, err)
		clear(byID)
		for _, a := range found {
			byID[a.Flow.ID] = a
		}
		return len(byID) == 3
	}, time.Minute, 100*time.Millisecond, "%+v", byID)

	undone := byID["hire/1"]
	require.Equal(t, workflows.OutcomeNeedsAttention, undone.Flow.Outcome)
	require.Contains(t, undone.Why, "DiscardCourier")
	require.Contains(t, undone.Advice, "Undo by hand what `everlatch flow show hire/1` names.")

	removal := byID["remove/1"]
	require.Equal(t, "The removal has ended without removing the account (terminated).", removal.Why)
	require.Contains(t, removal.Advice, "everlatch flow show remove/1")
	require.Contains(t, removal.Advice, "remove the account again")

	stuck := byID["erase/1"]
	require.Regexp(t, `^EraseElsewhere was tried \d+ times: An internal error\.$`, stuck.Why, "histories keep no cause")
	require.Equal(t, "It is tried until it succeeds. Mend the cause, which the log of the worker has with workflow_id=erase/1; nothing else is to be done.", stuck.Advice)

	soon, err := at(0).Attention(t.Context())
	require.NoError(t, err)
	for _, a := range soon {
		require.NotEqual(t, "erase/1", a.Flow.ID, "a flow of a moment ago is not looked at")
	}
}
