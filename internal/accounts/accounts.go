package accounts

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers"
)

// Accounts applies the rules to a store. All fields are required.
type Accounts struct {
	Store     *store.Store
	Providers *providers.Registry
	Now       func() time.Time
}

// CreateGuest creates a customer without an account, under a new id. An invalid
// e-mail is [everlatch.CodeInvalidData] with [EmailInvalid].
func (a *Accounts) CreateGuest(ctx context.Context, c everlatch.Customer) (everlatch.Customer, error) {
	if c.Email != nil {
		if err := checkEmail(*c.Email); err != nil {
			return everlatch.Customer{}, err
		}
	}
	c.ID = ids.New(ids.Customer, a.Now())
	return a.Store.CreateGuest(ctx, c)
}

// UpdateCustomer changes a customer; see [store.Store.UpdateCustomer]. If the
// e-mail of an account changes, its logins follow by the rule of [FollowEmail].
func (a *Accounts) UpdateCustomer(ctx context.Context, id string, patch store.CustomerPatch) (everlatch.Customer, error) {
	if patch.Email.Value != nil {
		if err := checkEmail(*patch.Email.Value); err != nil {
			return everlatch.Customer{}, err
		}
	}
	patch.Follow = func(from, to string, logins []everlatch.ProviderIdentity) ([]everlatch.LoginChange, error) {
		return FollowEmail(a.Providers, EmailChange{From: from, To: to}, logins)
	}
	return a.Store.UpdateCustomer(ctx, id, patch)
}

// CreateGroup creates a customer group under a new id.
func (a *Accounts) CreateGroup(ctx context.Context, g everlatch.CustomerGroup) (everlatch.CustomerGroup, error) {
	g.ID = ids.New(ids.CustomerGroup, a.Now())
	return a.Store.CreateGroup(ctx, g)
}

// CreateAddress adds an address to the customer that it names, under a new id.
func (a *Accounts) CreateAddress(ctx context.Context, address everlatch.Address) (everlatch.Address, error) {
	address.ID = ids.New(ids.Address, a.Now())
	return a.Store.CreateAddress(ctx, address)
}
