package authservice

import (
	"cmp"
	"context"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

// verificationFlows are the flows of verified addresses.
type verificationFlows interface {
	RequestVerification(ctx context.Context, r flows.VerificationRequest) (workflows.RequestedCode, error)
	ConfirmVerification(ctx context.Context, r flows.PresentedCode) (everlatch.Verification, error)
	CodeHash(code string) string
}

// The lengths of an address and of its kind.
const longestEntity, longestEntityType = 1024, 64

// RequestAuthVerification implements [auth.Verifications].
func (s *Service) RequestAuthVerification(ctx context.Context, in auth.VerificationRequest) (everlatch.Verification, error) {
	switch {
	case in.CodeProvider == "":
		return everlatch.Verification{}, invalid("Verification provider is required")
	case s.Codes == nil:
		return everlatch.Verification{}, invalid("There are no code providers.")
	case in.EntityID == "" || len(in.EntityID) > longestEntity || in.EntityType == "" || len(in.EntityType) > longestEntityType:
		return everlatch.Verification{}, invalid("An address of 1 to 1024 characters is required, with a type of 1 to 64.")
	}
	provider, err := s.Codes.Get(in.CodeProvider)
	if err != nil {
		return everlatch.Verification{}, err
	}
	metadata, err := kept(in.Metadata)
	if err != nil {
		return everlatch.Verification{}, err
	}
	identity, err := s.Store.Identity(ctx, in.AuthIdentityID)
	if err != nil {
		return everlatch.Verification{}, err
	}
	r := flows.VerificationRequest{
		ActorType: cmp.Or(in.ActorType, firstLink(identity)), Address: address(in.AuthIdentityID, in.EntityType, in.EntityID),
		CodeProvider: in.CodeProvider, Slow: provider.Rules().Slow, Metadata: metadata, IdempotencyKey: in.IdempotencyKey,
	}
	if in.EntityType == everlatch.EntityEmail {
		r.Recipient = accounts.MailAddress(identity.Providers, in.EntityID)
	}
	if err := s.countRequest(ctx, identity.ID, in.EntityID); err != nil {
		return everlatch.Verification{}, err
	}
	requested, err := s.Flows.RequestVerification(ctx, r)
	return requested.Verification, err
}

// countRequest counts a request for a code on the identity, and the mail on its
// recipient, as the route does.
func (s *Service) countRequest(ctx context.Context, identityID, to string) error {
	if s.Limits == nil {
		return nil
	}
	if err := s.Limits.Caller(ctx, limits.Verification, identityID); err != nil {
		return err
	}
	return s.Limits.SendMail(ctx, to)
}

func address(identityID, entityType, entityID string) flows.VerifiedAddress {
	return flows.VerifiedAddress{
		AuthIdentityID: identityID, EntityType: entityType, EntityID: entityID, EntityKey: store.AddressKey(entityID),
	}
}

// ConfirmAuthVerification implements [auth.Verifications].
func (s *Service) ConfirmAuthVerification(ctx context.Context, in auth.VerificationCode) (everlatch.Verification, error) {
	if in.Code == "" {
		return everlatch.Verification{}, invalid("A code is required.")
	}
	if s.Codes == nil {
		return everlatch.Verification{}, invalid("There are no code providers.")
	}
	if s.Limits != nil && in.AuthIdentityID != "" {
		if err := s.Limits.Caller(ctx, limits.Token, in.AuthIdentityID); err != nil {
			return everlatch.Verification{}, err
		}
	}
	rules := accounts.Accounts{Store: s.Store, Providers: s.Providers, Now: s.Now}
	found, err := rules.RequestOfCode(ctx, s.Codes, accounts.PresentedCode{
		Hash: s.Flows.CodeHash(in.Code), AuthIdentityID: in.AuthIdentityID, Repeated: in.IdempotencyKey != "",
		CodeProvider: in.CodeProvider, EntityType: in.EntityType, EntityID: in.EntityID,
	})
	if err != nil {
		return everlatch.Verification{}, err
	}
	return s.Flows.ConfirmVerification(ctx, flows.PresentedCode{
		Address: address(found.AuthIdentityID, found.EntityType, found.EntityID), Code: vault.NewSecret([]byte(in.Code)),
		By: in.AuthIdentityID, IdempotencyKey: in.IdempotencyKey,
	})
}

// RetrieveAuthVerification implements [auth.Verifications].
func (s *Service) RetrieveAuthVerification(ctx context.Context, id string, config auth.FindConfig) (everlatch.Verification, error) {
	if id == "" {
		return everlatch.Verification{}, errID("authVerification")
	}
	shape, err := verificationShape.with(config)
	if err != nil {
		return everlatch.Verification{}, err
	}
	found, err := s.Store.FindVerification(ctx, id)
	if err != nil {
		return everlatch.Verification{}, err
	}
	return shapeOne(shape, found)
}

// ListAuthVerifications implements [auth.Verifications].
func (s *Service) ListAuthVerifications(
	ctx context.Context, filter auth.VerificationFilter, config auth.FindConfig,
) ([]everlatch.Verification, error) {
	found, _, err := s.ListAndCountAuthVerifications(ctx, filter, config)
	return found, err
}

// ListAndCountAuthVerifications implements [auth.Verifications].
func (s *Service) ListAndCountAuthVerifications(
	ctx context.Context, filter auth.VerificationFilter, config auth.FindConfig,
) ([]everlatch.Verification, int, error) {
	shape, err := verificationShape.with(config)
	if err != nil {
		return nil, 0, err
	}
	where, err := verificationFilter(filter)
	if err != nil {
		return nil, 0, err
	}
	found, count, err := s.Store.ListVerifications(ctx, where, page(config))
	if err != nil {
		return nil, 0, err
	}
	found, err = shapeAll(shape, found)
	return found, count, err
}
