package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// LinkIdentityInput is the argument of [LinkIdentity].
type LinkIdentityInput struct {
	AuthIdentityID string `json:"auth_identity_id"`
	ActorType      string `json:"actor_type"`
	Provider       string `json:"provider"`
	// Request refers to the sealed request, which holds the password.
	Request            vault.Ref `json:"request"`
	ProviderIdentityID string    `json:"provider_identity_id"`
	EventID            string    `json:"event_id"`
}

// LinkedIdentity is the outcome of [LinkIdentity]: a refusal or the new
// sign-in method.
type LinkedIdentity struct {
	Refusal    *everlatch.Refusal         `json:"refusal,omitempty"`
	Credential everlatch.ProviderIdentity `json:"credential,omitzero"`
}

// LinkIdentity gives an identity another sign-in method, with credentials that the
// user typed (docs/weak-spots.md#w17); one of an external provider is linked by [SocialLogin].
//
// The API starts it after a recent sign-in. When it fails, the
// identity is as it was.
func LinkIdentity(ctx workflow.Context, in LinkIdentityInput) (out LinkedIdentity, err error) {
	var undo saga
	link := activities.LinkCredentialInput{
		IdentityID: in.AuthIdentityID, ActorType: in.ActorType, Provider: in.Provider, Request: in.Request,
		ProviderIdentityID: in.ProviderIdentityID, EventID: in.EventID, GroupID: groupID(ctx),
	}
	add(&undo, credentials.DiscardCredential, link)
	linked, err := localUnlessSlow(ctx, credentials.LinkCredential, link,
		func(out activities.LinkCredentialOutput) bool { return out.Slow },
		func(in *activities.LinkCredentialInput) { in.Slow = true })
	if err != nil {
		return out, undo.after(ctx, err)
	}
	if linked.Refusal != nil {
		return LinkedIdentity{Refusal: linked.Refusal}, nil
	}
	return LinkedIdentity{Credential: linked.Credential}, releaseEvents(ctx)
}

// UnlinkIdentityInput is the argument of [UnlinkIdentity].
type UnlinkIdentityInput struct {
	AuthIdentityID     string `json:"auth_identity_id"`
	ActorType          string `json:"actor_type"`
	ProviderIdentityID string `json:"provider_identity_id"`
	// SignedInWith is the provider that the user is signed in with.
	SignedInWith string `json:"signed_in_with"`
	EventID      string `json:"event_id"`
}

// UnlinkIdentity removes a sign-in method from an identity, but never the last one
// nor the one that the user is signed in with (docs/weak-spots.md#w17). What was issued by it ends.
//
// The API starts it after a recent sign-in. What it removes
// cannot be brought back, so an outage only delays it.
func UnlinkIdentity(ctx workflow.Context, in UnlinkIdentityInput) (out Outcome, err error) {
	unlinked, err := finalStep(ctx, identities.UnlinkCredential, activities.UnlinkCredentialInput{
		IdentityID: in.AuthIdentityID, ActorType: in.ActorType, ProviderIdentityID: in.ProviderIdentityID,
		SignedInWith: in.SignedInWith, EventID: in.EventID, GroupID: groupID(ctx),
	})
	if out.Refusal = unlinked.Refusal; err != nil || out.Refusal != nil {
		return out, err
	}
	return out, releaseEvents(ctx)
}
