//go:build !noembedded

package worker_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/worker"
)

// patience is how long Temporal's list of schedules may lag behind.
const patience = 30 * time.Second

func namespace(t *testing.T) client.Client {
	t.Helper()
	server, err := embedded.Start(t.Context(), embedded.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: server.Address(), Namespace: server.Namespace(), Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// logged is what a scheduler has logged.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func scheduler(c client.Client, installation, queue string) (*worker.Scheduler, *logged) {
	log := &logged{}
	return &worker.Scheduler{
		Temporal: c, TaskQueue: queue, Installation: installation, Log: slog.New(slog.NewTextHandler(log, nil)),
	}, log
}

// jobs waits until an installation has the jobs named, all of them and no other.
func jobs(t *testing.T, c client.Client, installation string, want ...string) map[string]flows.ScheduleInfo {
	t.Helper()
	f := flows.New(flows.Options{Temporal: c, Installation: installation, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(f.Close)
	found := map[string]flows.ScheduleInfo{}
	require.Eventually(t, func() bool {
		list, err := f.Schedules(t.Context())
		require.NoError(t, err)
		clear(found)
		for _, job := range list {
			found[job.ID] = job
		}
		for _, id := range want {
			if _, ok := found[id]; !ok {
				return false
			}
		}
		return len(found) == len(want)
	}, patience, 50*time.Millisecond, "jobs of %s", installation)
	return found
}

func hourly(id string) worker.Schedule {
	return worker.Schedule{ID: id, Flow: "CleanUp", Every: time.Hour}
}

// queueOf returns the task queue of a schedule in Temporal.
func queueOf(t *testing.T, c client.Client, id string) string {
	t.Helper()
	d, err := c.ScheduleClient().GetHandle(t.Context(), id).Describe(t.Context())
	require.NoError(t, err)
	action, ok := d.Schedule.Action.(*client.ScheduleWorkflowAction)
	require.True(t, ok)
	require.Equal(t, id, action.ID, "the flows of two installations have different ids")
	return action.TaskQueue
}

// Two installations have the same jobs in one namespace, and neither touches the
// other's.
func TestInstallationsShareANamespace(t *testing.T) {
	t.Parallel()
	c := namespace(t)
	one, _ := scheduler(c, "one", "queue-1")
	two, twoLog := scheduler(c, "two", "queue-2")
	require.NoError(t, one.Ensure(t.Context(), []worker.Schedule{hourly("clean-up"), hourly("own")}))
	require.NoError(t, two.Ensure(t.Context(), []worker.Schedule{hourly("clean-up"), hourly("nightly")}))
	jobs(t, c, "one", "clean-up", "own")
	jobs(t, c, "two", "clean-up", "nightly")
	require.True(t, strings.HasPrefix(queueOf(t, c, "clean-up/one"), "queue-1"))
	require.True(t, strings.HasPrefix(queueOf(t, c, "clean-up/two"), "queue-2"))

	require.NoError(t, two.Ensure(t.Context(), []worker.Schedule{hourly("nightly")}))
	jobs(t, c, "two", "nightly")
	jobs(t, c, "one", "clean-up", "own")
	require.Empty(t, twoLog.text.String())

	third, log := scheduler(c, "three", "queue-1")
	require.NoError(t, third.Ensure(t.Context(), nil))
	require.Contains(t, log.text.String(), "another installation uses this task queue")
	jobs(t, c, "one", "clean-up", "own")
}

// Every worker of an installation writes its schedules when it starts.
func TestWorkersWriteSchedulesTogether(t *testing.T) {
	t.Parallel()
	c := namespace(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			k, _ := scheduler(c, "one", "queue-1")
			if err := k.Ensure(t.Context(), []worker.Schedule{hourly("clean-up"), hourly("own")}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	jobs(t, c, "one", "clean-up", "own")
}

// Schedules of versions that knew no installations are adopted by the one of
// their task queue, with the pause of an operator; others stay.
func TestExistingSchedulesAreAdopted(t *testing.T) {
	t.Parallel()
	c := namespace(t)
	before := func(id, queue string, paused bool) {
		_, err := c.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
			ID: id, Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}},
			Action: &client.ScheduleWorkflowAction{ID: id, Workflow: "CleanUp", TaskQueue: queue},
			Paused: paused, Note: map[bool]string{true: "the backup runs"}[paused],
			Memo: map[string]any{"everlatch-schedule-of/" + queue: true},
		})
		require.NoError(t, err)
	}
	before("clean-up", "queue-1", true)
	before("gone", "queue-1", false)
	before("other", "queue-2", false)
	require.Eventually(t, func() bool { return len(ids(t, c)) == 3 }, patience, 50*time.Millisecond)

	k, _ := scheduler(c, "one", "queue-1")
	wanted := []worker.Schedule{hourly("clean-up"), hourly("new")}
	require.NoError(t, k.Ensure(t.Context(), wanted))

	found := jobs(t, c, "one", "clean-up", "new")
	require.True(t, found["clean-up"].Paused)
	require.Equal(t, "the backup runs", found["clean-up"].Note)
	require.Equal(t, "clean-up/one", found["clean-up"].ScheduleID)
	require.False(t, found["new"].Paused)
	require.Eventually(t, func() bool { return len(ids(t, c)) == 3 }, patience, 50*time.Millisecond)
	require.ElementsMatch(t, []string{"clean-up/one", "new/one", "other"}, ids(t, c))

	require.NoError(t, k.Ensure(t.Context(), wanted), "again")
	require.True(t, jobs(t, c, "one", "clean-up", "new")["clean-up"].Paused)
}

// A schedule that Temporal refuses keeps none of the others waiting, and is named.
func TestARefusedScheduleIsNamed(t *testing.T) {
	t.Parallel()
	c := namespace(t)
	k, _ := scheduler(c, "one", "queue-1")
	err := k.Ensure(t.Context(), []worker.Schedule{{ID: "wrong", Flow: "CleanUp", Cron: "61 3 * * *"}, hourly("right")})
	require.ErrorContains(t, err, "schedule wrong: ")
	jobs(t, c, "one", "right")
}

// A schedule of another program that has the id of ours is not touched.
func TestAForeignScheduleIsNotTouched(t *testing.T) {
	t.Parallel()
	c := namespace(t)
	_, err := c.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID: "clean-up/one", Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}},
		Action: &client.ScheduleWorkflowAction{ID: "clean-up/one", Workflow: "Theirs", TaskQueue: "theirs"},
	})
	require.NoError(t, err)
	k, _ := scheduler(c, "one", "queue-1")
	require.ErrorContains(t, k.Ensure(t.Context(), []worker.Schedule{hourly("clean-up")}), "belongs to another program")
	require.Equal(t, "theirs", queueOf(t, c, "clean-up/one"))

	f := client1(t, c)
	for name, do := range map[string]func(id string) error{
		"pause":    func(id string) error { return f.PauseSchedule(t.Context(), id, "mine") },
		"resume":   func(id string) error { return f.ResumeSchedule(t.Context(), id, "mine") },
		"trigger":  func(id string) error { return f.TriggerSchedule(t.Context(), id) },
		"backfill": func(id string) error { return f.BackfillSchedule(t.Context(), id, time.Unix(0, 0), time.Unix(7200, 0)) },
		"read": func(id string) error {
			_, err := f.Schedule(t.Context(), id)
			return err
		},
	} {
		require.ErrorIs(t, do("clean-up"), everlatch.ErrNotFound, name)
		require.ErrorIs(t, do("nope"), everlatch.ErrNotFound, name)
	}
	untouched, err := c.ScheduleClient().GetHandle(t.Context(), "clean-up/one").Describe(t.Context())
	require.NoError(t, err)
	require.False(t, untouched.Schedule.State.Paused)
	require.Empty(t, untouched.Info.RecentActions)
}

