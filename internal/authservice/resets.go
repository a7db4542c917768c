package authservice

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/tokens"
)

// CreatePasswordResetToken implements [auth.PasswordResets].
func (s *Service) CreatePasswordResetToken(ctx context.Context, in auth.PasswordResetRequest) (out auth.PasswordResetToken, err error) {
	if in.TTL < 0 || in.TTL%time.Second != 0 {
		return out, invalid("Password reset token TTL must be a positive number of seconds.")
	}
	updater, err := s.Providers.Updater(in.Provider)
	if err != nil {
		return out, err
	}
	key := updater.Subject(in.EntityID).EntityKey
	cred, err := s.Store.FindCredential(ctx, in.Provider, key)
	if errors.Is(err, everlatch.ErrNotFound) {
		return out, errUnknownSubject(in)
	}
	if err != nil {
		return out, err
	}
	actorType := cmp.Or(in.ActorType, firstLink(cred.Identity))
	issued, err := s.Flows.CreateResetToken(ctx, flows.ResetRequest{ActorType: actorType, Provider: in.Provider, EntityKey: key}, in.TTL)
	if err != nil {
		return out, err
	}
	out.ID, out.ExpiresAt = issued.Grant.TokenID, issued.Grant.ExpiresAt
	if s.Tokens != nil {
		out.Token, err = s.Tokens.IssueReset(tokens.Reset{
			EntityID: issued.Grant.EntityID, Provider: in.Provider, ActorType: issued.Grant.ActorType,
			ID: issued.Grant.TokenID, IssuedAt: issued.Grant.IssuedAt, ExpiresAt: issued.Grant.ExpiresAt,
		})
	}
	return out, err
}

func errUnknownSubject(in auth.PasswordResetRequest) error {
	return &everlatch.Error{
		Code: everlatch.CodeInvalidData, Reason: everlatch.ReasonIdentityUnknown,
		Details: map[string]string{"entity_id": in.EntityID, "provider": in.Provider},
	}
}

// ConsumePasswordResetToken implements [auth.PasswordResets]. A token is void if the
// credentials have changed since it was granted.
func (s *Service) ConsumePasswordResetToken(ctx context.Context, in auth.ResetConsumption) (out auth.ConsumedReset, err error) {
	refused := &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid}
	updater, err := s.Providers.Updater(in.Provider)
	if err != nil {
		return out, refused
	}
	consumed, err := s.Flows.ConsumeResetToken(ctx, in.Provider, updater.Subject(in.EntityID).EntityKey, in.ID)
	if err != nil {
		return out, err
	}
	grant := consumed.Grant
	identity, err := s.Store.Identity(ctx, grant.IdentityID)
	if errors.Is(err, everlatch.ErrNotFound) || err == nil && identity.CredentialVersion != grant.CredentialVersion {
		return out, refused
	}
	return auth.ConsumedReset{
		AuthIdentityID: grant.IdentityID, ProviderIdentityID: grant.ProviderIdentityID, EntityID: grant.EntityID,
	}, err
}
