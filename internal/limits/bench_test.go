package limits_test

import (
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

// BenchmarkSignIn is all that limits cost a sign-in that succeeds. cpu-µs/op is the
// processor time of this process, SQLite included, which is what is promised to
// stay below 300; ns/op also waits for the disk or the server.
func BenchmarkSignIn(b *testing.B) {
	run := func(url string) func(b *testing.B) {
		return func(b *testing.B) {
			w := &world{url: url, clock: clocktest.At(time.Now())}
			l := w.process(b, limits.Options{Rates: map[limits.Op]limits.Rate{limits.SignIn: perMinute(30)}})
			ctx, from := b.Context(), addr("203.0.113.1")
			before := processorTime(b)
			for i := 0; b.Loop(); i++ {
				require.NoError(b, l.Enter(ctx, limits.SignIn, from))
				turn, err := l.Admit(ctx, from, "")
				require.NoError(b, err)
				attempt, err := l.Begin(ctx, limits.Account{Provider: "emailpass", Key: strconv.Itoa(i % 1000)}, nil)
				require.NoError(b, err)
				require.NoError(b, attempt.Succeeded(ctx))
				turn.End(true, false)
			}
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
		}
	}
	b.Run("sqlite", run(storetest.URL(b)))
	if server := os.Getenv("TEST_POSTGRES_URL"); server != "" {
		b.Run("postgres", run(postgresURL(b, server)))
	}
}

// processorTime is what this process has used until now.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var usage syscall.Rusage
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkFlood is what a refused request of a flood costs.
func BenchmarkFlood(b *testing.B) {
	w := &world{url: storetest.URL(b), clock: clocktest.At(time.Now())}
	l := w.process(b, limits.Options{Rates: map[limits.Op]limits.Rate{limits.SignIn: {Count: 1, Per: time.Hour}}})
	ctx, from := b.Context(), addr("203.0.113.1")
	requireRefused(b, l.Refused(ctx, limits.SignIn, from))
	for b.Loop() {
		require.Error(b, l.Enter(ctx, limits.SignIn, from))
	}
}
