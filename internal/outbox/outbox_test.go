package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/outbox"
	"github.com/everlatch/everlatch/internal/store"
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
	// fail is called first, without the lock.
	fail func(call int, d everlatch.Delivery) error
}

func (d *deliverer) Deliver(_ context.Context, delivery everlatch.Delivery, retry workflows.DeliveryRetry) error {
	d.mu.Lock()
	d.calls++
	call := d.calls
	d.mu.Unlock()
	if d.fail != nil {
		if err := d.fail(call, delivery); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	id := fmt.Sprintf("%s/%s/%d", delivery.EventID, delivery.Subscriber, delivery.Generation)
	if _, known := d.started[id]; !known {
		d.started[id] = retry
		d.order = append(d.order, id)
	}
	return nil
}

func newDeliverer() *deliverer {
	return &deliverer{started: map[string]workflows.DeliveryRetry{}}
}

func setup(t *testing.T) (*outbox.Outbox, *deliverer, *clocktest.Clock) {
	t.Helper()
	return setupAt(t, storetest.URL(t))
}

// setupAt makes an outbox as one process has it, over a database.
func setupAt(tb testing.TB, url string) (*outbox.Outbox, *deliverer, *clocktest.Clock) {
	tb.Helper()
	c := clocktest.At(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	s, err := store.Open(tb.Context(), url, c.Now)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = s.Close() })
	require.NoError(tb, s.Migrate(tb.Context()))
	registry := subscribers.NewRegistry()
	for _, sub := range []subscribers.Subscription{
		{Name: "all", Events: []string{"*"}, Timeout: time.Minute},
		{Name: "orders", Events: []string{"order.*"}, Ordered: true},
		{Name: "ours", Events: []string{"*"}, Source: subscribers.FromEverlatch},
	} {
		sub.Subscriber = subscribers.Func(func(context.Context, everlatch.Event) error { return nil })
		require.NoError(tb, registry.Add(sub))
	}
	d := newDeliverer()
	return &outbox.Outbox{
		Store: s, Flows: d, Subscribers: registry, Every: time.Hour, Now: c.Now, Log: slog.New(slog.DiscardHandler),
		Retry: workflows.DeliveryRetry{Initial: time.Second, Max: time.Minute, For: time.Hour},
	}, d, c
}

// onEachEngine runs a test on SQLite, and on PostgreSQL when it is available.
func onEachEngine(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, storetest.URL(t))
	})
	if storetest.HasPostgres() {
		t.Run("postgres", func(t *testing.T) {
			t.Parallel()
			test(t, storetest.PostgresURL(t))
		})
	}
}

// drain passes until nothing is due.
func drain(ctx context.Context, o *outbox.Outbox) error {
	for {
		progress, err := o.Pass(ctx)
		if err != nil || progress == outbox.Idle {
			return err
		}
	}
}

func publish(tb testing.TB, o *outbox.Outbox, id, name, identity string) {
	tb.Helper()
	_, _, err := o.Store.PublishEvent(tb.Context(), everlatch.Event{ID: id, Name: name, Source: "apk_1", AuthIdentityID: identity})
	require.NoError(tb, err)
}

