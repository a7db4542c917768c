package main_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// The owners are answered in every phase, and what attackers are told is counted.
func TestAttack(t *testing.T) {
	t.Parallel()
	s := newService(t)

	out, err := run(t, "-attack", "-base", s.url, "-publishable-key", s.key, "-d", "100ms", "-json")

	require.NoError(t, err)
	var phases []struct {
		Phase  string  `json:"phase"`
		Owners float64 `json:"owners_per_second"`
		Hashes float64 `json:"hashes_per_second"`
		P99    float64 `json:"owners_p99_ms"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &phases), out)
	require.Len(t, phases, 6)
	for _, p := range phases {
		require.Positive(t, p.Owners, p.Phase)
		require.Positive(t, p.P99, p.Phase)
	}
	require.InDelta(t, phases[0].Owners, phases[0].Hashes, 0.001, "no one else signs in")
	require.Greater(t, phases[1].Hashes, phases[1].Owners, "attackers are refused after a comparison")
}
