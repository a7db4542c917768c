package app

import (
	"time"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
)

// Accounts returns the rules about accounts, keys and roles over a store, for
// commands that need the database alone. They know the configured providers and
// those of the options.
func Accounts(cfg config.Config, s *store.Store, now func() time.Time, opts ...Option) (*accounts.Accounts, error) {
	var o options
	if err := o.gather(cfg, opts); err != nil {
		return nil, err
	}
	passkeys, err := newPasskeys(&cfg, now, false)
	if err != nil {
		return nil, err
	}
	registry, err := newRegistry(cfg.Auth.Providers, passkeys, o.providers)
	if err != nil {
		return nil, err
	}
	return &accounts.Accounts{Store: s, Providers: registry, Now: now}, nil
}
