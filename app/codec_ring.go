package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/keys"
	"github.com/everlatch/everlatch/internal/store"
)

// codecRing are the keys of a codec endpoint, which has no App.
type codecRing struct {
	rings *keys.Rings
	// url is that of the database, "" for none.
	url string

	mu   sync.Mutex
	open bool
}

func newCodecRing(cfg config.Config) (*codecRing, error) {
	o := options{now: time.Now, log: slog.New(slog.DiscardHandler)} //nolint:forbidigo // a process of its own
	rings, err := newRings(&cfg, &o)
	return &codecRing{rings: rings, url: cfg.Database.URL.Reveal()}, err
}

// ready sees to it that the keys are those of the database, where there is one. A caller may
// seal with them, so they must not be old ones.
func (c *codecRing) ready(ctx context.Context) error {
	if c.url == "" {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open {
		return c.rings.Renew(ctx)
	}
	s, err := store.Open(ctx, c.url, time.Now, store.WithMaxConnections(1)) //nolint:forbidigo // as above
	if err != nil {
		return err
	}
	if err := c.rings.Open(ctx, s, nil, keys.Process{}); err != nil {
		_ = s.Close() // the first error says more
		return err
	}
	c.open = true // for as long as the process runs
	return nil
}
