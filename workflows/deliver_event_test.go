package workflows_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/subscribers"
	"github.com/everlatch/everlatch/workflows"
)

// patience is the default of the configuration.
var patience = workflows.DeliveryRetry{
	Initial: 5 * time.Second, Max: 15 * time.Minute, For: 72 * time.Hour, Attempt: 40 * time.Second,
}

// listener is a subscriber that answers with an error until it is well.
type listener struct {
	mu    sync.Mutex
	heard []subscribers.Delivery
	err   func(at time.Time) error
}

func (l *listener) Deliver(_ context.Context, d subscribers.Delivery) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, d)
	if l.err == nil {
		return nil
	}
	return l.err(d.At)
}

// deliver publishes an event and plays its delivery to a listener.
func deliver(t *testing.T, h *house, data everlatch.Metadata, l *listener, secrets bool) everlatch.Delivery {
	t.Helper()
	return deliverFrom(t, h, everlatch.SourceEverlatch, data, l, secrets)
}

func deliverFrom(
	t *testing.T, h *house, source string, data everlatch.Metadata, l *listener, secrets bool,
) everlatch.Delivery {
	t.Helper()
	require.NoError(t, h.subscribers.Add(subscribers.Subscription{
		Name: "hook", Events: []string{"*"}, Subscriber: l, Secrets: secrets,
	}))
	_, _, err := h.store.PublishEvent(t.Context(), everlatch.Event{ID: "e1", Name: "test.happened", Source: source, Data: data})
	require.NoError(t, err)
	_, err = h.store.Dispatch(t.Context(), 10, func(everlatch.Event) []store.Target {
		return []store.Target{{Subscriber: "hook"}}
	})
	require.NoError(t, err)
	env := h.env(t, "deliver-event/e1/hook/1")
	h.clock.of(env)
	in := workflows.DeliverEventInput{Retry: patience}
	in.EventID, in.Subscriber, in.Generation = "e1", "hook", 1
	env.ExecuteWorkflow(workflows.DeliverEvent, in)
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError(), "a dead letter is an outcome")
	stored, _, err := h.store.Deliveries(t.Context(), store.DeliveryFilter{EventID: "e1"}, store.Page{})
	require.NoError(t, err)
	return stored[0]
}

