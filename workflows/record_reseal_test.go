//go:build record

package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/workflows"
)

// TestRecordReseals keeps histories of sealing again (make history).
func TestRecordReseals(t *testing.T) {
	r := newRecorder(t)
	r.house.rotateVault(t, 450, r.house.clock.Now().Add(time.Minute))
	r.house.useNewKey(t)
	e := &endings{recorder: r, t: t}
	e.cancelled("ResealBatch", workflows.Reseal, workflows.ResealInput{})
	r.keep(t, "Reseal/resealed", workflows.Reseal, workflows.ResealInput{})
	r.keep(t, "Reseal/nothing", workflows.Reseal, workflows.ResealInput{})
}

// TestRecordLongReseal records one that continues as new, and the execution that follows.
func TestRecordLongReseal(t *testing.T) {
	r := newRecorderOn(t, embedded.Options{ContinueAsNewAfter: mostEvents})
	r.house.rotateVault(t, 900, r.house.clock.Now().Add(time.Minute))
	r.house.useNewKey(t)
	run := r.start(t, "Reseal/continued", workflows.Reseal, workflows.ResealInput{})
	first := r.client.GetWorkflow(t.Context(), run.GetID(), run.GetRunID())
	require.NoError(t, run.Get(t.Context(), nil))
	latest, err := r.client.DescribeWorkflowExecution(t.Context(), run.GetID(), "")
	require.NoError(t, err)
	id := latest.GetWorkflowExecutionInfo().GetExecution().GetRunId()
	require.NotEqual(t, first.GetRunID(), id)
	r.keepBoth(t, "Reseal", first, r.client.GetWorkflow(t.Context(), run.GetID(), id))
}
