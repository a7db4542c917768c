package auth

import (
	"context"

	"github.com/everlatch/everlatch"
)

// The arguments of methods.
type (
	// recovery is an identity with how many recovery codes it gets, or one that it uses.
	recovery struct {
		AuthIdentityID string `json:"auth_identity_id"`
		Count          int    `json:"count,omitempty"`
		Code           string `json:"code,omitempty"`
	}
	factorOf struct {
		FactorRef

		Config FindConfig `json:"config,omitzero"`
	}
)

// mfaMethods are the methods of [MFA] and [Challenges], by their names in requests.
var mfaMethods = map[string]method{
	"start-auth-mfa": returning("update", func(ctx context.Context, s Service, in NewFactor) (StartedFactor, error) {
		return s.StartAuthMfa(ctx, in)
	}),
	"verify-auth-mfa": returning("update", func(ctx context.Context, s Service, in FactorCode) (everlatch.Factor, error) {
		return s.VerifyAuthMfa(ctx, in)
	}),
	"disable-auth-mfa": returning("update", func(ctx context.Context, s Service, in FactorRemoval) (everlatch.Factor, error) {
		return s.DisableAuthMfa(ctx, in)
	}),
	"retrieve-auth-mfa": returning("read", func(ctx context.Context, s Service, in factorOf) (everlatch.Factor, error) {
		return s.RetrieveAuthMfa(ctx, in.FactorRef, in.Config)
	}),
	"list-auth-mfa": returning("read", func(ctx context.Context, s Service, in find[FactorFilter]) ([]everlatch.Factor, error) {
		return s.ListAuthMfa(ctx, in.Filter, in.Config)
	}),
	"generate-auth-mfa-recovery-codes": returning("update", func(ctx context.Context, s Service, in recovery) ([]string, error) {
		return s.GenerateAuthMfaRecoveryCodes(ctx, in.AuthIdentityID, in.Count)
	}),
	"use-auth-mfa-recovery-code": acting("update", func(ctx context.Context, s Service, in recovery) error {
		return s.UseAuthMfaRecoveryCode(ctx, in.AuthIdentityID, in.Code)
	}),
	"create-auth-mfa-challenge": returning("update", func(ctx context.Context, s Service, in NewChallenge) (Challenge, error) {
		return s.CreateAuthMfaChallenge(ctx, in)
	}),
	"prompt-auth-mfa-challenge": returning("update", func(ctx context.Context, s Service, in ChallengePrompt) (everlatch.Metadata, error) {
		return s.PromptAuthMfaChallenge(ctx, in)
	}),
	"verify-auth-mfa-challenge": returning("update", func(ctx context.Context, s Service, in ChallengeCode) (Challenge, error) {
		return s.VerifyAuthMfaChallenge(ctx, in)
	}),
}

// StartAuthMfa implements [MFA].
func (c *Client) StartAuthMfa(ctx context.Context, in NewFactor) (StartedFactor, error) {
	return result[StartedFactor](ctx, c, "start-auth-mfa", in)
}

// VerifyAuthMfa implements [MFA].
func (c *Client) VerifyAuthMfa(ctx context.Context, in FactorCode) (everlatch.Factor, error) {
	return result[everlatch.Factor](ctx, c, "verify-auth-mfa", in)
}

// DisableAuthMfa implements [MFA].
func (c *Client) DisableAuthMfa(ctx context.Context, in FactorRemoval) (everlatch.Factor, error) {
	return result[everlatch.Factor](ctx, c, "disable-auth-mfa", in)
}

// RetrieveAuthMfa implements [MFA].
func (c *Client) RetrieveAuthMfa(ctx context.Context, factor FactorRef, config FindConfig) (everlatch.Factor, error) {
	return result[everlatch.Factor](ctx, c, "retrieve-auth-mfa", factorOf{factor, config})
}

// ListAuthMfa implements [MFA].
func (c *Client) ListAuthMfa(ctx context.Context, f FactorFilter, config FindConfig) ([]everlatch.Factor, error) {
	return result[[]everlatch.Factor](ctx, c, "list-auth-mfa", find[FactorFilter]{f, config})
}

// GenerateAuthMfaRecoveryCodes implements [MFA].
func (c *Client) GenerateAuthMfaRecoveryCodes(ctx context.Context, authIdentityID string, count int) ([]string, error) {
	return result[[]string](ctx, c, "generate-auth-mfa-recovery-codes", recovery{AuthIdentityID: authIdentityID, Count: count})
}

// UseAuthMfaRecoveryCode implements [MFA].
func (c *Client) UseAuthMfaRecoveryCode(ctx context.Context, authIdentityID, code string) error {
	return c.do(ctx, "use-auth-mfa-recovery-code", recovery{AuthIdentityID: authIdentityID, Code: code})
}

// CreateAuthMfaChallenge implements [Challenges].
func (c *Client) CreateAuthMfaChallenge(ctx context.Context, in NewChallenge) (Challenge, error) {
	return result[Challenge](ctx, c, "create-auth-mfa-challenge", in)
}

// PromptAuthMfaChallenge implements [Challenges].
func (c *Client) PromptAuthMfaChallenge(ctx context.Context, in ChallengePrompt) (everlatch.Metadata, error) {
	return result[everlatch.Metadata](ctx, c, "prompt-auth-mfa-challenge", in)
}

// VerifyAuthMfaChallenge implements [Challenges].
func (c *Client) VerifyAuthMfaChallenge(ctx context.Context, in ChallengeCode) (Challenge, error) {
	return result[Challenge](ctx, c, "verify-auth-mfa-challenge", in)
}