// client1 is the client of the installation one.
func client1(t *testing.T, c client.Client) *flows.Client {
	t.Helper()
	f := flows.New(flows.Options{Temporal: c, Installation: "one", Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(f.Close)
	return f
}

// A job says when it starts, what it is paused for and how its runs went.
func TestASchedule(t *testing.T) {
	t.Parallel()
	c := namespace(t)
	one, _ := scheduler(c, "one", "queue-1")
	two, _ := scheduler(c, "two", "queue-2")
	require.NoError(t, one.Ensure(t.Context(), []worker.Schedule{
		{ID: "nightly", Flow: "RemoveOrphans", Cron: "CRON_TZ=Europe/Berlin 30 3,15 * * mon-fri"}, hourly("clean-up"),
	}))
	require.NoError(t, two.Ensure(t.Context(), []worker.Schedule{hourly("theirs")}))
	f := client1(t, c)
	_, err := f.Schedule(t.Context(), "theirs")
	require.ErrorIs(t, err, everlatch.ErrNotFound)

	job, err := f.Schedule(t.Context(), "nightly")
	require.NoError(t, err)
	next := job.Next
	require.False(t, next.IsZero())
	require.Equal(t, flows.ScheduleInfo{
		ID: "nightly", ScheduleID: "nightly/one", Owner: "one", Flow: "RemoveOrphans", Next: next, Runs: []flows.ScheduleRun{},
		Spec: "at 03:30 and 15:30 on Monday to Friday, Europe/Berlin",
	}, job)
	require.NoError(t, f.PauseSchedule(t.Context(), "nightly", "the backup runs"))
	job, err = f.Schedule(t.Context(), "nightly")
	require.NoError(t, err)
	require.True(t, job.Paused)
	require.Equal(t, "the backup runs", job.Note)
	require.Zero(t, job.Next)

	require.NoError(t, f.TriggerSchedule(t.Context(), "nightly"), "a job that is paused can be started")
	require.Eventually(t, func() bool {
		listed := jobs(t, c, "one", "clean-up", "nightly")
		require.Equal(t, "every hour", listed["clean-up"].Spec)
		job = listed["nightly"]
		return len(job.Runs) == 1 && job.Runs[0].Status == "running" // no worker runs it here
	}, patience, 50*time.Millisecond)
	require.Contains(t, job.Runs[0].WorkflowID, "nightly/one-")
	require.Equal(t, job.Last, job.Runs[0].At)
	require.Equal(t, "at 03:30 and 15:30 on Monday to Friday, Europe/Berlin", job.Spec)

	require.NoError(t, c.TerminateWorkflow(t.Context(), job.Runs[0].WorkflowID, "", "test"))
	require.Eventually(t, func() bool {
		job, err := f.Schedule(t.Context(), "nightly")
		require.NoError(t, err)
		return job.Runs[0].Status == "terminated"
	}, patience, 50*time.Millisecond)
}

func ids(t *testing.T, c client.Client) (out []string) {
	t.Helper()
	it, err := c.ScheduleClient().List(context.WithoutCancel(t.Context()), client.ScheduleListOptions{})
	require.NoError(t, err)
	for it.HasNext() {
		entry, err := it.Next()
		require.NoError(t, err)
		out = append(out, entry.ID)
	}
	return out
}
