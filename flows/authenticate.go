package flows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// AuthRequest asks to authenticate or to register.
type AuthRequest struct {
	ActorType string
	Provider  string
	// Input may hold a password; it is sealed before anything else happens.
	Input providers.Input
	// IdempotencyKey is the caller's key, "" for none. [Client.Register] and
	// [Client.AuthenticateOnce] read it.
	IdempotencyKey string
	// Customer, when [Client.Register] is to create one with the identity, is
	// what the user wrote; ID, HasAccount and times are set there.
	Customer *everlatch.Customer
	// Actor is the same for a custom actor type.
	Actor *ActorData
	// Subject is the canonical form of the address or name that Input has, "" where the
	// provider knows none.
	Subject string
}

// Authenticate signs a user in. A refusal is an error with the contract's
// code and message. [DirectOptions] say when it does so without a workflow.
func (c *Client) Authenticate(ctx context.Context, r AuthRequest) (login workflows.Login, err error) {
	r.Input.ActorType = r.ActorType
	if c.opts.Direct.SignIn == nil || c.authenticateHooks(ctx) != nil {
		login, err = c.authenticate(ctx, r, "")
	} else {
		login, err = c.authenticateOrDirectly(ctx, r)
	}
	if err != nil {
		return login, err
	}
	return login, refused(login.Refusal)
}

// authenticate signs a user in by a workflow.
func (c *Client) authenticate(ctx context.Context, r AuthRequest, eventID string) (workflows.Login, error) {
	ref, err := c.seal(ctx, r.Input)
	if err != nil {
		return workflows.Login{}, err
	}
	e := c.authentication(ctx, c.freshID("authenticate", r.ActorType), r, ref, eventID)
	login, err := perform[workflows.Login](ctx, c, e)
	if err == nil {
		c.shredder.shred(ref)
	}
	return login, err
}

func (c *Client) authenticateHooks(ctx context.Context) *workflows.Hooks {
	return c.hooks(ctx, everlatch.HookBeforeAuthenticate, everlatch.HookAfterAuthenticate)
}

func (c *Client) authentication(ctx context.Context, id string, r AuthRequest, ref vault.Ref, eventID string) execution {
	return execution{
		id:       id,
		within:   answerWithin,
		workflow: workflows.Authenticate,
		input: workflows.AuthenticateInput{
			ActorType: r.ActorType, Provider: r.Provider, Request: ref, BeginWithin: beginWithin, RequestID: RequestID(ctx),
			EventID: eventID, Hooks: c.authenticateHooks(ctx),
		},
		about: workflows.About{Subject: c.subject(r.Subject)},
	}
}

// Register creates an identity, and with Customer the account of its owner, as
// one saga. With an Idempotency-Key, a repetition gets the
// first answer, and another request under the same key
// [everlatch.CodeConflict]; this holds across processes and restarts for as
// long as Temporal keeps the flow (temporal.retention).
func (c *Client) Register(ctx context.Context, r AuthRequest) (workflows.Login, error) {
	r.Input.ActorType = r.ActorType
	parts := []any{r.Provider, r.Input}
	if r.Customer != nil {
		parts = append(parts, r.Customer)
	}
	var actor *everlatch.ActorRecord
	if r.Actor != nil {
		parts = append(parts, r.Actor.Data)
		actor = new(c.NewActor(r.Actor.Type, r.Actor.Data))
	}
	fingerprint, err := c.fingerprint(r.IdempotencyKey, append(parts, hookData(ctx, r.IdempotencyKey)...)...)
	if err != nil {
		return workflows.Login{}, err
	}
	ref, err := c.seal(ctx, r.Input)
	if err != nil {
		return workflows.Login{}, err
	}
	hooks := c.registerHooks(ctx, r)
	login, err := perform[workflows.Login](ctx, c, execution{
		id:         c.executionID("register", r.ActorType, r.Provider, r.IdempotencyKey),
		repeatable: r.IdempotencyKey != "", hooks: hooks, fingerprint: fingerprint,
		workflow: workflows.Register,
		input: workflows.RegisterInput{
			ActorType: r.ActorType, Provider: r.Provider, Request: ref,
			IdentityID:         ids.New(ids.AuthIdentity, c.opts.Now()),
			ProviderIdentityID: ids.New(ids.ProviderIdentity, c.opts.Now()),
			Customer:           c.withAccount(r.Customer),
			Actor:              actor,
			Fingerprint:        fingerprint,
			Hooks:              hooks,
		},
		about: workflows.About{Subject: c.subject(r.Subject)},
	})
	if _, pending := errors.AsType[*PendingError](err); pending {
		c.shredder.shred(ref) // the flow has what it needs of it
	}
	if err != nil {
		return login, err
	}
	c.shredder.shred(ref)
	if err := sameRequest(fingerprint, login.Fingerprint); err != nil {
		return workflows.Login{}, err
	}
	return login, refused(login.Refusal)
}

// registerHooks are those of a registration, and of the account where one is asked
// for.
func (c *Client) registerHooks(ctx context.Context, r AuthRequest) *workflows.Hooks {
	points := []everlatch.HookPoint{everlatch.HookBeforeRegister, everlatch.HookAfterRegister}
	if r.Customer != nil || r.Actor != nil {
		points = append(points, everlatch.HookBeforeAccountCreated, everlatch.HookAfterAccountCreated)
	}
	hooks := c.hooks(ctx, points...)
	if hooks != nil {
		hooks.Held = c.opts.Vault.NewRef()
	}
	return hooks
}

// accountHooks are those of an account for an identity that exists.
func (c *Client) accountHooks(ctx context.Context) *workflows.Hooks {
	return c.hooks(ctx, everlatch.HookBeforeAccountCreated, everlatch.HookAfterAccountCreated)
}

// fingerprint condenses a request under a keyed hash, so that a password in it
// cannot be guessed from a history.
func (c *Client) fingerprint(key string, parts ...any) (string, error) {
	if key == "" {
		return "", nil
	}
	raw, err := json.Marshal(parts)
	if err != nil {
		return "", fmt.Errorf("marshal request: %w", err)
	}
	return c.opts.Ring.Hash("fingerprint", string(raw)), nil
}

func sameRequest(mine, first string) error {
	if mine == first {
		return nil
	}
	return &everlatch.Error{Code: everlatch.CodeConflict}
}

func refused(r *everlatch.Refusal) error {
	if r == nil {
		return nil
	}
	return r.Err()
}
