package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/outbox"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/subscribers"
	"github.com/everlatch/everlatch/workflows"
)

// deliverer stands for Temporal: it knows each delivery once, as workflow ids do.
type deliverer struct {
	mu      sync.Mutex
	started map[string]workflows.DeliveryRetry
	order   []string
	calls   int
	fail    func(call int) error
}

func (d *deliverer) Deliver(_ context.Context, delivery everlatch.Delivery, retry workflows.DeliveryRetry) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls++
	if d.fail != nil {
		if err := d.fail(d.calls); err != nil {
			return err
		}
	}
	id := fmt.Sprintf("%s/%s/%d", delivery.EventID, delivery.Subscriber, delivery.Generation)
	if _, known := d.started[id]; !known {
		d.started[id] = retry
		d.order = append(d.order, id)
	}
	return nil
}

func setup(t *testing.T) (*outbox.Outbox, *deliverer) {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }
	s := storetest.Open(t, now)
	registry := subscribers.NewRegistry()
	for _, sub := range []subscribers.Subscription{
		{Name: "all", Events: []string{"*"}, Timeout: time.Minute},
		{Name: "orders", Events: []string{"order.*"}, Ordered: true},
		{Name: "ours", Events: []string{"*"}, Source: subscribers.FromEverlatch},
	} {
		sub.Subscriber = subscribers.Func(func(context.Context, everlatch.Event) error { return nil })
		require.NoError(t, registry.Add(sub))
	}
	d := &deliverer{started: map[string]workflows.DeliveryRetry{}}
	return &outbox.Outbox{
		Store: s, Flows: d, Subscribers: registry, Every: time.Hour, Log: slog.New(slog.DiscardHandler),
		Retry: workflows.DeliveryRetry{Initial: time.Second, Max: time.Minute, For: time.Hour},
	}, d
}

func publish(t *testing.T, o *outbox.Outbox, id, name, identity string) {
	t.Helper()
	_, _, err := o.Store.PublishEvent(t.Context(), everlatch.Event{ID: id, Name: name, Source: "apk_1", AuthIdentityID: identity})
	require.NoError(t, err)
}

func TestPass(t *testing.T) {
	t.Parallel()

	t.Run("starts one flow for each event and subscriber that wants it", func(t *testing.T) {
		t.Parallel()
		o, d := setup(t)
		publish(t, o, "e1", "order.placed", "ada")
		publish(t, o, "e2", "order.paid", "ada")
		publish(t, o, "e3", "other.thing", "")
		for range 3 {
			_, err := o.Pass(t.Context())
			require.NoError(t, err)
		}
		require.ElementsMatch(t, []string{"e1/all/1", "e1/orders/1", "e2/all/1", "e3/all/1"}, d.order, "e2 waits for e1")
		require.Equal(t, time.Minute+5*time.Second, d.started["e1/all/1"].Attempt, "the subscriber's own time, and a margin")
		require.Equal(t, subscribers.DefaultTimeout+5*time.Second, d.started["e1/orders/1"].Attempt)
		require.Equal(t, time.Hour, d.started["e1/all/1"].For)

		require.NoError(t, o.Store.SettleDelivery(t.Context(), everlatch.Delivery{
			EventID: "e1", Subscriber: "orders", Generation: 1, Status: everlatch.DeliveryDelivered,
		}))
		_, err := o.Pass(t.Context())
		require.NoError(t, err)
		require.Contains(t, d.order, "e2/orders/1")
	})

	t.Run("goes on where it was interrupted, and starts nothing twice", func(t *testing.T) {
		t.Parallel()
		o, d := setup(t)
		for i := range 20 {
			publish(t, o, fmt.Sprintf("e%02d", i), "other.thing", "")
		}
		d.fail = func(call int) error {
			if call%3 == 0 {
				return errors.New("connection refused")
			}
			return nil
		}
		passes := 0
		for len(d.started) < 20 {
			_, _ = o.Pass(t.Context())
			passes++
			require.Less(t, passes, 50)
		}
		require.Len(t, d.order, 20)
		require.Greater(t, passes, 5)
	})

	t.Run("many at once start each delivery once", func(t *testing.T) {
		t.Parallel()
		o, d := setup(t)
		for i := range 150 {
			publish(t, o, fmt.Sprintf("e%03d", i), "other.thing", "")
		}
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				for more := true; more; {
					var err error
					if more, err = o.Pass(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		require.Len(t, d.order, 150)
	})
}

// Run notices at once what this process releases, and ends with its context.
func TestRun(t *testing.T) {
	t.Parallel()
	o, d := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		o.Run(ctx)
		close(done)
	}()
	for i := range 3 {
		publish(t, o, fmt.Sprint("e", i), "other.thing", "")
		require.Eventually(t, func() bool {
			d.mu.Lock()
			defer d.mu.Unlock()
			return len(d.order) == i+1
		}, 20*time.Second, time.Millisecond, "the next look at the clock is an hour away")
	}
	cancel()
	<-done
}
