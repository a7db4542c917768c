//go:build record

package workflows_test

import (
	"fmt"
	"io"
	"log/slog"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

// TestCostOfDescription measures what summary, details and search attribute add to a
// sign-in without its hash, in CPU of server, worker and client together. It compares
// rounds in turn, because other programs use the machine as well.
//
//	go test -tags record -count=1 -v -run TestCostOfDescription ./workflows
func TestCostOfDescription(t *testing.T) {
	// An attribute of another name, which no workflow of ours takes for its own: the
	// sign-ins of this test are refused, and would add others.
	key := temporal.NewSearchAttributeKeyKeyword("Measured")
	server, err := embedded.Start(t.Context(), embedded.Options{
		Folder: t.TempDir(), SearchAttributes: map[string]enumspb.IndexedValueType{key.GetName(): key.GetValueType()},
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	keys, err := vault.ParseKeys("k:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
	require.NoError(t, err)
	ring, err := vault.NewKeyRing(keys)
	require.NoError(t, err)
	c, err := client.Dial(client.Options{
		HostPort: server.Address(), DataConverter: temporalkit.NewDataConverter(temporalkit.Sealing{Ring: ring}),
		Logger: sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	r := &recorder{client: c, house: newHouse(t), queue: "cost"}
	r.work(t, r.queue)
	in := workflows.AuthenticateInput{ActorType: "customer", Provider: "emailpass", Request: "sec_01M8M3HPNC46WTK1TNFPZP3D4P"}
	d := workflows.Describe(workflows.Authenticate, in, workflows.About{})
	hash := key.ValueSet("h:oxlls5ovkl5rs4umaduji5idswkd2u4slexbt72upntenh3hk7oa")

	round := func(described bool) (each time.Duration, bytes int64) {
		const count = 100
		var last client.WorkflowRun
		begun := processCPU()
		for i := range count {
			o := client.StartWorkflowOptions{
				ID: fmt.Sprint("cost/", described, "/", begun, "/", i), TaskQueue: r.queue, EnableEagerStart: true, WorkflowTaskTimeout: 3 * time.Second,
			}
			if described {
				o.StaticSummary, o.StaticDetails, o.TypedSearchAttributes = d.Summary, d.Details, temporal.NewSearchAttributes(hash)
			}
			last, err = c.ExecuteWorkflow(t.Context(), o, workflows.Authenticate, in)
			require.NoError(t, err)
			require.NoError(t, last.Get(t.Context(), nil))
		}
		each = (processCPU() - begun) / count
		found, err := c.DescribeWorkflowExecution(t.Context(), last.GetID(), last.GetRunID())
		require.NoError(t, err)
		return each, found.GetWorkflowExecutionInfo().GetHistorySizeBytes()
	}
	round(true) // warm up
	const rounds = 20
	var sum [2]time.Duration
	var size [2]int64
	for i := range rounds {
		for _, kind := range []int{i % 2, 1 - i%2} {
			var spent time.Duration
			spent, size[kind] = round(kind == 1)
			sum[kind] += spent
		}
	}
	t.Logf("plain %s and %d bytes, described %s and %d bytes", sum[0]/rounds, size[0], sum[1]/rounds, size[1])
}

// processCPU is what this process has used, in user and system mode.
func processCPU() time.Duration {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
