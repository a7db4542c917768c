package subscribers

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

// Delivery is one event on its way to one subscriber.
type Delivery struct {
	// Event has its secrets resolved if [Subscription.Secrets] is set.
	Event everlatch.Event
	// Subscriber is the name of the subscription.
	Subscriber string
	// Attempt counts from 1.
	Attempt int
	// At is the time of the attempt.
	At time.Time
}

// Subscriber receives events. It may receive an event twice: it should remember
// [everlatch.Event.ID] if that matters.
//
// After an error the delivery is retried; [everlatch.Permanent] ends the
// attempts at once. The error's text is stored and shown to administrators: it
// must not contain secrets.
type Subscriber interface {
	Deliver(ctx context.Context, d Delivery) error
}

// Func is a subscriber that is a function.
type Func func(ctx context.Context, e everlatch.Event) error

// Deliver implements [Subscriber].
func (f Func) Deliver(ctx context.Context, d Delivery) error { return f(ctx, d.Event) }

// The values of [Subscription.Source].
const (
	// FromAnywhere is the default.
	FromAnywhere = ""
	// FromEverlatch is for the events of Everlatch.
	FromEverlatch = "everlatch"
	// FromOutside is for events that were published through the API.
	FromOutside = "outside"
)

// Subscription says which events a subscriber receives, and how.
type Subscription struct {
	// Name identifies the subscription and never changes: deliveries are stored
	// under it. Lower case letters, digits and hyphens.
	Name string
	// Events are names, "customer.*" for all of a kind, or "*" for all.
	Events []string
	// Source is one of the constants above.
	Source string
	// Ordered delivers the events of one identity in their order, each after
	// the previous one was delivered or became a dead letter.
	Ordered bool
	// Secrets resolves secrets in the event's data. Without it they stay
	// references, as a subscriber that stores events needs them.
	Secrets bool
	// Timeout bounds one attempt; 0 is [DefaultTimeout].
	Timeout    time.Duration
	Subscriber Subscriber
}

// DefaultTimeout bounds one attempt, unless [Subscription.Timeout] is set.
const DefaultTimeout = 30 * time.Second
