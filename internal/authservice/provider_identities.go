package authservice

import (
	"cmp"
	"context"
	"errors"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers"
)

// subject returns an identifier with its canonical form.
func (s *Service) subject(provider, entityID string) (providers.Subject, error) {
	if entityID == "" {
		return providers.Subject{}, invalid("A provider identity needs an entity_id.")
	}
	if updater, err := s.Providers.Updater(provider); err == nil {
		subject := updater.Subject(entityID)
		if subject.EntityKey == "" {
			return subject, invalid("The entity_id is none that the provider " + provider + " can have.")
		}
		return subject, nil
	}
	if len(s.Providers.List([]string{provider})) == 0 {
		return providers.Subject{}, invalid("There is no auth provider " + provider + ".")
	}
	return providers.Subject{EntityID: entityID, EntityKey: entityID}, nil
}

func (s *Service) newCredential(in auth.NewProviderIdentity) (store.NewCredential, error) {
	subject, err := s.subject(in.Provider, in.EntityID)
	if err != nil {
		return store.NewCredential{}, err
	}
	user, err := normal(in.UserMetadata)
	if err != nil {
		return store.NewCredential{}, err
	}
	private, err := normal(in.ProviderMetadata)
	if err != nil {
		return store.NewCredential{}, err
	}
	_, redirects := s.Providers.Redirect(in.Provider)
	return store.NewCredential{
		ID: cmp.Or(in.ID, ids.New(ids.ProviderIdentity, s.Now())), IdentityID: in.AuthIdentityID, Provider: in.Provider,
		EntityID: subject.EntityID, EntityKey: subject.EntityKey, VerifiedEmail: in.VerifiedEmail,
		UserMetadata: user, ProviderMetadata: private, Typed: redirects != nil,
		Address: redirects != nil && in.VerifiedEmail == "" && accounts.IsAddress(subject.EntityID),
	}, nil
}

