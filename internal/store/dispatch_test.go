package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

func (f fixture) publish(t *testing.T, id, identity string) {
	t.Helper()
	_, fresh, err := f.PublishEvent(t.Context(), everlatch.Event{
		ID: id, Name: "test.happened", Source: "apk_1", AuthIdentityID: identity, Data: everlatch.Metadata{"id": id},
	})
	require.NoError(t, err)
	require.True(t, fresh)
	f.clock.Advance(time.Millisecond)
}

// startable lists what may begin now as event/subscriber, and leaves it so.
func (f fixture) startable(t *testing.T) []string {
	t.Helper()
	claim, err := f.ClaimDeliveries(t.Context(), 100, time.Minute)
	require.NoError(t, err)
	out, back := []string{}, []store.Unstarted{}
	for _, d := range claim.Deliveries {
		out = append(out, d.EventID+"/"+d.Subscriber)
		back = append(back, store.Unstarted{Delivery: d, RetryAt: f.clock.Now()})
	}
	require.NoError(t, f.EndClaim(t.Context(), claim, back...))
	return out
}

// begin starts the next delivery and nothing else.
func (f fixture) begin(t *testing.T) string {
	t.Helper()
	claim, err := f.ClaimDeliveries(t.Context(), 1, time.Minute)
	require.NoError(t, err)
	require.Len(t, claim.Deliveries, 1)
	require.NoError(t, f.EndClaim(t.Context(), claim))
	return claim.Deliveries[0].EventID + "/" + claim.Deliveries[0].Subscriber
}

func (f fixture) settle(t *testing.T, event, subscriber, status string) {
	t.Helper()
	require.NoError(t, f.SettleDelivery(t.Context(), everlatch.Delivery{
		EventID: event, Subscriber: subscriber, Status: status, Generation: 1, Error: "why",
	}))
}

func toHookAndLog(everlatch.Event) []store.Target {
	return []store.Target{{Subscriber: "hook", Ordered: true}, {Subscriber: "log"}}
}

func TestPublishEvent(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.publish(t, "order-1", "")

		stored, fresh, err := f.PublishEvent(t.Context(), everlatch.Event{ID: "order-1", Name: "another.name"})

		require.NoError(t, err)
		require.False(t, fresh)
		require.Equal(t, "test.happened", stored.Name)
		require.Equal(t, "apk_1", stored.Source)
		require.NotNil(t, stored.ReleasedAt)
		_, err = f.Event(t.Context(), "nope")
		requireError(t, err, everlatch.CodeNotFound, store.RecordNotFound, "model", "Event", "id", "nope")
	})
}

