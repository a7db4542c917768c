package oidc

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// retryAfter is how long after a request the next one may be made when what is
// there is not enough, or when it is old and the request failed.
const retryAfter = time.Minute

// cached is something of the provider's that is fetched once for everybody who
// needs it, and kept for a time. What is old goes on serving while the provider
// does not give a new one.
type cached[T any] struct {
	fetch func(context.Context) (T, error)
	ttl   time.Duration
	now   func() time.Time

	flight singleflight.Group
	mu     sync.Mutex
	last   state[T]
}

// state is what is known at one time.
type state[T any] struct {
	value   T
	fetched time.Time // zero when there is no value
	// The last attempt, its number and how it ended.
	tried    time.Time
	attempts int
	err      error
	// asked is when the last attempt ended that was made because the value was
	// not enough. One made for its age does not count: a provider may change its
	// keys right after it.
	asked time.Time
}

func newCached[T any](o Options, fetch func(context.Context) (T, error)) *cached[T] {
	return &cached[T]{fetch: fetch, ttl: o.DiscoveryTTL, now: o.Now}
}

// get returns the value, which may be old. A failure is not kept when there is
// nothing else.
func (c *cached[T]) get(ctx context.Context) (state[T], error) {
	s := c.look()
	fresh := c.since(s.fetched) < c.ttl || s.err != nil && c.since(s.tried) < retryAfter
	if !s.fetched.IsZero() && fresh {
		return s, nil
	}
	err := c.refresh(ctx, s, false)
	if s = c.look(); !s.fetched.IsZero() {
		return s, nil
	}
	return s, err
}

// newer returns what is known after seen turned out not to be enough. It may be
// the same again, since requests are rare.
func (c *cached[T]) newer(ctx context.Context, seen state[T]) (state[T], error) {
	s := c.look()
	if s.attempts == seen.attempts && (s.asked.IsZero() || c.since(s.asked) >= retryAfter) {
		if err := c.refresh(ctx, s, true); err != nil {
			return s, err
		}
		s = c.look()
	}
	return s, s.err
}

// refresh makes an attempt, or waits for one that began after seen. It goes on
// when the caller who began it leaves: others may wait.
func (c *cached[T]) refresh(ctx context.Context, seen state[T], asking bool) error {
	done := c.flight.DoChan("", func() (any, error) {
		if s := c.look(); s.attempts != seen.attempts {
			return nil, s.err
		}
		value, err := c.fetch(context.WithoutCancel(ctx))
		c.mu.Lock()
		defer c.mu.Unlock()
		c.last.tried, c.last.err = c.now(), err
		c.last.attempts++
		if asking {
			c.last.asked = c.last.tried
		}
		if err == nil {
			c.last.value, c.last.fetched = value, c.last.tried
		}
		return nil, err
	})
	select {
	case result := <-done:
		return result.Err
	case <-ctx.Done():
		return away(ctx.Err())
	}
}

func (c *cached[T]) look() state[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

func (c *cached[T]) since(t time.Time) time.Duration { return c.now().Sub(t) }
