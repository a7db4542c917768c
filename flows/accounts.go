package flows

import (
	"context"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// CustomerAccountRequest asks for a customer for an identity.
type CustomerAccountRequest struct {
	AuthIdentityID string
	// Customer is what the user wrote; ID, HasAccount and times are set here.
	Customer       everlatch.Customer
	IdempotencyKey string
}

// CreateCustomerAccount gives an identity a customer. For the Idempotency-Key
// see [Client.Register].
func (c *Client) CreateCustomerAccount(ctx context.Context, r CustomerAccountRequest) (everlatch.Customer, error) {
	parts := append([]any{r.AuthIdentityID, r.Customer}, hookData(ctx, r.IdempotencyKey)...)
	fingerprint, err := c.fingerprint(r.IdempotencyKey, parts...)
	if err != nil {
		return everlatch.Customer{}, err
	}
	hooks := c.accountHooks(ctx)
	e := c.accountFlow("create-customer-account", r.AuthIdentityID, r.IdempotencyKey, fingerprint, hooks)
	e.workflow, e.input = workflows.CreateCustomerAccount, workflows.CreateCustomerAccountInput{
		AuthIdentityID: r.AuthIdentityID, Customer: *c.withAccount(&r.Customer), Fingerprint: fingerprint, Hooks: hooks,
	}
	account, err := perform[workflows.CustomerAccount](ctx, c, e)
	if err != nil {
		return everlatch.Customer{}, err
	}
	if err := sameRequest(fingerprint, account.Fingerprint); err != nil {
		return everlatch.Customer{}, err
	}
	return account.Customer, refused(account.Refusal)
}

// accountFlow is the execution that gives an identity an account. While one waits for
// a hook, the same request without an Idempotency-Key finds it, and is not put to the
// hook again.
func (c *Client) accountFlow(kind, identityID, key, fingerprint string, hooks *workflows.Hooks) execution {
	e := execution{
		id: c.executionID(kind, identityID, "", key), repeatable: key != "", hooks: hooks, fingerprint: fingerprint,
	}
	if key == "" && mayWait(hooks) {
		e.id, e.shared = kind+"/"+identityID, true
	}
	return e
}

// withAccount names a customer that is to have an account; nil stays nil.
func (c *Client) withAccount(wrote *everlatch.Customer) *everlatch.Customer {
	if wrote == nil {
		return nil
	}
	now := c.opts.Now()
	customer := *wrote
	customer.ID = ids.New(ids.Customer, now)
	customer.HasAccount = true
	customer.CreatedAt, customer.UpdatedAt = now, now
	return &customer
}

// UserRequest asks for an administrator.
type UserRequest struct {
	// AuthIdentityID is the identity that becomes an administrator. When it is
	// empty, a new identity is registered with Provider, Email and Password.
	AuthIdentityID string
	Provider       string
	Email          string
	Password       vault.Secret
	FirstName      *string
	LastName       *string
	// Roles are ids of roles. That they exist, and that the caller may give
	// them, is for the caller to see to; those that are gone are left out.
	Roles []string
}

// CreateUser creates an administrator, and the identity with it when asked to,
// as one saga (docs/weak-spots.md#w15).
func (c *Client) CreateUser(ctx context.Context, r UserRequest) (everlatch.User, error) {
	now := c.opts.Now()
	hooks := c.accountHooks(ctx)
	if r.AuthIdentityID == "" {
		hooks = c.registerHooks(ctx, AuthRequest{Customer: &everlatch.Customer{}}) // with those of the account
	}
	in := workflows.CreateUserAccountInput{
		Hooks:          hooks,
		AuthIdentityID: r.AuthIdentityID,
		User: everlatch.User{
			ID: ids.New(ids.User, now), Email: r.Email, FirstName: r.FirstName, LastName: r.LastName,
			CreatedAt: now, UpdatedAt: now,
		},
		Roles: r.Roles,
	}
	if r.AuthIdentityID == "" {
		ref, err := c.seal(ctx, providers.Input{
			Body:      map[string]any{"email": r.Email, "password": string(r.Password.Reveal())},
			ActorType: everlatch.ActorUser,
		})
		if err != nil {
			return everlatch.User{}, err
		}
		defer c.shredder.shred(ref)
		in.AuthIdentityID = ids.New(ids.AuthIdentity, now)
		in.Registration = &workflows.Registration{
			Provider: r.Provider, Request: ref, ProviderIdentityID: ids.New(ids.ProviderIdentity, now),
		}
	}
	account, err := perform[workflows.UserAccount](ctx, c, execution{
		id:       c.freshID("create-user-account", in.AuthIdentityID),
		hooks:    hooks,
		workflow: workflows.CreateUserAccount,
		input:    in,
	})
	if err != nil {
		return everlatch.User{}, err
	}
	return account.User, refused(account.Refusal)
}

// RemoveCustomerAccount removes a customer with its identities, at once. An
// unknown id is no error (docs/contract.md#s4-7 as recorded). For a customer who asks for
// it see [Client.DeleteCustomer].
func (c *Client) RemoveCustomerAccount(ctx context.Context, id string) error {
	return c.removeAccount(ctx, everlatch.ActorCustomer, id, workflows.RemoveCustomerAccount, c.removal(ctx, id, false))
}

// RemoveUserAccount removes an administrator with its identities. An unknown
// id is no error (docs/contract.md#s4-5 as recorded).
func (c *Client) RemoveUserAccount(ctx context.Context, id string) error {
	return c.removeAccount(ctx, everlatch.ActorUser, id, workflows.RemoveUserAccount, c.removal(ctx, id, false))
}

// SetAuthAppMetadata links an identity to an actor, or unlinks it when actorID
// is nil.
func (c *Client) SetAuthAppMetadata(ctx context.Context, identityID, actorType string, actorID *string) error {
	return c.outcome(ctx, "set-auth-app-metadata", identityID, workflows.SetAuthAppMetadata,
		workflows.SetAuthAppMetadataInput{AuthIdentityID: identityID, ActorType: actorType, ActorID: actorID})
}

// DeleteAuthIdentity removes an identity and everything that was issued to it.
func (c *Client) DeleteAuthIdentity(ctx context.Context, id string) error {
	return c.outcome(ctx, "delete-auth-identity", id, workflows.DeleteAuthIdentity,
		workflows.DeleteAuthIdentityInput{AuthIdentityID: id})
}

// outcome performs a flow that is named after the record it is about and has
// nothing to return but a refusal.
func (c *Client) outcome(ctx context.Context, kind, subject string, workflow, input any) error {
	out, err := perform[workflows.Outcome](ctx, c, execution{
		id: c.freshID(kind, subject), workflow: workflow, input: input,
	})
	if err != nil {
		return err
	}
	return refused(out.Refusal)
}
