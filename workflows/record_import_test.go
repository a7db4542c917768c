//go:build record

package workflows_test

import (
	"testing"

	"github.com/everlatch/everlatch/workflows"
)

// TestRecordImports keeps histories of imports (make history).
func TestRecordImports(t *testing.T) {
	r := newRecorder(t)
	r.house.stageImport(t, "import_1", 150)
	r.keep(t, "Import/imported", workflows.Import, workflows.ImportInput{ImportID: "import_1"})
	r.keep(t, "Import/nothing", workflows.Import, workflows.ImportInput{ImportID: "import_1"})
	r.house.faults.set(fault{activities: []string{"ImportBatch"}, times: 1}, fault{activities: []string{"FinishImport"}, times: 1, after: true})
	r.house.stageImport(t, "import_2", 10)
	r.keep(t, "Import/retried", workflows.Import, workflows.ImportInput{ImportID: "import_2"})
}
