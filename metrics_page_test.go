package everlatch_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/telemetry"
)

// metricsPage lists the metrics of our own.
func metricsPage(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("# Metrics" + generatedNote +
		"What `/metrics` tells besides the metrics of Temporal's SDK (`temporal_*`), the Go runtime (`go_*`), the process (`process_*`) and the pool of\n" +
		"database connections (`go_sql_*`). [Operate: metrics, traces, logs](../telemetry.md) says how to use them.\n\n" +
		"| metric | kind | labels | |\n|---|---|---|---|\n")
	for _, d := range telemetry.Definitions() {
		require.NotEmpty(t, d.Help, d.Name)
		labels := ""
		if len(d.Labels) > 0 {
			labels = "`" + strings.Join(d.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.Name, d.Kind, labels, d.Help)
	}
	return b.String()
}
