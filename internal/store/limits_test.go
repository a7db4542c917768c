package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

// parallel is how many requests race for a limit.
const parallel = 60

var tenPerMinute = store.Budget{ID: "hash of something", Size: 10, Every: 6 * time.Second}

func TestSpendBudget(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx := t.Context()
		for i := range 10 {
			wait, err := f.SpendBudget(ctx, tenPerMinute)
			require.NoError(t, err)
			require.Zero(t, wait, i)
		}
		wait, err := f.SpendBudget(ctx, tenPerMinute)
		require.NoError(t, err)
		require.Equal(t, 6*time.Second, wait)

		f.clock.Advance(2 * time.Second)
		waits, err := f.BudgetWaits(ctx, tenPerMinute)
		require.NoError(t, err)
		require.Equal(t, []time.Duration{4 * time.Second}, waits, "a refused request takes nothing")

		f.clock.Advance(4 * time.Second)
		for _, want := range []time.Duration{0, 6 * time.Second} {
			wait, err = f.SpendBudget(ctx, tenPerMinute)
			require.NoError(t, err)
			require.Equal(t, want, wait, "one unit has returned")
		}
		waits, err = f.BudgetWaits(ctx, store.Budget{ID: "another", Size: 1, Every: time.Hour}, tenPerMinute)
		require.NoError(t, err)
		require.Equal(t, []time.Duration{0, 6 * time.Second}, waits)
	})
}

func TestOverspendBudgetIsBounded(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		var wait time.Duration
		for range 100 {
			var err error
			wait, err = f.OverspendBudget(t.Context(), tenPerMinute)
			require.NoError(t, err)
		}
		require.Greater(t, wait, time.Minute)
		require.LessOrEqual(t, wait, 2*time.Minute)
	})
}

// Two processes race on one budget: exactly its size passes, whichever of them asks.
func TestBudgetsAreExactAcrossProcesses(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		both := []fixture{f, f.second(t)}
		errs := storetest.InParallel(t.Context(), parallel, func(ctx context.Context, i int) error {
			wait, err := both[i%2].SpendBudget(ctx, tenPerMinute)
			return refusedFor(wait, err)
		})
		require.Equal(t, 10, succeeded(errs))
	})
}

// refusedError is a limit that did its work.
type refusedError struct{ error }

func refusedFor(wait time.Duration, err error) error {
	if err == nil && wait > 0 {
		return refusedError{context.DeadlineExceeded}
	}
	return err
}

// second opens the same database as another process would.
func (f fixture) second(tb testing.TB) fixture {
	tb.Helper()
	s, err := store.Open(tb.Context(), f.url, f.clock.Now)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return fixture{Store: s, clock: f.clock, url: f.url}
}

// lockAfterThree blocks for a minute from the third failure on.
func lockAfterThree(failures int) time.Duration {
	if failures < 3 {
		return 0
	}
	return time.Minute
}

func TestAttempts(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx := t.Context()
		begin := func(wait time.Duration, ok bool) {
			t.Helper()
			gotWait, gotOK, err := f.BeginAttempt(ctx, "ada", 3)
			require.NoError(t, err)
			require.Equal(t, ok, gotOK)
			require.Equal(t, wait, gotWait)
		}
		fail := func(want int) {
			t.Helper()
			failures, err := f.FailAttempt(ctx, "ada", time.Hour, lockAfterThree)
			require.NoError(t, err)
			require.Equal(t, want, failures)
		}
		begin(0, true)
		fail(1)
		begin(0, true)
		begin(0, true)
		begin(0, false) // one has failed and two are under way
		require.NoError(t, f.DropAttempt(ctx, "ada"))
		begin(0, true)
		fail(2)
		fail(3)
		begin(time.Minute, false)

		// It survives a restart, and another process knows it.
		f = f.second(t)
		f.clock.Advance(time.Minute - time.Second)
		begin(time.Second, false)
		f.clock.Advance(time.Second)
		begin(0, true)
		begin(0, false) // after the limit, one at a time
		fail(4)
		begin(time.Minute, false)

		require.NoError(t, f.ForgetAttempts(ctx, "ada"))
		begin(0, true)
		fail(1)
		begin(0, true)
		require.NoError(t, f.PassAttempt(ctx, "ada"))
		begin(0, true)
		fail(1)
	})
}

