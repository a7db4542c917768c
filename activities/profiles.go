package activities

import (
	"context"
	"errors"
	"slices"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers"
)

// identify finds the identity of a profile, or gives it one: that of LinkTo, the
// one that proved the same address where [Redirects.LinkByEmail] says so, or a
// new one.
func (a *Redirects) identify(ctx context.Context, in ReadProfileInput, p providers.Profile) (out RegisterIdentityOutput, err error) {
	if p.UserMetadata == nil {
		p.UserMetadata = everlatch.Metadata{}
	}
	out, err = a.find(ctx, in, p)
	if errors.Is(err, everlatch.ErrNotFound) && in.KnownOnly {
		return RegisterIdentityOutput{Unknown: true, Email: p.Email}, nil
	}
	if errors.Is(err, everlatch.ErrNotFound) {
		out, err = a.admit(ctx, in, p)
		if errors.Is(err, everlatch.ErrDuplicate) {
			out, err = a.find(ctx, in, p) // another callback of theirs was faster
		}
	}
	if err != nil && (in.LinkTo != "" || errors.Is(err, errDisabled)) {
		out.Refusal, err = refusal(err)
	}
	return out, err
}

// errDisabled is a profile of an identity that an administrator has disabled. Its user
// proves who they are to the provider, and gets no other identity by the same address.
var errDisabled = &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonIdentityDisabled}

// enabled returns an identity, or errDisabled.
func enabled(ctx context.Context, s *store.Store, id string) (everlatch.AuthIdentity, error) {
	identity, err := s.Identity(ctx, id)
	if err == nil && !identity.DisabledAt.IsZero() {
		err = errDisabled
	}
	return identity, err
}

// isDisabled reports that an administrator has disabled an identity.
func isDisabled(ctx context.Context, s *store.Store, id string) (bool, error) {
	_, err := enabled(ctx, s, id)
	switch {
	case errors.Is(err, errDisabled):
		return true, nil
	case errors.Is(err, everlatch.ErrNotFound): // each step has its own answer to that
		return false, nil
	}
	return false, err
}

// errOthers is a profile that belongs to another identity.
func errOthers(provider string) error {
	return &everlatch.Error{
		Code: everlatch.CodeDuplicate, Reason: everlatch.ReasonLoginOfOther, Details: map[string]string{"provider": provider},
	}
}

func (a *Redirects) find(ctx context.Context, in ReadProfileInput, p providers.Profile) (out RegisterIdentityOutput, err error) {
	cred, err := a.Store.FindCredential(ctx, in.Provider, p.EntityID)
	if err != nil {
		return out, err
	}
	if in.LinkTo != "" && cred.Identity.ID != in.LinkTo {
		return out, errOthers(in.Provider)
	}
	if !cred.Identity.DisabledAt.IsZero() {
		return out, errDisabled
	}
	kept, err := a.wrapped(in.Provider, p)
	if err != nil {
		return out, err
	}
	seen := cred.Provider.UpdatedAt
	cred.Provider.UserMetadata = p.UserMetadata
	out.Principal = a.principal(cred, in, p)
	err = a.Store.RecordUse(ctx, store.Use{
		IdentityID: cred.Identity.ID, ProviderIdentityID: cred.Provider.ID, SeenAt: seen,
		UserMetadata: p.UserMetadata, ProviderMetadata: kept, VerifiedEmail: verified(p), Incomplete: out.Principal.NeedsFactor(),
	})
	out.Created = cred.Provider.ID == in.ProviderIdentityID // by an earlier run of this step
	return out, err
}

// verified is the address that a provider vouches for, "" for none.
func verified(p providers.Profile) string {
	if !p.EmailVerified {
		return ""
	}
	return p.Email
}

