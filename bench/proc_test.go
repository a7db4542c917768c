package main_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	bench "github.com/everlatch/everlatch/bench"
)

func TestProcess(t *testing.T) {
	t.Parallel()

	t.Run("sums user and system time behind a name with parentheses", func(t *testing.T) {
		t.Parallel()
		cpu, rss, err := bench.ProcAt("testdata/proc", 4242)
		require.NoError(t, err)
		require.InDelta(t, 15000, cpu, 0) // (1234 + 266) ticks of 10 ms
		require.Equal(t, 25600*int64(os.Getpagesize()), rss)
	})
	t.Run("a file that ends early is an error that names the process", func(t *testing.T) {
		t.Parallel()
		_, _, err := bench.ProcAt("testdata/proc", 7)
		require.ErrorContains(t, err, "process 7: unreadable stat")
	})
	t.Run("a process that does not exist is an error that names it", func(t *testing.T) {
		t.Parallel()
		_, _, err := bench.ProcAt("testdata/proc", 8)
		require.ErrorContains(t, err, "process 8")
		require.ErrorIs(t, err, os.ErrNotExist)
	})
	t.Run("this very process", func(t *testing.T) {
		t.Parallel()
		if runtime.GOOS != "linux" {
			t.Skip("SKIPPED: there is no /proc on " + runtime.GOOS)
		}
		before, rss, err := bench.ProcAt("/proc", os.Getpid())
		require.NoError(t, err)
		require.Greater(t, rss, int64(1<<20))
		after, _, err := bench.ProcAt("/proc", os.Getpid())
		require.NoError(t, err)
		require.GreaterOrEqual(t, after, before)
	})
}

func TestParseStatRefuses(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"nothing":             "",
		"no name":             "1 x S 1",
		"time that is a word": "1 (x) S 1 1 1 0 -1 0 0 0 0 0 many 2 0 0 20 0 1 0 5 6 7 8",
		"a negative word":     "1 (x) S 1 1 1 0 -1 0 0 0 0 0 1 2 0 0 20 0 1 0 5 6 - 8",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := bench.ParseStat([]byte(raw))
			require.Error(t, err)
		})
	}
}

func TestParseMachine(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/proc/stat")
	require.NoError(t, err)
	busy, err := bench.ParseMachine(raw)
	require.NoError(t, err)
	require.Equal(t, 13710*time.Millisecond, busy, "all but idle and iowait, guests counted once")

	for name, raw := range map[string]string{
		"nothing":         "",
		"another line":    "intr 1 2 3 4 5 6 7 8 9",
		"too few columns": "cpu 1 2 3",
		"a word":          "cpu 1 2 3 4 5 6 seven 8",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := bench.ParseMachine([]byte(raw))
			require.Error(t, err)
		})
	}
}
