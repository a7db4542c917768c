package authservice

import (
	"context"
	"errors"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
)

// overFactor is Over for the identity of a factor: not for the one that the caller names.
func (g Guarded) overFactor(ctx context.Context, id string) error {
	found, err := g.Store.FindFactor(ctx, id)
	if errors.Is(err, everlatch.ErrNotFound) {
		return nil // the service has its own answer
	}
	if err != nil {
		return err
	}
	return g.Over(ctx, found.AuthIdentityID, true)
}

// StartAuthMfa implements [auth.MFA].
func (g Guarded) StartAuthMfa(ctx context.Context, in auth.NewFactor) (auth.StartedFactor, error) {
	if err := g.Over(ctx, in.AuthIdentityID, true); err != nil {
		return auth.StartedFactor{}, err
	}
	return g.Service.StartAuthMfa(ctx, in)
}

// VerifyAuthMfa implements [auth.MFA].
func (g Guarded) VerifyAuthMfa(ctx context.Context, in auth.FactorCode) (everlatch.Factor, error) {
	if err := g.overFactor(ctx, in.ID); err != nil {
		return everlatch.Factor{}, err
	}
	return g.Service.VerifyAuthMfa(ctx, in)
}

// DisableAuthMfa implements [auth.MFA].
func (g Guarded) DisableAuthMfa(ctx context.Context, in auth.FactorRemoval) (everlatch.Factor, error) {
	if err := g.overFactor(ctx, in.ID); err != nil {
		return everlatch.Factor{}, err
	}
	return g.Service.DisableAuthMfa(ctx, in)
}

// GenerateAuthMfaRecoveryCodes implements [auth.MFA].
func (g Guarded) GenerateAuthMfaRecoveryCodes(ctx context.Context, authIdentityID string, count int) ([]string, error) {
	if err := g.Over(ctx, authIdentityID, true); err != nil {
		return nil, err
	}
	return g.Service.GenerateAuthMfaRecoveryCodes(ctx, authIdentityID, count)
}

// UseAuthMfaRecoveryCode implements [auth.MFA].
func (g Guarded) UseAuthMfaRecoveryCode(ctx context.Context, authIdentityID, code string) error {
	if err := g.Over(ctx, authIdentityID, false); err != nil {
		return err
	}
	return g.Service.UseAuthMfaRecoveryCode(ctx, authIdentityID, code)
}

// CreateAuthMfaChallenge implements [auth.Challenges].
func (g Guarded) CreateAuthMfaChallenge(ctx context.Context, in auth.NewChallenge) (auth.Challenge, error) {
	if err := g.Over(ctx, in.AuthIdentityID, false); err != nil {
		return auth.Challenge{}, err
	}
	return g.Service.CreateAuthMfaChallenge(ctx, in)
}

// PromptAuthMfaChallenge implements [auth.Challenges].
func (g Guarded) PromptAuthMfaChallenge(ctx context.Context, in auth.ChallengePrompt) (everlatch.Metadata, error) {
	if err := g.Over(ctx, in.AuthIdentityID, false); err != nil {
		return nil, err
	}
	return g.Service.PromptAuthMfaChallenge(ctx, in)
}

// VerifyAuthMfaChallenge implements [auth.Challenges].
func (g Guarded) VerifyAuthMfaChallenge(ctx context.Context, in auth.ChallengeCode) (auth.Challenge, error) {
	if err := g.Over(ctx, in.AuthIdentityID, false); err != nil {
		return auth.Challenge{}, err
	}
	return g.Service.VerifyAuthMfaChallenge(ctx, in)
}

// RequestAuthVerification implements [auth.Verifications].
func (g Guarded) RequestAuthVerification(ctx context.Context, in auth.VerificationRequest) (everlatch.Verification, error) {
	if err := g.Over(ctx, in.AuthIdentityID, false); err != nil {
		return everlatch.Verification{}, err
	}
	return g.Service.RequestAuthVerification(ctx, in)
}

// ConfirmAuthVerification implements [auth.Verifications]. The code is the authority over
// its address; a caller who names an identity says that its user has presented it.
func (g Guarded) ConfirmAuthVerification(ctx context.Context, in auth.VerificationCode) (everlatch.Verification, error) {
	if err := g.Over(ctx, in.AuthIdentityID, false); err != nil {
		return everlatch.Verification{}, err
	}
	return g.Service.ConfirmAuthVerification(ctx, in)
}
