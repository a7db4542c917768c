package limits_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/limits"
)

var ada = limits.Account{Provider: "emailpass", Key: "ada@example.com"}

// try makes an attempt that is refused.
func try(ctx context.Context, l *limits.Limiter, a limits.Account) (limits.Lock, error) {
	attempt, err := l.Begin(ctx, a, nil)
	if err != nil {
		return limits.Lock{}, err
	}
	return attempt.Failed(ctx)
}

// fail makes attempts that are refused, each as soon as it may be made.
func fail(tb testing.TB, w *world, l *limits.Limiter, a limits.Account, times int) (last limits.Lock) {
	tb.Helper()
	for range times {
		var err error
		last, err = try(tb.Context(), l, a)
		require.NoError(tb, err)
		w.clock.Advance(16 * time.Second) // longer than any delay before the lock
	}
	return last
}

// Failures slow an account down, then lock it; each further one for longer.
func TestProgressiveDelayThenLock(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		l := w.process(t, limits.Options{})
		for range 5 { // the first five cost nothing
			_, err := try(ctx, l, ada)
			require.NoError(t, err)
		}
		for _, want := range []string{"1", "2", "4", "8"} {
			_, err := l.Begin(ctx, ada, nil)
			require.Equal(t, want, requireRefused(t, err))
			w.clock.Advance(10 * time.Second)
			lock, err := try(ctx, l, ada)
			require.NoError(t, err)
			require.Zero(t, lock)
		}
		w.clock.Advance(16 * time.Second)
		lock, err := try(ctx, l, ada)
		require.NoError(t, err)
		require.Equal(t, "900", requireRefused(t, lock.Refusal))
		require.Equal(t, limits.Lock{For: 15 * time.Minute, Failures: 10, First: true, Refusal: lock.Refusal}, lock)
		_, err = l.Begin(ctx, ada, nil)
		require.Equal(t, "900", requireRefused(t, err))
		_, err = w.process(t, limits.Options{}).Begin(ctx, ada, nil)
		require.Equal(t, "900", requireRefused(t, err), "after a restart, and in another process")

		for _, want := range []time.Duration{30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 4 * time.Hour} {
			w.clock.Advance(lock.For)
			lock, err = try(ctx, l, ada)
			require.NoError(t, err)
			require.Equal(t, want, lock.For)
			require.False(t, lock.First)
		}
		_, err = try(ctx, l, limits.Account{Provider: "emailpass", Key: "bob@example.com"})
		require.NoError(t, err, "another account")
		w.clock.Advance(24 * time.Hour)
		for range 5 {
			_, err = try(ctx, l, ada)
			require.NoError(t, err, "forgotten after a day")
		}
	})
}

// 60 guesses at once on two processes: ten are made, then the account is locked.
func TestParallelGuesses(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		o := limits.Options{Account: limits.AccountOptions{DelayAfter: 10}}
		both := []*limits.Limiter{w.process(t, o), w.process(t, o)}
		require.Equal(t, 10, inParallel(t.Context(), func(ctx context.Context, i int) error {
			_, err := try(ctx, both[i%2], ada)
			return err
		}))
		_, err := both[0].Begin(t.Context(), ada, nil)
		require.Equal(t, "900", requireRefused(t, err))
	})
}

// The owner who signs in many times at once is not taken for an attacker for
// longer than that takes.
func TestSuccessesLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		l := w.process(t, limits.Options{})
		var attempts []*limits.Attempt
		for range 10 {
			attempt, err := l.Begin(ctx, ada, nil)
			require.NoError(t, err)
			attempts = append(attempts, attempt)
		}
		_, err := l.Begin(ctx, ada, nil)
		require.Equal(t, "1", requireRefused(t, err))
		for i, attempt := range attempts {
			if i%2 == 0 {
				require.NoError(t, attempt.Succeeded(ctx))
				continue
			}
			require.NoError(t, attempt.Undecided(ctx)) // an outage
		}
		fail(t, w, l, ada, 5)
		attempt, err := l.Begin(ctx, ada, nil)
		require.NoError(t, err)
		require.NoError(t, attempt.Succeeded(ctx))
		for range 5 {
			_, err := try(ctx, l, ada)
			require.NoError(t, err, "a success forgets failures")
		}
	})
}

// A stranger locks strangers out, never a device that has signed in before. Its own
// failures are counted as well.
func TestKnownDevicesAreExempt(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		l := w.process(t, limits.Options{})
		require.True(t, fail(t, w, l, ada, 10).First)
		home := ada
		home.Device = "home"
		attempt, err := l.Begin(ctx, home, nil)
		require.NoError(t, err)
		require.NoError(t, attempt.Succeeded(ctx))
		_, err = l.Begin(ctx, ada, nil)
		requireRefused(t, err) // the owner's success does not help the stranger

		require.True(t, fail(t, w, l, home, 10).First, "a stolen device may not guess for ever")
		_, err = l.Begin(ctx, home, nil)
		requireRefused(t, err)
	})
}

// Who proves to read the account's mail ends its lock, in every process.
func TestLift(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		l, other := w.process(t, limits.Options{}), w.process(t, limits.Options{})
		home := ada
		home.Device = "home"
		fail(t, w, l, ada, 10)
		fail(t, w, l, home, 10)
		_, err := other.Begin(ctx, ada, nil)
		requireRefused(t, err)
		require.NoError(t, l.Lift(ctx, home))
		for _, a := range []limits.Account{ada, home} {
			_, err = try(ctx, l, a)
			require.NoError(t, err)
		}
		w.clock.Advance(5 * time.Second) // what the other process remembers
		_, err = try(ctx, other, ada)
		require.NoError(t, err)
	})
}

