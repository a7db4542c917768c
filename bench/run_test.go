package main_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	bench "github.com/everlatch/everlatch/bench"
)

func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return runBy(t, time.Now, args...)
}

// runBy is run by a clock.
func runBy(t *testing.T, now func() time.Time, args ...string) (string, error) {
	t.Helper()
	var out strings.Builder
	err := bench.Run(t.Context(), args, now, &out, io.Discard)
	return out.String(), err
}

type line struct {
	Scenario  string   `json:"scenario"`
	Clients   int      `json:"clients"`
	Requests  int      `json:"requests"`
	Errors    int      `json:"errors"`
	PerSecond float64  `json:"per_second"`
	P50       float64  `json:"p50_ms"`
	P90       float64  `json:"p90_ms"`
	P99       float64  `json:"p99_ms"`
	CPU       *float64 `json:"cpu_ms"`
	RSS       *float64 `json:"rss_mib"`
	Ratio     *struct {
		PerSecond float64 `json:"per_second"`
	} `json:"ratio"`
}

func lines(t *testing.T, out string) []line {
	t.Helper()
	var report struct {
		Results []line `json:"results"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &report), out)
	return report.Results
}

func TestRunMeasuresEveryScenario(t *testing.T) {
	t.Parallel()
	s := newService(t)
	args := []string{
		"-base", s.url, "-publishable-key", s.key, "-c", "1,3", "-n", "20", "-warm", "0", "-json", "-admin-token", "token-admin",
		"-scenarios", strings.Join(bench.ScenarioNames(), ","),
	}
	if runtime.GOOS == "linux" {
		args = append(args, "-pids", strconv.Itoa(os.Getpid()))
	}
	out, err := run(t, args...)
	require.NoError(t, err)

	results := lines(t, out)
	require.Len(t, results, 2*len(bench.ScenarioNames()))
	for i, r := range results {
		require.Equal(t, bench.ScenarioNames()[i/2], r.Scenario)
		require.Equal(t, []int{1, 3}[i%2], r.Clients)
		require.Equal(t, 20, r.Requests, "%+v", r)
		require.Zero(t, r.Errors)
		require.Positive(t, r.PerSecond)
		require.Positive(t, r.P50)
		require.LessOrEqual(t, r.P50, r.P90)
		require.LessOrEqual(t, r.P90, r.P99)
		if runtime.GOOS == "linux" {
			require.GreaterOrEqual(t, *r.CPU, 0.0)
			require.Positive(t, *r.RSS)
		}
	}
	require.Equal(t, map[string]int{
		"POST /auth/customer/emailpass/register": 40 + 3, // and the people of the clients
		"POST /auth/customer/emailpass":          40 + 3,
		"POST /store/customers":                  3,
		"POST /auth/session":                     3,
		"POST /auth/token/refresh":               40,
		"GET /store/customers/me":                40 + 40,
		"GET /admin/customers":                   40 + 40,
		"GET /admin/auth-identities":             40,
		"GET /ui/customer":                       40,
	}, s.requests)
	require.Len(t, s.searched, 80, "each search is for something else")
	for email, password := range s.passwords {
		require.True(t, strings.HasPrefix(email, "bench-"), email)
		require.NotContains(t, out, password)
	}
}

func TestRunPrintsATable(t *testing.T) {
	t.Parallel()
	s := newService(t)
	base := []string{"-base", s.url, "-publishable-key", s.key, "-c", "2", "-n", "10", "-warm", "1ms"}
	out, err := run(t, append(base, "-scenarios", "me,login", "-json")...)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "earlier.json")
	require.NoError(t, os.WriteFile(file, []byte(out), 0o600))

	out, err = run(t, append(base, "-scenarios", "login,refresh", "-baseline", file)...)
	require.NoError(t, err)
	var cells [][]string
	for row := range strings.Lines(out) {
		if fields := strings.Fields(row); len(fields) > 0 {
			cells = append(cells, fields)
		}
	}
	require.Len(t, cells, 5, out)
	require.Contains(t, out, "req/s")
	require.Equal(t, []string{"login", "2", "10", "0"}, cells[2][:4])
	require.Equal(t, []string{"to", "baseline"}, cells[3][:2])
	require.True(t, strings.HasPrefix(cells[3][2], "×"), out)
	require.Equal(t, []string{"refresh", "2", "10", "0"}, cells[4][:4], "no line without its counterpart")

	out, err = run(t, append(base, "-scenarios", "login,refresh", "-baseline", file, "-json")...)
	require.NoError(t, err)
	results := lines(t, out)
	require.Positive(t, results[0].Ratio.PerSecond)
	require.Nil(t, results[1].Ratio)
}

func TestRunBoundsTime(t *testing.T) {
	t.Parallel()
	s := newService(t)
	out, err := run(t, "-base", s.url, "-publishable-key", s.key, "-c", "1", "-d", "20ms", "-warm", "0", "-scenarios", "me", "-json")
	require.NoError(t, err)
	require.Positive(t, lines(t, out)[0].Requests)
}

func TestRunReportsErrors(t *testing.T) {
	t.Parallel()

	t.Run("a scenario that is answered by something else", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.fail = "POST /auth/token/refresh"
		out, err := run(t, "-base", s.url, "-publishable-key", s.key, "-c", "2", "-n", "10", "-warm", "0", "-scenarios", "refresh,me")
		require.ErrorContains(t, err, "not answered as they should be")
		require.Contains(t, out, "refresh with 2 clients: status 500: {\"message\":\"An unknown error occurred.\"}")
		require.NotContains(t, out, "me with 2 clients:")
	})
	t.Run("clients give up on a server that refuses everything", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.fail = "GET /store/customers/me"
		out, err := run(t, "-base", s.url, "-publishable-key", s.key, "-c", "2", "-n", "100000", "-warm", "0", "-scenarios", "me", "-json")
		require.Error(t, err)
		require.Equal(t, 40, lines(t, out)[0].Errors)
		require.Zero(t, lines(t, out)[0].P99)
	})
	t.Run("a publishable key that is missing", func(t *testing.T) {
		t.Parallel()
		_, err := run(t, "-base", newService(t).url, "-n", "1")
		require.ErrorContains(t, err, "create a customer: status 400")
		require.ErrorContains(t, err, "Publishable API key required")
	})
	t.Run("a server that is not there", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, l.Close())
		_, err = run(t, "-base", "http://"+l.Addr().String(), "-n", "1")
		require.ErrorContains(t, err, "register a person: connect")
	})
	t.Run("a server that hangs up", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_ = c.Close()
			}
		}()
		_, err = run(t, "-base", "http://"+l.Addr().String(), "-n", "1")
		require.ErrorContains(t, err, "register a person:")
	})
	t.Run("a process that is not there", func(t *testing.T) {
		t.Parallel()
		if runtime.GOOS != "linux" {
			t.Skip("SKIPPED: there is no /proc on " + runtime.GOOS)
		}
		_, err := run(t, "-base", newService(t).url, "-pids", "4194304", "-n", "1")
		require.ErrorContains(t, err, "process 4194304")
	})
	t.Run("an interrupt", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := bench.Run(ctx, []string{"-base", s.url}, time.Now, io.Discard, io.Discard)
		require.ErrorIs(t, err, context.Canceled)
	})
}
