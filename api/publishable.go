package api

import (
	"context"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

const (
	headerPublishableKey = "x-publishable-api-key"

	// keyTTL is how long a process believes that a key is good, and that keys
	// exist. A key that another process revokes works here for that long at
	// most; one that this process revokes ends at once.
	keyTTL = 5 * time.Second
	// maxKeys bounds the memory. Only keys that exist are remembered, so nobody
	// can fill it from outside.
	maxKeys = 1024
)

// keyCache remembers which publishable keys are good: every /store request asks.
type keyCache struct {
	store *store.Store
	now   func() time.Time

	mu   sync.Mutex
	good map[string]time.Time // token → until when that is believed
	// any says whether there is a publishable key at all.
	any      bool
	anyUntil time.Time
	// changes counts forget: an answer from before it is not remembered.
	changes int
}

func newKeyCache(s *store.Store, now func() time.Time) *keyCache {
	return &keyCache{store: s, now: now, good: map[string]time.Time{}}
}

// forget drops everything, because this process has changed a key.
func (k *keyCache) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.good)
	k.anyUntil = time.Time{}
	k.changes++
}

func (k *keyCache) isGood(ctx context.Context, token string) (bool, error) {
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

func (k *keyCache) exist(ctx context.Context) (bool, error) {
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

// demandKey refuses /store requests without a good publishable key, known
// route or not (contract 4.1). With [KeysAuto] it does so only once a key
// exists, so that a fresh installation works without one.
func (s *Server) demandKey(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		k := callOf(c)
		if k.prefix != prefixStore || s.opts.PublishableKey == KeysOff {
			return next(c)
		}
		if err := s.checkKey(k.lookups(c), c.Request().Header.Get(headerPublishableKey)); err != nil {
			return err
		}
		return next(c)
	}
}

func (s *Server) checkKey(ctx context.Context, token string) error {
	if token != "" {
		switch good, err := s.keys.isGood(ctx, token); {
		case err != nil:
			return err
		case good:
			return nil
		}
	}
	if s.opts.PublishableKey == KeysAuto {
		switch exist, err := s.keys.exist(ctx); {
		case err != nil:
			return err
		case !exist:
			return nil
		}
	}
	message := "A valid publishable key is required to proceed with the request"
	if token == "" {
		message = "Publishable API key required in the request header: x-publishable-api-key. " +
			"You can manage your keys in settings in the dashboard."
	}
	return &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: message}
}
