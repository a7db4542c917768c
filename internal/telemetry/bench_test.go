package telemetry_test

import (
	"testing"
	"time"

	"github.com/everlatch/everlatch/internal/telemetry"
)

// BenchmarkSDK is what the SDK does for each call to Temporal.
func BenchmarkSDK(b *testing.B) {
	root := telemetry.NewMetrics().TemporalHandler().WithTags(map[string]string{
		"namespace": "default", "client_name": "temporal_go", "workflow_type": "none", "activity_type": "none", "task_queue": "none", "worker_type": "none",
	})
	b.ReportAllocs()
	for b.Loop() {
		h := root.WithTags(map[string]string{"workflow_type": "Authenticate", "activity_type": "CheckCredentials", "task_queue": "everlatch"})
		h = h.WithTags(map[string]string{"operation": "RespondWorkflowTaskCompleted"})
		h.Counter("temporal_request").Inc(1)
		h.Timer("temporal_request_latency").Record(time.Millisecond)
	}
}

// BenchmarkRequest is what is counted about one request.
func BenchmarkRequest(b *testing.B) {
	m := telemetry.NewMetrics()
	b.ReportAllocs()
	for b.Loop() {
		m.Request("POST", "/auth/:actor_type/:auth_provider", 200, time.Millisecond)
	}
}
