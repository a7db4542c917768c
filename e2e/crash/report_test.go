//go:build linux

package crash_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// result is what a run has shown.
type result struct {
	seed         uint64
	points       int
	broken, took time.Duration
	names        []string
	counts       map[string]int
	faults       int
	p50, p99     time.Duration
}

func newResult(l *ledger, seed uint64, points int, broken, took time.Duration) result {
	r := result{seed: seed, points: points, broken: broken, took: took, faults: len(l.faults)}
	r.names, r.counts = l.tally()
	spans := slices.Sorted(slices.Values(l.spans))
	if len(spans) > 0 {
		r.p50, r.p99 = spans[len(spans)/2], spans[len(spans)*99/100]
	}
	return r
}

// String is the whole tally.
func (r result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, %d failures in %s, %s in all, %d faults; a request took %s (p50), %s (p99), repetitions included\n",
		r.seed, r.points, r.broken.Truncate(time.Second), r.took.Truncate(time.Second), r.faults, r.p50.Truncate(time.Millisecond), r.p99.Truncate(time.Millisecond))
	for _, name := range r.names {
		fmt.Fprintf(&b, "%6d %s\n", r.counts[name], name)
	}
	return b.String()
}

// row is the line of the table in docs/reliability.md.
func (r result) row() string {
	c := r.counts
	cells := []any{
		r.points, r.seed, r.broken.Truncate(time.Second), runtime.NumCPU(), c["requests"], c["attempts without an answer"], c["accepted sign-ups"],
		c["accepted password changes"], c["accepted e-mail changes"], c["accepted social logins"], c["accepted invites"],
		c["accepted second factors"], c["accepted deletions"], c["workflows"], c["mails"], c["mails sent twice, under one Message-ID"], r.faults,
	}
	row := "|"
	for _, cell := range cells {
		row += fmt.Sprintf(" %v |", cell)
	}
	return row
}

func TestRecord(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(path, []byte("before\n"+rowsBegin+"\n| a |\n"+rowsEnd+"\nafter\n"), 0o600))
	l := newLedger()
	l.add("requests", 12)
	l.fault("lost")
	l.took(time.Second)
	r := newResult(l, 7, 25, time.Minute, 2*time.Minute)

	require.NoError(t, r.record(path))

	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(got), "| a |\n| 25 | 7 | 1m0s | ")
	require.Contains(t, string(got), "| 1 |\n"+rowsEnd+"\nafter\n")
	require.Contains(t, r.String(), "seed 7, 25 failures in 1m0s, 2m0s in all, 1 faults; a request took 1s (p50)")
	require.Contains(t, r.String(), "    12 requests\n")
	require.NoError(t, os.WriteFile(path, []byte("another page"), 0o600))
	require.ErrorIs(t, r.record(path), errNoTable)
}
