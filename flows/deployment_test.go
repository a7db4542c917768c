//go:build !noembedded

package flows_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/workflows"
)

// rollout is a deployment with workers that tell which version they are.
type rollout struct {
	*flows.Deployment

	t      *testing.T
	client client.Client
	ahead  time.Duration
}

// patience bounds what Temporal notices late.
const patience = 2 * time.Minute

func newRollout(t *testing.T) *rollout {
	t.Helper()
	server, err := embedded.Start(t.Context(), embedded.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: server.Address(), Namespace: server.Namespace(), Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	r := &rollout{t: t, client: c}
	r.Deployment = &flows.Deployment{
		Temporal: c, Name: "shop", TaskQueue: "q", Now: func() time.Time { return time.Now().Add(r.ahead) }, //nolint:forbidigo // Temporal's clock
	}
	return r
}

// work starts the workers of a version on queues and returns the function that stops them.
// Its workflows wait for a signal and return the version that goes on.
func (r *rollout) work(version string, queues ...string) (stop func()) {
	r.t.Helper()
	waiting := func(ctx workflow.Context) (string, error) {
		workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
		return version, nil
	}
	var stops []func()
	for _, queue := range queues {
		w := sdkworker.New(r.client, queue, sdkworker.Options{
			StickyScheduleToStartTimeout: time.Second,
			DeploymentOptions: sdkworker.DeploymentOptions{
				UseVersioning: true, Version: sdkworker.WorkerDeploymentVersion{DeploymentName: "shop", BuildID: version},
				DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
			},
		})
		for _, name := range []string{"Register", "PasswordReset", "custom"} {
			w.RegisterWorkflowWithOptions(waiting, workflow.RegisterOptions{Name: name, VersioningBehavior: behavior(name)})
		}
		w.RegisterActivity(func(context.Context) error { return nil })
		require.NoError(r.t, w.Start())
		stops = append(stops, w.Stop)
	}
	stop = func() {
		for _, s := range stops {
			s()
		}
		stops = nil
	}
	r.t.Cleanup(stop)
	return stop
}

// behavior is that of our workflows; the custom one is pinned.
func behavior(name string) workflow.VersioningBehavior {
	if name == "custom" {
		return workflow.VersioningBehaviorPinned
	}
	return workflows.Versioning(name)
}

var allQueues = []string{"q", workflows.SlowQueue("q"), workflows.DeliveriesQueue("q")}

func (r *rollout) promoted(version string) {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		done, err := r.Promote(r.t.Context(), version, false)
		require.NoError(r.t, err)
		return done
	}, patience, 50*time.Millisecond)
}

func (r *rollout) version(id string) flows.Version {
	r.t.Helper()
	versions, err := r.Versions(r.t.Context())
	require.NoError(r.t, err)
	for _, v := range versions {
		if v.BuildID == id {
			return v
		}
	}
	return flows.Version{}
}

// begin starts a flow and waits until it waits.
func (r *rollout) begin(name string) client.WorkflowRun {
	r.t.Helper()
	kind, _, _ := strings.Cut(name, "/")
	run, err := r.client.ExecuteWorkflow(r.t.Context(), client.StartWorkflowOptions{ID: name, TaskQueue: "q"}, kind)
	require.NoError(r.t, err)
	require.Eventually(r.t, func() bool {
		it := r.client.GetWorkflowHistory(r.t.Context(), run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for it.HasNext() {
			event, err := it.Next()
			require.NoError(r.t, err)
			if event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
				return true
			}
		}
		return false
	}, patience, 20*time.Millisecond, "a worker has begun it")
	return run
}

// ends lets a flow go on and returns the version that ended it.
func (r *rollout) ends(run client.WorkflowRun) (version string) {
	r.t.Helper()
	require.NoError(r.t, r.client.SignalWorkflow(r.t.Context(), run.GetID(), run.GetRunID(), "go", nil))
	require.NoError(r.t, run.Get(r.t.Context(), &version))
	return version
}

