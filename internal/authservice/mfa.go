package authservice

import (
	"cmp"
	"context"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/store"
)

// factorFlows are the flows of second factors.
type factorFlows interface {
	EnrollFactor(ctx context.Context, r flows.FactorRequest) (everlatch.Factor, everlatch.Metadata, error)
	ConfirmFactor(ctx context.Context, r flows.FactorAnswer) error
	RemoveFactor(ctx context.Context, r flows.FactorRemoval) (everlatch.Factor, error)
	GenerateRecoveryCodes(ctx context.Context, r flows.RecoveryCodesRequest) ([]string, error)
}

const defaultRecoveryCodes, mostRecoveryCodes, longestFactorText = 10, 50, 256

// StartAuthMfa implements [auth.MFA].
func (s *Service) StartAuthMfa(ctx context.Context, in auth.NewFactor) (out auth.StartedFactor, err error) {
	if len(in.Label) > longestFactorText || len(in.Issuer) > longestFactorText {
		return out, invalid("Label and issuer can have 256 characters.")
	}
	if s.Factors == nil {
		return out, invalid("There are no MFA methods.")
	}
	if _, err := s.Factors.Method(in.Provider); err != nil {
		return out, err
	}
	if _, err := s.Store.Identity(ctx, in.AuthIdentityID); err != nil {
		return out, err
	}
	metadata, err := normal(in.Metadata)
	if err != nil {
		return out, err
	}
	out.Factor, out.Public, err = s.Flows.EnrollFactor(ctx, flows.FactorRequest{
		AuthIdentityID: in.AuthIdentityID, Method: in.Provider, Label: in.Label, Issuer: in.Issuer, Metadata: metadata,
	})
	return out, err
}

// factor returns a factor with the user of its identity.
func (s *Service) factor(ctx context.Context, ref auth.FactorRef) (everlatch.Factor, everlatch.Principal, error) {
	found, err := s.Store.FindFactor(ctx, ref.ID)
	if err == nil && ref.AuthIdentityID != "" && ref.AuthIdentityID != found.AuthIdentityID {
		found, err = everlatch.Factor{}, errFactorOfOther(ref.ID)
	}
	if err != nil {
		return found, everlatch.Principal{}, err
	}
	identity, err := s.Store.Identity(ctx, found.AuthIdentityID)
	actorType := firstLink(identity)
	return found, everlatch.Principal{
		AuthIdentityID: identity.ID, ActorType: actorType, ActorID: identity.ActorID(actorType),
	}, err
}

// errFactorOfOther is the refusal of a factor that doesn't exist.
func errFactorOfOther(id string) error {
	return &everlatch.Error{Code: everlatch.CodeNotFound, Reason: store.FactorUnknown, Details: map[string]string{"id": id}}
}

// VerifyAuthMfa implements [auth.MFA]. For an enabled factor, a code is a guess of what
// protects the identity.
func (s *Service) VerifyAuthMfa(ctx context.Context, in auth.FactorCode) (everlatch.Factor, error) {
	factor, p, err := s.factor(ctx, auth.FactorRef{ID: in.ID, AuthIdentityID: in.AuthIdentityID})
	if err != nil {
		return everlatch.Factor{}, err
	}
	confirm := func() error {
		return s.Flows.ConfirmFactor(ctx, flows.FactorAnswer{Principal: p, FactorID: factor.ID, Method: factor.Provider, Code: in.Code})
	}
	switch factor.Status {
	case everlatch.FactorDisabled:
		err = &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonFactorDisabled}
	case everlatch.FactorEnabled:
		err = s.attemptFactor(ctx, p, confirm)
	case everlatch.FactorPending:
		err = confirm()
	}
	if err != nil {
		return everlatch.Factor{}, err
	}
	return s.Store.FindFactor(ctx, factor.ID)
}

// DisableAuthMfa implements [auth.MFA].
func (s *Service) DisableAuthMfa(ctx context.Context, in auth.FactorRemoval) (removed everlatch.Factor, err error) {
	factor, p, err := s.factor(ctx, auth.FactorRef{ID: in.ID, AuthIdentityID: in.AuthIdentityID})
	if err != nil {
		return removed, err
	}
	if (in.Method == "") != (in.Code == "") {
		return removed, invalid("An answer has both a method and a code.")
	}
	remove := func() (err error) {
		removed, err = s.Flows.RemoveFactor(ctx, flows.FactorRemoval{
			AuthIdentityID: p.AuthIdentityID, FactorID: factor.ID, ActorType: p.ActorType,
			NeedsAnswer: in.Code != "", Method: in.Method, Code: in.Code,
		})
		return err
	}
	if in.Code == "" {
		return removed, remove()
	}
	return removed, s.attemptFactor(ctx, p, remove)
}

// RetrieveAuthMfa implements [auth.MFA].
func (s *Service) RetrieveAuthMfa(ctx context.Context, ref auth.FactorRef, config auth.FindConfig) (everlatch.Factor, error) {
	shape, err := factorShape.with(config)
	if err != nil {
		return everlatch.Factor{}, err
	}
	found, _, err := s.factor(ctx, ref)
	if err != nil {
		return everlatch.Factor{}, err
	}
	return shapeOne(shape, found)
}

// ListAuthMfa implements [auth.MFA].
func (s *Service) ListAuthMfa(ctx context.Context, filter auth.FactorFilter, config auth.FindConfig) ([]everlatch.Factor, error) {
	shape, err := factorShape.with(config)
	if err != nil {
		return nil, err
	}
	where, err := factorFilter(filter)
	if err != nil {
		return nil, err
	}
	found, _, err := s.Store.ListFactors(ctx, where, page(config))
	if err != nil {
		return nil, err
	}
	return shapeAll(shape, found)
}

// GenerateAuthMfaRecoveryCodes implements [auth.MFA].
func (s *Service) GenerateAuthMfaRecoveryCodes(ctx context.Context, authIdentityID string, count int) ([]string, error) {
	if count < 0 || count > mostRecoveryCodes {
		return nil, invalid("Recovery code count must be between 1 and 50")
	}
	identity, err := s.Store.Identity(ctx, authIdentityID)
	if err != nil {
		return nil, err
	}
	return s.Flows.GenerateRecoveryCodes(ctx, flows.RecoveryCodesRequest{
		AuthIdentityID: authIdentityID, ActorType: firstLink(identity), Count: cmp.Or(count, defaultRecoveryCodes),
	})
}