func TestDeliverEvent(t *testing.T) {
	t.Parallel()

	t.Run("told once, secrets in their place", func(t *testing.T) {
		t.Parallel()
		h, l := newHouse(t), &listener{}
		ref, err := h.vault.PutFor(t.Context(), vault.NewSecret([]byte("the token")), 1000*time.Hour)
		require.NoError(t, err)
		data := everlatch.Metadata{"token": everlatch.SecretRef(string(ref)), "more": everlatch.Metadata{"n": 1.0}}
		d := deliver(t, h, data, l, true)
		require.Equal(t, everlatch.DeliveryDelivered, d.Status)
		require.Len(t, l.heard, 1)
		require.Equal(t, everlatch.Metadata{"token": "the token", "more": everlatch.Metadata{"n": 1.0}}, l.heard[0].Event.Data)
		require.Equal(t, 1, l.heard[0].Attempt)
	})

	t.Run("without the right to secrets it gets references", func(t *testing.T) {
		t.Parallel()
		l := &listener{}
		deliver(t, newHouse(t), everlatch.Metadata{"token": everlatch.SecretRef("sec_1")}, l, false)
		require.Equal(t, everlatch.SecretRef("sec_1"), l.heard[0].Event.Data["token"])
	})

	t.Run("an event from outside reveals none of our secrets", func(t *testing.T) {
		t.Parallel()
		h, l := newHouse(t), &listener{}
		ref, err := h.vault.PutFor(t.Context(), vault.NewSecret([]byte("the token")), 1000*time.Hour)
		require.NoError(t, err)
		deliverFrom(t, h, "apk_1", everlatch.Metadata{"token": everlatch.SecretRef(string(ref))}, l, true)
		require.Equal(t, everlatch.SecretRef(string(ref)), l.heard[0].Event.Data["token"])
	})

	t.Run("a secret that has expired is left out", func(t *testing.T) {
		t.Parallel()
		l := &listener{}
		deliver(t, newHouse(t), everlatch.Metadata{"token": everlatch.SecretRef("sec_gone"), "id": "x"}, l, true)
		require.Equal(t, everlatch.Metadata{"id": "x"}, l.heard[0].Event.Data)
	})

	t.Run("a receiver that asks for a pause gets it", func(t *testing.T) {
		t.Parallel()
		h, l := newHouse(t), &listener{}
		l.err = func(time.Time) error {
			if len(l.heard) < 3 {
				return everlatch.RetryAfter(errors.New("shop.example answers 429"), 10*time.Minute)
			}
			return nil
		}
		d := deliver(t, h, nil, l, false)
		require.Equal(t, everlatch.DeliveryDelivered, d.Status)
		require.Len(t, l.heard, 3)
		for i := range 2 {
			require.InDelta(t, 10*time.Minute, l.heard[i+1].At.Sub(l.heard[i].At), float64(time.Second))
		}
	})

	t.Run("an outage of nearly three days", func(t *testing.T) {
		t.Parallel()
		h, l := newHouse(t), &listener{}
		var began time.Time
		l.err = func(at time.Time) error {
			if began.IsZero() {
				began = at
			}
			if at.Sub(began) < 71*time.Hour {
				return errors.New("connection refused")
			}
			return nil
		}
		d := deliver(t, h, nil, l, false)
		require.Equal(t, everlatch.DeliveryDelivered, d.Status)
		last := l.heard[len(l.heard)-1].At.Sub(began)
		require.GreaterOrEqual(t, last, 71*time.Hour)
		require.Less(t, last, 71*time.Hour+16*time.Minute)
		require.Less(t, len(l.heard), 310, "about four an hour")
	})

	t.Run("an outage of more than three days ends in a dead letter", func(t *testing.T) {
		t.Parallel()
		h, l := newHouse(t), &listener{err: func(time.Time) error { return errors.New("connection refused") }}
		d := deliver(t, h, nil, l, false)
		require.Equal(t, everlatch.DeliveryDead, d.Status)
		require.Equal(t, "connection refused", d.Error)
	})

	t.Run("what nothing can mend is given up at once", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		l := &listener{err: func(time.Time) error { return everlatch.Permanent(errors.New("550 no such user")) }}
		d := deliver(t, h, nil, l, false)
		require.Equal(t, everlatch.DeliveryDead, d.Status)
		require.Equal(t, "550 no such user", d.Error)
		require.Len(t, l.heard, 1)
	})

	t.Run("a subscriber that panics is tried again", func(t *testing.T) {
		t.Parallel()
		l := &listener{}
		l.err = func(time.Time) error {
			if len(l.heard) == 1 {
				panic("oops")
			}
			return nil
		}
		require.Equal(t, everlatch.DeliveryDelivered, deliver(t, newHouse(t), nil, l, false).Status)
		require.Len(t, l.heard, 2)
	})

	for step, after := range map[string]bool{"Deliver": true, "SettleDelivery": true} {
		t.Run(step+" succeeds unheard", func(t *testing.T) {
			t.Parallel()
			h, l := newHouse(t), &listener{}
			h.faults.set(fault{activities: []string{step}, times: 1, after: after})
			require.Equal(t, everlatch.DeliveryDelivered, deliver(t, h, nil, l, false).Status)
			require.LessOrEqual(t, len(l.heard), 2)
		})
	}
}

