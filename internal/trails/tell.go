package trails

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/store"
)

// Tell tells what has happened in a flow and to the events that it has caused.
func (b Book) Tell(ctx context.Context, id string) (flows.FlowTrail, error) {
	s, err := b.Flows.Trail(ctx, id)
	if err != nil {
		return s, err
	}
	events, _, err := b.Store.Events(ctx, store.EventFilter{GroupID: id}, store.Page{Limit: mostEvents})
	if err != nil {
		return s, err
	}
	for _, e := range events {
		if e.CreatedAt.Before(s.StartedAt) {
			continue // of an earlier flow of this id
		}
		s.Moments = append(s.Moments, flows.Moment{
			At: e.CreatedAt, Saying: flows.Say("event "+e.Name+" ("+e.ID+")", "event", "event", e.Name, "event_id", e.ID),
		})
		told, err := b.deliveries(ctx, e.ID)
		if err != nil {
			return s, err
		}
		s.Moments = append(s.Moments, told...)
	}
	slices.SortStableFunc(s.Moments, func(a, b flows.Moment) int { return a.At.Compare(b.At) })
	return s, nil
}

// mostEvents bounds the events of one flow that are told.
const mostEvents = 50

// deliveries tells what became of an event.
func (b Book) deliveries(ctx context.Context, eventID string) (out []flows.Moment, err error) {
	found, _, err := b.Store.Deliveries(ctx, store.DeliveryFilter{EventID: eventID}, store.Page{})
	for _, d := range found {
		if d.Status == everlatch.DeliveryWaiting {
			out = append(out, flows.Moment{
				At: d.UpdatedAt, Saying: flows.Say(d.Subscriber+" waits for an earlier delivery, or for a worker", "delivery_waiting", "subscriber", d.Subscriber),
			})
			continue
		}
		s, lost := b.Flows.Trail(ctx, b.Flows.DeliveryFlowID(d))
		if lost != nil && !errors.Is(lost, everlatch.ErrNotFound) {
			return out, lost
		}
		out = append(out, flows.Moment{At: d.UpdatedAt, Saying: delivery(d, s)})
	}
	return out, err
}

// delivery is one delivery in a sentence.
func delivery(d everlatch.Delivery, s flows.FlowTrail) flows.Saying {
	say := func(text, code string, attempts int, why string) flows.Saying {
		tried := ""
		if attempts > 0 {
			tried = strconv.Itoa(attempts)
		}
		return flows.Say(text, code, "subscriber", d.Subscriber, "event_id", d.EventID, "attempts", tried, "error", why)
	}
	switch {
	case d.Status == everlatch.DeliveryDead:
		return say(fmt.Sprintf("%s gave up: %s. Retry it with `everlatch event release %s`", d.Subscriber, d.Error, d.EventID), "delivery_dead", 0, d.Error)
	case d.Status == everlatch.DeliveryDelivered && s.LastError != "":
		return say(fmt.Sprintf("%s has it after %d attempts; before: %s", d.Subscriber, s.Attempts, s.LastError), "delivery_recovered", s.Attempts, s.LastError)
	case d.Status == everlatch.DeliveryDelivered:
		return say(d.Subscriber+" has it", "delivered", 0, "")
	case s.LastError != "":
		return say(fmt.Sprintf("%s has refused it %s: %s", d.Subscriber, counted(s.Attempts-1), s.LastError), "delivery_failing", max(1, s.Attempts-1), s.LastError)
	default:
		return say(d.Subscriber+" is being told", "delivery_started", 0, "")
	}
}

func counted(n int) string {
	if n <= 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// Attention lists what needs an operator: flows, and dead letters, of which Flow is the
// one that gave up.
func (b Book) Attention(ctx context.Context) ([]flows.Attention, error) {
	out, err := b.Flows.Attention(ctx)
	if err != nil {
		return nil, err
	}
	dead, _, err := b.Store.Deliveries(ctx, store.DeliveryFilter{Status: everlatch.DeliveryDead}, store.Page{Limit: mostEvents, Order: "-updated_at"})
	for _, d := range dead {
		out = append(out, flows.Attention{
			Flow: flows.FlowInfo{
				ID: b.Flows.DeliveryFlowID(d), Workflow: "DeliverEvent", Title: "Event delivery to " + d.Subscriber, Status: "completed",
				Outcome: "dead", StartedAt: d.CreatedAt, ClosedAt: &d.UpdatedAt,
			},
			Why:    d.Subscriber + " did not take " + d.Event + ": " + d.Error,
			Advice: "Mend what the error names, then `everlatch event release " + d.EventID + "` retries it.",
			Code:   "dead_letter", Params: map[string]string{"subscriber": d.Subscriber, "event": d.Event, "event_id": d.EventID, "error": d.Error},
		})
	}
	return out, err
}
