package activities

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers"
)

// Accounts creates and removes the business records behind identities.
type Accounts struct {
	Store     *store.Store
	Providers *providers.Registry
	Now       func() time.Time
	// AnyEmail lets customers choose the e-mail of their account freely, as Medusa
	// does (docs/weak-spots.md#w5).
	AnyEmail bool
}

// CreateCustomerInput is the argument of [Accounts.CreateCustomer].
type CreateCustomerInput struct {
	// Customer carries the id under which it will exist.
	Customer everlatch.Customer `json:"customer"`
	GroupID  string             `json:"group_id"`
	// AuthIdentityID puts the event in the order of this identity's.
	AuthIdentityID string `json:"auth_identity_id,omitempty"`
}

// CreateCustomerOutput is a refusal or the customer.
type CreateCustomerOutput struct {
	Refusal  *everlatch.Refusal `json:"refusal,omitempty"`
	Customer everlatch.Customer `json:"customer,omitzero"`
}

// CreateCustomer inserts a customer, whose e-mail is one of its identity's own
// (docs/weak-spots.md#w5). Its event waits until the flow has succeeded.
func (a *Accounts) CreateCustomer(ctx context.Context, in CreateCustomerInput) (out CreateCustomerOutput, err error) {
	if in.Customer.Email, err = a.ownEmail(ctx, in); err != nil {
		if done, found := a.Store.Customer(ctx, in.Customer.ID); found == nil {
			out.Customer = done // by an earlier run of this step
			return out, nil
		}
		out.Refusal, err = refusal(err)
		return out, err
	}
	out.Customer, err = a.Store.CreateCustomer(ctx, in.Customer,
		a.pending(everlatch.EventCustomerCreated, ActorInput{in.Customer.ID, in.GroupID, in.AuthIdentityID}))
	if err != nil {
		out.Refusal, err = refusal(err)
	}
	return out, err
}

// CreateUserInput is the argument of [Accounts.CreateUser].
type CreateUserInput struct {
	// User carries the id under which it will exist.
	User everlatch.User `json:"user"`
	// Roles are ids of roles; those that are gone by now are left out.
	Roles   []string `json:"roles,omitempty"`
	GroupID string   `json:"group_id"`
	// AuthIdentityID puts the event in the order of this identity's.
	AuthIdentityID string `json:"auth_identity_id,omitempty"`
}

// CreateUserOutput is a refusal or the user.
type CreateUserOutput struct {
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	User    everlatch.User     `json:"user,omitzero"`
}

// CreateUser inserts an administrator with their roles. Its event waits until the flow has
// succeeded.
func (a *Accounts) CreateUser(ctx context.Context, in CreateUserInput) (out CreateUserOutput, err error) {
	out.User, err = a.Store.CreateUser(ctx, in.User,
		a.pending(everlatch.EventUserCreated, ActorInput{in.User.ID, in.GroupID, in.AuthIdentityID}), in.Roles...)
	if err != nil {
		out.Refusal, err = refusal(err)
	}
	return out, err
}

// ActorInput names an account within a flow.
type ActorInput struct {
	ID      string `json:"id"`
	GroupID string `json:"group_id"`
	// AuthIdentityID is the account's one identity; only removals read it, to
	// put their event in the order of that identity's.
	AuthIdentityID string `json:"auth_identity_id,omitempty"`
}

// DiscardCustomer undoes [Accounts.CreateCustomer]: the row of this id, which
// the flow chose, and its event vanish.
func (a *Accounts) DiscardCustomer(ctx context.Context, in ActorInput) (None, error) {
	return None{}, a.Store.DiscardCustomer(ctx, in.ID, in.GroupID)
}

// DiscardUser undoes [Accounts.CreateUser].
func (a *Accounts) DiscardUser(ctx context.Context, in ActorInput) (None, error) {
	return None{}, a.Store.DiscardUser(ctx, in.ID, in.GroupID)
}

// RemoveCustomer soft-deletes a customer; one that is gone already is no fault.
func (a *Accounts) RemoveCustomer(ctx context.Context, in ActorInput) (None, error) {
	return None{}, a.Store.RemoveCustomer(ctx, in.ID, a.pending(everlatch.EventCustomerDeleted, in))
}

// RestoreCustomer undoes [Accounts.RemoveCustomer] of this flow; a customer that
// an earlier one removed stays removed.
func (a *Accounts) RestoreCustomer(ctx context.Context, in ActorInput) (None, error) {
	return None{}, a.Store.RestoreCustomer(ctx, in.ID, in.GroupID)
}

// RemoveUser soft-deletes an administrator; one that is gone already is no fault.
func (a *Accounts) RemoveUser(ctx context.Context, in ActorInput) (None, error) {
	return None{}, a.Store.RemoveUser(ctx, in.ID, a.pending(everlatch.EventUserDeleted, in))
}

// RestoreUser undoes [Accounts.RemoveUser] of this flow.
func (a *Accounts) RestoreUser(ctx context.Context, in ActorInput) (None, error) {
	return None{}, a.Store.RestoreUser(ctx, in.ID, in.GroupID)
}

func (a *Accounts) pending(name string, about ActorInput) everlatch.Event {
	now := a.Now()
	return everlatch.Event{
		ID: ids.New(ids.Event, now), Name: name, GroupID: about.GroupID, AuthIdentityID: about.AuthIdentityID,
		Data: everlatch.Metadata{"id": about.ID}, CreatedAt: now,
	}
}
