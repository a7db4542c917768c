package flows

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// AuthRequest asks to authenticate or to register.
type AuthRequest struct {
	ActorType string
	Provider  string
	// Input may hold a password; it is sealed before anything else happens.
	Input providers.Input
	// IdempotencyKey is the caller's key, "" for none. Only
	// [Client.Register] reads it.
	IdempotencyKey string
	// Customer, when [Client.Register] is to create one with the identity, is
	// what the user wrote; ID, HasAccount and times are set there.
	Customer *everlatch.Customer
	// Actor is the same for a custom actor type.
	Actor *ActorData
}

// Authenticate signs a user in. A refusal is an error with the contract's
// code and message.
func (c *Client) Authenticate(ctx context.Context, r AuthRequest) (workflows.Login, error) {
	r.Input.ActorType = r.ActorType
	ref, err := c.seal(ctx, r.Input)
	if err != nil {
		return workflows.Login{}, err
	}
	login, err := perform[workflows.Login](ctx, c, execution{
		id:       c.freshID("authenticate", r.ActorType),
		within:   answerWithin,
		workflow: workflows.Authenticate,
		input: workflows.AuthenticateInput{
			ActorType: r.ActorType, Provider: r.Provider, Request: ref, BeginWithin: beginWithin,
		},
	})
	if err != nil {
		return login, err
	}
	c.shredder.shred(ref)
	if login.Refusal != nil {
		return login, login.Refusal.Err()
	}
	return login, c.keepAccount(ctx, login.Principal)
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
	fingerprint, err := c.fingerprint(r.IdempotencyKey, parts...)
	if err != nil {
		return workflows.Login{}, err
	}
	ref, err := c.seal(ctx, r.Input)
	if err != nil {
		return workflows.Login{}, err
	}
	login, err := perform[workflows.Login](ctx, c, execution{
		id:         c.executionID("register", r.ActorType, r.Provider, r.IdempotencyKey),
		repeatable: r.IdempotencyKey != "",
		workflow:   workflows.Register,
		input: workflows.RegisterInput{
			ActorType: r.ActorType, Provider: r.Provider, Request: ref,
			IdentityID:         ids.New(ids.AuthIdentity, c.opts.Now()),
			ProviderIdentityID: ids.New(ids.ProviderIdentity, c.opts.Now()),
			Customer:           c.withAccount(r.Customer),
			Actor:              actor,
			Fingerprint:        fingerprint,
		},
	})
	if err != nil {
		return login, err
	}
	c.shredder.shred(ref)
	if err := sameRequest(fingerprint, login.Fingerprint); err != nil {
		return workflows.Login{}, err
	}
	return login, refused(login.Refusal)
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
