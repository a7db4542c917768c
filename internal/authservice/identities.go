package authservice

import (
	"cmp"
	"context"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

// CreateAuthIdentities implements [auth.AuthIdentities].
func (s *Service) CreateAuthIdentities(ctx context.Context, in ...auth.NewAuthIdentity) ([]everlatch.AuthIdentity, error) {
	wanted := make([]store.ImportedIdentity, len(in))
	for i, n := range in {
		metadata, err := normal(n.AppMetadata)
		if err != nil {
			return nil, err
		}
		id := cmp.Or(n.ID, ids.New(ids.AuthIdentity, s.Now()))
		wanted[i] = store.ImportedIdentity{ID: id, AppMetadata: metadata}
		for _, p := range n.ProviderIdentities {
			c, err := s.newCredential(p)
			if err != nil {
				return nil, err
			}
			wanted[i].Credentials = append(wanted[i].Credentials, c)
		}
		if len(n.ProviderIdentities) > 0 {
			wanted[i].Event = s.event(everlatch.EventIdentityRegistered, id, everlatch.Metadata{
				"id": id, "provider": n.ProviderIdentities[0].Provider, "actor_type": "",
			})
		}
	}
	made, err := s.Store.ImportIdentities(ctx, wanted)
	return allPublic(made), err
}

// UpdateAuthIdentities implements [auth.AuthIdentities].
func (s *Service) UpdateAuthIdentities(ctx context.Context, in ...auth.AuthIdentityUpdate) ([]everlatch.AuthIdentity, error) {
	changes := make([]store.AppMetadataChange, len(in))
	for i, u := range in {
		if u.ID == "" {
			return nil, errID("authIdentity")
		}
		merge, err := normal(u.AppMetadata)
		if err != nil {
			return nil, err
		}
		changes[i] = store.AppMetadataChange{
			IdentityID: u.ID, Merge: merge, Event: s.event(everlatch.EventIdentityUpdated, u.ID, everlatch.Metadata{"id": u.ID}),
		}
	}
	changed, err := s.Store.UpdateAppMetadata(ctx, changes)
	return allPublic(changed), err
}

func errID(model string) error {
	return &everlatch.Error{Code: everlatch.CodeNotFound, Message: model + " - id must be defined"}
}

// RetrieveAuthIdentity implements [auth.AuthIdentities].
func (s *Service) RetrieveAuthIdentity(ctx context.Context, id string, config auth.FindConfig) (everlatch.AuthIdentity, error) {
	if id == "" {
		return everlatch.AuthIdentity{}, errID("authIdentity")
	}
	shape, err := identityShape.with(config)
	if err != nil {
		return everlatch.AuthIdentity{}, err
	}
	identity, err := s.Store.Identity(ctx, id)
	if err != nil {
		return everlatch.AuthIdentity{}, err
	}
	return shapeOne(shape, public(identity))
}

// ListAuthIdentities implements [auth.AuthIdentities].
func (s *Service) ListAuthIdentities(
	ctx context.Context, filter auth.AuthIdentityFilter, config auth.FindConfig,
) ([]everlatch.AuthIdentity, error) {
	found, _, err := s.ListAndCountAuthIdentities(ctx, filter, config)
	return found, err
}

// ListAndCountAuthIdentities implements [auth.AuthIdentities].
func (s *Service) ListAndCountAuthIdentities(
	ctx context.Context, filter auth.AuthIdentityFilter, config auth.FindConfig,
) ([]everlatch.AuthIdentity, int, error) {
	shape, err := identityShape.with(config)
	if err != nil {
		return nil, 0, err
	}
	where, err := identityFilter(filter)
	if err != nil {
		return nil, 0, err
	}
	found, count, err := s.Store.AuthIdentities(ctx, where, page(config))
	if err == nil && shape.relation {
		err = s.Store.LoadCredentials(ctx, found)
	}
	if err != nil {
		return nil, 0, err
	}
	found, err = shapeAll(shape, allPublic(found))
	return found, count, err
}

// DeleteAuthIdentities implements [auth.AuthIdentities].
func (s *Service) DeleteAuthIdentities(ctx context.Context, ids ...string) error {
	for _, id := range ids {
		if err := s.Flows.DeleteAuthIdentity(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// LinkActor implements [auth.AuthIdentities].
func (s *Service) LinkActor(ctx context.Context, identityID string, actor everlatch.ActorRef) error {
	if actor.ActorType == "" || actor.ActorID == "" {
		return invalid("An actor needs a type and an id.")
	}
	return s.Flows.SetAuthAppMetadata(ctx, identityID, actor.ActorType, &actor.ActorID)
}

// UnlinkActor implements [auth.AuthIdentities].
func (s *Service) UnlinkActor(ctx context.Context, identityID, actorType string) error {
	return s.Flows.SetAuthAppMetadata(ctx, identityID, actorType, nil)
}