// admit gives a profile without an identity.
func (a *Redirects) admit(ctx context.Context, in ReadProfileInput, p providers.Profile) (out RegisterIdentityOutput, err error) {
	owner, automatic := in.LinkTo, false
	if owner == "" {
		if owner, err = a.sameEmail(ctx, in.Provider, p); err != nil {
			return out, err
		}
		automatic = owner != ""
		if !automatic {
			out, err = a.takeOver(ctx, in, p)
			if err == nil || !errors.Is(err, errNotTakenOver) {
				return out, err
			}
		}
	}
	if owner != "" {
		out, err = a.link(ctx, in, p, owner, automatic)
		if !automatic || everlatch.ErrorCode(err) != everlatch.CodeNotAllowed {
			return out, err
		}
		// Theirs has another account of this provider: so this is another identity.
	}
	if in.NoRegistration {
		return RegisterIdentityOutput{Unknown: true, Email: p.Email}, nil
	}
	return a.register(ctx, in, p)
}

// sameEmail returns the one identity of which a provider vouches for the address
// of a profile. Both sides must have proved it, to providers that the
// configuration trusts with that, or an unproved address would open
// an account (docs/weak-spots.md#w17).
func (a *Redirects) sameEmail(ctx context.Context, provider string, p providers.Profile) (string, error) {
	if !a.trusted(provider, p) {
		return "", nil
	}
	found, err := a.Store.IdentitiesByEmail(ctx, p.Email, a.LinkByEmail)
	if err != nil || len(found) != 1 {
		return "", err
	}
	identity, err := a.Store.Identity(ctx, found[0])
	if err != nil {
		return "", err
	}
	owned := slices.ContainsFunc(identity.Providers, func(other everlatch.ProviderIdentity) bool {
		return slices.Contains(a.LinkByEmail, other.Provider) && store.SameEmail(other.VerifiedEmail, p.Email) &&
			a.Providers.OwnsAddress(other.Provider, other.VerifiedEmail, other.UserMetadata)
	})
	if !owned {
		return "", nil
	}
	if !identity.DisabledAt.IsZero() {
		return "", errDisabled
	}
	return found[0], nil
}

// errNotTakenOver says that no identity waits for the proof of a profile.
var errNotTakenOver = errors.New("no identity was registered with this address alone")

// takeOver gives the owner of an address the identity that was registered with it and
// hasn't proven it, where the configuration trusts the provider with that. Everybody
// else loses it (docs/proof.md).
func (a *Redirects) takeOver(ctx context.Context, in ReadProfileInput, p providers.Profile) (out RegisterIdentityOutput, err error) {
	if !a.trusted(in.Provider, p) {
		return out, errNotTakenOver
	}
	owner, err := a.unproven(ctx, p.Email)
	if err != nil {
		return out, err
	}
	if _, err := enabled(ctx, a.Store, owner); err != nil {
		return out, err
	}
	kept, err := a.wrapped(in.Provider, p)
	if err != nil {
		return out, err
	}
	event := linkEvent(everlatch.EventIdentityLinked, in.GroupID, in.ActorType, p.Email, everlatch.ProviderIdentity{
		ID: in.ProviderIdentityID, AuthIdentityID: owner, Provider: in.Provider, EntityID: p.EntityID,
	})
	event.ID, event.Data["automatic"] = ids.New(ids.Event, a.Now()), true
	err = a.Store.TakeOver(ctx, store.NewCredential{
		ID: in.ProviderIdentityID, IdentityID: owner, Provider: in.Provider, EntityID: p.EntityID, EntityKey: p.EntityID,
		UserMetadata: p.UserMetadata, ProviderMetadata: kept, VerifiedEmail: verified(p), Event: event,
	}, in.ActorType)
	if errors.Is(err, everlatch.ErrConflict) || errors.Is(err, everlatch.ErrNotFound) {
		return out, errNotTakenOver // proven or removed meanwhile
	}
	if err != nil {
		return out, err
	}
	identity, err := a.Store.Identity(ctx, owner) // with the version of its new tokens
	if err != nil {
		return out, err
	}
	return a.linked(identity, in, p), nil
}

