package auth

import (
	"context"

	"github.com/everlatch/everlatch"
)

// Service is the authentication service. It is safe for concurrent use.
//
// Errors are [*everlatch.Error]; see its codes. Unlike in Medusa, a method never puts
// the failure of a database or a provider into a result.
type Service interface {
	SignIn
	AuthIdentities
	ProviderIdentities
	PasswordResets
	MFA
	Challenges
	Verifications
}

// SignIn has the methods of a provider (docs/contract.md#s2-3).
type SignIn interface {
	// Authenticate checks credentials, or begins a sign-in at an external provider, whose
	// result is a Location. With MFARequired it is the first factor alone. It counts as an attempt on the account, as the route does: too
	// many failures are [everlatch.CodeRateLimited].
	Authenticate(ctx context.Context, provider string, in AuthenticationInput) (Authentication, error)
	// Register creates an identity with one provider identity. The same credentials again
	// return the identity as long as it has no actor.
	Register(ctx context.Context, provider string, in AuthenticationInput) (Authentication, error)
	// ValidateCallback finishes a sign-in at an external provider with the parameters that
	// the browser came back with. They are good once.
	ValidateCallback(ctx context.Context, provider string, in AuthenticationInput) (Authentication, error)
	// UpdateProvider replaces a credential, such as a password, and ends everything that
	// was issued to its identity.
	UpdateProvider(ctx context.Context, provider string, in ProviderUpdate) (everlatch.AuthIdentity, error)
	// ValidateAuthIdentity returns what a sign-in of an identity with one of its providers
	// would: a refreshed token rests on it.
	ValidateAuthIdentity(ctx context.Context, id, provider string) (Authentication, error)
	// ListAuthProviders describes the registered providers, or those with the given ids,
	// in the order of their registration.
	ListAuthProviders(ctx context.Context, ids ...string) ([]Provider, error)
}

// AuthIdentities has the methods of identities (docs/contract.md#s2-2).
type AuthIdentities interface { //nolint:revive // the contract's name
	// CreateAuthIdentities creates identities with their provider identities, all or
	// none. One with an ID that exists with the same provider identities is returned as it
	// is; a provider identity that exists elsewhere is [everlatch.CodeDuplicate].
	CreateAuthIdentities(ctx context.Context, in ...NewAuthIdentity) ([]everlatch.AuthIdentity, error)
	// UpdateAuthIdentities changes the metadata of identities, all or none.
	UpdateAuthIdentities(ctx context.Context, in ...AuthIdentityUpdate) ([]everlatch.AuthIdentity, error)
	// RetrieveAuthIdentity returns an identity, or [everlatch.CodeNotFound].
	RetrieveAuthIdentity(ctx context.Context, id string, config FindConfig) (everlatch.AuthIdentity, error)
	// ListAuthIdentities returns the identities that pass a filter.
	ListAuthIdentities(ctx context.Context, filter AuthIdentityFilter, config FindConfig) ([]everlatch.AuthIdentity, error)
	// ListAndCountAuthIdentities counts, besides, those that pass on all pages together.
	ListAndCountAuthIdentities(ctx context.Context, filter AuthIdentityFilter, config FindConfig) ([]everlatch.AuthIdentity, int, error)
	// DeleteAuthIdentities removes identities and ends everything that was issued to them.
	// An unknown id is no error. Their actors stay; to remove a user with their identities
	// use the flows of the account.
	DeleteAuthIdentities(ctx context.Context, ids ...string) error
	// LinkActor lets an identity act as an actor. One that has another actor of the type
	// is [everlatch.CodeNotAllowed]. In Medusa this is a key of app_metadata.
	LinkActor(ctx context.Context, identityID string, actor everlatch.ActorRef) error
	// UnlinkActor takes the actor of a type from an identity, and ends what was issued for
	// it. An identity without one is no error.
	UnlinkActor(ctx context.Context, identityID, actorType string) error
}

// ProviderIdentities has the methods of provider identities (docs/contract.md#s2-2). No
// result has their ProviderMetadata.
type ProviderIdentities interface {
	// CreateProviderIdentities adds ways to sign in to identities, all or none. A second
	// one of a provider is [everlatch.CodeNotAllowed], and so is an address that the
	// identity has not proven, unless VerifiedEmail says that the caller has.
	CreateProviderIdentities(ctx context.Context, in ...NewProviderIdentity) ([]ProviderIdentity, error)
	// UpdateProviderIdentities changes provider identities, all or none. Another EntityID
	// or other ProviderMetadata end everything that was issued to the identity.
	UpdateProviderIdentities(ctx context.Context, in ...ProviderIdentityUpdate) ([]ProviderIdentity, error)
	// RetrieveProviderIdentity returns a provider identity, or [everlatch.CodeNotFound].
	RetrieveProviderIdentity(ctx context.Context, id string, config FindConfig) (ProviderIdentity, error)
	// ListProviderIdentities returns the provider identities that pass a filter.
	ListProviderIdentities(ctx context.Context, filter ProviderIdentityFilter, config FindConfig) ([]ProviderIdentity, error)
	// ListAndCountProviderIdentities counts, besides, those that pass on all pages
	// together.
	ListAndCountProviderIdentities(ctx context.Context, filter ProviderIdentityFilter, config FindConfig) ([]ProviderIdentity, int, error)
	// DeleteProviderIdentities removes ways to sign in, one after the other. An unknown id
	// is no error; the last one of an identity is [everlatch.CodeNotAllowed].
	DeleteProviderIdentities(ctx context.Context, ids ...string) error
}

// PasswordResets has the methods of password resets (docs/contract.md#s2-4).
type PasswordResets interface {
	// CreatePasswordResetToken grants the right to choose a new password. No mail is sent:
	// the caller hands the token over. An unknown identifier is
	// [everlatch.CodeInvalidData].
	CreatePasswordResetToken(ctx context.Context, in PasswordResetRequest) (PasswordResetToken, error)
	// ConsumePasswordResetToken uses a token up, once, and with it every other one for the
	// same identifier. Anything that is wrong with it is [everlatch.CodeUnauthorized].
	ConsumePasswordResetToken(ctx context.Context, in ResetConsumption) (ConsumedReset, error)
}