// Counters hold no address in clear, and an account and a device are not told
// apart by the answer.
func TestKeysAreHashes(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		l := w.process(t, limits.Options{})
		fail(t, w, l, ada, 10)
		_, err := l.Begin(t.Context(), ada, nil)
		requireRefused(t, err)
		for _, r := range w.seen {
			require.NotContains(t, r.Key, ada.Key)
			require.Len(t, r.Key, 64)
		}
	})
}

func TestDeviceTokens(t *testing.T) {
	t.Parallel()
	c := clocktest.At(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	d := limits.Devices{Hash: hash, TTL: 180 * 24 * time.Hour, Now: c.Now}
	bob := limits.Account{Provider: "emailpass", Key: "bob@example.com"}

	token := d.SignedIn("", ada)
	device := d.Known(token, ada)
	require.NotEmpty(t, device)
	require.Empty(t, d.Known(token, bob), "it knows this account alone")
	require.NotContains(t, token, ada.Key)

	c.Advance(time.Hour)
	shared := d.SignedIn(token, bob)
	require.Equal(t, device, d.Known(shared, ada), "a second account keeps the first")
	require.Equal(t, device, d.Known(shared, bob))
	require.Less(t, len(d.SignedIn(shared, bob)), len(shared)+1, "the same account again takes no more room")

	for _, forged := range []string{
		"", "v1", "v1.x", "v2" + token[2:], token[:len(token)-1], token + "0", "v1." + device + ".1-0",
		"v1.AAAAAAAAAAAAAAAAAAAAAA." + token[len("v1.AAAAAAAAAAAAAAAAAAAAAA."):],
	} {
		require.Empty(t, d.Known(forged, ada), forged)
		require.NotEmpty(t, d.Known(d.SignedIn(forged, ada), ada), "and can be replaced: %s", forged)
	}
	for range 10 { // the oldest accounts make room
		c.Advance(time.Second)
		shared = d.SignedIn(shared, limits.Account{Provider: "emailpass", Key: c.Now().String()})
	}
	require.Empty(t, d.Known(shared, ada))
	require.Less(t, len(shared), 1024)

	c.Advance(181 * 24 * time.Hour)
	require.Empty(t, d.Known(token, ada), "it expires")
}

// A burst of correct sign-ins to one account is answered in turn, although no more are
// under way at once than may fail.
func TestBurstOfCorrectSignIns(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		l := w.process(t, limits.Options{InFlightWait: time.Minute})
		var now, most atomic.Int32
		passed := inParallel(t.Context(), func(ctx context.Context, _ int) error {
			attempt, err := l.Begin(ctx, ada, nil)
			if err != nil {
				return err
			}
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			now.Add(-1)
			return attempt.Succeeded(ctx)
		})
		require.Equal(t, 60, passed)
		require.LessOrEqual(t, most.Load(), int32(10))
	})
}

// docs/weak-spots.md#w57: wrong second factors are counted for the identity.
func TestSecondFactors(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		l := w.process(t, limits.Options{})
		factor := limits.SecondFactorOf("authid_1")
		for range 19 { // without a delay: a challenge allows five of them
			lock, err := try(ctx, l, factor)
			require.NoError(t, err)
			require.Zero(t, lock)
		}
		lock, err := try(ctx, l, factor)
		require.NoError(t, err)
		require.Equal(t, "900", requireRefused(t, lock.Refusal))
		require.Equal(t, limits.Lock{For: 15 * time.Minute, Failures: 20, First: true, Refusal: lock.Refusal}, lock)
		_, err = l.Begin(ctx, factor, nil)
		require.Equal(t, "900", requireRefused(t, err))
		home := factor
		home.Device = "home"
		for _, other := range []limits.Account{home, limits.SecondFactorOf("authid_2"), {Provider: "second factor", Key: "authid_1", Device: "home"}} {
			_, err = try(ctx, l, other)
			require.NoError(t, err)
		}

		require.NoError(t, l.LiftFactor(ctx, "authid_1"))
		for range 20 {
			_, err = try(ctx, l, factor)
			require.NoError(t, err)
		}
		require.NoError(t, l.LiftFactor(ctx, "authid_1"))
		_, err = l.Begin(ctx, factor, nil)
		requireRefused(t, err) // it was lifted today
		w.clock.Advance(25 * time.Hour)
		fail(t, w, l, factor, 20)
		require.NoError(t, l.LiftFactor(ctx, "authid_1"))
		_, err = try(ctx, l, factor)
		require.NoError(t, err)

		off := w.process(t, limits.Options{Disabled: true})
		require.NoError(t, off.LiftFactor(ctx, "authid_1"))
	})
}

// A hundred registrations of one address at once all get their answer; then its
// registrations are locked, and its sign-ins are not.
func TestRegistrations(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		l, other := w.process(t, limits.Options{}), w.process(t, limits.Options{})
		registration := limits.RegistrationOf(ada)
		var attempts []*limits.Attempt
		for i := range 100 {
			attempt, err := []*limits.Limiter{l, other}[i%2].Begin(t.Context(), registration, nil)
			require.NoError(t, err, i)
			attempts = append(attempts, attempt)
		}
		_, err := l.Begin(t.Context(), registration, nil)
		requireRefused(t, err)
		for i, attempt := range attempts {
			lock, err := attempt.Failed(t.Context())
			require.NoError(t, err)
			require.Equal(t, i == 99, lock.First)
		}
		_, err = other.Begin(t.Context(), registration, nil)
		require.Equal(t, "900", requireRefused(t, err))
		_, err = try(t.Context(), l, ada)
		require.NoError(t, err)
		_, err = try(t.Context(), l, limits.RegistrationOf(limits.Account{Provider: "emailpass", Key: "bob@example.com"}))
		require.NoError(t, err)
	})
}
