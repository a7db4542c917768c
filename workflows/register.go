package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/vault"
)

// RegisterInput is the argument of [Register].
type RegisterInput struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	// Request refers to the sealed request, which holds the password.
	Request vault.Ref `json:"request"`
	// IdentityID and ProviderIdentityID name what will be created.
	IdentityID         string `json:"identity_id"`
	ProviderIdentityID string `json:"provider_identity_id"`
	// Fingerprint of the request, when it came with an Idempotency-Key.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// Register creates an identity that has no actor yet.
//
// The API starts it. Of many registrations of one address exactly one creates
// the identity; a repetition with the same password is welcome until an actor
// is linked. When the step fails for good, nothing remains.
func Register(ctx workflow.Context, in RegisterInput) (Login, error) {
	var undo saga
	add(&undo, credentials.DiscardIdentity, activities.DiscardIdentityInput{
		IdentityID: in.IdentityID, GroupID: groupID(ctx),
	})
	registered, err := step(ctx, credentials.RegisterIdentity, activities.RegisterIdentityInput{
		ActorType: in.ActorType, Provider: in.Provider, Request: in.Request,
		IdentityID: in.IdentityID, ProviderIdentityID: in.ProviderIdentityID, GroupID: groupID(ctx),
	})
	if err != nil {
		return Login{}, undo.after(ctx, err)
	}
	if registered.Created {
		if err := release(ctx); err != nil {
			return Login{}, err
		}
	}
	return login(ctx, registered.Refusal, registered.Principal, in.Fingerprint), nil
}
