package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

func TestSchedules(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{File: write(t, `
schedules:
  - {id: report, flow: Report, cron: "0 3 * * MON-FRI", input: {to: a}}
  - {id: poll, flow: Poll, every: 15m, overlap: allow_all, catch_up: 1h, paused: true}
`)})

	require.NoError(t, err)
	require.Equal(t, []config.Schedule{
		{
			ID: "report", Flow: "Report", Input: map[string]any{"to": "a"},
			Cron: "0 3 * * MON-FRI", Overlap: "skip", CatchUp: config.Span(time.Minute),
		},
		{
			ID: "poll", Flow: "Poll", Every: config.Span(15 * time.Minute),
			Overlap: "allow_all", CatchUp: config.Span(time.Hour), Paused: true,
		},
	}, cfg.Schedules)
}

func TestScheduleProblems(t *testing.T) {
	t.Parallel()

	tests := map[string]struct{ entry, want string }{
		"neither cron nor every": {"{id: a, flow: f}", "entry 1: exactly one of cron and every is expected"},
		"cron and every":         {`{id: a, flow: f, cron: "@daily", every: 1h}`, "entry 1: exactly one of cron and every is expected"},
		"no id and no flow":      {"{every: 1h}", "entry 1: flow is missing"},
		"an id with capitals":    {"{id: A, flow: f, every: 1h}", `entry 1, id: "A" has more than`},
		"an id of our own":       {"{id: clean-up, flow: f, every: 1h}", "is taken by one of Everlatch's own"},
		"an existing id":         {"{id: a, flow: f, every: 1h}, {id: a, flow: f, every: 1h}", `the id "a" is given twice`},
		"every is too short":     {"{id: a, flow: f, every: 10ms}", "entry 1, every: 10ms is too short"},
		"every is not a span":    {"{id: a, flow: f, every: often}", `entry 1, every: "often" is not a length of time`},
		"catch_up is too short":  {"{id: a, flow: f, every: 1h, catch_up: 1s}", "entry 1, catch_up: 1s is too short"},
		"an unknown overlap":     {"{id: a, flow: f, every: 1h, overlap: stop}", `entry 1, overlap: "stop" is none of skip`},
		"a camel case key":       {"{id: a, flow: f, every: 1h, catchUp: 1m}", "unknown key catchUp; did you mean catch_up?"},
		"four fields":            {`{id: a, flow: f, cron: "* * * *"}`, "entry 1, cron: this is not five fields"},
		"six fields":             {`{id: a, flow: f, cron: "* * * * * *"}`, "entry 1, cron"},
		"a strange character":    {`{id: a, flow: f, cron: "* * * * $"}`, "entry 1, cron"},
		"an unknown word":        {`{id: a, flow: f, cron: "@every 1h"}`, "entry 1, cron"},
		"a minute of 61":         {`{id: nightly, flow: f, cron: "61 3 * * *"}`, `entry 1, cron: "61" is no minute from 0 to 59 (schedule "nightly")`},
		"a zone unknown":         {`{id: a, flow: f, cron: "CRON_TZ=Europe/Nowhere 0 3 * * *"}`, `entry 1, cron: there is no time zone "Europe/Nowhere" (schedule "a")`},
		"a zone alone":           {`{id: a, flow: f, cron: "TZ=Europe/Berlin"}`, "entry 1, cron"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := config.Load(config.Sources{File: write(t, "schedules: ["+tt.entry+"]")})

			require.ErrorContains(t, err, "schedules: ")
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestCron(t *testing.T) {
	t.Parallel()

	for _, cron := range []string{"* * * * *", "*/5 0-6 1,15 JAN 7", "@hourly", "@daily", "CRON_TZ=Europe/Berlin 0 3 * * *", "  0 3   * * 1  "} {
		t.Run(cron, func(t *testing.T) {
			t.Parallel()

			_, err := config.Load(config.Sources{File: write(t, `schedules: [{id: a, flow: f, cron: "`+cron+`"}]`)})

			require.NoError(t, err)
		})
	}
}
