package httpauth

import (
	"context"
	"sync"
	"time"

	"github.com/everlatch/everlatch/internal/store"
)

const (
	// keyTTL is how long a process remembers that a key is valid, and whether keys
	// exist. A key that another process revokes works here for that long at most;
	// one that this process revokes ends at once.
	keyTTL = 5 * time.Second
	// maxKeys bounds the memory. Only keys that exist are remembered, so the cache
	// cannot be filled from outside.
	maxKeys = 1024
)

// PublishableKeys remembers which publishable keys are valid: every /store request asks.
type PublishableKeys struct {
	store *store.Store
	now   func() time.Time

	mu   sync.Mutex
	good map[string]time.Time // token → until when it is remembered
	// any says whether there is a publishable key at all.
	any      bool
	anyUntil time.Time
	// changes counts Forget: a lookup that began before it is not remembered.
	changes int
}

// NewPublishableKeys returns a cache of the publishable keys of a store.
func NewPublishableKeys(s *store.Store, now func() time.Time) *PublishableKeys {
	return &PublishableKeys{store: s, now: now, good: map[string]time.Time{}}
}

// Forget drops everything. Call it after changing a key.
func (k *PublishableKeys) Forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.good)
	k.anyUntil = time.Time{}
	k.changes++
}

// Good reports whether a token is a valid publishable key.
func (k *PublishableKeys) Good(ctx context.Context, token string) (bool, error) {
	now := k.now()
	k.mu.Lock()
	until, known := k.good[token]
	changes := k.changes
	k.mu.Unlock()
	if known && now.Before(until) {
		return true, nil
	}
	live, err := k.store.PublishableKeyLive(ctx, token)
	if err != nil || !live {
		return false, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if changes == k.changes {
		if len(k.good) >= maxKeys {
			clear(k.good)
		}
		k.good[token] = now.Add(keyTTL)
	}
	return true, nil
}

// Exist reports whether there is any publishable key.
func (k *PublishableKeys) Exist(ctx context.Context) (bool, error) {
	now := k.now()
	k.mu.Lock()
	found, fresh, changes := k.any, now.Before(k.anyUntil), k.changes
	k.mu.Unlock()
	if fresh {
		return found, nil
	}
	found, err := k.store.AnyPublishableKey(ctx)
	if err != nil {
		return false, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if changes == k.changes {
		k.any, k.anyUntil = found, now.Add(keyTTL)
	}
	return found, nil
}
