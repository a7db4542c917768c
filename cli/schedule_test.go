package cli_test

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/flows"
)

// scheduled asks for the jobs until they are as ready wants them: one that was just made
// is not listed yet.
func scheduled(t *testing.T, data string, ready func(map[string]flows.ScheduleInfo) bool) map[string]flows.ScheduleInfo {
	t.Helper()
	jobs := map[string]flows.ScheduleInfo{}
	require.Eventually(t, func() bool {
		out, _, err := execute(t, nil, "", "schedule", "list", "--data", data, "--json")
		require.NoError(t, err)
		var list struct {
			Schedules []flows.ScheduleInfo `json:"schedules"`
		}
		require.NoError(t, json.Unmarshal([]byte(out), &list))
		clear(jobs)
		for _, job := range list.Schedules {
			jobs[job.ID] = job
		}
		return ready(jobs)
	}, patience, 200*time.Millisecond)
	return jobs
}

func TestSchedule(t *testing.T) {
	t.Parallel()

	data := filepath.Join(t.TempDir(), "data")
	beginDev(t, "--data", data)
	run := func(args ...string) string {
		out, _, err := execute(t, nil, "", append([]string{"schedule", "--data", data}, args...)...)
		require.NoError(t, err)
		return out
	}
	jobs := scheduled(t, data, func(jobs map[string]flows.ScheduleInfo) bool {
		return !jobs["clean-up"].Next.IsZero() && jobs["remove-orphans"].Flow != ""
	})
	require.Equal(t, "CleanUp", jobs["clean-up"].Flow)

	require.Equal(t, "clean-up is paused.\n", run("pause", "clean-up", "--note", "the backup runs"))
	jobs = scheduled(t, data, func(jobs map[string]flows.ScheduleInfo) bool { return jobs["clean-up"].Paused })
	require.Equal(t, "the backup runs", jobs["clean-up"].Note)
	require.Regexp(t, `(?s)^ID +FLOW +WHEN +LAST +WENT +NEXT +NOTE\nclean-up +CleanUp +every 10 minutes +\S+ +\S+ +paused +the backup runs\nremove-orphans +RemoveOrphans +`, run("list"))

	require.Equal(t, "clean-up starts now.\n", run("trigger", "clean-up"))
	scheduled(t, data, func(jobs map[string]flows.ScheduleInfo) bool { return !jobs["clean-up"].Last.IsZero() })

	require.JSONEq(t, `{"id":"clean-up","action":"resumed"}`, run("resume", "clean-up", "--json"))
	scheduled(t, data, func(jobs map[string]flows.ScheduleInfo) bool { return !jobs["clean-up"].Paused })

	require.Equal(t, "remove-orphans starts for each of its times from 2026-11-01T00:00:00Z to 2026-11-01T01:00:00Z.\n",
		run("backfill", "remove-orphans", "--from", "2026-11-01T01:00:00+01:00", "--to", "2026-11-01T01:00:00Z"))
	scheduled(t, data, func(jobs map[string]flows.ScheduleInfo) bool { return !jobs["remove-orphans"].Last.IsZero() })

	for _, args := range [][]string{
		{"pause", "nope"},
		{"resume", "nope"},
		{"trigger", "nope"},
		{"backfill", "nope", "--from", "2026-11-01T00:00:00Z", "--to", "2026-11-01T01:00:00Z"},
	} {
		_, _, err := execute(t, nil, "", append([]string{"schedule", "--data", data}, args...)...)
		require.ErrorContains(t, err, "There is no schedule nope.")
	}
}

func TestScheduleRefuses(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		args []string
		want []string
	}{
		"pause without a job":       {[]string{"pause"}, []string{"everlatch schedule pause needs the id of a job and nothing else"}},
		"resume without a job":      {[]string{"resume"}, []string{"everlatch schedule resume needs the id of a job"}},
		"trigger of two jobs":       {[]string{"trigger", "a", "b"}, []string{"everlatch schedule trigger needs the id of a job and nothing else"}},
		"backfill without a period": {[]string{"backfill", "a"}, []string{"needs --from and --to"}},
		"backfill of times that are none": {
			[]string{"backfill", "a", "--from", "yesterday", "--to", "now"},
			[]string{`--from is "yesterday", and a time such as 2026-11-01T00:00:00Z is expected`, `--to is "now", and a time`},
		},
		"backfill of a period that ends before it begins": {
			[]string{"backfill", "a", "--from", "2026-11-02T00:00:00Z", "--to", "2026-11-01T00:00:00Z"},
			[]string{"--to, 2026-11-01T00:00:00Z, is not after --from, 2026-11-02T00:00:00Z"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, _, err := execute(t, nil, "", append([]string{"schedule", "--data", t.TempDir()}, tt.args...)...)

			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestScheduleWithoutTemporal(t *testing.T) {
	t.Parallel()

	environ := []string{
		"DATABASE_URL=sqlite://" + filepath.Join(t.TempDir(), "x.db"), "TEMPORAL_ADDRESS=127.0.0.1:1",
		"EVERLATCH_ENCRYPTION_KEYS=k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
	}
	_, _, err := execute(t, environ, "", "migrate", "up")
	require.NoError(t, err)

	_, _, err = execute(t, environ, "", "schedule", "list")

	require.ErrorContains(t, err, "is Temporal reachable?")
}
