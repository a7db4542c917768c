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

// A server that takes longer only where an account exists is found out by the time of its
// answers, and register by the answers themselves.
func TestTimingFindsADifference(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.slow = map[string]time.Duration{
		"POST /auth/customer/emailpass/reset-password": time.Microsecond,
		"POST /auth/verification/request":              time.Microsecond,
	}

	out, err := runBy(t, s.now, "-timing", "-base", s.url, "-publishable-key", s.key, "-admin-token", "token-admin", "-n", "40", "-json")

	require.ErrorContains(t, err, "tell by their time")
	found := leaks(t, out)
	require.Len(t, found, len(bench.ProbeNames())-2, "all but register-neutral and emailcode")
	for name, l := range found {
		require.Equal(t, 40, l.Pairs, name)
		slow := name == "reset" || name == "verification"
		require.InDelta(t, map[bool]float64{true: 1, false: 0.5}[slow], l.AUC, 0, name)
		require.Equal(t, map[bool]int{true: 40, false: 0}[name == "register"], l.Differ, "%s: an answer that repeats the address is the same answer", name)
	}
}

// A request for a code to sign in with is compared where the server mails them.
func TestTimingOfEmailCodes(t *testing.T) {
	t.Parallel()
	s := newService(t)
	args := []string{"-timing", "-base", s.url, "-n", "20", "-scenarios", "emailcode", "-json"}

	_, err := runBy(t, s.now, args...)
	require.ErrorContains(t, err, "emailcode: status 404", "a server without the provider tells nothing")

	s.mailsCodes = true
	out, err := runBy(t, s.now, args...)
	require.NoError(t, err)
	require.Equal(t, leak{Probe: "emailcode", Pairs: 20, AUC: 0.5}, leaks(t, out)["emailcode"])

	s.slow = map[string]time.Duration{"POST /auth/customer/emailcode": time.Microsecond}
	out, err = runBy(t, s.now, args...)
	require.ErrorContains(t, err, "tell by their time")
	require.Equal(t, leak{Probe: "emailcode", Pairs: 20, AUC: 1}, leaks(t, out)["emailcode"])
}

// A server with neutral registrations gives customers no token, so that the known
// addresses are those of users.
func TestTimingOfNeutralRegistrations(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.neutral = true

	out, err := runBy(t, s.now, "-timing", "-base", s.url, "-publishable-key", s.key, "-n", "5", "-scenarios", "register-neutral", "-json")

	require.NoError(t, err)
	require.Equal(t, leak{Probe: "register-neutral", Pairs: 5, AUC: 0.5}, leaks(t, out)["register-neutral"])
	_, err = run(t, "-timing", "-base", s.url, "-scenarios", "login,register-neutral")
	require.ErrorContains(t, err, "stands alone")
}

func TestTimingPrintsATable(t *testing.T) {
	t.Parallel()
	s := newService(t)

	out, err := runBy(t, s.now, "-timing", "-base", s.url, "-publishable-key", s.key, "-n", "5", "-scenarios", "register")

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
