package limits_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/limits"
)

// Each kind has counters of its own, for an address and for its network.
func TestNetworks(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		l := w.process(t, limits.Options{NetworkFactor: 2, Rates: map[limits.Op]limits.Rate{
			limits.Register: perMinute(3), limits.Reset: perMinute(3),
		}})
		for range 3 {
			require.NoError(t, l.Enter(ctx, limits.Register, addr("203.0.113.1")))
		}
		require.Equal(t, "20", requireRefused(t, l.Enter(ctx, limits.Register, addr("203.0.113.1"))))
		require.NoError(t, l.Enter(ctx, limits.Reset, addr("203.0.113.1")), "another kind")
		require.NoError(t, l.Enter(ctx, limits.SignIn, addr("203.0.113.1")), "a kind without a rate")
		for range 3 {
			require.NoError(t, l.Enter(ctx, limits.Register, addr("203.0.113.2")))
		}
		require.Equal(t, "10", requireRefused(t, l.Enter(ctx, limits.Register, addr("203.0.113.3"))), "the whole /24")
		require.NoError(t, l.Enter(ctx, limits.Register, addr("203.0.114.1")), "another /24")

		// IPv6: a /64 counts as one address, a /48 as one network.
		for i, host := range []string{"2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:ffff::3"} {
			require.NoError(t, l.Enter(ctx, limits.Register, addr(host)), i)
		}
		requireRefused(t, l.Enter(ctx, limits.Register, addr("2001:db8:0:1::4")))
		require.NoError(t, l.Enter(ctx, limits.Register, addr("2001:db8:0:2::1")))

		w.clock.Advance(20 * time.Second)
		require.NoError(t, l.Enter(ctx, limits.Register, addr("203.0.113.1")))
		require.Equal(t, limits.ScopeAddress, w.seen[0].Scope)
		require.True(t, w.seen[0].Began)
		require.Equal(t, limits.ScopeNetwork, w.seen[1].Scope)
	})
}

// Who shares an address may sign in as often as they like; failures count, for
// all who share it.
func TestOnlyRefusedSignInsCount(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		ctx, office := t.Context(), addr("203.0.113.1")
		l := w.process(t, limits.Options{Rates: map[limits.Op]limits.Rate{limits.SignIn: perMinute(3)}})
		for range 100 {
			require.NoError(t, l.Enter(ctx, limits.SignIn, office))
		}
		for range 2 {
			require.NoError(t, l.Refused(ctx, limits.SignIn, office))
		}
		require.NoError(t, l.Enter(ctx, limits.SignIn, office))
		requireRefused(t, l.Refused(ctx, limits.SignIn, office)) // the next one will be
		require.Equal(t, "20", requireRefused(t, l.Enter(ctx, limits.SignIn, office)))
		require.Equal(t, "20", requireRefused(t, w.process(t, limits.Options{
			Rates: map[limits.Op]limits.Rate{limits.SignIn: perMinute(3)},
		}).Enter(ctx, limits.SignIn, office)), "after a restart, and in another process")
		require.NoError(t, l.Enter(ctx, limits.SignIn, addr("203.0.113.2")))
	})
}

// Exactly as many pass as are allowed, however many ask at once and whichever process.
func TestExactUnderLoad(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		o := limits.Options{
			Rates: map[limits.Op]limits.Rate{limits.Register: perMinute(7)},
			Mail:  []limits.Rate{{Count: 5, Per: time.Hour}},
		}
		both := []*limits.Limiter{w.process(t, o), w.process(t, o)}
		require.Equal(t, 7, inParallel(t.Context(), func(ctx context.Context, i int) error {
			return both[i%2].Enter(ctx, limits.Register, addr("203.0.113.1"))
		}))
		require.Equal(t, 5, inParallel(t.Context(), func(ctx context.Context, i int) error {
			return both[i%2].SendMail(ctx, "ada@example.com")
		}))
	})
}

