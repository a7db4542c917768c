//go:build !noembedded

package cli_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/doctor"
	"github.com/everlatch/everlatch/internal/embedded"
)

// dialServer connects to a server.
func dialServer(t *testing.T, server *embedded.Server) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: server.Address(), Namespace: server.Namespace(), Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// startVersion starts the workers of a version on all queues. Their workflow waits for a
// signal and returns the version.
func startVersion(t *testing.T, server *embedded.Server, id string) {
	t.Helper()
	c := dialServer(t, server)
	waits := func(ctx workflow.Context) (string, error) {
		workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
		return id, nil
	}
	for _, queue := range []string{"everlatch", "everlatch-slow", "everlatch-deliveries"} {
		w := sdkworker.New(c, queue, sdkworker.Options{DeploymentOptions: sdkworker.DeploymentOptions{
			UseVersioning: true, Version: sdkworker.WorkerDeploymentVersion{DeploymentName: "shop", BuildID: id},
			DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
		}})
		w.RegisterActivity(func(context.Context) error { return nil })
		w.RegisterWorkflowWithOptions(waits, workflow.RegisterOptions{Name: "Waits"})
		require.NoError(t, w.Start())
		t.Cleanup(w.Stop)
	}
}

func TestTemporalDeployment(t *testing.T) {
	t.Parallel()
	server, err := embedded.Start(t.Context(), embedded.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	environ := []string{"TEMPORAL_ADDRESS=" + server.Address(), "TEMPORAL_DEPLOYMENT_NAME=shop"}
	run := func(args ...string) (string, error) {
		out, _, err := execute(t, environ, "", append([]string{"temporal", "deployment"}, args...)...)
		return out, err
	}
	must := func(args ...string) string {
		out, err := run(args...)
		require.NoError(t, err)
		return out
	}
	_, _, err = execute(t, environ[:1], "", "temporal", "deployment", "show")
	require.ErrorContains(t, err, "set temporal.deployment.name")
	require.Contains(t, must("show"), "has no versions")
	_, err = run("set-current", "v1")
	require.ErrorContains(t, err, "version v1: no worker of this version polls interactive, slow, deliveries")

	startVersion(t, server, "v1")
	require.Equal(t, "The current version is v1.\n", must("set-current", "v1", "--wait", "2m"))
	startVersion(t, server, "v2")
	_, err = run("ramp", "v2", "101")
	require.ErrorContains(t, err, "from 0 to 100")
	require.Eventually(t, func() bool {
		out, err := run("ramp", "v2", "12.5")
		return err == nil && out == "Version v2 gets 12.5 %.\n"
	}, patience, 100*time.Millisecond)
	shown := must("show")
	require.Regexp(t, `v1 +current +interactive, slow, deliveries +0 `, shown)
	require.Regexp(t, `v2 +ramping 12\.5 % +interactive, slow, deliveries +0 `, shown)
	require.Equal(t, "Version v2 gets 0 %.\n", must("ramp", "v2", "0"))
	must("set-current", "v2")
	must("set-current", "unversioned")

	var versions []flows.Version
	require.NoError(t, json.Unmarshal([]byte(must("show", "--json")), &versions))
	require.Len(t, versions, 2)
	for _, v := range versions {
		require.NotEqual(t, flows.VersionCurrent, v.Status)
	}
}

// TestAVersionIsDrained goes the way of a rollout: a flow that stays with the previous version
// ends there, and doctor says how long the workers of that version are needed.
func TestAVersionIsDrained(t *testing.T) {
	t.Parallel()
	server, err := embedded.Start(t.Context(), embedded.Options{DrainedWithin: time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	environ := []string{"TEMPORAL_ADDRESS=" + server.Address(), "TEMPORAL_DEPLOYMENT_NAME=shop"}
	run := func(args ...string) string {
		out, _, err := execute(t, environ, "", append([]string{"temporal", "deployment"}, args...)...)
		require.NoError(t, err)
		return out
	}
	c := dialServer(t, server)
	begin := func(id string) client.WorkflowRun {
		flow, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "everlatch"}, "Waits")
		require.NoError(t, err)
		return flow
	}
	ends := func(flow client.WorkflowRun) (version string) {
		require.NoError(t, c.SignalWorkflow(t.Context(), flow.GetID(), flow.GetRunID(), "go", nil))
		require.NoError(t, flow.Get(t.Context(), &version))
		return version
	}
	e := &examination{t: t, caused: map[string]bool{}}

	startVersion(t, server, "v1")
	run("set-current", "v1", "--wait", "2m")
	flow := begin("pinned")
	staying := func(count string) func() bool {
		shown := regexp.MustCompile(`v1 +\w+ +interactive, slow, deliveries +` + count + ` `)
		return func() bool { return shown.MatchString(run("show")) }
	}
	require.Eventually(t, staying("1"), patience, 100*time.Millisecond)
	startVersion(t, server, "v2")
	run("set-current", "v2", "--wait", "2m")
	e.finds(e.run(environ), "temporal.versions", "v1", doctor.OK, "^draining: 1 flow stays with this version$", "^Keep its workers")
	require.Equal(t, "v2", ends(begin("later")))

	require.Equal(t, "v1", ends(flow))
	require.Eventually(t, func() bool { return strings.Contains(run("show"), "drained") }, patience, 100*time.Millisecond)
	e.finds(e.run(environ), "temporal.versions", "v1", doctor.OK, "^drained: no flow stays with this version$", "^Stop its workers.$")
}