func TestDispatch(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, f fixture){
		"each released event becomes one delivery for each target, once, in order": func(t *testing.T, f fixture) {
			for i := range 5 {
				f.publish(t, fmt.Sprint("e", i), "")
			}
			total := 0
			for n := -1; n != 0; total += n {
				var err error
				n, err = f.Dispatch(t.Context(), 2, toHookAndLog)
				require.NoError(t, err)
			}
			require.Equal(t, 5, total)
			require.Equal(t, []string{
				"e0/hook", "e0/log", "e1/hook", "e1/log", "e2/hook", "e2/log", "e3/hook", "e3/log", "e4/hook", "e4/log",
			}, f.startable(t))
		},
		"what is not released waits": func(t *testing.T, f fixture) {
			_, err := f.CreateCustomer(t.Context(), newCustomer("a@example.com"), everlatch.Event{ID: "evt_1", Name: "a", GroupID: "g"})
			require.NoError(t, err)
			n, err := f.Dispatch(t.Context(), 10, toHookAndLog)
			require.NoError(t, err)
			require.Zero(t, n)
			require.NoError(t, f.ReleaseEvents(t.Context(), "g"))
			n, err = f.Dispatch(t.Context(), 10, toHookAndLog)
			require.NoError(t, err)
			require.Equal(t, 1, n)
		},
		"ordered deliveries of one identity wait for each other": func(t *testing.T, f fixture) {
			f.publish(t, "a1", "ada")
			f.publish(t, "a2", "ada")
			f.publish(t, "b1", "bob")
			_, err := f.Dispatch(t.Context(), 10, toHookAndLog)
			require.NoError(t, err)
			require.Equal(t, []string{"a1/hook", "a1/log", "a2/log", "b1/hook", "b1/log"}, f.startable(t))

			require.Equal(t, "a1/hook", f.begin(t))
			require.NotContains(t, f.startable(t), "a1/hook")
			require.NotContains(t, f.startable(t), "a2/hook", "it is being tried")

			f.settle(t, "a1", "hook", everlatch.DeliveryDead)
			require.Contains(t, f.startable(t), "a2/hook", "a dead letter does not block other deliveries")
		},
		"a dead letter is released, and the result of its old flow is ignored": func(t *testing.T, f fixture) {
			f.publish(t, "e", "")
			_, err := f.Dispatch(t.Context(), 10, toHookAndLog)
			require.NoError(t, err)
			f.settle(t, "e", "hook", everlatch.DeliveryDead)
			f.settle(t, "e", "log", everlatch.DeliveryDelivered)

			n, err := f.ReleaseDead(t.Context(), "e", "")
			require.NoError(t, err)
			require.Equal(t, 1, n)
			f.settle(t, "e", "hook", everlatch.DeliveryDelivered)

			require.Equal(t, []string{"e/hook"}, f.startable(t))
			deliveries, count, err := f.Deliveries(t.Context(), store.DeliveryFilter{EventID: "e", Subscriber: "hook"}, store.Page{})
			require.NoError(t, err)
			require.Equal(t, 1, count)
			require.EqualValues(t, 2, deliveries[0].Generation)
			require.Equal(t, "test.happened", deliveries[0].Event)
			require.Empty(t, deliveries[0].Error)
		},
		"a replay reaches everybody again, and who came since": func(t *testing.T, f fixture) {
			f.publish(t, "e", "")
			_, err := f.Dispatch(t.Context(), 10, func(everlatch.Event) []store.Target { return []store.Target{{Subscriber: "hook"}} })
			require.NoError(t, err)
			f.settle(t, "e", "hook", everlatch.DeliveryDelivered)
			require.Empty(t, f.startable(t))

			require.NoError(t, f.ReplayEvent(t.Context(), "e", ""))
			_, err = f.Dispatch(t.Context(), 10, toHookAndLog)
			require.NoError(t, err)

			require.Equal(t, []string{"e/hook", "e/log"}, f.startable(t))
			requireError(t, f.ReplayEvent(t.Context(), "nope", ""), everlatch.CodeNotFound, store.RecordNotFound, "model", "Event", "id", "nope")
		},
		"old events go, but not what is open or dead": func(t *testing.T, f fixture) {
			for _, id := range []string{"done", "open", "dead", "new"} {
				if id == "new" {
					f.clock.Advance(time.Hour)
				}
				f.publish(t, id, "")
			}
			_, err := f.Dispatch(t.Context(), 10, func(everlatch.Event) []store.Target { return []store.Target{{Subscriber: "hook"}} })
			require.NoError(t, err)
			f.settle(t, "done", "hook", everlatch.DeliveryDelivered)
			f.settle(t, "new", "hook", everlatch.DeliveryDelivered)
			f.settle(t, "dead", "hook", everlatch.DeliveryDead)

			n, err := f.PruneEvents(t.Context(), f.clock.Now().Add(-time.Minute), 10)

			require.NoError(t, err)
			require.Equal(t, 1, n)
			_, err = f.Event(t.Context(), "done")
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			require.Equal(t, 3, f.rows(t, "delivery"))
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}

// Several processes dispatch at once: each event once, positions in order.
func TestDispatchInParallel(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		for i := range 100 {
			f.publish(t, fmt.Sprintf("e%03d", i), "ada")
		}
		dispatched := make([]int, 50)
		errs := storetest.InParallel(t.Context(), 50, func(ctx context.Context, i int) (err error) {
			dispatched[i], err = f.Dispatch(ctx, 3, toHookAndLog)
			return err
		})
		require.Equal(t, 50, succeeded(errs), "%v", errs)
		for {
			n, err := f.Dispatch(t.Context(), 100, toHookAndLog)
			require.NoError(t, err)
			dispatched = append(dispatched, n)
			if n == 0 {
				break
			}
		}
		total := 0
		for _, n := range dispatched {
			total += n
		}
		require.Equal(t, 100, total)
		require.Equal(t, 200, f.rows(t, "delivery"))
		order, _, err := f.Deliveries(t.Context(), store.DeliveryFilter{Subscriber: "hook"}, store.Page{})
		require.NoError(t, err)
		require.True(t, slices.IsSortedFunc(order, func(a, b everlatch.Delivery) int {
			return map[bool]int{true: -1, false: 1}[a.EventID < b.EventID]
		}))
	})
}

func TestKeptMails(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		for i, id := range []string{"m1", "m2", "m2"} {
			require.NoError(t, f.KeepMail(t.Context(), store.KeptMail{
				ID: id, KeyID: "k", Data: []byte{byte(i)}, CreatedAt: start.Add(time.Duration(i) * time.Second),
			}))
		}
		mails, err := f.KeptMails(t.Context(), 10)
		require.NoError(t, err)
		require.Len(t, mails, 2)
		require.Equal(t, "m2", mails[0].ID)
		require.Equal(t, []byte{1}, mails[0].Data, "the first one stays")
		require.NoError(t, f.DeleteMails(t.Context()))
		require.Zero(t, f.rows(t, "kept_mail"))
	})
}