// A flood that is refused asks the database once in some seconds.
func TestFloodsAreRefusedFromMemory(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		l := w.process(t, limits.Options{Rates: map[limits.Op]limits.Rate{limits.Register: {Count: 1, Per: time.Hour}}})
		require.NoError(t, l.Enter(t.Context(), limits.Register, addr("203.0.113.1")))
		requireRefused(t, l.Enter(t.Context(), limits.Register, addr("203.0.113.1")))
		gone, cancel := context.WithCancel(t.Context())
		cancel() // a statement would fail now
		require.Equal(t, "3600", requireRefused(t, l.Enter(gone, limits.Register, addr("203.0.113.1"))))
		require.Len(t, w.seen, 2)
		require.True(t, w.seen[0].Began)
		require.False(t, w.seen[1].Began, "one event for the flood")
		w.clock.Advance(5 * time.Second)
		require.ErrorIs(t, l.Enter(gone, limits.Register, addr("203.0.113.1")), context.Canceled)
	})
}

// Mails are counted by mailbox, for all callers together and however the address is written.
func TestMailPerRecipient(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		l := w.process(t, limits.Options{Mail: []limits.Rate{{Count: 2, Per: time.Hour}, {Count: 3, Per: 24 * time.Hour}}})
		require.NoError(t, l.SendMail(ctx, "ada@example.com"))
		require.NoError(t, l.SendMail(ctx, " Ada+2@Example.com"))
		require.Equal(t, "1800", requireRefused(t, l.SendMail(ctx, "ada+3@example.com")))
		require.NoError(t, l.SendMail(ctx, "bob@example.com"))
		w.clock.Advance(2 * time.Hour)
		require.NoError(t, l.SendMail(ctx, "ada@example.com"))
		w.clock.Advance(2 * time.Hour)
		require.Equal(t, "14400", requireRefused(t, l.SendMail(ctx, "ada@example.com")), "the budget of the day")
	})
}

func TestCallersAreCountedByIdentity(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		l := w.process(t, limits.Options{Rates: map[limits.Op]limits.Rate{limits.Refresh: perMinute(2)}})
		for range 2 {
			require.NoError(t, l.Caller(t.Context(), limits.Refresh, "authid_1"))
		}
		require.Equal(t, "30", requireRefused(t, l.Caller(t.Context(), limits.Refresh, "authid_1")))
		require.NoError(t, l.Caller(t.Context(), limits.Refresh, "authid_2"))
	})
}

// A storefront's server signs all of its customers in from one address.
func TestExemptNetworks(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		l := w.process(t, limits.Options{
			Rates:  map[limits.Op]limits.Rate{limits.Register: perMinute(1)},
			Exempt: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		})
		for range 20 {
			require.NoError(t, l.Enter(t.Context(), limits.Register, addr("10.1.2.3")))
		}
	})
}

func TestDisabled(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		l := w.process(t, limits.Options{
			Disabled: true, Rates: map[limits.Op]limits.Rate{limits.Register: perMinute(1), limits.Refresh: perMinute(1)},
			Mail: []limits.Rate{perMinute(1)}, Queue: 1,
		})
		for range 20 {
			require.NoError(t, l.Enter(ctx, limits.Register, addr("203.0.113.1")))
			require.NoError(t, l.SendMail(ctx, "ada@example.com"))
			require.NoError(t, l.Caller(ctx, limits.Refresh, "authid_1"))
			attempt, err := l.Begin(ctx, ada, nil)
			require.NoError(t, err)
			lock, err := attempt.Failed(ctx)
			require.NoError(t, err)
			require.Zero(t, lock)
			_, err = l.Admit(ctx, addr("203.0.113.1"), "")
			require.NoError(t, err)
		}
	})
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	tests := map[string]limits.Options{
		"no hash and no clock": {},
		"negative factor":      {Hash: hash, Now: time.Now, NetworkFactor: -1},
		"negative queue":       {Hash: hash, Now: time.Now, Queue: -1},
		"nothing at once":      {Hash: hash, Now: time.Now, AtOnce: -1},
		"lock before delay":    {Hash: hash, Now: time.Now, Account: limits.AccountOptions{DelayAfter: 5, LockAfter: 3}},
		"lock outlives memory": {Hash: hash, Now: time.Now, Account: limits.AccountOptions{LockFor: time.Hour, Forget: time.Minute}},
	}
	for name, o := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := limits.New(nil, o)
			require.Error(t, err)
		})
	}
}
