package main

import (
	"math"
	"slices"
	"time"
)

// maxAUC is the largest separation of two kinds of requests that counts as none.
// With 500 of each, chance alone stays below it 199 times in 200.
const maxAUC = 0.55

// auc is the area under the ROC curve of an attacker who guesses from the time of
// an answer which of two kinds its request was (the statistic of Mann and Whitney):
// 0.5 is a blind guess, 1 a certain one. Whether a or b is slower does not matter,
// because an attacker would turn the guess around. It is 0.5 when one of them is
// empty.
func auc(a, b []time.Duration) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0.5
	}
	type sample struct {
		took time.Duration
		ofA  bool
	}
	all := make([]sample, 0, len(a)+len(b))
	for _, took := range a {
		all = append(all, sample{took, true})
	}
	for _, took := range b {
		all = append(all, sample{took, false})
	}
	slices.SortFunc(all, func(x, y sample) int { return int(x.took - y.took) })
	ranks := 0.0 // the sum of the ranks of a; equal times share the middle of theirs
	for first := 0; first < len(all); {
		last := first
		for last+1 < len(all) && all[last+1].took == all[first].took {
			last++
		}
		for i := first; i <= last; i++ {
			if all[i].ofA {
				ranks += float64(first+last)/2 + 1
			}
		}
		first = last + 1
	}
	n, m := float64(len(a)), float64(len(b))
	area := (ranks - n*(n+1)/2) / (n * m)
	return math.Max(area, 1-area)
}