// unproven returns the one identity that was registered with an address and hasn't proven
// it, or errNotTakenOver.
func (a *Redirects) unproven(ctx context.Context, email string) (string, error) {
	found, err := a.Store.UnprovenCredentials(ctx, email)
	if err != nil {
		return "", err
	}
	found = slices.DeleteFunc(found, func(c everlatch.ProviderIdentity) bool {
		_, err := a.Providers.Registrar(c.Provider)
		// Its provider decides who has this identifier, or it is no address.
		return err != nil || !accounts.IsAddress(c.EntityID)
	})
	if len(found) != 1 {
		return "", errNotTakenOver
	}
	return found[0].AuthIdentityID, nil
}

// linked is the outcome for an identity that got the provider account of a profile.
func (a *Redirects) linked(identity everlatch.AuthIdentity, in ReadProfileInput, p providers.Profile) RegisterIdentityOutput {
	return RegisterIdentityOutput{Created: true, Principal: a.principal(store.Credential{
		Identity: identity, Provider: everlatch.ProviderIdentity{Provider: in.Provider, UserMetadata: p.UserMetadata},
	}, in, p)}
}

// trusted says that a provider's word about the address of a profile is enough to take
// its user for the owner of the address.
func (a *Redirects) trusted(provider string, p providers.Profile) bool {
	return slices.Contains(a.LinkByEmail, provider) && verified(p) != "" && a.Providers.OwnsAddress(provider, p.Email, p.UserMetadata)
}

func (a *Redirects) link(
	ctx context.Context, in ReadProfileInput, p providers.Profile, owner string, automatic bool,
) (out RegisterIdentityOutput, err error) {
	identity, err := enabled(ctx, a.Store, owner)
	if err != nil {
		return out, err
	}
	kept, err := a.wrapped(in.Provider, p)
	if err != nil {
		return out, err
	}
	email, err := addressOf(ctx, a.Store, a.Types, identity, in.ActorType)
	if err != nil {
		return out, err
	}
	event := linkEvent(everlatch.EventIdentityLinked, in.GroupID, in.ActorType, email, everlatch.ProviderIdentity{
		ID: in.ProviderIdentityID, AuthIdentityID: owner, Provider: in.Provider, EntityID: p.EntityID,
	})
	event.ID = ids.New(ids.Event, a.Now())
	if automatic {
		event.Data["automatic"] = true
	}
	err = a.Store.AddCredential(ctx, store.NewCredential{
		ID: in.ProviderIdentityID, IdentityID: owner, Provider: in.Provider, EntityID: p.EntityID, EntityKey: p.EntityID,
		UserMetadata: p.UserMetadata, ProviderMetadata: kept, VerifiedEmail: verified(p), Event: event,
	})
	if err != nil {
		return out, err
	}
	return a.linked(identity, in, p), nil
}

func (a *Redirects) register(ctx context.Context, in ReadProfileInput, p providers.Profile) (out RegisterIdentityOutput, err error) {
	kept, err := a.wrapped(in.Provider, p)
	if err != nil {
		return out, err
	}
	now := a.Now()
	identity, err := a.Store.RegisterIdentity(ctx, store.NewIdentity{
		ID: in.IdentityID, ProviderIdentityID: in.ProviderIdentityID,
		Provider: in.Provider, EntityID: p.EntityID, EntityKey: p.EntityID, UserMetadata: p.UserMetadata, ProviderMetadata: kept,
		VerifiedEmail: verified(p),
		Events: []everlatch.Event{{
			ID: ids.New(ids.Event, now), Name: everlatch.EventIdentityRegistered, GroupID: in.GroupID, AuthIdentityID: in.IdentityID,
			Data:      everlatch.Metadata{"id": in.IdentityID, "provider": in.Provider, "actor_type": in.ActorType},
			CreatedAt: now,
		}},
	})
	if err != nil {
		return out, err
	}
	return a.linked(identity, in, p), nil
}