func TestTendEvents(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	publish := func(id string) {
		_, _, err := h.store.PublishEvent(t.Context(), everlatch.Event{ID: id, Name: "test.happened"})
		require.NoError(t, err)
	}
	publish("old")
	publish("lost")
	_, err := h.store.Dispatch(t.Context(), 10, func(e everlatch.Event) []store.Target {
		return map[bool][]store.Target{true: {{Subscriber: "hook"}}}[e.ID == "lost"]
	})
	require.NoError(t, err)
	claim, err := h.store.ClaimDeliveries(t.Context(), 10, time.Minute)
	require.NoError(t, err)
	require.NoError(t, h.store.EndClaim(t.Context(), claim))
	h.clock.of(h.env(t, "tend-events/0")) // the time of the execution is the real one

	tend := func(in workflows.TendEventsInput) {
		env := h.env(t, "tend-events/1")
		env.ExecuteWorkflow(workflows.TendEvents, in)
		require.True(t, env.IsWorkflowCompleted())
		require.NoError(t, env.GetWorkflowError())
	}
	h.backdate(t, 100*time.Hour)
	tend(workflows.TendEventsInput{LostAfter: 73 * time.Hour})
	_, err = h.store.Event(t.Context(), "old")
	require.NoError(t, err, "0 keeps for ever")
	claim, err = h.store.ClaimDeliveries(t.Context(), 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, claim.Deliveries, 1)
	require.EqualValues(t, 2, claim.Deliveries[0].Generation)

	tend(workflows.TendEventsInput{Retention: 24 * time.Hour, LostAfter: 73 * time.Hour})
	_, err = h.store.Event(t.Context(), "old")
	require.ErrorIs(t, err, everlatch.ErrNotFound)
	_, err = h.store.Event(t.Context(), "lost")
	require.NoError(t, err)
}

// backdate moves what happened into the past of the real clock, which is that
// of executions here.
func (h *house) backdate(t *testing.T, by time.Duration) {
	t.Helper()
	past := time.Now().UTC().Add(-by).Truncate(time.Microsecond)
	for _, text := range []string{`UPDATE event SET created_at = $1`, `UPDATE delivery SET updated_at = $1`} {
		_, err := h.store.DB().ExecContext(t.Context(), text, past)
		require.NoError(t, err)
	}
}

func TestReportDeadLetters(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	in := workflows.ReportDeadLettersInput{To: "ops@example.com", Every: 24 * time.Hour}
	report := func() []everlatch.Event {
		_, err := perform[time.Time](t, h, "report-dead-letters/1", workflows.ReportDeadLetters, in)
		require.NoError(t, err)
		events, _, err := h.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventDeadLetters}, store.Page{})
		require.NoError(t, err)
		return events
	}
	require.Empty(t, report(), "no news, no mail")
	h.clock.of(h.env(t, "report-dead-letters/0"))
	deliver(t, h, nil, &listener{err: func(time.Time) error { return everlatch.Permanent(errors.New("gone")) }}, false)
	events := report()
	require.Len(t, events, 1)
	require.Equal(t, "ops@example.com", events[0].Data["to"])
	require.EqualValues(t, 1, events[0].Data["count"])
	require.Contains(t, events[0].Data["deliveries"].([]any)[0], "error") //nolint:forcetypeassert // a test
}

// A subscriber that asks by the name of a module is told under that name.
func TestDeliverUnderTheNameOfAModule(t *testing.T) {
	t.Parallel()
	h, l := newHouse(t), &listener{}
	require.NoError(t, h.subscribers.Add(subscribers.Subscription{
		Name: "hook", Events: []string{"customer.customer.created"}, Subscriber: l,
	}))
	_, _, err := h.store.PublishEvent(t.Context(), everlatch.Event{
		ID: "e1", Name: everlatch.EventCustomerCreated, Source: everlatch.SourceEverlatch, Data: everlatch.Metadata{"id": "cus_1", "more": 1},
	})
	require.NoError(t, err)
	_, err = h.store.Dispatch(t.Context(), 10, func(e everlatch.Event) (out []store.Target) {
		for _, s := range h.subscribers.Matching(e) {
			out = append(out, store.Target{Subscriber: s.Name})
		}
		return out
	})
	require.NoError(t, err)
	env := h.env(t, "deliver-event/e1/hook/1")
	in := workflows.DeliverEventInput{Retry: patience}
	in.EventID, in.Subscriber, in.Generation = "e1", "hook", 1
	env.ExecuteWorkflow(workflows.DeliverEvent, in)

	require.NoError(t, env.GetWorkflowError())
	require.Len(t, l.heard, 1)
	require.Equal(t, "customer.customer.created", l.heard[0].Event.Name)
	require.Equal(t, everlatch.Metadata{"id": "cus_1"}, l.heard[0].Event.Data)
}
