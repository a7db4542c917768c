//go:build !noembedded

package embedded_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/internal/embedded"
)

const queue = "test"

// greet is a workflow of one step.
func greet(_ workflow.Context, name string) (string, error) { return "hello " + name, nil }

func start(t *testing.T, opts embedded.Options) *embedded.Server {
	t.Helper()
	begun := time.Now()
	server, err := embedded.Start(t.Context(), opts)
	require.NoError(t, err)
	t.Logf("started in %s", time.Since(begun).Round(time.Millisecond))
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	return server
}

// connect returns a client with a worker behind it.
func connect(t *testing.T, server *embedded.Server) client.Client {
	t.Helper()
	return connectTo(t, server.Address(), server.Namespace())
}

func connectTo(t *testing.T, address, namespace string) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: address, Namespace: namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	work(t, c, queue)
	return c
}

func work(t *testing.T, c client.Client, queue string) {
	t.Helper()
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(greet)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

func run(t *testing.T, c client.Client, id, name string) string {
	t.Helper()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: queue}, greet, name)
	require.NoError(t, err)
	var out string
	require.NoError(t, run.Get(t.Context(), &out))
	return out
}

func TestStart(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T) embedded.Options{
		"in memory": func(*testing.T) embedded.Options { return embedded.Options{} },
		"in a folder, with its UI": func(t *testing.T) embedded.Options {
			t.Helper()
			return embedded.Options{Folder: t.TempDir(), UIAddress: "127.0.0.1:0"}
		},
		"in a folder with a difficult name": func(t *testing.T) embedded.Options {
			t.Helper()
			return embedded.Options{Folder: filepath.Join(t.TempDir(), "a b?c#d%20e"), Address: "localhost:0"}
		},
		"in a namespace of its own": func(*testing.T) embedded.Options {
			return embedded.Options{Namespace: "everlatch", Retention: 72 * time.Hour}
		},
	}
	for name, options := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			opts := options(t)
			server := start(t, opts)
			c := connect(t, server)
			require.Equal(t, "hello Ada", run(t, c, "greet/1", "Ada"))

			ns, err := c.WorkflowService().DescribeNamespace(t.Context(),
				&workflowservice.DescribeNamespaceRequest{Namespace: server.Namespace()})
			require.NoError(t, err)
			want := opts.Retention
			if want == 0 {
				want = 24 * time.Hour
			}
			require.Equal(t, want, ns.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
			if opts.UIAddress != "" {
				require.Equal(t, http.StatusOK, get(t, server.UIURL()+"/namespaces/default/workflows"))
			}
		})
	}
}

func TestRestartKeepsHistory(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	first := start(t, embedded.Options{Folder: folder})
	require.Equal(t, "hello Ada", run(t, connect(t, first), "greet/1", "Ada"))
	require.NoError(t, first.Stop())
	for _, file := range []string{"histories.db", "index.db"} {
		info, err := os.Stat(filepath.Join(folder, file+"-wal"))
		require.True(t, os.IsNotExist(err) || info.Size() == 0, "%s is not flushed", file)
	}

	second := start(t, embedded.Options{Folder: folder, Retention: 48 * time.Hour})
	c := connect(t, second)
	var out string
	require.NoError(t, c.GetWorkflow(t.Context(), "greet/1", "").Get(t.Context(), &out))
	require.Equal(t, "hello Ada", out)
	require.Equal(t, "hello Bob", run(t, c, "greet/2", "Bob"))
	ns, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: "default"})
	require.NoError(t, err)
	require.Equal(t, 48*time.Hour, ns.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
}

// TestBriefRetention: what has ended is deleted when its retention is over.
func TestBriefRetention(t *testing.T) {
	t.Parallel()
	c := connect(t, start(t, embedded.Options{Retention: time.Second, BriefRetention: true}))
	require.Equal(t, "hello Ada", run(t, c, "greet/1", "Ada"))
	ended := time.Now()
	require.Eventually(t, func() bool {
		_, err := c.DescribeWorkflowExecution(t.Context(), "greet/1", "")
		_, gone := errors.AsType[*serviceerror.NotFound](err)
		return gone
	}, time.Minute, 50*time.Millisecond)
	require.GreaterOrEqual(t, time.Since(ended), 900*time.Millisecond, "it is kept until then")
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()

	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })

	_, err = embedded.Start(t.Context(), embedded.Options{
		Address: taken.Addr().String(), UIAddress: "temporal.example:1", Retention: time.Minute,
	})

	require.ErrorContains(t, err, "the Temporal server cannot listen on "+taken.Addr().String()+": another program uses this port")
	require.ErrorContains(t, err, `address "temporal.example:1" of the Temporal UI needs an IP address`)
	require.ErrorContains(t, err, "retention is 1m0s")
	require.NotContains(t, strings.ToLower(err.Error()), "panic")
}

func TestStopTwice(t *testing.T) {
	t.Parallel()

	server := start(t, embedded.Options{})

	require.NoError(t, server.Stop())
	require.NoError(t, server.Stop())
}

func get(t *testing.T, url string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	res, err := (&http.Client{}).Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}
