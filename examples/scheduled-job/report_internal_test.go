package main

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/store"
)

// newReports returns reports on a database in which a customer came on the
// 20th, the 22nd and the 23rd of November, at noon.
func newReports(t *testing.T, out io.Writer) *Reports {
	t.Helper()
	var now time.Time
	s, err := store.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "everlatch.db"), func() time.Time { return now })
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	for _, id := range []string{"20", "22", "23"} {
		now, err = time.Parse(time.DateTime, "2026-11-"+id+" 12:00:00")
		require.NoError(t, err)
		_, _, err = s.PublishEvent(t.Context(), everlatch.Event{ID: id, Name: everlatch.EventCustomerCreated})
		require.NoError(t, err)
	}
	return &Reports{Store: s, Out: out}
}

func TestReport(t *testing.T) {
	t.Parallel()

	morning := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		days int
		at   time.Time
		want string
	}{
		"of a day":           {1, morning, "2026-11-22 06:00:00 to 2026-11-23 06:00:00: 1 new customers\n"},
		"of a week":          {7, morning, "2026-11-16 06:00:00 to 2026-11-23 06:00:00: 2 new customers\n"},
		"of a day long gone": {1, morning.AddDate(0, 0, -4), "2026-11-18 06:00:00 to 2026-11-19 06:00:00: 0 new customers\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var out bytes.Buffer
			env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
			env.RegisterActivity(newReports(t, &out))
			key := temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")
			require.NoError(t, env.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(key.ValueSet(tt.at))))

			env.ExecuteWorkflow(ReportCustomers, ReportInput{Days: tt.days})

			require.NoError(t, env.GetWorkflowError())
			require.Equal(t, tt.want, out.String())
		})
	}
}

func TestReportThatNobodyScheduled(t *testing.T) {
	t.Parallel()

	var out bytes.Buffer
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	env.SetStartTime(time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC))
	env.RegisterActivity(newReports(t, &out))

	env.ExecuteWorkflow(ReportCustomers, ReportInput{Days: 2})

	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, "2026-11-22 00:00:00 to 2026-11-24 00:00:00: 2 new customers\n", out.String())
}

// With both ways of the guide: the job in the program, and the one in the file.
func TestTheServiceAssembles(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{File: "everlatch.yaml", Flags: map[string]any{
		"database.url": "sqlite://" + filepath.Join(t.TempDir(), "everlatch.db"), "temporal.address": "127.0.0.1:1",
	}})
	require.NoError(t, err)
	require.NoError(t, cfg.Generate(""))
	require.Len(t, cfg.Schedules, 1)

	a, err := newApp(t.Context(), cfg, nil, io.Discard)
	require.NoError(t, err)
	require.NoError(t, a.Close())

	cfg.Schedules[0].Input = map[string]any{"weeks": 1}
	_, err = newApp(t.Context(), cfg, nil, io.Discard)
	require.ErrorContains(t, err, `flow "ReportCustomers" has no input "weeks"; it has days`)
}
