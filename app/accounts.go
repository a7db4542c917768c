package app

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

// What follows needs the database alone, like [CreateAPIKey], and accepts what
// the API does.

// CreateGuest creates a customer without an account, under a new id.
func CreateGuest(ctx context.Context, s *store.Store, c everlatch.Customer, now func() time.Time) (everlatch.Customer, error) {
	if err := checkEmail(c.Email); err != nil {
		return everlatch.Customer{}, err
	}
	c.ID = ids.New(ids.Customer, now())
	return s.CreateGuest(ctx, c)
}

// UpdateCustomer changes a customer; see [store.Store.UpdateCustomer]. Another
// e-mail of an account becomes what its person signs in with at the configured
// providers, where that was the former one (W13).
func UpdateCustomer(
	ctx context.Context, cfg config.Config, s *store.Store, id string, patch store.CustomerPatch,
) (everlatch.Customer, error) {
	if err := checkEmail(patch.Email.Value); err != nil {
		return everlatch.Customer{}, err
	}
	if patch.Email.Value != nil {
		registry, err := newRegistry(cfg.Auth.Providers, nil)
		if err != nil {
			return everlatch.Customer{}, err
		}
		patch.Logins = api.Logins(registry, *patch.Email.Value)
	}
	return s.UpdateCustomer(ctx, id, patch)
}

func checkEmail(email *string) error {
	if email == nil {
		return nil
	}
	return api.CheckEmail(*email)
}

// CreateGroup creates a customer group under a new id.
func CreateGroup(ctx context.Context, s *store.Store, g everlatch.CustomerGroup, now func() time.Time) (everlatch.CustomerGroup, error) {
	g.ID = ids.New(ids.CustomerGroup, now())
	return s.CreateGroup(ctx, g)
}

// CreateAddress adds an address to the customer that it names, under a new id.
func CreateAddress(ctx context.Context, s *store.Store, a everlatch.Address, now func() time.Time) (everlatch.Address, error) {
	a.ID = ids.New(ids.Address, now())
	return s.CreateAddress(ctx, a)
}
