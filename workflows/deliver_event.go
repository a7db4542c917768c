package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
)

// DeliverEventInput is the argument of [DeliverEvent].
type DeliverEventInput struct {
	activities.DeliveryInput

	Retry DeliveryRetry `json:"retry"`
}

// DeliveryRetry is the retry policy of a delivery. It comes with the
// input, so that a change of the settings does not change what runs.
type DeliveryRetry struct {
	// Initial and Max bound the pauses, which double.
	Initial time.Duration `json:"initial"`
	Max     time.Duration `json:"max"`
	// For is how long it is tried altogether.
	For time.Duration `json:"for"`
	// Attempt bounds one attempt.
	Attempt time.Duration `json:"attempt"`
}

// DeliverEvent tells one subscriber about one event (docs/contract.md#s7, and
// what it lacks: docs/weak-spots.md#w28).
//
// The outbox starts it, once for each event and subscriber. It ends when the
// subscriber has taken the event, or parks it as a dead letter when time is up
// or the error is permanent; then an administrator can release it, which is another
// execution.
func DeliverEvent(ctx workflow.Context, in DeliverEventInput) (everlatch.Delivery, error) {
	out := everlatch.Delivery{
		EventID: in.EventID, Subscriber: in.Subscriber, Generation: in.Generation, Status: everlatch.DeliveryDelivered,
	}
	trying := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:                "Deliver to " + in.Subscriber,
		StartToCloseTimeout:    in.Retry.Attempt,
		ScheduleToCloseTimeout: in.Retry.For,
		RetryPolicy:            endlessly(backoff(in.Retry.Initial, in.Retry.Max)),
	})
	if _, err := run(trying, deliveries.Deliver, in.DeliveryInput); err != nil {
		out.Status, out.Error = everlatch.DeliveryDead, reason(err)
	}
	// Also when the flow is cancelled: the next delivery of the subscriber waits for it.
	if _, err := mandatoryStep(ctx, deliveries.SettleDelivery, out); err != nil || out.Status != everlatch.DeliveryDead {
		return out, err
	}
	return out, conclude(ctx, OutcomeDead, About{})
}

// maxReason bounds, in bytes, what is kept of an error.
const maxReason = 500

// reason is why a delivery was given up, in the words of its last attempt.
func reason(err error) string {
	text := "It did not answer in time."
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		text = app.Message()
	} else if temporal.IsCanceledError(err) {
		text = "The delivery was cancelled."
	}
	if len(text) > maxReason {
		text = text[:maxReason]
	}
	return text
}