// A version becomes current when its workers poll every queue. Short flows end on the
// version that began them, and those that wait go on with the current one.
func TestVersionsAreRolledOut(t *testing.T) {
	t.Parallel()
	r := newRollout(t)
	none, err := r.Versions(t.Context())
	require.NoError(t, err)
	require.Empty(t, none)

	r.work("v1", allQueues[0])
	require.Eventually(t, func() bool { return r.version("v1").Status == flows.VersionNew }, patience, 50*time.Millisecond)
	promoted, err := r.Promote(t.Context(), "v1", false)
	require.NoError(t, err)
	require.False(t, promoted, "two queues are not polled")
	require.ErrorIs(t, r.SetCurrent(t.Context(), "v1"), flows.ErrNoWorkers)
	r.work("v1", allQueues[1:]...)
	r.promoted("v1")
	short, long, custom := r.begin("Register"), r.begin("PasswordReset"), r.begin("custom")

	r.work("v2", allQueues...)
	require.Eventually(t, func() bool { return len(r.version("v2").Lacks()) == 0 }, patience, 50*time.Millisecond)
	promoted, err = r.Promote(t.Context(), "v2", true)
	require.NoError(t, err)
	require.False(t, promoted, "only the first version is promoted by itself")
	require.NoError(t, r.Ramp(t.Context(), "v2", 100))
	require.Equal(t, flows.Version{BuildID: "v2", Status: flows.VersionRamping, Percent: 100, Polled: r.version("v2").Polled, Since: r.version("v2").Since}, r.version("v2"))
	require.Equal(t, "v2", r.ends(r.begin("Register/ramped")))
	require.NoError(t, r.Ramp(t.Context(), "v2", 0))
	require.NotEqual(t, flows.VersionRamping, r.version("v2").Status)
	promoted, err = r.Promote(t.Context(), "v2", false)
	require.NoError(t, err)
	require.False(t, promoted, "an operator has taken it back")
	require.NoError(t, r.SetCurrent(t.Context(), "v2"))
	require.Equal(t, flows.VersionCurrent, r.version("v2").Status)
	require.Equal(t, flows.VersionDraining, r.version("v1").Status)
	require.Eventually(t, func() bool { return r.version("v1").Pinned == 2 }, patience, 50*time.Millisecond)

	require.Equal(t, "v1", r.ends(short))
	require.Equal(t, "v1", r.ends(custom))
	require.Equal(t, "v2", r.ends(long))
	promoted, err = r.Promote(t.Context(), "v1", false)
	require.NoError(t, err)
	require.False(t, promoted, "one that was replaced does not return by itself")
	require.NoError(t, r.SetCurrent(t.Context(), "v1"), "but an operator can go back")
	require.Equal(t, "v1", r.ends(r.begin("PasswordReset")))
}

// A short flow whose version has no workers any more goes on with the current one; a
// custom workflow that is pinned waits.
func TestFlowsOfAVersionWithoutWorkersGoOn(t *testing.T) {
	t.Parallel()
	r := newRollout(t)
	stop := r.work("v1", allQueues...)
	r.promoted("v1")
	short, custom := r.begin("Register"), r.begin("custom")
	r.work("v2", allQueues...)
	r.promoted("v2")
	require.Eventually(t, func() bool { return r.version("v1").Pinned == 2 }, patience, 50*time.Millisecond)
	released, err := r.Release(t.Context())
	require.NoError(t, err)
	require.Zero(t, released, "v1 has workers")
	stop()

	r.ahead = 3 * time.Minute // the last polls are long ago
	released, err = r.Release(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, released)
	require.Equal(t, "v2", r.ends(short))
	require.Eventually(t, func() bool { return r.version("v1").Pinned == 1 }, patience, 50*time.Millisecond, "the custom one")

	r.ahead = 0
	r.work("v1", allQueues...)
	require.Equal(t, "v1", r.ends(custom))
}