// A process that dies in the middle of attempts does not block them for good, and
// old failures are forgotten.
func TestAttemptsExpire(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx := t.Context()
		for _, want := range []bool{true, true, true, false} {
			_, ok, err := f.BeginAttempt(ctx, "ada", 3)
			require.NoError(t, err)
			require.Equal(t, want, ok)
		}
		f.clock.Advance(store.AttemptWithin)
		_, ok, err := f.BeginAttempt(ctx, "ada", 3)
		require.NoError(t, err)
		require.True(t, ok)
		for want := 1; want <= 3; want++ {
			failures, err := f.FailAttempt(ctx, "ada", time.Hour, lockAfterThree)
			require.NoError(t, err)
			require.Equal(t, want, failures)
		}
		f.clock.Advance(time.Hour)
		_, _, err = f.BeginAttempt(ctx, "ada", 3)
		require.NoError(t, err)
		failures, err := f.FailAttempt(ctx, "ada", time.Hour, lockAfterThree)
		require.NoError(t, err)
		require.Equal(t, 1, failures)
	})
}

// A request that waited for the database compares with the time at which it came: what
// others did meanwhile must not look like a block to it.
func TestAttemptsOfAMomentLater(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx := t.Context()
		begin := func() {
			t.Helper()
			f.clock.Advance(-time.Second)
			wait, ok, err := f.BeginAttempt(ctx, "ada", 3)
			require.NoError(t, err)
			require.Zero(t, wait)
			require.True(t, ok)
			f.clock.Advance(time.Second)
		}
		_, ok, err := f.BeginAttempt(ctx, "ada", 3)
		require.NoError(t, err)
		require.True(t, ok)
		begin()
		require.NoError(t, f.PassAttempt(ctx, "ada"))
		begin()
		require.NoError(t, f.ForgetAttempts(ctx, "ada"))
		_, err = f.FailAttempt(ctx, "ada", time.Hour, lockAfterThree)
		require.NoError(t, err)
		begin()
	})
}

// Exactly as many guesses pass as may fail, however many come at once.
func TestAttemptsAreExactAcrossProcesses(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		both := []fixture{f, f.second(t)}
		lock := func(failures int) time.Duration {
			if failures < 10 {
				return 0
			}
			return time.Hour
		}
		errs := storetest.InParallel(t.Context(), parallel, func(ctx context.Context, i int) error {
			_, ok, err := both[i%2].BeginAttempt(ctx, "ada", 10)
			if err == nil && !ok {
				return refusedError{context.DeadlineExceeded}
			}
			if err == nil {
				_, err = both[i%2].FailAttempt(ctx, "ada", time.Hour, lock)
			}
			return err
		})
		require.Equal(t, 10, succeeded(errs))
		for _, err := range errs {
			if err != nil {
				require.ErrorAs(t, err, new(refusedError))
			}
		}
	})
}

func TestSweepLimits(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx := t.Context()
		_, err := f.SpendBudget(ctx, tenPerMinute)
		require.NoError(t, err)
		_, err = f.SpendBudget(ctx, store.Budget{ID: "later", Size: 1, Every: time.Hour})
		require.NoError(t, err)
		_, err = f.FailAttempt(ctx, "ada", time.Minute, lockAfterThree)
		require.NoError(t, err)
		f.clock.Advance(time.Minute)
		for _, want := range []int{1, 0} {
			swept, err := f.Sweep(ctx, 100)
			require.NoError(t, err)
			require.Equal(t, want, swept.Limits)
		}
		waits, err := f.BudgetWaits(ctx, store.Budget{ID: "later", Size: 1, Every: time.Hour})
		require.NoError(t, err)
		require.Equal(t, []time.Duration{59 * time.Minute}, waits)
	})
}

// Counting does not make the commits of others forget to wait for the disk.
func TestCountingLeavesTheJournalModeAlone(t *testing.T) {
	t.Parallel()
	f := open(t, storetest.URL(t))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := f.SpendBudget(t.Context(), tenPerMinute)
	require.NoError(t, err)
	_, err = f.SpendBudget(gone, tenPerMinute)
	require.ErrorIs(t, err, context.Canceled)
	var mode int
	require.NoError(t, f.DB().QueryRowContext(t.Context(), `PRAGMA synchronous`).Scan(&mode))
	require.Equal(t, 2, mode, "FULL")
}
