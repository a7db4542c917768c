package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/subscribers"
)

// Deliveries tells subscribers about events. It is the only code that sees the
// secrets of an event in clear, on the last step (docs/weak-spots.md#w29).
type Deliveries struct {
	Store       *store.Store
	Vault       *vault.Vault
	Subscribers *subscribers.Registry
	Now         func() time.Time
}

// DeliveryInput names a delivery.
type DeliveryInput struct {
	EventID    string `json:"event_id"`
	Subscriber string `json:"subscriber"`
	Generation int64  `json:"generation"`
}

// Deliver makes one attempt. Its error says in words for administrators why it
// failed, and is retried unless nothing can mend it.
func (a *Deliveries) Deliver(ctx context.Context, in DeliveryInput) (None, error) {
	event, err := a.Store.Event(ctx, in.EventID)
	if err != nil {
		return None{}, err // one that is gone is not retried
	}
	sub, ok := a.Subscribers.Get(in.Subscriber)
	if !ok {
		// Another worker may know it: configurations change one by one.
		return None{}, undelivered(fmt.Errorf("there is no subscriber %q", in.Subscriber))
	}
	// A subscriber that has changed its events since is told what it was to be told.
	if named, wanted := sub.As(event); wanted {
		event = named
	}
	// What a program published may name a secret of ours: it is not theirs to show.
	if sub.Secrets && event.Source == everlatch.SourceEverlatch {
		if event.Data, err = a.reveal(ctx, event.Data); err != nil {
			return None{}, err
		}
	}
	timeout := sub.Timeout
	if timeout == 0 {
		timeout = subscribers.DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	info := activity.GetInfo(ctx)
	err = tell(ctx, sub.Subscriber, subscribers.Delivery{
		Event: event, Subscriber: sub.Name, Attempt: int(info.Attempt), At: a.Now(),
	})
	if asked := everlatch.RetryDelay(err); asked > 0 {
		err = everlatch.RetryAfter(err, pause(asked, info, a.Now()))
	}
	return None{}, undelivered(err)
}

// longestPause bounds what a receiver may ask for, unless retries pause longer
// anyway.
const longestPause = time.Hour

// pause is how long to wait where a receiver asked for a pause: never shorter than
// without its word, never longer than longestPause, and so that one more
// attempt fits into the time that there is. 0 leaves it to the retry policy.
func pause(asked time.Duration, info activity.Info, now time.Time) time.Duration {
	usual, longest := time.Duration(0), longestPause
	if p := info.RetryPolicy; p != nil {
		usual = p.InitialInterval
		for n := int32(1); n < info.Attempt && usual < p.MaximumInterval; n++ {
			usual *= 2
		}
		usual = min(usual, p.MaximumInterval)
		longest = max(longest, p.MaximumInterval)
	}
	if info.ScheduleToCloseTimeout > 0 && !info.ScheduledTime.IsZero() {
		end := info.ScheduledTime.Add(info.ScheduleToCloseTimeout)
		longest = min(longest, end.Sub(now)-info.StartToCloseTimeout)
	}
	if asked = min(asked, longest); asked > usual {
		return asked
	}
	return 0
}

// tell survives a subscriber that panics: it is custom code.
func tell(ctx context.Context, s subscribers.Subscriber, d subscribers.Delivery) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = errors.New("the subscriber panicked")
		}
	}()
	return s.Deliver(ctx, d)
}

// undelivered gives a failure the form that keeps its words through Temporal.
func undelivered(err error) error {
	switch {
	case err == nil:
		return nil
	case everlatch.IsPermanent(err):
		return &everlatch.Error{Code: everlatch.CodeInvalidData, Message: err.Error(), Err: err}
	}
	return &everlatch.Error{Code: everlatch.CodeUnavailable, Message: err.Error(), Err: err}
}

// reveal returns data with every secret in its place. One that has expired is
// left out: what it was good for has ended.
func (a *Deliveries) reveal(ctx context.Context, data everlatch.Metadata) (everlatch.Metadata, error) {
	out := make(everlatch.Metadata, len(data))
	for key, value := range data {
		ref, isSecret := everlatch.SecretOf(value)
		switch nested, isObject := value.(everlatch.Metadata); {
		case isSecret:
			secret, err := a.Vault.Get(ctx, vault.Ref(ref))
			if errors.Is(err, everlatch.ErrInvalidData) {
				continue
			}
			if err != nil {
				return nil, err
			}
			out[key] = string(secret.Reveal())
		case isObject:
			revealed, err := a.reveal(ctx, nested)
			if err != nil {
				return nil, err
			}
			out[key] = revealed
		default:
			out[key] = value
		}
	}
	return out, nil
}

// SettleDelivery writes down how a delivery ended.
func (a *Deliveries) SettleDelivery(ctx context.Context, in everlatch.Delivery) (None, error) {
	return None{}, a.Store.SettleDelivery(ctx, in)
}
