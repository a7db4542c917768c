package auth

import (
	"time"

	"github.com/everlatch/everlatch"
)

// AuthenticationInput is what a user sends to a provider. It may hold a password, which
// never enters a workflow's history.
type AuthenticationInput struct {
	// ActorType is as what the user signs in: customer, user, or a custom type.
	ActorType string `json:"actor_type"`
	// Body is what the provider reads, such as email and password. With a redirect
	// provider, callback_url is where the provider sends the browser.
	Body map[string]any `json:"body,omitempty"`
	// Query are the query parameters. A callback's are code and state.
	Query map[string]string `json:"query,omitempty"`
	// Browser is a secret of 16 to 128 characters that the caller keeps with the user's
	// browser. A sign-in at an external provider that begins with one needs the same for
	// its callback, so that it can't be finished in another browser.
	Browser string `json:"browser,omitempty"`
	// IdempotencyKey lets Register and Authenticate be repeated: the same key with the same
	// credentials gets the first answer, and counts as one attempt.
	IdempotencyKey string `json:"idempotency_key,omitempty"`
}

// Authentication is the result of a sign-in that was accepted, or, with Location, begun.
type Authentication struct {
	// AuthIdentity has its provider identities. It is empty with a Location.
	AuthIdentity everlatch.AuthIdentity `json:"auth_identity,omitzero"`
	// Provider is the id of the provider that was used.
	Provider string `json:"provider"`
	// ActorType and ActorID are as what and whom the user has signed in; ActorID is "" if
	// the identity has no such actor.
	ActorType string `json:"actor_type,omitempty"`
	ActorID   string `json:"actor_id,omitempty"`
	// MFARequired says that the identity has a second factor. Then this is the first one
	// alone: the user is not signed in before the second one is completed.
	MFARequired bool `json:"mfa_required,omitempty"`
	// Location is where the browser goes to sign in at an external provider. Nothing else
	// is set with it.
	Location string `json:"location,omitempty"`
	// Created says that this call has created the identity: undo nothing that it has not.
	Created bool `json:"created,omitempty"`
}

// ProviderUpdate replaces a credential.
type ProviderUpdate struct {
	// EntityID is the identifier, such as the e-mail address.
	EntityID string `json:"entity_id"`
	// Body is what the provider reads, such as password.
	Body map[string]any `json:"body"`
	// ActorType says in the event, and so in the mail, as what the user signs in; "" is
	// the first linked actor type.
	ActorType string `json:"actor_type,omitempty"`
}

// Provider describes a registered provider (docs/contract.md#s2-2, AuthProviderInfo).
type Provider struct {
	ID string `json:"id"`
	// Identifier is the kind, such as emailpass or oidc.
	Identifier  string `json:"identifier"`
	DisplayName string `json:"display_name"`
	// Flow is credentials or redirect.
	Flow string `json:"flow"`
}

// NewAuthIdentity is an identity to create.
type NewAuthIdentity struct {
	// ID is made when it is empty. With one, the call can be repeated.
	ID string `json:"id,omitempty"`
	// AppMetadata are at most 16 kB of JSON. Keys that belong to links ("customer_id")
	// and "roles" are [everlatch.CodeInvalidData]; see LinkActor.
	AppMetadata everlatch.Metadata `json:"app_metadata,omitempty"`
	// ProviderIdentities is at least one: an identity can sign in.
	ProviderIdentities []NewProviderIdentity `json:"provider_identities"`
}

// AuthIdentityUpdate changes the metadata of an identity.
type AuthIdentityUpdate struct { //nolint:revive // the contract's name
	ID string `json:"id"`
	// AppMetadata is merged into the stored one (RFC 7386): nil as a value removes a key,
	// objects are merged, everything else replaces. A nil map removes all.
	AppMetadata everlatch.Metadata `json:"app_metadata"`
}

// NewProviderIdentity is a way to sign in to create.
type NewProviderIdentity struct {
	// ID is made when it is empty. With one, the call can be repeated.
	ID string `json:"id,omitempty"`
	// AuthIdentityID is the identity that gets it; it is not read in [NewAuthIdentity].
	AuthIdentityID string `json:"auth_identity_id,omitempty"`
	// Provider is the id of a registered provider.
	Provider string `json:"provider"`
	// EntityID is the identifier at the provider, such as the e-mail address.
	EntityID string `json:"entity_id"`
	// VerifiedEmail is an address that the caller has proven to belong to the user, ""
	// for none.
	VerifiedEmail string `json:"verified_email,omitempty"`
	// UserMetadata are profile claims. They go into tokens.
	UserMetadata everlatch.Metadata `json:"user_metadata,omitempty"`
	// ProviderMetadata is what the provider keeps, such as the hash of a password. It is
	// in no result.
	ProviderMetadata everlatch.Metadata `json:"provider_metadata,omitempty"`
}

// ProviderIdentityUpdate changes a provider identity. What is nil stays.
type ProviderIdentityUpdate struct {
	ID string `json:"id"`
	// EntityID is another identifier. What was proven about the previous one is forgotten.
	EntityID *string `json:"entity_id,omitempty"`
	// VerifiedEmail is an address that the caller has proven, "" for none.
	VerifiedEmail *string `json:"verified_email,omitempty"`
	// UserMetadata and ProviderMetadata are merged into the stored ones (RFC 7386).
	UserMetadata     everlatch.Metadata `json:"user_metadata,omitempty"`
	ProviderMetadata everlatch.Metadata `json:"provider_metadata,omitempty"`
}

// ProviderIdentity is a way to sign in, and with the relation auth_identity whose.
type ProviderIdentity struct {
	everlatch.ProviderIdentity

	AuthIdentity *everlatch.AuthIdentity `json:"auth_identity,omitempty"`
}

// PasswordResetRequest asks for a token.
type PasswordResetRequest struct {
	Provider string `json:"provider"`
	EntityID string `json:"entity_id"`
	// ActorType is as what the user signs in with the new password; "" is the first linked
	// actor type, or customer.
	ActorType string `json:"actor_type,omitempty"`
	// TTL is how long the token is good; 0 is 15 minutes, unless it is configured.
	TTL time.Duration `json:"ttl,omitempty"`
}

// PasswordResetToken is the right to choose a new password, once.
type PasswordResetToken struct {
	// ID is what ConsumePasswordResetToken takes: the jti of the token.
	ID string `json:"jti"`
	// Token is what POST /auth/:actor_type/:provider/update takes as bearer token. It is a
	// secret.
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
}

// ResetConsumption uses a token up.
type ResetConsumption struct {
	ID       string `json:"jti"`
	Provider string `json:"provider"`
	EntityID string `json:"entity_id"`
}

// ConsumedReset is whose password the token was for.
type ConsumedReset struct {
	AuthIdentityID     string `json:"auth_identity_id"`
	ProviderIdentityID string `json:"provider_identity_id"`
	EntityID           string `json:"entity_id"`
}
