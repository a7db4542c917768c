package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

func toHook(everlatch.Event) []store.Target {
	return []store.Target{{Subscriber: "hook", Ordered: true}}
}

// waiting makes n deliveries, each of the identity that of names.
func (f fixture) waiting(t *testing.T, n int, identity func(i int) string) {
	t.Helper()
	for i := range n {
		f.publish(t, fmt.Sprintf("e%04d", i), identity(i))
	}
	for dispatched := -1; dispatched != 0; {
		var err error
		dispatched, err = f.Dispatch(t.Context(), 1000, toHook)
		require.NoError(t, err)
	}
}

func noIdentity(int) string { return "" }

func TestClaims(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, f fixture){
		"what one worker holds, no other gets until the lease ends": func(t *testing.T, f fixture) {
			f.waiting(t, 3, noIdentity)
			dead, err := f.ClaimDeliveries(t.Context(), 2, time.Minute)
			require.NoError(t, err)
			require.Len(t, dead.Deliveries, 2)
			require.Equal(t, f.clock.Now().Add(time.Minute), dead.Until)
			require.Equal(t, []string{"e0002/hook"}, f.startable(t))

			f.clock.Advance(time.Minute)
			require.Equal(t, "e0000/hook", f.begin(t))
			require.NoError(t, f.EndClaim(t.Context(), dead), "the old worker is too late for the first")
			require.Equal(t, []string{"e0002/hook"}, f.startable(t))
		},
		"the row of a delivery that another claimed is not changed": func(t *testing.T, f fixture) {
			f.waiting(t, 1, noIdentity)
			late, err := f.ClaimDeliveries(t.Context(), 1, time.Minute)
			require.NoError(t, err)
			f.clock.Advance(time.Minute)
			holder, err := f.ClaimDeliveries(t.Context(), 1, time.Minute)
			require.NoError(t, err)
			require.Len(t, holder.Deliveries, 1)
			require.NoError(t, f.EndClaim(t.Context(), late, store.Unstarted{Delivery: late.Deliveries[0], RetryAt: f.clock.Now()}))
			require.Empty(t, f.startable(t))
		},
		"what could not start is put off alone": func(t *testing.T, f fixture) {
			f.waiting(t, 3, noIdentity)
			claim, err := f.ClaimDeliveries(t.Context(), 3, time.Minute)
			require.NoError(t, err)
			at := f.clock.Now().Add(5 * time.Second)
			require.NoError(t, f.EndClaim(t.Context(), claim, store.Unstarted{Delivery: claim.Deliveries[1], RetryAt: at}))
			require.Empty(t, f.startable(t))
			f.clock.Advance(5 * time.Second)
			require.Equal(t, []string{"e0001/hook"}, f.startable(t))
		},
		"a restarted delivery belongs to no claim": func(t *testing.T, f fixture) {
			f.waiting(t, 1, noIdentity)
			claim, err := f.ClaimDeliveries(t.Context(), 1, time.Minute)
			require.NoError(t, err)
			f.settle(t, "e0000", "hook", everlatch.DeliveryDead)
			_, err = f.ReleaseDead(t.Context(), "e0000", "")
			require.NoError(t, err)
			require.NoError(t, f.EndClaim(t.Context(), claim))
			require.Equal(t, []string{"e0000/hook"}, f.startable(t))
		},
		"nothing is due while all wait for one": func(t *testing.T, f fixture) {
			f.waiting(t, 50, func(int) string { return "ada" })
			due, err := f.Due(t.Context())
			require.NoError(t, err)
			require.Equal(t, store.Due{Deliveries: true}, due)
			require.Equal(t, "e0000/hook", f.begin(t))
			require.Empty(t, f.startable(t))
			due, err = f.Due(t.Context())
			require.NoError(t, err)
			require.Equal(t, store.Due{}, due, "the 49 behind it are not looked at again")
			for i := range 50 {
				f.settle(t, fmt.Sprintf("e%04d", i), "hook", everlatch.DeliveryDelivered)
				if i < 49 {
					require.Equal(t, fmt.Sprintf("e%04d/hook", i+1), f.begin(t))
				}
			}
		},
		"a lost call of the next one is made up for": func(t *testing.T, f fixture) {
			f.waiting(t, 2, func(int) string { return "ada" })
			require.Equal(t, "e0000/hook", f.begin(t))
			require.Empty(t, f.startable(t))
			_, err := f.DB().ExecContext(t.Context(), `UPDATE delivery SET status = 'delivered' WHERE event_id = 'e0000'`)
			require.NoError(t, err)
			require.Empty(t, f.startable(t))

			_, err = f.RestartLost(t.Context(), f.clock.Now().Add(-time.Hour))
			require.NoError(t, err)
			require.Equal(t, []string{"e0001/hook"}, f.startable(t))
		},
		"settling again makes up for a call that failed": func(t *testing.T, f fixture) {
			f.waiting(t, 2, func(int) string { return "ada" })
			require.Equal(t, "e0000/hook", f.begin(t))
			require.Empty(t, f.startable(t))
			_, err := f.DB().ExecContext(t.Context(), `UPDATE delivery SET status = 'delivered' WHERE event_id = 'e0000'`)
			require.NoError(t, err)
			f.settle(t, "e0000", "hook", everlatch.DeliveryDelivered)
			require.Equal(t, []string{"e0001/hook"}, f.startable(t))
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}

// Many claim at once: each delivery has one holder.
func TestClaimsInParallel(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.waiting(t, 300, noIdentity)
		var mu sync.Mutex
		held := map[string]int{}
		errs := storetest.InParallel(t.Context(), 60, func(ctx context.Context, _ int) error {
			for {
				claim, err := f.ClaimDeliveries(ctx, 7, time.Minute)
				if err != nil || len(claim.Deliveries) == 0 {
					return err
				}
				mu.Lock()
				for _, d := range claim.Deliveries {
					held[d.EventID]++
				}
				mu.Unlock()
			}
		})
		require.Equal(t, 60, succeeded(errs), "%v", errs)
		require.Len(t, held, 300)
		for id, n := range held {
			require.Equal(t, 1, n, id)
		}
	})
}

