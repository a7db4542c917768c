package workflows_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/workflows"
)

// A flow that waits is upgraded, so that it outlives the version that began it: one that
// continues as new, and those that wait for others without doing so. The others are
// pinned; what is not ours is upgraded.
func TestVersioning(t *testing.T) {
	t.Parallel()
	waits := append(slices.Clone(continues), "DeliverEvent", "EraseAccount", "ReportDeadLetters")
	var pinned []string
	for _, flow := range registeredFlows(t) {
		want := workflow.VersioningBehaviorPinned
		if slices.Contains(waits, flow) {
			want = workflow.VersioningBehaviorAutoUpgrade
		} else {
			pinned = append(pinned, flow)
		}
		require.Equal(t, want, workflows.Versioning(flow), flow)
	}
	require.Contains(t, pinned, "Authenticate")
	require.Equal(t, workflow.VersioningBehaviorPinned, workflows.Versioning(workflows.Authenticate), "given as its function")
	require.Equal(t, workflow.VersioningBehaviorAutoUpgrade, workflows.Versioning("signUpCourier"))
}
