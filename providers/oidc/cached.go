package oidc

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// retryAfter is the minimum time between two requests when the cached value is
// insufficient, or when it is stale and the request failed.
const retryAfter = time.Minute

// cached is a resource of the provider that is fetched once for all callers and
// cached for a time. A stale value stays in use while the provider is
// unavailable.
type cached[T any] struct {
	fetch func(context.Context) (T, error)
	ttl   time.Duration
	now   func() time.Time

	flight singleflight.Group
	mu     sync.Mutex
	last   state[T]
}

// state is the cached value at one time.
type state[T any] struct {
	value   T
	fetched time.Time // zero when there is no value
	// The last attempt, its number and how it ended.
	tried    time.Time
	attempts int
	err      error
	// asked is when the last attempt for an insufficient value ended. An
	// attempt for a stale value does not count: a provider may change its keys
	// right after it.
	asked time.Time
}

func newCached[T any](o Options, fetch func(context.Context) (T, error)) *cached[T] {
	return &cached[T]{fetch: fetch, ttl: o.DiscoveryTTL, now: o.Now}
}

// get returns the value, which may be stale. Without a value, a failure is not
// cached.
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

// newer returns the value after seen turned out to be insufficient. It may be
// the same value again, since requests are rate-limited.
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

// refresh makes an attempt, or waits for one that began after seen. The attempt
// continues when the caller who began it leaves: others may be waiting.
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
