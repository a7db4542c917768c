//go:build !noembedded

package app_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/keys"
)

// salute fails unless it can read the input that its schedule has sealed. It goes on until it
// is told to end.
func salute(ctx workflow.Context, in greetInput) error {
	workflow.GetSignalChannel(ctx, "end").Receive(ctx, nil)
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

// salutes starts the job, and waits until it runs. It has run so often then.
func (r retiring) salutes(times int) (id string) {
	r.t.Helper()
	require.NoError(r.t, r.Flows().TriggerSchedule(r.t.Context(), "salute"))
	require.Eventually(r.t, func() bool {
		job, err := r.Flows().Schedule(r.t.Context(), "salute")
		require.NoError(r.t, err)
		if len(job.Runs) != times {
			return false
		}
		id = job.Runs[0].WorkflowID
		return id != ""
	}, ringPatience, 50*time.Millisecond)
	return id
}

// end ends a run of the job, which must not have failed.
func (r retiring) end(id string) {
	r.t.Helper()
	require.NoError(r.t, r.temporal.SignalWorkflow(r.t.Context(), id, "", "end", nil))
	require.NoError(r.t, r.temporal.GetWorkflow(r.t.Context(), id, "").Get(r.t.Context(), nil))
}

// keptFor is how long Temporal keeps what has ended, in the test below.
const keptFor = 15 * time.Second

// TestACodecKeyIsRetired: a job that was scheduled before its key was replaced runs after that
// key has gone. Until then `keys list` says what needs the key, and it can't be retired: while a
// flow from before goes on, and until the retention of the namespace has deleted it.
func TestACodecKeyIsRetired(t *testing.T) {
	t.Parallel()
	server, err := embedded.Start(t.Context(), embedded.Options{Retention: keptFor, BriefRetention: true})
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
	r := retiring{t: t, temporal: c}
	r.App = launch(t, cfg, app.WithClock(clock), app.WithWorkflow("Salute", salute),
		app.WithSchedule(app.Schedule{ID: "salute", Flow: "Salute", Input: greetInput{ID: "Ada"}, Every: 24 * time.Hour}))
	<-r.Started()
	require.Eventually(t, func() bool {
		_, err := r.Flows().Schedule(t.Context(), "salute")
		return err == nil
	}, ringPatience, 50*time.Millisecond)
	first := r.salutes(1)

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
	require.Eventually(t, func() bool { return r.key(keys.Previous).Needs.OpenHistories > 0 }, ringPatience, 50*time.Millisecond)
	require.Contains(t, r.key(keys.Previous).Needs.In(clock()), "still open")
	_, err = r.Keys().Retire(t.Context(), keys.Codec, old.ID, false, r.Histories)
	require.ErrorAs(t, err, &needed, "a flow that goes on")

	ended := time.Now()
	r.end(first)
	var needs keys.Needs
	require.Eventually(t, func() bool {
		needs = r.key(keys.Previous).Needs
		return needs.OpenHistories == 0
	}, ringPatience, 50*time.Millisecond)
	require.Positive(t, needs.Histories)
	require.Contains(t, needs.In(clock()), "histories")
	require.WithinRange(t, needs.HistoriesUntil, ended.Add(keptFor), time.Now().Add(keptFor), "what has ended is kept for the retention")
	_, err = r.Keys().Retire(t.Context(), keys.Codec, old.ID, false, r.Histories)
	require.ErrorAs(t, err, &needed, "histories that Temporal still keeps")

	require.Eventually(t, func() bool { return r.key(keys.Previous).Needs.In(clock()) == "" }, ringPatience, 200*time.Millisecond)
	require.GreaterOrEqual(t, time.Since(ended), keptFor)
	gone, err := r.Keys().Retire(t.Context(), keys.Codec, old.ID, false, r.Histories)
	require.NoError(t, err)
	require.Equal(t, keys.Retired, gone.State)
	require.Eventually(t, func() bool { return r.key(keys.Previous).ID == "" }, ringPatience, 50*time.Millisecond)
	r.end(r.salutes(2))
}
