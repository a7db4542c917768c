package flows

import (
	"context"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/workflows"
)

// ActorAccountRequest asks for an actor of a custom type for an identity.
type ActorAccountRequest struct {
	AuthIdentityID string
	// Type is the definition, complete.
	Type everlatch.ActorType
	// Data was found valid by the definition.
	Data           everlatch.Metadata
	IdempotencyKey string
}

// ActorData is what an actor of a custom type will be like.
type ActorData struct {
	// Type is the definition, complete.
	Type everlatch.ActorType
	// Data was found valid by the definition.
	Data everlatch.Metadata
}

// NewActor returns a record that does not exist yet, under a new id.
func (c *Client) NewActor(t everlatch.ActorType, data everlatch.Metadata) everlatch.ActorRecord {
	now := c.opts.Now()
	return everlatch.ActorRecord{
		ID: ids.New(t.IDPrefix, now), ActorType: t.Name, Data: data, CreatedAt: now, UpdatedAt: now,
	}
}

// CreateActorAccount gives an identity an actor. For the Idempotency-Key see
// [Client.Register].
func (c *Client) CreateActorAccount(ctx context.Context, r ActorAccountRequest) (everlatch.ActorRecord, error) {
	parts := append([]any{r.AuthIdentityID, r.Data}, hookData(ctx, r.IdempotencyKey)...)
	fingerprint, err := c.fingerprint(r.IdempotencyKey, parts...)
	if err != nil {
		return everlatch.ActorRecord{}, err
	}
	hooks := c.accountHooks(ctx)
	e := c.accountFlow("create-"+r.Type.Name+"-account", r.AuthIdentityID, r.IdempotencyKey, fingerprint, hooks)
	e.workflow, e.input = workflows.CreateActorAccount, workflows.CreateActorAccountInput{
		AuthIdentityID: r.AuthIdentityID, Actor: c.NewActor(r.Type, r.Data), Fingerprint: fingerprint, Hooks: hooks,
	}
	account, err := perform[workflows.ActorAccount](ctx, c, e)
	if err != nil {
		return everlatch.ActorRecord{}, err
	}
	if err := sameRequest(fingerprint, account.Fingerprint); err != nil {
		return everlatch.ActorRecord{}, err
	}
	return account.Actor, refused(account.Refusal)
}

// UpdateActor changes a record. An unknown id is [everlatch.ErrNotFound].
func (c *Client) UpdateActor(ctx context.Context, actorType, id string, change everlatch.Metadata) (everlatch.ActorRecord, error) {
	account, err := perform[workflows.ActorAccount](ctx, c, execution{
		id:       c.freshID("update-"+actorType, id),
		workflow: workflows.UpdateActor,
		input:    workflows.UpdateActorInput{ActorType: actorType, ActorID: id, Change: change},
	})
	if err != nil {
		return everlatch.ActorRecord{}, err
	}
	return account.Actor, refused(account.Refusal)
}

// RemoveActorAccount removes an actor with its identities. An unknown id is no
// error, as for customers and administrators.
func (c *Client) RemoveActorAccount(ctx context.Context, actorType, id string) error {
	return c.removeAccount(ctx, actorType, id, workflows.RemoveActorAccount,
		everlatch.ActorRef{ActorType: actorType, ActorID: id})
}