// Claims, settlements and dispatches race, and no line of one identity stops: a
// delivery that is found behind another while that one ends is still called.
func TestNoLineStops(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		const identities, each = 10, 12
		for i := range identities * each {
			f.publish(t, fmt.Sprintf("e%04d", i), fmt.Sprint("identity-", i%identities))
		}
		var mu sync.Mutex
		delivered := map[string][]string{}
		left := identities * each
		work := func(ctx context.Context, worker int) error {
			for {
				if _, err := f.Dispatch(ctx, 1+worker%5, toHook); err != nil {
					return err
				}
				claim, err := f.ClaimDeliveries(ctx, 1+worker%3, time.Minute)
				if err != nil {
					return err
				}
				if err := f.EndClaim(ctx, claim); err != nil {
					return err
				}
				for _, d := range claim.Deliveries {
					event, err := f.Event(ctx, d.EventID)
					if err != nil {
						return err
					}
					mu.Lock()
					delivered[event.AuthIdentityID] = append(delivered[event.AuthIdentityID], d.EventID)
					left--
					mu.Unlock()
					d.Status = everlatch.DeliveryDelivered
					if err := f.SettleDelivery(ctx, d); err != nil {
						return err
					}
				}
				mu.Lock()
				done := left == 0
				mu.Unlock()
				if done {
					return nil
				}
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		errs := storetest.InParallel(ctx, 50, work)
		require.Equal(t, 50, succeeded(errs), "%v: %d are left", errs, left)
		require.Len(t, delivered, identities)
		for identity, got := range delivered {
			require.Len(t, got, each, identity)
			require.IsIncreasing(t, got, "the order of %s", identity)
		}
	})
}
