package main_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	bench "github.com/everlatch/everlatch/bench"
)

func TestAUC(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		a, b []time.Duration
		want float64
	}{
		"nothing":               {nil, nil, 0.5},
		"one side only":         {[]time.Duration{1, 2}, nil, 0.5},
		"the same":              {[]time.Duration{1, 2, 3}, []time.Duration{1, 2, 3}, 0.5},
		"all equal":             {[]time.Duration{7, 7, 7, 7}, []time.Duration{7, 7}, 0.5},
		"a is always faster":    {[]time.Duration{1, 2, 3}, []time.Duration{4, 5}, 1},
		"a is always slower":    {[]time.Duration{9, 8}, []time.Duration{4, 5, 6}, 1},
		"one of four is turned": {[]time.Duration{1, 3}, []time.Duration{2, 4}, 0.75},
		"a tie counts half":     {[]time.Duration{1, 2}, []time.Duration{2, 3}, 0.875},
		"large values":          {[]time.Duration{time.Hour, 2 * time.Hour}, []time.Duration{1, 3 * time.Hour}, 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.InDelta(t, tt.want, bench.AUC(tt.a, tt.b), 1e-9)
		})
	}
}

// It counts the pairs in which a is faster, and a tie as half of one: the
// definition, which is quadratic.
func TestAUCIsTheShareOfPairs(t *testing.T) {
	t.Parallel()
	state := uint32(1)
	below := func(n uint32) int { // a generator whose numbers are the same in every run
		state = state*1664525 + 1013904223
		return int((state >> 8) % n)
	}
	for range 50 {
		a, b := make([]time.Duration, 1+below(40)), make([]time.Duration, 1+below(40))
		for _, side := range [][]time.Duration{a, b} {
			for i := range side {
				side[i] = time.Duration(below(25))
			}
		}
		faster := 0.0
		for _, x := range a {
			for _, y := range b {
				switch {
				case x < y:
					faster++
				case x == y:
					faster += 0.5
				}
			}
		}
		share := faster / float64(len(a)*len(b))
		require.InDelta(t, max(share, 1-share), bench.AUC(a, b), 1e-9)
	}
}
