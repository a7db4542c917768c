package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// UpdateProviderInput is the argument of [UpdateProvider].
type UpdateProviderInput struct {
	Provider string `json:"provider"`
	// Credential is the one to replace, and Version that of its identity when the
	// caller looked.
	Credential everlatch.ProviderIdentity `json:"credential"`
	Version    int64                      `json:"version"`
	// ActorType says, in the event, as what the user signs in.
	ActorType string `json:"actor_type"`
	// Request refers to the sealed request, which holds the new password.
	Request vault.Ref `json:"request"`
	EventID string    `json:"event_id"`
	// Hooks are those of a changed password. A program waits for the end, as a caller
	// does.
	Hooks *Hooks `json:"hooks,omitempty"`
}

// UpdateProvider replaces the credential of an identity without a token, such as the
// password that a support program sets (docs/contract.md#s2-3, updateProvider).
//
// A program starts it and answers for who may ask. What the provider refuses changes
// nothing; otherwise everything that the previous credential was good for ends
// (docs/weak-spots.md#w25). Credentials that have changed meanwhile are
// [everlatch.CodeConflict].
func UpdateProvider(ctx workflow.Context, in UpdateProviderInput) (out Outcome, err error) {
	hooks := in.Hooks.within(ctx, everlatch.HookInput{
		ActorType: in.ActorType, Provider: in.Provider, AuthIdentityID: in.Credential.AuthIdentityID, Email: in.Credential.EntityID,
	}, callerWaits)
	if out.Refusal, err = hooks.run(ctx, everlatch.HookBeforePasswordChanged); err != nil || out.Refusal != nil {
		return out, err
	}
	changed, err := changePassword(ctx, activities.ChangePasswordInput{
		Provider: in.Provider, Request: in.Request, EventID: in.EventID, GroupID: groupID(ctx),
		Grant: activities.ResetGrant{
			Known: true, ActorType: in.ActorType, EntityID: in.Credential.EntityID, IdentityID: in.Credential.AuthIdentityID,
			ProviderIdentityID: in.Credential.ID, CredentialVersion: in.Version,
		},
	}, step)
	if out.Refusal = changed.Refusal; err != nil || out.Refusal != nil {
		return out, err
	}
	if changed.Void {
		out.Refusal = &everlatch.Refusal{Code: everlatch.CodeConflict, Reason: everlatch.ReasonCredentialsChanged}
		return out, nil
	}
	hooks.passwordChanged(ctx)
	return out, releaseEvents(ctx)
}
