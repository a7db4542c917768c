//go:build !noembedded

package app_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/keys"
)

// salute fails unless it can read the input that its schedule has sealed.
func salute(_ workflow.Context, in greetInput) error {
	if in.ID != "Ada" {
		return errors.New("the input is another one")
	}
	return nil
}

const ringPatience = 2 * time.Minute

// retiring is an installation whose key for payloads is replaced and retired.
type retiring struct {
	*app.App

	t        *testing.T
	temporal client.Client
	space    string
}

// key returns a key of the ring codec by its state.
func (r retiring) key(state string) (found keys.Key) {
	r.t.Helper()
	all, err := r.Keys().List(r.t.Context(), r.Histories)
	require.NoError(r.t, err)
	for _, k := range all {
		if k.Ring == keys.Codec && k.State == state {
			found = k
		}
	}
	return found
}

// salutes starts the job, and waits until it has run so often without a failure.
func (r retiring) salutes(times int) {
	r.t.Helper()
	require.NoError(r.t, r.Flows().TriggerSchedule(r.t.Context(), "salute"))
	require.Eventually(r.t, func() bool {
		job, err := r.Flows().Schedule(r.t.Context(), "salute")
		require.NoError(r.t, err)
		return len(job.Runs) == times && (job.Runs[0].Status == "completed" || job.Runs[0].Status == "unknown") && r.ended(job.Runs[0].WorkflowID)
	}, ringPatience, 50*time.Millisecond)
}

// ended asks the execution itself, which the lists of Temporal lag behind.
func (r retiring) ended(id string) bool {
	r.t.Helper()
	if id == "" {
		return false
	}
	return r.temporal.GetWorkflow(r.t.Context(), id, "").Get(r.t.Context(), nil) == nil
}

// forget does what the retention of the namespace does: it deletes what is closed.
func (r retiring) forget() {
	r.t.Helper()
	service := r.temporal.WorkflowService()
	page, err := service.ListWorkflowExecutions(r.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: r.space, Query: "ExecutionStatus != 'Running'",
	})
	require.NoError(r.t, err)
	for _, e := range page.GetExecutions() {
		_, _ = service.DeleteWorkflowExecution(r.t.Context(), &workflowservice.DeleteWorkflowExecutionRequest{
			Namespace:         r.space,
			WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: e.GetExecution().GetWorkflowId(), RunId: e.GetExecution().GetRunId()},
		}) // one that is gone already is listed for a moment
	}
}

// TestACodecKeyIsRetired: a job that was scheduled before its key was replaced runs after that
// key has gone. Until then `keys list` says what needs the key, and it can't be retired.
func TestACodecKeyIsRetired(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	server, err := embedded.Start(t.Context(), embedded.Options{Retention: 24 * time.Hour})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	cfg := settings(t)
	cfg.Temporal.Address, cfg.Temporal.Namespace = server.Address(), server.Namespace()
	cfg.Keys.RefreshEvery = config.Span(time.Second)
	var later atomic.Int64
	clock := func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	c, err := client.Dial(client.Options{HostPort: server.Address(), Namespace: server.Namespace()})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	r := retiring{t: t, temporal: c, space: server.Namespace()}
	r.App = launch(t, cfg, app.WithClock(clock), app.WithWorkflow("Salute", salute),
		app.WithSchedule(app.Schedule{ID: "salute", Flow: "Salute", Input: greetInput{ID: "Ada"}, Every: 24 * time.Hour}))
	<-r.Started()
	require.Eventually(t, func() bool {
		_, err := r.Flows().Schedule(t.Context(), "salute")
		return err == nil
	}, ringPatience, 50*time.Millisecond)
	r.salutes(1)

	old := r.key(keys.Active)
	require.NotEmpty(t, old.ID)
	require.Eventually(t, func() bool {
		_, err := r.Keys().Rotate(t.Context(), keys.Codec, false)
		require.NoError(t, err)
		return r.key(keys.Active).ID != old.ID
	}, ringPatience, 100*time.Millisecond)
	_, err = r.Keys().Retire(t.Context(), keys.Codec, old.ID, false, r.Histories)
	var needed *keys.NeededError
	require.ErrorAs(t, err, &needed, "histories and the time until every process has the new key")

	require.NoError(t, r.Flows().TriggerSchedule(t.Context(), app.ScheduleReseal))
	later.Store(int64(time.Hour))
	require.Eventually(t, func() bool { return r.key(keys.Previous).Needs.Histories > 0 }, ringPatience, 50*time.Millisecond)
	needs := r.key(keys.Previous).Needs
	require.Contains(t, needs.In(clock()), "histories")
	require.WithinRange(t, needs.HistoriesUntil, begun.Add(24*time.Hour), time.Now().Add(24*time.Hour), "what has ended is kept for the retention")
	_, err = r.Keys().Retire(t.Context(), keys.Codec, old.ID, false, r.Histories)
	require.ErrorAs(t, err, &needed, "histories that Temporal still keeps")

	require.Eventually(t, func() bool {
		r.forget()
		return r.key(keys.Previous).Needs.In(clock()) == ""
	}, ringPatience, 200*time.Millisecond)
	gone, err := r.Keys().Retire(t.Context(), keys.Codec, old.ID, false, r.Histories)
	require.NoError(t, err)
	require.Equal(t, keys.Retired, gone.State)
	require.Eventually(t, func() bool { return r.key(keys.Previous).ID == "" }, ringPatience, 50*time.Millisecond)
	r.salutes(2)
}
