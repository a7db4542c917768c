package worker_test

import (
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/nexus-rpc/sdk-go/nexus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/worker"
)

// recorder is a registry that only remembers the names.
type recorder struct{ names []string }

func (r *recorder) RegisterWorkflow(w any) { r.names = append(r.names, "workflow "+function(w)) }

func (r *recorder) RegisterWorkflowWithOptions(_ any, o workflow.RegisterOptions) {
	r.names = append(r.names, "workflow "+o.Name)
}

func (r *recorder) RegisterDynamicWorkflow(any, workflow.DynamicRegisterOptions) {}

func (r *recorder) RegisterActivity(a any) {
	t := reflect.TypeOf(a)
	for m := range t.Methods() {
		r.names = append(r.names, "activity "+m.Name)
	}
}

func (r *recorder) RegisterActivityWithOptions(_ any, o activity.RegisterOptions) {
	r.names = append(r.names, "activity "+o.Name)
}

func (r *recorder) RegisterDynamicActivity(any, activity.DynamicRegisterOptions) {}

func (r *recorder) RegisterNexusService(s *nexus.Service) { r.names = append(r.names, "nexus "+s.Name) }

func function(f any) string {
	full := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
	return full[strings.LastIndex(full, ".")+1:]
}

// TestNames keeps the wire names: histories and running executions refer to
// them. UPDATE_GOLDEN=1 adds new ones; a missing one is never right while an
// execution that uses it may be alive.
func TestNames(t *testing.T) {
	t.Parallel()
	const golden = "testdata/names.golden"
	var r recorder
	worker.Register(&r, activities.New(activities.Deps{}))
	slices.Sort(r.names)
	require.Equal(t, slices.Compact(slices.Clone(r.names)), r.names, "activity names share one registry")
	got := strings.Join(r.names, "\n") + "\n"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}
