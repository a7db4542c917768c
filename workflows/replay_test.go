package workflows_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/telemetry"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/worker"
)

const histories = "testdata/histories"

// TestReplay replays every history that was ever kept: executions of those
// shapes may be running, so a change that breaks one needs a new workflow name
// or a version. Histories are added (see record_test.go), never edited.
func TestReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(histories, "*", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimPrefix(file, histories+"/"), func(t *testing.T) {
			t.Parallel()
			replayHistory(t, file)
		})
		t.Run("traced/"+strings.TrimPrefix(file, histories+"/"), func(t *testing.T) {
			t.Parallel()
			spans := tracetest.NewInMemoryExporter()
			provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
			replayHistory(t, file, telemetry.NewTracer(provider, false).Interceptor())
			require.Empty(t, spans.GetSpans(), "what is replayed has happened before")
		})
	}
}

func replayHistory(t *testing.T, file string, outside ...interceptor.WorkerInterceptor) {
	t.Helper()
	replayer, err := sdkworker.NewWorkflowReplayerWithOptions(sdkworker.WorkflowReplayerOptions{
		Interceptors: append(outside, temporalkit.NewInterceptor(slog.New(slog.DiscardHandler))),
	})
	require.NoError(t, err)
	worker.Register(registry{replayer}, activities.New(activities.Deps{}))
	for _, custom := range customWorkflows() {
		replayer.RegisterWorkflow(custom)
	}
	history := readHistory(t, file)
	started := history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
	// A removal under the id of its account differs from one under another id.
	require.NoError(t, replayer.ReplayWorkflowHistoryWithOptions(
		sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)), history, sdkworker.ReplayWorkflowHistoryOptions{
			OriginalExecution: workflow.Execution{ID: started.GetWorkflowId(), RunID: started.GetOriginalExecutionRunId()},
		}))
}

func readHistory(t *testing.T, file string) *historypb.History {
	t.Helper()
	raw, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = raw.Close() }()
	history, err := client.HistoryFromJSON(raw, client.HistoryJSONOptions{})
	require.NoError(t, err)
	return history
}

// TestContinuedHistories keeps, of every flow that continues as new, a history
// that does and the one that follows.
func TestContinuedHistories(t *testing.T) {
	t.Parallel()
	for _, flow := range continues {
		if _, left := without[flow+" "+endsContinued]; left {
			continue
		}
		first := readHistory(t, filepath.Join(histories, flow, "continued.json")).GetEvents()
		last := first[len(first)-1].GetWorkflowExecutionContinuedAsNewEventAttributes()
		require.NotNil(t, last, flow)
		next := readHistory(t, filepath.Join(histories, flow, "continued_from_another_run.json")).GetEvents()
		began := next[0].GetWorkflowExecutionStartedEventAttributes()
		require.Equal(t, last.GetNewExecutionRunId(), began.GetOriginalExecutionRunId(), flow)
		require.NotNil(t, next[len(next)-1].GetWorkflowExecutionCompletedEventAttributes(), flow)
	}
}

// TestCancelledHistories keeps, of a sign-in elsewhere, a history for each step
// during which it was cancelled.
func TestCancelledHistories(t *testing.T) {
	t.Parallel()
	for step, finishes := range map[string]bool{
		"BeginRedirect": false, "ExchangeCode": false, "ReadProfile": true, "ReleaseEvents": true,
	} {
		events := readHistory(t, filepath.Join(histories, "SocialLogin", "cancelled_during_"+step+".json")).GetEvents()
		require.True(t, slices.ContainsFunc(events, func(e *historypb.HistoryEvent) bool {
			return e.GetWorkflowExecutionCancelRequestedEventAttributes() != nil
		}), step)
		last := events[len(events)-1]
		require.Equal(t, finishes, last.GetWorkflowExecutionCompletedEventAttributes() != nil, step)
		require.Equal(t, !finishes, last.GetWorkflowExecutionCanceledEventAttributes() != nil, step)
	}
}

// TestRecordedReads keeps, of every flow that reads what it then changes, histories of both
// versions: those that read it in a local step, and those that have what they read in
// history.
func TestRecordedReads(t *testing.T) {
	t.Parallel()
	for flow, earlier := range map[string]bool{
		"SetAuthAppMetadata": true, "RemoveCustomerAccount": true, "RemoveUserAccount": true, "RemoveActorAccount": true, "signUpCourier": true,
		"removeCourier": false,
	} {
		files, err := filepath.Glob(filepath.Join(histories, flow, "*.json"))
		require.NoError(t, err)
		versions := map[bool]int{}
		for _, file := range files {
			events := readHistory(t, file).GetEvents()
			versions[slices.ContainsFunc(events, recordsReads)]++
		}
		require.Positive(t, versions[true], flow)
		require.Equal(t, earlier, versions[false] > 0, flow)
	}
}

// recordsReads reports whether an event chooses the version that records reads.
func recordsReads(e *historypb.HistoryEvent) bool {
	for _, payload := range e.GetMarkerRecordedEventAttributes().GetDetails()["change-id"].GetPayloads() {
		if string(payload.GetData()) == `"recorded-reads"` {
			return true
		}
	}
	return false
}
