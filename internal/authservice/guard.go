package authservice

import (
	"context"
	"errors"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers"
)

// Guarded is the service for the holder of an API key. With roles, a key changes
// only what its owner has authority over. Whatever lets the caller sign in as an
// administrator is allowed where administrators' reset tokens are
// (docs/weak-spots.md#w30).
type Guarded struct {
	auth.Service

	Store     *store.Store
	Providers *providers.Registry
	// Authority refuses an account that the caller may not change.
	Authority func(ctx context.Context, account everlatch.ActorRef) error
	// Takes refuses what lets the caller sign in as an administrator; nil allows it.
	Takes error
}

// Over refuses to change an identity without authority over its accounts; takes says
// that the change lets the caller sign in with it.
func (g Guarded) Over(ctx context.Context, identityID string, takes bool) error {
	identity, err := g.Store.Identity(ctx, identityID)
	if errors.Is(err, everlatch.ErrNotFound) {
		return nil // the service has its own answer
	}
	if err != nil {
		return err
	}
	for actorType, id := range identity.Links {
		if err := g.OverActor(ctx, everlatch.ActorRef{ActorType: actorType, ActorID: id}, takes); err != nil {
			return err
		}
	}
	return nil
}

// OverActor is Over for one account.
func (g Guarded) OverActor(ctx context.Context, actor everlatch.ActorRef, takes bool) error {
	if takes && actor.ActorType == everlatch.ActorUser && g.Takes != nil {
		return g.Takes
	}
	return g.Authority(ctx, actor)
}

// OverLink refuses to link an actor to an identity without authority over the actor, and
// over every account that the identity signs in to already.
func (g Guarded) OverLink(ctx context.Context, identityID string, actor everlatch.ActorRef) error {
	if err := g.OverActor(ctx, actor, true); err != nil {
		return err
	}
	return g.Over(ctx, identityID, false)
}

// overCredential is over for the identity with a way to sign in.
func (g Guarded) overCredential(ctx context.Context, provider, entityID string) error {
	updater, err := g.Providers.Updater(provider)
	if err != nil {
		return nil //nolint:nilerr // the service has its own answer
	}
	found, err := g.Store.FindCredential(ctx, provider, updater.Subject(entityID).EntityKey)
	if errors.Is(err, everlatch.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return g.Over(ctx, found.Identity.ID, true)
}

func (g Guarded) overProviderIdentity(ctx context.Context, id string, takes bool) error {
	found, err := g.Store.ProviderIdentity(ctx, id)
	if errors.Is(err, everlatch.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return g.Over(ctx, found.AuthIdentityID, takes)
}

// UpdateProvider implements [auth.SignIn].
func (g Guarded) UpdateProvider(ctx context.Context, provider string, in auth.ProviderUpdate) (everlatch.AuthIdentity, error) {
	if err := g.overCredential(ctx, provider, in.EntityID); err != nil {
		return everlatch.AuthIdentity{}, err
	}
	return g.Service.UpdateProvider(ctx, provider, in)
}

// UpdateAuthIdentities implements [auth.AuthIdentities].
func (g Guarded) UpdateAuthIdentities(ctx context.Context, in ...auth.AuthIdentityUpdate) ([]everlatch.AuthIdentity, error) {
	for _, u := range in {
		if err := g.Over(ctx, u.ID, false); err != nil {
			return nil, err
		}
	}
	return g.Service.UpdateAuthIdentities(ctx, in...)
}

// DeleteAuthIdentities implements [auth.AuthIdentities].
func (g Guarded) DeleteAuthIdentities(ctx context.Context, ids ...string) error {
	for _, id := range ids {
		if err := g.Over(ctx, id, false); err != nil {
			return err
		}
	}
	return g.Service.DeleteAuthIdentities(ctx, ids...)
}

// LinkActor implements [auth.AuthIdentities].
func (g Guarded) LinkActor(ctx context.Context, identityID string, actor everlatch.ActorRef) error {
	if err := g.OverLink(ctx, identityID, actor); err != nil {
		return err
	}
	return g.Service.LinkActor(ctx, identityID, actor)
}

// UnlinkActor implements [auth.AuthIdentities].
func (g Guarded) UnlinkActor(ctx context.Context, identityID, actorType string) error {
	if err := g.Over(ctx, identityID, false); err != nil {
		return err
	}
	return g.Service.UnlinkActor(ctx, identityID, actorType)
}

// CreateProviderIdentities implements [auth.ProviderIdentities].
func (g Guarded) CreateProviderIdentities(ctx context.Context, in ...auth.NewProviderIdentity) ([]auth.ProviderIdentity, error) {
	for _, n := range in {
		if err := g.Over(ctx, n.AuthIdentityID, true); err != nil {
			return nil, err
		}
	}
	return g.Service.CreateProviderIdentities(ctx, in...)
}

// UpdateProviderIdentities implements [auth.ProviderIdentities].
func (g Guarded) UpdateProviderIdentities(
	ctx context.Context, in ...auth.ProviderIdentityUpdate,
) ([]auth.ProviderIdentity, error) {
	for _, u := range in {
		if err := g.overProviderIdentity(ctx, u.ID, true); err != nil {
			return nil, err
		}
	}
	return g.Service.UpdateProviderIdentities(ctx, in...)
}

// DeleteProviderIdentities implements [auth.ProviderIdentities].
func (g Guarded) DeleteProviderIdentities(ctx context.Context, ids ...string) error {
	for _, id := range ids {
		if err := g.overProviderIdentity(ctx, id, false); err != nil {
			return err
		}
	}
	return g.Service.DeleteProviderIdentities(ctx, ids...)
}

// CreatePasswordResetToken implements [auth.PasswordResets].
func (g Guarded) CreatePasswordResetToken(ctx context.Context, in auth.PasswordResetRequest) (auth.PasswordResetToken, error) {
	if err := g.overCredential(ctx, in.Provider, in.EntityID); err != nil {
		return auth.PasswordResetToken{}, err
	}
	return g.Service.CreatePasswordResetToken(ctx, in)
}