// CreateProviderIdentities implements [auth.ProviderIdentities].
func (s *Service) CreateProviderIdentities(ctx context.Context, in ...auth.NewProviderIdentity) ([]auth.ProviderIdentity, error) {
	wanted := make([]store.NewCredential, len(in))
	for i, n := range in {
		c, err := s.newCredential(n)
		if err != nil {
			return nil, err
		}
		if c.Event, err = s.linked(ctx, c); err != nil {
			return nil, err
		}
		wanted[i] = c
	}
	if err := s.Store.AddCredentials(ctx, wanted); err != nil {
		return nil, err
	}
	out := make([]auth.ProviderIdentity, len(wanted))
	for i, c := range wanted {
		stored, err := s.Store.ProviderIdentity(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		out[i] = shown(stored)
	}
	return out, nil
}

// linked is the event of a new way to sign in. The owner is told by mail, at the
// address of the account or at one that the identity has proven.
func (s *Service) linked(ctx context.Context, c store.NewCredential) (everlatch.Event, error) {
	identity, err := s.Store.Identity(ctx, c.IdentityID)
	if err != nil {
		return everlatch.Event{}, err
	}
	email, err := s.addressOf(ctx, identity)
	return s.event(everlatch.EventIdentityLinked, identity.ID, everlatch.Metadata{
		"auth_identity_id": identity.ID, "provider_identity_id": c.ID, "provider": c.Provider, "entity_id": c.EntityID,
		"actor_type": firstLink(identity), "email": email,
	}), err
}

func (s *Service) addressOf(ctx context.Context, identity everlatch.AuthIdentity) (string, error) {
	if id := identity.ActorID(everlatch.ActorCustomer); id != "" {
		customer, err := s.Store.Customer(ctx, id)
		if err == nil && customer.Email != nil {
			return *customer.Email, nil
		}
		if err != nil && !errors.Is(err, everlatch.ErrNotFound) {
			return "", err
		}
	}
	if id := identity.ActorID(everlatch.ActorUser); id != "" {
		user, err := s.Store.User(ctx, id)
		if err == nil || !errors.Is(err, everlatch.ErrNotFound) {
			return user.Email, err
		}
	}
	for _, p := range identity.Providers {
		if p.VerifiedEmail != "" {
			return p.VerifiedEmail, nil
		}
	}
	return "", nil
}

func shown(p everlatch.ProviderIdentity) auth.ProviderIdentity {
	p.ProviderMetadata = nil
	return auth.ProviderIdentity{ProviderIdentity: p}
}

// UpdateProviderIdentities implements [auth.ProviderIdentities].
func (s *Service) UpdateProviderIdentities(ctx context.Context, in ...auth.ProviderIdentityUpdate) ([]auth.ProviderIdentity, error) {
	patches := make([]store.CredentialPatch, len(in))
	for i, u := range in {
		patch, err := s.patch(ctx, u)
		if err != nil {
			return nil, err
		}
		patches[i] = patch
	}
	changed, err := s.Store.UpdateCredentials(ctx, patches)
	if err != nil {
		return nil, err
	}
	out := make([]auth.ProviderIdentity, len(changed))
	for i, p := range changed {
		out[i] = shown(p)
	}
	return out, nil
}

func (s *Service) patch(ctx context.Context, u auth.ProviderIdentityUpdate) (p store.CredentialPatch, err error) {
	if u.ID == "" {
		return p, errID("providerIdentity")
	}
	stored, err := s.Store.ProviderIdentity(ctx, u.ID)
	if errors.Is(err, everlatch.ErrNotFound) {
		return store.CredentialPatch{ID: u.ID}, nil // which the store refuses
	}
	if err != nil {
		return p, err
	}
	p = store.CredentialPatch{ID: u.ID, Event: s.event(everlatch.EventProviderIdentityUpdated, stored.AuthIdentityID, everlatch.Metadata{
		"id": u.ID, "auth_identity_id": stored.AuthIdentityID, "provider": stored.Provider,
	})}
	if u.EntityID != nil {
		subject, err := s.subject(stored.Provider, *u.EntityID)
		if err != nil {
			return p, err
		}
		p.EntityID, p.EntityKey = store.To(subject.EntityID), store.To(subject.EntityKey)
	}
	if u.VerifiedEmail != nil {
		p.VerifiedEmail = store.To(*u.VerifiedEmail)
	}
	if u.UserMetadata != nil {
		user, err := normal(u.UserMetadata)
		if err != nil {
			return p, err
		}
		p.UserMetadata = store.To(user)
	}
	if u.ProviderMetadata != nil {
		private, err := normal(u.ProviderMetadata)
		if err != nil {
			return p, err
		}
		p.ProviderMetadata = store.To(private)
	}
	return p, nil
}

// RetrieveProviderIdentity implements [auth.ProviderIdentities].
func (s *Service) RetrieveProviderIdentity(ctx context.Context, id string, config auth.FindConfig) (auth.ProviderIdentity, error) {
	if id == "" {
		return auth.ProviderIdentity{}, errID("providerIdentity")
	}
	shape, err := credentialShape.with(config)
	if err != nil {
		return auth.ProviderIdentity{}, err
	}
	stored, err := s.Store.ProviderIdentity(ctx, id)
	if err != nil {
		return auth.ProviderIdentity{}, err
	}
	found := []auth.ProviderIdentity{shown(stored)}
	if shape.relation {
		if err := s.loadOwners(ctx, found); err != nil {
			return auth.ProviderIdentity{}, err
		}
	}
	return shapeOne(shape, found[0])
}

// ListProviderIdentities implements [auth.ProviderIdentities].
func (s *Service) ListProviderIdentities(
	ctx context.Context, filter auth.ProviderIdentityFilter, config auth.FindConfig,
) ([]auth.ProviderIdentity, error) {
	found, _, err := s.ListAndCountProviderIdentities(ctx, filter, config)
	return found, err
}

// ListAndCountProviderIdentities implements [auth.ProviderIdentities].
func (s *Service) ListAndCountProviderIdentities(
	ctx context.Context, filter auth.ProviderIdentityFilter, config auth.FindConfig,
) ([]auth.ProviderIdentity, int, error) {
	shape, err := credentialShape.with(config)
	if err != nil {
		return nil, 0, err
	}
	where, err := credentialFilter(filter)
	if err != nil {
		return nil, 0, err
	}
	stored, count, err := s.Store.ProviderIdentities(ctx, where, page(config))
	if err != nil {
		return nil, 0, err
	}
	found := make([]auth.ProviderIdentity, len(stored))
	for i, p := range stored {
		found[i] = shown(p)
	}
	if shape.relation {
		if err := s.loadOwners(ctx, found); err != nil {
			return nil, 0, err
		}
	}
	found, err = shapeAll(shape, found)
	return found, count, err
}

// loadOwners reads the identities of provider identities.
func (s *Service) loadOwners(ctx context.Context, list []auth.ProviderIdentity) error {
	if len(list) == 0 {
		return nil
	}
	wanted := make([]string, len(list))
	for i, p := range list {
		wanted[i] = p.AuthIdentityID
	}
	found, _, err := s.Store.AuthIdentities(ctx, store.IdentityFilter{ID: []store.TextTest{{Op: store.Is, Texts: wanted}}}, store.Page{})
	if err != nil {
		return err
	}
	byID := map[string]*everlatch.AuthIdentity{}
	for i := range found {
		byID[found[i].ID] = &found[i]
	}
	for i := range list {
		list[i].AuthIdentity = byID[list[i].AuthIdentityID]
	}
	return nil
}

// DeleteProviderIdentities implements [auth.ProviderIdentities].
func (s *Service) DeleteProviderIdentities(ctx context.Context, ids ...string) error {
	for _, id := range ids {
		stored, err := s.Store.ProviderIdentity(ctx, id)
		if errors.Is(err, everlatch.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		identity, err := s.Store.Identity(ctx, stored.AuthIdentityID)
		if err != nil {
			return err
		}
		err = s.Flows.RemoveProviderIdentity(ctx, identity.ID, firstLink(identity), id)
		if err != nil && !errors.Is(err, everlatch.ErrNotFound) {
			return err
		}
	}
	return nil
}
