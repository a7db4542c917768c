package main

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
)

// newReports returns reports on customers who were created on the 20th, the 22nd
// and the 23rd of November, at noon.
func newReports(out io.Writer) *Reports {
	return &Reports{Out: out, Events: func(_ context.Context, name string, from, until time.Time) (found []everlatch.Event, err error) {
		for _, day := range []int{20, 22, 23} {
			at := time.Date(2026, 11, day, 12, 0, 0, 0, time.UTC)
			if name == everlatch.EventCustomerCreated && !at.Before(from) && at.Before(until) {
				found = append(found, everlatch.Event{Name: name, CreatedAt: at})
			}
		}
		return found, nil
	}}
}

func TestReport(t *testing.T) {
	t.Parallel()

	morning := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		days int
		at   time.Time
		want string
	}{
		"of a day":          {1, morning, "2026-11-22 06:00:00 to 2026-11-23 06:00:00: 1 new customer\n"},
		"of a week":         {7, morning, "2026-11-16 06:00:00 to 2026-11-23 06:00:00: 2 new customers\n"},
		"of an earlier day": {1, morning.AddDate(0, 0, -4), "2026-11-18 06:00:00 to 2026-11-19 06:00:00: 0 new customers\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var out bytes.Buffer
			env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
			env.RegisterActivity(newReports(&out))
			key := temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")
			require.NoError(t, env.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(key.ValueSet(tt.at))))

			env.ExecuteWorkflow(ReportCustomers, ReportInput{Days: tt.days})

			require.NoError(t, env.GetWorkflowError())
			require.Equal(t, tt.want, out.String())
		})
	}
}

func TestReportWithoutASchedule(t *testing.T) {
	t.Parallel()

	var out bytes.Buffer
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	env.SetStartTime(time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC))
	env.RegisterActivity(newReports(&out))

	env.ExecuteWorkflow(ReportCustomers, ReportInput{Days: 2})

	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, "2026-11-22 00:00:00 to 2026-11-24 00:00:00: 2 new customers\n", out.String())
}

// With both jobs of the guide: that of the program and that of the file.
func TestTheServiceAssembles(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{File: "everlatch.yaml", Flags: map[string]any{
		"database.url": "sqlite://" + filepath.Join(t.TempDir(), "everlatch.db"), "temporal.address": "127.0.0.1:1",
	}})
	require.NoError(t, err)
	require.NoError(t, cfg.Generate(""))
	require.Len(t, cfg.Schedules, 1)

	a, err := app.New(t.Context(), cfg, append(options(io.Discard), app.WithMigrations())...)
	require.NoError(t, err)
	require.NoError(t, a.Close())

	cfg.Schedules[0].Input = map[string]any{"weeks": 1}
	_, err = app.New(t.Context(), cfg, append(options(io.Discard), app.WithMigrations())...)
	require.ErrorContains(t, err, `flow "ReportCustomers" has no input "weeks"; it has days`)
}
