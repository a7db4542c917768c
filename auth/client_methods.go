package auth

import (
	"context"

	"github.com/everlatch/everlatch"
)

// Authenticate implements [SignIn].
func (c *Client) Authenticate(ctx context.Context, provider string, in AuthenticationInput) (Authentication, error) {
	return result[Authentication](ctx, c, "authenticate", providerCall[AuthenticationInput]{provider, in})
}

// Register implements [SignIn].
func (c *Client) Register(ctx context.Context, provider string, in AuthenticationInput) (Authentication, error) {
	return result[Authentication](ctx, c, "register", providerCall[AuthenticationInput]{provider, in})
}

// ValidateCallback implements [SignIn].
func (c *Client) ValidateCallback(ctx context.Context, provider string, in AuthenticationInput) (Authentication, error) {
	return result[Authentication](ctx, c, "validate-callback", providerCall[AuthenticationInput]{provider, in})
}

// UpdateProvider implements [SignIn].
func (c *Client) UpdateProvider(ctx context.Context, provider string, in ProviderUpdate) (everlatch.AuthIdentity, error) {
	return result[everlatch.AuthIdentity](ctx, c, "update-provider", providerCall[ProviderUpdate]{provider, in})
}

// ValidateAuthIdentity implements [SignIn].
func (c *Client) ValidateAuthIdentity(ctx context.Context, id, provider string) (Authentication, error) {
	return result[Authentication](ctx, c, "validate-auth-identity", one{ID: id, Provider: provider})
}

// ListAuthProviders implements [SignIn].
func (c *Client) ListAuthProviders(ctx context.Context, ids ...string) ([]Provider, error) {
	return result[[]Provider](ctx, c, "list-auth-providers", several[string]{ids})
}

// CreateAuthIdentities implements [AuthIdentities].
func (c *Client) CreateAuthIdentities(ctx context.Context, in ...NewAuthIdentity) ([]everlatch.AuthIdentity, error) {
	return result[[]everlatch.AuthIdentity](ctx, c, "create-auth-identities", several[NewAuthIdentity]{in})
}

// UpdateAuthIdentities implements [AuthIdentities].
func (c *Client) UpdateAuthIdentities(ctx context.Context, in ...AuthIdentityUpdate) ([]everlatch.AuthIdentity, error) {
	return result[[]everlatch.AuthIdentity](ctx, c, "update-auth-identities", several[AuthIdentityUpdate]{in})
}

// RetrieveAuthIdentity implements [AuthIdentities].
func (c *Client) RetrieveAuthIdentity(ctx context.Context, id string, config FindConfig) (everlatch.AuthIdentity, error) {
	return result[everlatch.AuthIdentity](ctx, c, "retrieve-auth-identity", one{ID: id, Config: config})
}

// ListAuthIdentities implements [AuthIdentities].
func (c *Client) ListAuthIdentities(ctx context.Context, f AuthIdentityFilter, config FindConfig) ([]everlatch.AuthIdentity, error) {
	return result[[]everlatch.AuthIdentity](ctx, c, "list-auth-identities", find[AuthIdentityFilter]{f, config})
}

// ListAndCountAuthIdentities implements [AuthIdentities].
func (c *Client) ListAndCountAuthIdentities(
	ctx context.Context, f AuthIdentityFilter, config FindConfig,
) ([]everlatch.AuthIdentity, int, error) {
	return listed[everlatch.AuthIdentity](ctx, c, "list-and-count-auth-identities", find[AuthIdentityFilter]{f, config})
}

// DeleteAuthIdentities implements [AuthIdentities].
func (c *Client) DeleteAuthIdentities(ctx context.Context, ids ...string) error {
	return c.do(ctx, "delete-auth-identities", several[string]{ids})
}

// LinkActor implements [AuthIdentities].
func (c *Client) LinkActor(ctx context.Context, identityID string, actor everlatch.ActorRef) error {
	return c.do(ctx, "link-actor", link{identityID, actor})
}

// UnlinkActor implements [AuthIdentities].
func (c *Client) UnlinkActor(ctx context.Context, identityID, actorType string) error {
	return c.do(ctx, "unlink-actor", link{identityID, everlatch.ActorRef{ActorType: actorType}})
}

// CreateProviderIdentities implements [ProviderIdentities].
func (c *Client) CreateProviderIdentities(ctx context.Context, in ...NewProviderIdentity) ([]ProviderIdentity, error) {
	return result[[]ProviderIdentity](ctx, c, "create-provider-identities", several[NewProviderIdentity]{in})
}

// UpdateProviderIdentities implements [ProviderIdentities].
func (c *Client) UpdateProviderIdentities(ctx context.Context, in ...ProviderIdentityUpdate) ([]ProviderIdentity, error) {
	return result[[]ProviderIdentity](ctx, c, "update-provider-identities", several[ProviderIdentityUpdate]{in})
}

// RetrieveProviderIdentity implements [ProviderIdentities].
func (c *Client) RetrieveProviderIdentity(ctx context.Context, id string, config FindConfig) (ProviderIdentity, error) {
	return result[ProviderIdentity](ctx, c, "retrieve-provider-identity", one{ID: id, Config: config})
}

// ListProviderIdentities implements [ProviderIdentities].
func (c *Client) ListProviderIdentities(ctx context.Context, f ProviderIdentityFilter, config FindConfig) ([]ProviderIdentity, error) {
	return result[[]ProviderIdentity](ctx, c, "list-provider-identities", find[ProviderIdentityFilter]{f, config})
}

// ListAndCountProviderIdentities implements [ProviderIdentities].
func (c *Client) ListAndCountProviderIdentities(
	ctx context.Context, f ProviderIdentityFilter, config FindConfig,
) ([]ProviderIdentity, int, error) {
	return listed[ProviderIdentity](ctx, c, "list-and-count-provider-identities", find[ProviderIdentityFilter]{f, config})
}

// DeleteProviderIdentities implements [ProviderIdentities].
func (c *Client) DeleteProviderIdentities(ctx context.Context, ids ...string) error {
	return c.do(ctx, "delete-provider-identities", several[string]{ids})
}

// CreatePasswordResetToken implements [PasswordResets].
func (c *Client) CreatePasswordResetToken(ctx context.Context, in PasswordResetRequest) (PasswordResetToken, error) {
	return result[PasswordResetToken](ctx, c, "create-password-reset-token", in)
}

// ConsumePasswordResetToken implements [PasswordResets].
func (c *Client) ConsumePasswordResetToken(ctx context.Context, in ResetConsumption) (ConsumedReset, error) {
	return result[ConsumedReset](ctx, c, "consume-password-reset-token", in)
}