func TestPass(t *testing.T) {
	t.Parallel()

	t.Run("starts one flow for each event and subscriber that wants it", func(t *testing.T) {
		t.Parallel()
		o, d, _ := setup(t)
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
		o, d, c := setup(t)
		for i := range 20 {
			publish(t, o, fmt.Sprintf("e%02d", i), "other.thing", "")
		}
		d.fail = func(call int, _ everlatch.Delivery) error {
			if call%3 == 0 {
				return errors.New("connection refused")
			}
			return nil
		}
		passes := 0
		for len(d.started) < 20 {
			_, _ = o.Pass(t.Context())
			c.Advance(5 * time.Second)
			passes++
			require.Less(t, passes, 50)
		}
		require.Len(t, d.order, 20)
		require.Greater(t, passes, 2)
	})

	t.Run("one that cannot start holds back no other", func(t *testing.T) {
		t.Parallel()
		o, d, _ := setup(t)
		for i := range 150 {
			publish(t, o, fmt.Sprintf("e%03d", i), "other.thing", "")
		}
		d.fail = func(_ int, delivery everlatch.Delivery) error {
			if delivery.EventID == "e000" {
				return errors.New("its id is too long")
			}
			return nil
		}
		failed := 0
		for progress := outbox.More; progress != outbox.Idle; {
			var err error
			if progress, err = o.Pass(t.Context()); err != nil {
				failed++
			}
		}
		require.Equal(t, 1, failed, "it is put off")
		require.Len(t, d.order, 149)
	})

	t.Run("an outage costs a few starts, not a batch of them", func(t *testing.T) {
		t.Parallel()
		o, d, _ := setup(t)
		for i := range 150 {
			publish(t, o, fmt.Sprintf("e%03d", i), "other.thing", "")
		}
		d.fail = func(int, everlatch.Delivery) error { return everlatch.Unavailable("Temporal", nil) }
		for range 2 {
			_, err := o.Pass(t.Context())
			require.ErrorIs(t, err, everlatch.ErrUnavailable)
		}
		require.LessOrEqual(t, d.calls, 2*outbox.DefaultParallel)
		d.fail = nil
		require.NoError(t, drain(t.Context(), o))
		require.GreaterOrEqual(t, len(d.order), 150-2*outbox.DefaultParallel, "those that were not tried need not wait")
	})

	t.Run("nothing is started when the lease is about to end", func(t *testing.T) {
		t.Parallel()
		o, d, c := setup(t)
		o.Parallel = 1
		for i := range 10 {
			publish(t, o, fmt.Sprintf("e%d", i), "other.thing", "")
		}
		d.fail = func(int, everlatch.Delivery) error {
			c.Advance(10 * time.Second)
			return nil
		}
		_, err := o.Pass(t.Context())
		require.NoError(t, err)
		require.Equal(t, 3, d.calls, "of a lease of 30 seconds")
		require.NoError(t, drain(t.Context(), o))
		require.Equal(t, 10, d.calls)
	})

	t.Run("a worker that stops gives back what it has not started", func(t *testing.T) {
		t.Parallel()
		o, d, _ := setup(t)
		o.Parallel = 1
		for i := range 10 {
			publish(t, o, fmt.Sprintf("e%d", i), "other.thing", "")
		}
		ctx, stop := context.WithCancel(t.Context())
		d.fail = func(call int, _ everlatch.Delivery) error {
			if call == 4 {
				stop()
			}
			return nil
		}
		_, _ = o.Pass(ctx)
		require.Len(t, d.order, 4)
		require.NoError(t, drain(t.Context(), o))
		require.Equal(t, 10, d.calls, "each once")
	})
}

// Eight processes and many goroutines in each start each delivery once.
func TestProcessesInParallel(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, url string) {
		const processes, goroutines, events = 8, 8, 400
		first, d, _ := setupAt(t, url)
		outboxes := []*outbox.Outbox{first}
		for range processes - 1 {
			outboxes = append(outboxes, another(t, url, first, d))
		}
		for i := range events {
			publish(t, first, fmt.Sprintf("e%03d", i), "other.thing", "")
		}
		var wg sync.WaitGroup
		for i := range processes * goroutines {
			wg.Go(func() {
				if err := drain(t.Context(), outboxes[i%processes]); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.NoError(t, drain(t.Context(), first))
		require.Len(t, d.order, events)
		require.Equal(t, events, d.calls, "no start was in vain")
	})
}

// The events of one identity arrive in their order, however many processes deliver.
func TestOrderInParallel(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, url string) {
		const processes, identities, each = 8, 8, 10
		first, _, c := setupAt(t, url)
		arrived := &recipient{got: map[string][]string{}}
		outboxes := make([]*outbox.Outbox, processes)
		for i := range outboxes {
			outboxes[i] = another(t, url, first, arrived)
		}
		for i := range identities * each {
			publish(t, first, fmt.Sprintf("i%d-%03d", i%identities, i), "order.placed", fmt.Sprint("identity-", i%identities))
			c.Advance(time.Millisecond)
		}
		arrived.store = first.Store
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				for arrived.count() < identities*each && ctx.Err() == nil {
					if _, err := outboxes[i%processes].Pass(ctx); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		require.Len(t, arrived.got, identities)
		for identity, got := range arrived.got {
			require.Len(t, got, each, identity)
			require.IsIncreasing(t, got)
		}
	})
}

