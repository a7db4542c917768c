package main_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	bench "github.com/everlatch/everlatch/bench"
)

func TestPercentile(t *testing.T) {
	t.Parallel()
	ms := func(values ...int) (out []time.Duration) {
		for _, v := range values {
			out = append(out, time.Duration(v)*time.Millisecond)
		}
		return out
	}
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	for name, tt := range map[string]struct {
		values []time.Duration
		p      float64
		want   time.Duration
	}{
		"of nothing":                       {nil, 50, 0},
		"of one value, the median":         {ms(7), 50, 7 * time.Millisecond},
		"of one value, the last":           {ms(7), 99, 7 * time.Millisecond},
		"the lower middle of an even list": {ms(1, 2, 3, 4), 50, 2 * time.Millisecond},
		"the middle of an odd list":        {ms(1, 2, 3), 50, 2 * time.Millisecond},
		"the 90th of ten":                  {ms(hundred[:10]...), 90, 9 * time.Millisecond},
		"the 99th of ten is the last":      {ms(hundred[:10]...), 99, 10 * time.Millisecond},
		"the 99th of a hundred":            {ms(hundred...), 99, 99 * time.Millisecond},
		"the 100th":                        {ms(hundred...), 100, 100 * time.Millisecond},
		"the 0th is the first":             {ms(hundred...), 0, time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, bench.Percentile(tt.values, tt.p))
		})
	}
}

func TestPercentileCoversItsShare(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Map(rapid.Int64Range(0, 50), func(n int64) time.Duration {
			return time.Duration(n)
		}), 1, 300).Draw(t, "values")
		slices.Sort(values)
		p := rapid.Float64Range(0, 100).Draw(t, "p")
		got := bench.Percentile(values, p)
		require.Contains(t, values, got)
		within := 0
		for _, v := range values {
			if v <= got {
				within++
			}
		}
		require.GreaterOrEqual(t, float64(within)/float64(len(values))*100+1e-9, p)
	})
}
