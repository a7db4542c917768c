package workflows_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/transfer"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

// stageImport stages customers, of whom each seventh has the e-mail of another.
func (h *house) stageImport(t *testing.T, id string, n int) { //nolint:unparam // recordings stage a second one
	t.Helper()
	require.NoError(t, h.store.StartImport(t.Context(), id, "everlatch"))
	staged := make([]store.StagedUnit, n)
	for i := range n {
		name := i
		if i%7 == 6 {
			name = i - 1
		}
		text, err := json.Marshal(transfer.Unit{Line: int64(i + 1), Records: []transfer.Record{
			{"type": "customer", "id": fmt.Sprintf("cus_%d", i), "email": fmt.Sprintf("%d@example.com", name)},
		}})
		require.NoError(t, err)
		staged[i] = store.StagedUnit{Position: int64(i), Sealed: h.vault.Wrap(vault.NewSecret(text), transfer.Purpose(id, int64(i)))}
	}
	require.NoError(t, h.store.StageUnits(t.Context(), id, staged))
	require.NoError(t, h.store.ReleaseImport(t.Context(), id))
}

// TestImport: everything staged is imported once, also when each step fails once before
// or after it has done its work.
func TestImport(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string][]fault{
		"as it should":  nil,
		"fails first":   {{activities: []string{"ImportBatch", "FinishImport"}, times: 1}, {activities: []string{"FinishImport"}, times: 1}},
		"answers lost":  {{activities: []string{"ImportBatch"}, times: 2, after: true}, {activities: []string{"FinishImport"}, times: 2, after: true}},
		"database away": {{activities: []string{"ImportBatch"}, times: 20}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.stageImport(t, "import_1", 250)
			h.faults.set(rules...)
			out, err := perform[activities.ImportProgress](t, h, workflows.ImportID("import_1"), workflows.Import, workflows.ImportInput{ImportID: "import_1"})
			require.NoError(t, err)
			require.Equal(t, activities.ImportProgress{Staged: 250, Created: 215, Refused: 35}, out)
			_, count, err := h.store.Customers(t.Context(), store.CustomerFilter{}, store.Page{})
			require.NoError(t, err)
			require.Equal(t, 215, count)
			issues, err := h.store.ImportIssues(t.Context(), "import_1")
			require.NoError(t, err)
			require.Len(t, issues, 35)
			require.Equal(t, store.ImportIssue{Line: 7, Type: "customer", Record: "cus_6", Refused: true, Reason: "Another customer has this e-mail address."}, issues[0])
			require.Equal(t, []string{everlatch.EventImportCompleted + " released"}, h.snapshot(t)["events"])
		})
	}
}

// TestImportProgress: a query tells how far it is.
func TestImportProgress(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.stageImport(t, "import_1", 150)
	env := h.env(t, workflows.ImportID("import_1"))
	var seen activities.ImportProgress
	h.faults.set(fault{activities: []string{"FinishImport"}, meanwhile: func() {
		answer, err := env.QueryWorkflow(workflows.QueryImport)
		if err == nil {
			_ = answer.Get(&seen)
		}
	}})
	env.ExecuteWorkflow(workflows.Import, workflows.ImportInput{ImportID: "import_1"})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, activities.ImportProgress{Staged: 150, Created: 129, Refused: 21}, seen)
}

// TestCancelledImport: what is imported stays, and the rest is forgotten.
func TestCancelledImport(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.stageImport(t, "import_1", 250)
	h.cancelAt = "ImportBatch"
	_, err := perform[activities.ImportProgress](t, h, workflows.ImportID("import_1"), workflows.Import, workflows.ImportInput{ImportID: "import_1"})
	require.True(t, temporal.IsCanceledError(err), "%v", err)
	state, err := h.store.Import(t.Context(), "import_1")
	require.NoError(t, err)
	require.Equal(t, store.ImportCancelled, state.Status)
	require.Zero(t, state.Waiting)
	require.Empty(t, h.snapshot(t)["events"])
}

// TestSuggestedImport: an import whose history the server finds long continues as new.
func TestSuggestedImport(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.stageImport(t, "import_1", 250)
	env := h.env(t, workflows.ImportID("import_1"))
	env.SetContinueAsNewSuggested(true)
	env.ExecuteWorkflow(workflows.Import, workflows.ImportInput{ImportID: "import_1"})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &again)
	state, err := h.store.Import(t.Context(), "import_1")
	require.NoError(t, err)
	require.Equal(t, int64(150), state.Waiting)
}

// TestLongImport: an import of many batches continues as new, with its progress.
func TestLongImport(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.stageImport(t, "import_1", 25_100)
	env := h.env(t, workflows.ImportID("import_1"))
	env.ExecuteWorkflow(workflows.Import, workflows.ImportInput{ImportID: "import_1"})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &again)
	state, err := h.store.Import(t.Context(), "import_1")
	require.NoError(t, err)
	require.Equal(t, [2]any{store.ImportRunning, int64(100)}, [2]any{state.Status, state.Waiting})
	out, err := perform[activities.ImportProgress](t, h, workflows.ImportID("import_1"), workflows.Import, workflows.ImportInput{ImportID: "import_1"})
	require.NoError(t, err)
	require.Equal(t, int64(25_100), out.Created+out.Refused)
}