// another is the outbox of one more process. SQLite is for one process, so there
// it has the store of the first.
func another(t *testing.T, url string, first *outbox.Outbox, flows outbox.Deliverer) *outbox.Outbox {
	t.Helper()
	o, _, _ := setupAt(t, url)
	o.Flows = flows
	if strings.HasPrefix(url, "sqlite") {
		o.Store = first.Store
	}
	return o
}

// recipient is a Temporal whose ordered deliveries end at once.
type recipient struct {
	store *store.Store

	mu  sync.Mutex
	got map[string][]string
	n   int
}

func (r *recipient) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n
}

func (r *recipient) Deliver(ctx context.Context, d everlatch.Delivery, _ workflows.DeliveryRetry) error {
	if d.Subscriber != "orders" {
		return nil
	}
	r.mu.Lock()
	identity := d.EventID[:2]
	r.got[identity] = append(r.got[identity], d.EventID)
	r.n++
	r.mu.Unlock()
	d.Status = everlatch.DeliveryDelivered
	return r.store.SettleDelivery(ctx, d)
}

// A worker dies with a claim, before or after Temporal heard of it. Another one
// takes over when the lease has ended.
func TestTakeover(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, url string) {
		o, d, c := setupAt(t, url)
		for i := range 5 {
			publish(t, o, fmt.Sprintf("e%d", i), "other.thing", "")
		}
		_, err := o.Store.Dispatch(t.Context(), 10, func(everlatch.Event) []store.Target {
			return []store.Target{{Subscriber: "all"}}
		})
		require.NoError(t, err)
		dead, err := o.Store.ClaimDeliveries(t.Context(), 3, outbox.DefaultLease)
		require.NoError(t, err)
		require.NoError(t, d.Deliver(t.Context(), dead.Deliveries[0], o.Retry))

		require.NoError(t, drain(t.Context(), o))
		require.Equal(t, []string{"e0/all/1", "e3/all/1", "e4/all/1"}, sorted(d.order))
		c.Advance(outbox.DefaultLease)
		require.NoError(t, drain(t.Context(), o))
		require.Equal(t, []string{"e0/all/1", "e1/all/1", "e2/all/1", "e3/all/1", "e4/all/1"}, sorted(d.order))
		require.Equal(t, 6, d.calls, "the first is asked for again, and Temporal knows it")
	})
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// An idle pass reads one row and writes none.
func TestIdlePass(t *testing.T) {
	t.Parallel()
	o, _, _ := setup(t)
	before := changes(t, o.Store)
	for range 10 {
		progress, err := o.Pass(t.Context())
		require.NoError(t, err)
		require.Equal(t, outbox.Idle, progress)
	}
	require.Equal(t, before, changes(t, o.Store))
}

// changes counts the rows that the writing connection of a SQLite store has changed.
func changes(t *testing.T, s *store.Store) (n int) {
	t.Helper()
	require.NoError(t, s.DB().QueryRowContext(t.Context(), `SELECT total_changes()`).Scan(&n))
	return n
}

// Run notices at once what this process releases, and ends with its context.
func TestRun(t *testing.T) {
	t.Parallel()
	o, d, _ := setup(t)
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
