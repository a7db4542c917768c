package main_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	bench "github.com/everlatch/everlatch/bench"
)

type leak struct {
	Probe  string  `json:"probe"`
	Pairs  int     `json:"pairs"`
	AUC    float64 `json:"auc"`
	Differ int     `json:"answers_differ"`
}

func leaks(t *testing.T, out string) map[string]leak {
	t.Helper()
	var report struct {
		Probes []leak `json:"probes"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &report), out)
	found := map[string]leak{}
	for _, l := range report.Probes {
		found[l.Probe] = l
	}
	return found
}

// A server that waits only where an account exists is found out by the time of its
// answers, and register by the answers themselves.
func TestTimingFindsADifference(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.slow = map[string]time.Duration{"POST /auth/customer/emailpass/reset-password": 3 * time.Millisecond}

	out, err := run(t, "-timing", "-base", s.url, "-publishable-key", s.key, "-admin-token", "token-admin", "-n", "40", "-json")

	require.ErrorContains(t, err, "tell by their time")
	found := leaks(t, out)
	require.Len(t, found, len(bench.ProbeNames()))
	for name, l := range found {
		require.Equal(t, 40, l.Pairs, name)
		require.GreaterOrEqual(t, l.AUC, 0.5, name)
	}
	require.Greater(t, found["reset"].AUC, 0.9)
	require.Zero(t, found["reset"].Differ)
	require.Equal(t, 40, found["register"].Differ)
	require.Zero(t, found["login"].Differ)
	require.Zero(t, found["invite"].Differ)
	require.Zero(t, found["email-change"].Differ, "an answer that repeats the address is the same answer")
}

func TestTimingPrintsATable(t *testing.T) {
	t.Parallel()
	s := newService(t)

	out, err := run(t, "-timing", "-base", s.url, "-publishable-key", s.key, "-n", "5", "-scenarios", "register")

	require.NoError(t, err, "answers that differ are not the fault of their time")
	require.Contains(t, out, "AUC")
	require.Regexp(t, `register +5 .* 5 differ +the answer tells`, out)
}

func TestTimingStopsAtALimit(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.limited = "POST /auth/customer/emailpass/reset-password"

	_, err := run(t, "-timing", "-base", s.url, "-publishable-key", s.key, "-n", "5", "-scenarios", "reset")

	require.ErrorContains(t, err, "limits.exempt_networks")
}
