package workflows_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/everlatch/everlatch/activities"
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
			replayer, err := sdkworker.NewWorkflowReplayerWithOptions(sdkworker.WorkflowReplayerOptions{
				Interceptors: []interceptor.WorkerInterceptor{
					temporalkit.NewInterceptor(slog.New(slog.DiscardHandler)),
				},
			})
			require.NoError(t, err)
			worker.Register(registry{replayer}, activities.New(activities.Deps{}))
			for _, custom := range customWorkflows() {
				replayer.RegisterWorkflow(custom)
			}
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(
				sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)), file))
		})
	}
}

// TestEveryDanceHasHistories keeps the folder complete.
func TestEveryDanceHasHistories(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile("../worker/testdata/names.golden")
	require.NoError(t, err)
	for line := range strings.Lines(string(golden)) {
		name, isWorkflow := strings.CutPrefix(strings.TrimSpace(line), "workflow ")
		if isWorkflow {
			require.DirExists(t, filepath.Join(histories, name))
		}
	}
}
